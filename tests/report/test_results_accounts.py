from __future__ import annotations

from typing import Any

from cab_report.results.accounts import FIGURES, coverage, failures
from cab_report.results.groups import Group, families
from cab_report.results.runs import Run
from fakes.many_cells import attempt


def groups(*cells: dict[str, Any]) -> list[Group]:
    return [group for family in families(map(Run.from_cell, cells)).values() for group in family]


def test_coverage_counts_the_counted_attempts_that_have_a_figure() -> None:
    [row] = coverage(
        groups(
            attempt(claimed=1000, usd="0.1", neutral="0.1", cached=0),
            attempt(neutral="0.1"),
            attempt(tokens=(None, None)),
            attempt(fault="rate_limited", claimed=1000),
        )
    ).rows
    assert row.attempts == 3
    assert row.have == {
        "verdict": 3, "tokens": 2, "usd": 1, "usd_neutral": 2, "cached_tokens": 1, "wall_time": 3,
        "model_time": 3, "self_report": 1, "harness_tax": 3, "waste": 3,
    }  # fmt: skip
    assert list(row.have) == list(FIGURES)


def test_where_most_is_missing_comes_first() -> None:
    table = coverage(groups(attempt("aider", usd="1"), attempt("pi"), attempt("void", fault="interrupted")))
    assert [row.agent for row in table.rows] == ["void", "pi", "aider"]


def test_failures_by_cause_with_void_ones_apart() -> None:
    made = attempt("pi", passed=False)
    made["failure"] = {"cause": "agent_timeout", "fault": "agent", "counted": True}
    everything = groups(
        attempt("pi"), made, attempt("pi", fault="interrupted"),
        attempt("pi", fault="rate_limited"), attempt("pi", fault="rate_limited"),
    )  # fmt: skip
    [counted] = failures(everything, void=False).rows
    assert (counted.cause, counted.fault, counted.attempts, counted.of) == ("agent_timeout", "agent", 1, 5)
    assert (counted.tokens, counted.tokens_complete) == (1100, True)
    void = failures(everything, void=True)
    assert void.name == "void"
    assert [(row.cause, row.attempts, row.tokens) for row in void.rows] == [
        ("rate_limited", 2, 2200), ("interrupted", 1, 1100),
    ]  # fmt: skip


def test_tokens_that_are_not_known_are_no_0() -> None:
    [row] = failures(groups(attempt(fault="interrupted", tokens=(None, None))), void=True).rows
    assert (row.tokens, row.tokens_complete) == (None, False)
