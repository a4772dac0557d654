from __future__ import annotations

from cab_report.results.report import tables
from cab_report.results.runs import Run
from fakes.many_cells import attempt, sweep

NAMES = ["agents", "differences", "coverage", "failures", "void", "economy", "variance"]


def test_every_table_is_there_and_says_what_it_estimates() -> None:
    found = tables(map(Run.from_cell, sweep(3, 2, 6, attempts=2)))
    assert [table.name for table in found] == NAMES
    assert all(table.estimates for table in found)
    assert [table.name for table in found if table.detectable is not None] == ["agents", "differences"]
    assert found[0].detectable == found[1].detectable
    assert [row.k for row in found[0].rows] == [2] * 6


def test_tables_of_void_attempts_alone() -> None:
    agents, differences, *_ = tables([Run.from_cell(attempt(fault="interrupted"))])
    assert len(agents.rows) == 1
    assert differences.rows == ()


def test_what_was_pooled_though_not_the_same_is_said() -> None:
    cells = [
        attempt(agent_version="1"), attempt(agent_version="2"), attempt(behavior_mode="plugins"),
        attempt("pi", "c/a", task_hash="1"), attempt("codex", "c/a", task_hash="2"),
    ]  # fmt: skip
    notes = tables(map(Run.from_cell, cells))[0].notes
    assert notes[-3:] == (
        "aider with small-1: versions of the agent pooled: 1, 2",
        "aider with small-1: behaviour modes pooled: factory, plugins",
        "c/a was changed between attempts: 2 versions pooled",
    )
    assert len(tables(map(Run.from_cell, cells[:1]))[0].notes) == len(notes) - 3
