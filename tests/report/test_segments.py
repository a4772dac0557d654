from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_report.segments import segment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gpt-4.1", "gpt-4.1"),
        ("..", "%2E."),
        (".git", "%2Egit"),
        ("a b", "a%20b"),
        ("", "%00"),
        ("ü", "%C3%BC"),
    ],
)
def test_segments(text: str, expected: str) -> None:
    assert segment(text) == expected


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=30))
def test_a_segment_never_leaves_its_folder(text: str) -> None:
    made = segment(text)
    assert made not in ("", ".", "..")
    assert "/" not in made
    assert "\0" not in made
    assert not made.startswith(".")


@given(st.lists(st.text(alphabet="ab./%-_ü ", max_size=6), min_size=2, max_size=2, unique=True))
def test_different_names_have_different_segments(texts: list[str]) -> None:
    assert segment(texts[0]) != segment(texts[1])
