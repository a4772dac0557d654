"""What may become of numbers, statuses and operators, in every language."""

from __future__ import annotations

import pytest

from cab_runner.mutate.edits import (
    STATUS_HOLDER,
    STATUS_NAMES,
    negated,
    neighbour_status,
    operator_edits,
    shifted,
    stepped,
)


@pytest.mark.parametrize(
    ("text", "neighbours"),
    [
        ("0", ("1",)),
        ("64", ("63", "65")),
        ("2u32", ("1u32", "3u32")),
        ("0x10", ()),
        ("1_000", ()),
        ("007", ()),
        ("1.5", ()),
        ("-1", ()),
    ],
)
def test_a_plain_number_has_neighbours(text: str, neighbours: tuple[str, ...]) -> None:
    assert shifted(text) == neighbours


def test_a_status_has_another_one_beside_it() -> None:
    assert neighbour_status("404", exit_code=False) == "400"
    assert neighbour_status("404", exit_code=True) == "400"
    assert [neighbour_status(code, exit_code=True) for code in ("0", "1", "2", "75")] == ["1", "2", "1", "1"]
    assert neighbour_status("2", exit_code=False) is None
    assert neighbour_status("1000", exit_code=True) is None
    assert all(near in STATUS_NAMES and near != name for name, near in STATUS_NAMES.items())


@pytest.mark.parametrize(
    ("operator", "changes"),
    [
        ("<", {"operator": ">", "boundary": "<="}),
        (">=", {"operator": "<=", "boundary": ">"}),
        ("==", {"operator": "!="}),
        ("not in", {"negation": "in"}),
        ("**", {}),
    ],
)
def test_an_operator_becomes_its_opposite_or_its_neighbour(operator: str, changes: dict[str, str]) -> None:
    assert {edit.kind: edit.after for edit in operator_edits(3, 5, operator)} == changes


def test_parentheses_come_where_an_operator_would_bind_tighter() -> None:
    assert negated("found", "!") == "!found"
    assert negated("a.b(c)", "not ") == "not a.b(c)"
    assert negated("a or b", "not ") == "not (a or b)"
    assert stepped("items[0]", "- 1") == "items[0] - 1"
    assert stepped("a or b", "+ 1") == "(a or b) + 1"


@pytest.mark.parametrize("name", ["EXIT_USAGE", "exitUsage", "status", "USAGE_ERROR", "statusCode", "CODE"])
def test_names_that_hold_a_status(name: str) -> None:
    assert STATUS_HOLDER.search(name)


@pytest.mark.parametrize("name", ["WIN", "encode", "existing", "statuette", "decoder"])
def test_names_that_hold_something_else(name: str) -> None:
    assert not STATUS_HOLDER.search(name)
