from __future__ import annotations

from decimal import Decimal
from typing import Any

from cab_report.results.agents import AgentRow, agents, common_k, describe
from cab_report.results.groups import families
from cab_report.results.runs import Run
from cab_scoring.aggregate import Attempt, aggregate
from cab_scoring.stats import intervals
from cab_scoring.stats.compare import ranks
from cab_scoring.stats.intervals import Interval, Tally
from fakes.cells import cell
from fakes.evidence import call, evidence
from fakes.many_cells import attempt, sweep

TASKS = [f"c/{number}" for number in range(6)]


def rows(*cells: dict[str, Any], k: int | None = None) -> list[AgentRow]:
    return describe(families(map(Run.from_cell, cells)), "such tasks", k)


def text(row: AgentRow, k: int | None = None) -> dict[str, list[str]]:
    table = agents([row], "such tasks", k, "0.20", ())
    found: dict[str, list[str]] = {}
    for figure in (figure for stack in table.figures for figure in stack):
        found.setdefault(figure.name, []).append(figure.text(row))
    return found


def test_figures_are_those_of_the_statistics_over_counted_attempts() -> None:
    cells = [*sweep(1, 1, 8, attempts=3)]
    [row] = rows(*cells, k=2)
    sums = aggregate(map(Attempt.from_cell, cells))
    tallies: dict[str, Tally] = {}
    for each in map(Run.from_cell, cells):
        if each.sums.counted and each.sums.passed is not None:
            before = tallies.get(each.task, Tally(0, 0))
            tallies[each.task] = Tally(before.attempts + 1, before.passed + each.sums.passed)
    given = list(tallies.values())
    assert (row.tasks, row.attempts, row.void) == (8, sums.counted, 24 - sums.counted)
    assert row.pass_at_1 == intervals.pass_rate(given)
    assert row.pass_at_1_interval == intervals.pass_interval(given)
    assert (row.pass_at_k, row.pass_hat_k) == (intervals.pass_at_k(given, 2), intervals.pass_hat_k(given, 2))
    assert row.pass_hat_k_interval == intervals.pass_hat_k_interval(given, 2)
    assert (row.stability, row.stability_interval) == (
        intervals.stability(given), intervals.stability_interval(given),
    )  # fmt: skip
    assert row.tokens_per_correct == sums.tokens_per_correct_task
    assert row.usd_per_correct == sums.usd_per_correct_task
    assert row.tokens_interval.low is not None
    assert row.tokens_interval.low < (row.tokens_per_correct or 0)


def test_void_attempts_are_listed_and_count_nowhere() -> None:
    assert rows(attempt(), attempt(fault="rate_limited", passed=False))[0].void == 1
    [alone] = rows(attempt(fault="rate_limited"))
    assert (alone.tasks, alone.attempts, alone.void, alone.pass_at_1) == (0, 0, 1, None)
    assert alone.tokens_per_correct is None
    assert text(alone)["tokens/correct"] == ["–"]


def test_what_is_partly_unknown_is_a_lower_bound() -> None:
    cells = [attempt(task=task, usd="0.10") for task in TASKS]
    [row] = rows(*cells, attempt(task=TASKS[0], tokens=(None, None)))
    assert not row.tokens_complete
    assert not row.usd_complete
    assert row.tokens_interval.low is not None
    assert row.tokens_interval.high is None
    assert text(row)["tokens/correct"] == ["≥943"]
    assert text(row)["USD/correct"] == ["≥$0.0857"]


def test_estimates_are_marked() -> None:
    made = attempt()
    made["scores"] = cell(evidence(calls=(call(source="estimated"),)))["scores"]
    assert text(rows(attempt(task="c/a"), made)[0])["tokens/correct"] == ["~1.10k"]


def test_unknown_cost_is_not_0() -> None:
    [row] = rows(*(attempt(task=task) for task in TASKS))
    assert (row.usd_per_correct, row.usd_interval) == (None, Interval(None, None))
    assert text(row)["USD/correct"] == ["–"]


def test_ranks_are_among_agents_with_the_same_model() -> None:
    cells = [attempt("aider", task) for task in TASKS]
    cells += [attempt("pi", task, passed=False) for task in TASKS]
    cells += [attempt("codex", task, model="other") for task in TASKS]
    found = {row.agent: (row.best_rank, row.worst_rank) for row in rows(*cells)}
    expected = ranks({"aider": dict.fromkeys(TASKS, Tally(1, 1)), "pi": dict.fromkeys(TASKS, Tally(1, 0))})
    assert found == {**expected, "codex": (None, None)}
    assert expected == {"aider": (1, 1), "pi": (2, 2)}


