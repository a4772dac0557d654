"""Every cause of the failure table has words, and they say whether it counts."""

from __future__ import annotations

import pytest

from cab_report.attempt.failure_words import WORDS, banner
from cab_scoring.failure import FAILURES


def test_every_cause_has_words_and_nothing_else_does() -> None:
    assert {"none", *WORDS} == {*FAILURES}
    assert len(set(WORDS.values())) == len(WORDS)


@pytest.mark.parametrize("cause", WORDS)
def test_the_words_are_of_the_tables_mind(cause: str) -> None:
    words = banner(cause)
    assert words is not None
    assert ("counts." in words) == FAILURES[cause].counted
    assert words.endswith("not capability.") != FAILURES[cause].counted
    assert ("infrastructure" in words) == (FAILURES[cause].fault in {"infrastructure", "endpoint"})


def test_where_nothing_went_wrong_nothing_is_said() -> None:
    assert banner("none") is None


def test_a_cause_of_a_newer_table_is_named() -> None:
    assert "does not know: meteorite" in (banner("meteorite") or "")
