from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cab_report.results.groups import Group, families
from cab_report.results.runs import Run
from cab_report.results.variance import variance
from cab_scoring.stats.intervals import Tally
from cab_scoring.stats.variance import shares
from fakes.many_cells import attempt, sweep


def groups(*cells: dict[str, Any]) -> list[Group]:
    return [group for family in families(map(Run.from_cell, cells)).values() for group in family]


def test_shares_are_of_the_cells_of_one_kind() -> None:
    cells = [attempt("aider", "c/a"), attempt("aider", "c/a", passed=False), attempt("aider", "c/b")]
    cells += [
        attempt("pi", "c/a", passed=False),
        attempt("pi", "c/b"),
        attempt("pi", "c/b", fault="interrupted"),
    ]
    real, simulated = variance(groups(*cells, attempt(kind="simulated"))).rows
    expected = shares(
        {
            ("aider", "small-1", "c/a"): Tally(2, 1),
            ("aider", "small-1", "c/b"): Tally(1, 1),
            ("pi", "small-1", "c/a"): Tally(1, 0),
            ("pi", "small-1", "c/b"): Tally(1, 1),
        }
    )
    assert asdict(expected).items() <= asdict(real).items()
    assert (real.agents, real.models, real.tasks, real.attempts) == (2, 1, 2, 5)
    assert (simulated.kind, simulated.attempts, simulated.agent) == ("simulated", 1, None)


def test_families_of_one_kind_are_one_row() -> None:
    [row] = variance(groups(*sweep(2, 3, 4))).rows
    assert (row.agents, row.models, row.tasks) == (2, 3, 4)