def test_an_agent_without_a_verdict_has_no_rank_and_is_in_nobodys_way() -> None:
    cells = [
        *(attempt("aider", task, cached=1, usd="0.1") for task in TASKS),
        *(attempt("pi", task, passed=False, cached=1, usd="0.1") for task in TASKS),
    ]
    void = [attempt("void", task, fault="rate_limited") for task in TASKS]

    def said(*cells: dict[str, Any]) -> dict[str, tuple[object, ...]]:
        return {row.agent: (row.best_rank, row.worst_rank, row.usd_front) for row in rows(*cells)}

    assert said(*cells, *void) == said(*cells) | {"void": (None, None, None)}


def fronts(*cells: dict[str, Any]) -> dict[str, tuple[bool | None, bool | None]]:
    return {row.agent: (row.tokens_front, row.usd_front) for row in rows(*cells)}


def test_the_front_is_who_is_not_beaten() -> None:
    cells = [attempt("best", task, tokens=(900, 0), usd="0.2") for task in TASKS[:2]]
    cells += [
        attempt("cheap", task, tokens=(800, 0), usd="0.05", passed=task != TASKS[0]) for task in TASKS[:2]
    ]
    cells += [
        attempt("beaten", task, tokens=(2000, 0), usd="0.3", passed=task != TASKS[0]) for task in TASKS[:2]
    ]
    cells += [attempt("unknown", task, tokens=(None, None)) for task in TASKS[:2]]
    assert fronts(*cells) == {
        "best": (True, True), "cheap": (False, True), "beaten": (False, False), "unknown": (None, None),
    }  # fmt: skip
    assert fronts(attempt("alone")) == {"alone": (None, None)}


def test_the_front_is_over_the_tasks_that_all_have() -> None:
    cells = [attempt("aider", "c/a", tokens=(900, 0)), attempt("pi", "c/a", tokens=(1000, 0))]
    dear = attempt("aider", "c/b", tokens=(10**6, 0), passed=False)
    assert fronts(*cells, dear) == {"aider": (True, None), "pi": (False, None)}


def test_there_is_no_front_of_bills_where_only_some_were_cached() -> None:
    cells = [attempt("aider", usd="0.1", cached=500), attempt("pi", usd="0.2")]
    assert fronts(*cells) == {"aider": (True, None), "pi": (True, None)}


def test_cache_neutral_usd_are_beside_the_bill() -> None:
    [row] = rows(attempt(usd="0.1", neutral="0.3"), attempt(usd="0.1", neutral="0.1", passed=False))
    assert (row.usd_per_correct, row.usd_neutral_per_correct) == (Decimal("0.2"), Decimal("0.4"))
    assert text(row)["cache-neutral"] == ["$0.4000"]
    [row] = rows(attempt(usd="0.1", neutral="0.3"), attempt(usd="0.1"))
    assert (text(row)["USD/correct"], text(row)["cache-neutral"]) == (["$0.1000"], ["≥$0.1500"])


def test_k_is_as_many_attempts_as_an_agent_has_at_each_task() -> None:
    def k(*cells: dict[str, Any]) -> int | None:
        by_family = families(map(Run.from_cell, cells))
        return common_k(group for groups in by_family.values() for group in groups)

    assert k(attempt()) is None
    assert k(attempt(), attempt(), attempt(task="c/b")) is None
    assert k(attempt(), attempt(), attempt("pi")) == 2
    assert k(attempt(), attempt(), attempt(fault="interrupted")) == 2
    assert k() is None


def test_k_is_in_the_headings_and_an_agent_without_so_many_has_none() -> None:
    one, two = rows(attempt("aider"), attempt("pi"), attempt("pi", passed=False), k=2)
    assert text(one, 2)["pass@2"] == ["–"]
    assert text(two, 2)["pass@2"] == ["1.00"]
    assert text(two, 2)["pass^2"] == ["0.00"]
    assert text(two, 2)["stable"] == ["0.00"]


def test_money_stays_exact() -> None:
    cells = [attempt(task=task, usd="0.1") for task in TASKS[:3]]
    assert rows(*cells)[0].usd_per_correct == Decimal("0.1")
