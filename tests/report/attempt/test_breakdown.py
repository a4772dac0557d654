"""Any JSON becomes rows of key and text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_report.attempt.breakdown import LONGEST_CHARS, items

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("value", "form", "lines"),
    [
        (None, "text", ()),
        (0, "text", ("0",)),
        (True, "text", ("yes",)),
        ("", "text", ("(empty)",)),
        ([], "text", ("none",)),
        ({}, "text", ("none",)),
        (["a", 1, None], "list", ("a", "1", "–")),
        ("a\nb", "block", ("a\nb",)),
        ([{"a": 1}], "block", ('[\n  {\n    "a": 1\n  }\n]',)),
    ],
)
def test_a_value_has_its_form(value: Any, form: str, lines: tuple[str, ...]) -> None:
    [item] = items({"key": value})
    assert (item.key, item.form, item.lines, item.long) == ("key", form, lines, False)


def test_keys_are_dotted_down_to_the_deepest_and_then_json() -> None:
    deep = {"a": {"b": {"c": {"d": 1}}, "e": 2}}
    assert [(item.key, item.form) for item in items(deep)] == [("a.b.c", "block"), ("a.e", "text")]


@pytest.mark.parametrize("value", ["x" * 301, "\n".join("y" * 12), list(range(9))])
def test_what_is_long_is_folded_and_says_its_size(value: Any) -> None:
    [item] = items({"key": value})
    assert item.long
    assert item.size in {"301 characters", "23 characters", "9 entries"}


def test_what_is_huge_is_cut_and_says_so() -> None:
    [item] = items({"key": "z" * (LONGEST_CHARS + 5)})
    assert item.lines[0].endswith("… 5 more characters")


def test_what_is_nested_beyond_json_is_said() -> None:
    value: Any = 1
    for _ in range(900):
        value = [value]
    assert items({"key": value})[0].lines == ("(nested too deep to be shown)",)


@given(JSON)
def test_any_json_can_be_shown(value: Any) -> None:
    assert all(isinstance(line, str) for item in items(value) for line in item.lines)


def test_few_bytes_never_become_many() -> None:
    found = items({"K" * 100_000: {str(number): 1 for number in range(3_000)}})
    assert len(found) == 501
    assert sum(len(each.key) for each in found) < 501 * 201
    assert found[-1].lines == ("only the first 500 keys are shown",)
    assert len(items({str(number): 1 for number in range(500)})) == 500
