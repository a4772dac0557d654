"""The main table: each agent with each model, how often it passes and what a correct task costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cab_report.results.groups import Family, Group
from cab_report.results.table import (
    AGENT_AND_MODEL,
    AgentWithModel,
    Figure,
    Table,
    between,
    share,
    tokens,
    usd,
)
from cab_report.rows import ESTIMATE, LOWER_BOUND, UNKNOWN
from cab_scoring.aggregate import aggregate
from cab_scoring.stats import intervals
from cab_scoring.stats.compare import ranks
from cab_scoring.stats.frontier import front
from cab_scoring.stats.intervals import Interval, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow(AgentWithModel):
    """One agent with one model."""

    tasks: int
    """With a graded attempt."""
    attempts: int
    """Counted ones."""
    graded: int
    void: int
    pass_at_1: float | None
    pass_at_1_interval: Interval
    k: int | None
    """None where no agent has two attempts at each of its tasks."""
    pass_at_k: float | None
    pass_at_k_interval: Interval
    pass_hat_k: float | None
    pass_hat_k_interval: Interval
    stability: float | None
    """Chance that two attempts at one task end alike."""
    stability_interval: Interval
    tokens_per_correct: float | None
    tokens_complete: bool
    """False: a lower bound, and its interval has no upper end."""
    tokens_estimated: bool
    tokens_interval: Interval
    tokens_front: bool | None
    """No other agent of its family passes as often for fewer tokens, or more often for as many. Over the
    tasks that all have. None where its own figures are not known in full, and where it is alone.
    """
    usd_per_correct: Decimal | None
    usd_complete: bool
    usd_interval: Interval
    usd_front: bool | None
    """None too where some agents of the family were served from a cache and others were not."""
    usd_neutral_per_correct: Decimal | None
    """From list prices, as if there were no cache."""
    usd_neutral_complete: bool
    best_rank: int | None
    """By pass rate, among those of its family with a verdict; None where it is alone, or has none."""
    worst_rank: int | None


def common_k(groups: Iterable[Group]) -> int | None:
    """The most attempts that some agent has at every one of its tasks; None for one."""
    fewest = [min(tally.attempts for tally in group.tallies.values()) for group in groups if group.tallies]
    return k if (k := max(fewest, default=1)) > 1 else None


def describe(families: Mapping[Family, Sequence[Group]], scope: Scope, k: int | None) -> list[AgentRow]:
    """The rows, by model, the highest pass rate first."""
    rows = []
    for groups in families.values():
        graded = [group for group in groups if group.tallies]
        if len(graded) > 1:
            ranked = ranks({group.agent: group.tallies for group in graded}, scope)
            tokens_front, usd_front = _fronts(graded)
        else:
            ranked, tokens_front, usd_front = {}, {}, {}
        found = [
            _row(
                group,
                scope,
                k,
                rank=ranked.get(group.agent, (None, None)),
                on_front=(tokens_front.get(group.agent), usd_front.get(group.agent)),
            )
            for group in groups
        ]
        rows += sorted(found, key=lambda row: -1 if row.pass_at_1 is None else row.pass_at_1, reverse=True)
    return rows


def _row(
    group: Group,
    scope: Scope,
    k: int | None,
    *,
    rank: tuple[int | None, int | None],
    on_front: tuple[bool | None, bool | None],
) -> AgentRow:
    tallies, total, sums = list(group.tallies.values()), group.total, list(group.by_task.values())
    several = [] if k is None else tallies
    passed = [each.passed for each in sums]
    return AgentRow(
        kind=group.family.kind,
        model=group.family.model,
        agent=group.agent,
        tasks=len(tallies),
        attempts=total.counted,
        graded=total.graded,
        void=total.attempts - total.counted,
        pass_at_1=intervals.pass_rate(tallies),
        pass_at_1_interval=intervals.pass_interval(tallies, scope),
        k=k,
        pass_at_k=intervals.pass_at_k(several, k or 1),
        pass_at_k_interval=intervals.pass_at_k_interval(several, k or 1),
        pass_hat_k=intervals.pass_hat_k(several, k or 1),
        pass_hat_k_interval=intervals.pass_hat_k_interval(several, k or 1),
        stability=intervals.stability(tallies),
        stability_interval=intervals.stability_interval(tallies),
        tokens_per_correct=total.tokens_per_correct_task,
        tokens_complete=total.tokens_coverage == 1,
        tokens_estimated=any(run.estimated for run in group.runs),
        tokens_interval=_ratio([each.tokens for each in sums], passed, complete=total.tokens_coverage == 1),
        tokens_front=on_front[0],
        usd_per_correct=total.usd_per_correct_task,
        usd_complete=total.cost_coverage == 1,
        usd_interval=_ratio([each.cost_usd for each in sums], passed, complete=total.cost_coverage == 1),
        usd_front=on_front[1],
        usd_neutral_per_correct=total.usd_neutral_per_correct_task,
        usd_neutral_complete=total.cost_neutral_coverage == 1,
        best_rank=rank[0],
        worst_rank=rank[1],
    )


def _ratio(spent: Sequence[Decimal | int | None], passed: Sequence[int], *, complete: bool) -> Interval:
    """Of what is known, if anything is; its lower end holds for all that was spent too."""
    if all(amount is None for amount in spent):
        return intervals.UNKNOWN
    found = intervals.ratio_interval([amount or 0 for amount in spent], passed)
    return found if complete else Interval(found.low, None)


def _fronts(groups: Sequence[Group]) -> tuple[dict[str, bool | None], dict[str, bool | None]]:
    """Whether each agent is on the front of tokens and of USD, over the tasks that all of them have."""
    shared = set(groups[0].tallies).intersection(*(group.tallies for group in groups))
    rates = {group.agent: intervals.pass_rate([group.tallies[task] for task in shared]) for group in groups}
    sums = {group.agent: aggregate(run.sums for run in group.runs if run.task in shared) for group in groups}
    comparable = len({group.cached for group in groups}) == 1

    def on(costs: Mapping[str, float | Decimal | None]) -> dict[str, bool | None]:
        best = front({agent: (rates[agent], cost) for agent, cost in costs.items()})
        return {agent: None if cost is None else agent in best for agent, cost in costs.items()}

    return (
        on(
            {
                agent: each.tokens_per_correct_task if each.tokens_coverage == 1 else None
                for agent, each in sums.items()
            }
        ),
        on(
            {
                agent: each.usd_per_correct_task if comparable and each.cost_coverage == 1 else None
                for agent, each in sums.items()
            }
        ),
    )


def agents(
    rows: Sequence[AgentRow], scope: Scope, k: int | None, detectable: str, mixed: Sequence[str]
) -> Table[AgentRow]:
    """The table of them; ``mixed`` says which rows are of different things."""
    several = "k" if k is None else k
    return Table(
        name="agents",
        title="Agents with each model",
        rows=tuple(rows),
        names=AGENT_AND_MODEL,
        figures=(
            (
                Figure("tasks", lambda row: str(row.tasks)),
                Figure("attempts", lambda row: str(row.attempts)),
                Figure("void", lambda row: str(row.void)),
            ),
            (
                Figure("pass@1", lambda row: share(row.pass_at_1)),
                Figure("95 %", lambda row: between(row.pass_at_1_interval)),
                Figure("rank", _rank),
            ),
            (
                Figure(f"pass@{several}", lambda row: share(row.pass_at_k)),
                Figure(f"pass^{several}", lambda row: share(row.pass_hat_k)),
                Figure("stable", lambda row: share(row.stability)),
            ),
            (
                Figure("tokens/correct", _tokens),
                Figure("95 %", lambda row: between(row.tokens_interval, tokens)),
                Figure("on front", lambda row: _FRONT[row.tokens_front]),
            ),
            (
                Figure("USD/correct", lambda row: usd(row.usd_per_correct, complete=row.usd_complete)),
                Figure("95 %", lambda row: between(row.usd_interval, usd)),
                Figure("on front", lambda row: _FRONT[row.usd_front]),
                Figure(
                    "cache-neutral",
                    lambda row: usd(row.usd_neutral_per_correct, complete=row.usd_neutral_complete),
                ),
            ),
        ),
        estimates="how agents do on tasks such as these"
        if scope == "such tasks"
        else "pass@1 and rank on these tasks; what a correct task costs on tasks such as these",
        detectable=detectable,
        notes=(
            "Rank and front (pass@1 against what a correct task costs) are among agents with the same model; "
            "real, provisional and simulated attempts apart",
            "USD are as billed, cache-neutral ones at list prices as if there were no cache; there is no "
            "front of USD where only some agents were served from a cache",
            f"{LOWER_BOUND} is at least, where not all is known; {ESTIMATE} rests on estimates",
            *mixed,
        ),
    )


_FRONT: Final = {True: "yes", False: "no", None: UNKNOWN}


def _tokens(row: AgentRow) -> str:
    text = tokens(row.tokens_per_correct, complete=row.tokens_complete)
    return f"{ESTIMATE}{text}" if row.tokens_estimated and row.tokens_per_correct is not None else text


def _rank(row: AgentRow) -> str:
    if row.best_rank is None:
        return UNKNOWN
    return str(row.best_rank) if row.best_rank == row.worst_rank else f"{row.best_rank}…{row.worst_rank}"
