from __future__ import annotations

from typing import Any

import pytest

from cab_report.results.differences import SHOWN, DifferenceRow, compare, differences, smallest_detectable
from cab_report.results.groups import families
from cab_report.results.runs import Run
from cab_scoring.stats.compare import holm, paired
from cab_scoring.stats.intervals import Tally, ratio_interval
from fakes.many_cells import attempt, sweep

TASKS = [f"c/{number}" for number in range(6)]


def rows(*cells: dict[str, Any]) -> list[DifferenceRow]:
    return compare(families(map(Run.from_cell, cells)), "such tasks")


def uncached(scores: dict[str, Any]) -> dict[str, Any]:
    return {**scores, "tokens": {**scores["tokens"], "cached_tokens": None}}


def usd_shown(row: DifferenceRow) -> list[str]:
    return [figure.text(row) for figure in differences([row], "such tasks").figures[-1]]


def test_a_pair_is_compared_over_the_tasks_that_both_have() -> None:
    [row] = rows(
        attempt("aider", "c/a"),
        attempt("aider", "c/b"),
        attempt("aider", "c/c"),
        attempt("pi", "c/a", passed=False),
        attempt("pi", "c/b"),
        attempt("pi", "c/void", fault="rate_limited"),
    )
    expected = paired(
        {"c/a": Tally(1, 1), "c/b": Tally(1, 1)}, {"c/a": Tally(1, 0), "c/b": Tally(1, 1)}, "such tasks"
    )
    assert (row.a, row.b, row.tasks, row.pass_difference) == ("aider", "pi", 2, 0.5)
    assert (row.pass_interval, row.p) == (expected.interval, expected.p_value)


def test_real_simulated_and_provisional_attempts_are_never_compared() -> None:
    cells = [attempt("aider"), attempt("pi", kind="simulated"), attempt("codex", kind="provisional")]
    assert rows(*cells, attempt("opencode", model="large-1")) == []


def test_holms_correction_is_within_a_model() -> None:
    found = rows(*sweep(3, 2, 8))
    for model in ("model-00", "model-01"):
        mine = [row for row in found if row.model == model]
        assert [row.p_holm for row in mine] == holm([row.p for row in mine])
        assert len(mine) == 3


def test_what_a_correct_task_costs_is_paired_over_the_tasks_that_both_solve() -> None:
    cells = [attempt("aider", task, tokens=(1000 * (1 + at), 0), usd="0.1") for at, task in enumerate(TASKS)]
    cells += [attempt("pi", task, tokens=(500, 0), usd="0.2") for task in TASKS]
    # unsolved by one, however dear
    cells += [
        attempt("aider", "c/x", tokens=(10**6, 0)),
        attempt("pi", "c/x", passed=False, tokens=(10**6, 0)),
    ]
    # paid for by the pass
    cells += [attempt("pi", TASKS[0], tokens=(300, 0), usd="0.2", passed=False)]
    [row] = rows(*cells)
    assert row.tasks_both_solve == 6
    tokens, usd = row.tokens_per_correct, row.usd_per_correct
    assert (tokens.a, tokens.b) == (3500, (800 + 5 * 500) / 6)
    assert tokens.ratio == pytest.approx(21_000 / 3_300)
    assert tokens.interval == ratio_interval([1000.0 * (1 + at) for at in range(6)], [800] + [500] * 5)
    assert [usd.a, usd.b] == pytest.approx([0.1, 1.4 / 6])


def test_what_is_not_known_in_full_is_not_compared() -> None:
    cells = [attempt("aider", task, usd="0.1") for task in TASKS] + [attempt("pi", task) for task in TASKS]
    cells += [attempt("pi", TASKS[0], tokens=(None, None))]
    [row] = rows(*cells)
    assert row.tasks_both_solve == 6
    assert row.tokens_per_correct.ratio is None
    assert row.usd_per_correct.ratio is None
    assert not row.usd_refused


def test_bills_are_not_compared_where_one_arm_was_cached() -> None:
    cells = [attempt("aider", task, usd="0.1", cached=100) for task in TASKS]
    cells += [attempt("pi", task, usd="0.1", cached=0) for task in TASKS]
    [row] = rows(*cells)
    assert row.usd_refused
    assert (row.usd_per_correct.a, row.usd_per_correct.ratio) == (None, None)
    assert row.tokens_per_correct.ratio == 1
    assert usd_shown(row) == ["refused", "–", "–", "–"]
    [both] = rows(*cells[:6], *(attempt("pi", task, usd="0.1", cached=1) for task in TASKS))
    assert not both.usd_refused
    assert both.usd_per_correct.ratio == 1


def test_in_place_of_refused_bills_cache_neutral_usd_are_compared_and_labelled() -> None:
    cells = [attempt("aider", task, usd="0.1", neutral="0.3", cached=100) for task in TASKS]
    cells += [attempt("pi", task, usd="0.2", neutral="0.2") for task in TASKS]
    [row] = rows(*cells)
    assert row.usd_refused
    assert row.usd_per_correct.ratio is None
    assert usd_shown(row) == ["neutral ×1.50", "×1.50…×1.50", "$0.3000", "$0.2000"]
    [row] = rows(*({**cell, "scores": uncached(cell["scores"])} for cell in cells))
    assert usd_shown(row) == ["×0.50", "×0.50…×0.50", "$0.1000", "$0.2000"]
    assert row.usd_neutral_per_correct.ratio == pytest.approx(1.5)
    [row] = rows(*cells, attempt("pi", TASKS[0], usd="0.2"))
    assert usd_shown(row)[0] == "refused"


def test_the_surest_come_first_and_the_table_says_what_it_could_have_shown() -> None:
    found = rows(*sweep(9, 1, 12))
    table = differences(found, "such tasks")
    assert sorted(row.p_holm or 0 for row in found) == [row.p_holm for row in table.rows]
    assert table.shown == SHOWN < len(table.rows)
    assert table.detectable == smallest_detectable(found)
    least = min(row.smallest_detectable for row in found if row.smallest_detectable is not None)
    assert f"{least:.2f} to" in smallest_detectable(found)
    assert smallest_detectable([]).startswith("not known")


def test_these_tasks_takes_more_than_one_attempt() -> None:
    cells = [*sweep(2, 1, 5)]
    [once] = compare(families(map(Run.from_cell, cells)), "these tasks")
    assert once.p is None
    [often] = compare(families(map(Run.from_cell, sweep(2, 1, 5, attempts=4))), "these tasks")
    assert often.p is not None
    assert "on these tasks" in differences([often], "these tasks").estimates
