"""Any two agents with the same model: does one pass more, and does a correct task cost less with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, inf
from statistics import median
from typing import Final

from cab_report.results.groups import Family, Group
from cab_report.results.runs import Kind
from cab_report.results.table import (
    Figure,
    Table,
    between,
    model_text,
    p_value,
    share,
    signed,
    times,
    tokens,
    usd,
)
from cab_scoring.stats.compare import holm, paired
from cab_scoring.stats.intervals import UNKNOWN, Interval, Scope, ratio_interval

NEUTRAL: Final = "neutral"
SHOWN: Final = 30
"""Pairs that people are shown: 21 agents make 210 with each model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a correct task cost with each of two agents: the mean over the tasks that both solve.

    A task's own is a ratio of sums: failed attempts at it are paid for by those that passed.
    """

    a: float | None = None
    b: float | None = None
    ratio: float | None = None
    """a / b. All are None where an attempt's tokens or cost are not known in full."""
    interval: Interval = UNKNOWN
    """Of ``ratio``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """Agent ``a`` against agent ``b``."""

    kind: Kind
    model: str
    a: str
    b: str
    tasks: int
    """With graded attempts of both."""
    pass_difference: float | None
    """a − b."""
    pass_interval: Interval
    p: float | None
    p_holm: float | None
    """Corrected for all pairs of the family."""
    smallest_detectable: float | None
    """Before that correction."""
    tasks_both_solve: int
    tokens_per_correct: Spending
    usd_per_correct: Spending
    usd_refused: bool
    """Only one of the two was served from a cache: their bills are not compared, and are None here."""
    usd_neutral_per_correct: Spending
    """From list prices, as if there were no cache: what people are shown in place of refused bills."""


def compare(families: Mapping[Family, Sequence[Group]], scope: Scope) -> list[DifferenceRow]:
    """All pairs within each family."""
    rows = []
    for family, groups in families.items():
        pairs = list(combinations(groups, 2))
        found = [paired(a.tallies, b.tallies, scope) for a, b in pairs]
        adjusted = holm([difference.p_value for difference in found])
        for (a, b), difference, p_holm in zip(pairs, found, adjusted, strict=True):
            solved = [task for task in a.solved if task in b.solved]
            refused = a.cached != b.cached
            rows.append(
                DifferenceRow(
                    kind=family.kind,
                    model=family.model,
                    a=a.agent,
                    b=b.agent,
                    tasks=difference.tasks,
                    pass_difference=difference.difference,
                    pass_interval=difference.interval,
                    p=difference.p_value,
                    p_holm=p_holm,
                    smallest_detectable=difference.smallest_detectable,
                    tasks_both_solve=len(solved),
                    tokens_per_correct=_spending(a.tokens_per_correct, b.tokens_per_correct, solved),
                    usd_per_correct=Spending()
                    if refused
                    else _spending(a.usd_per_correct, b.usd_per_correct, solved),
                    usd_refused=refused,
                    usd_neutral_per_correct=_spending(
                        a.usd_neutral_per_correct, b.usd_neutral_per_correct, solved
                    ),
                )
            )
    return rows


def _spending(a: Mapping[str, float], b: Mapping[str, float], solved: Sequence[str]) -> Spending:
    if not solved or any(task not in a or task not in b for task in solved):
        return Spending()
    one, other = [a[task] for task in solved], [b[task] for task in solved]
    return Spending(
        a=fsum(one) / len(solved),
        b=fsum(other) / len(solved),
        ratio=fsum(one) / fsum(other) if fsum(other) else None,
        interval=ratio_interval(one, other),
    )


def smallest_detectable(rows: Iterable[DifferenceRow]) -> str:
    """In words, over pairs: the true difference that four in five such sweeps would have found, had they
    compared this pair alone.
    """
    known = sorted(row.smallest_detectable for row in rows if row.smallest_detectable is not None)
    if not known:
        return "not known: no two agents that can be compared, or no variance between tasks"
    spread = f", {share(known[0])} to {share(known[-1])} by pair" if known[0] < known[-1] else ""
    return f"{share(median(known))} in pass@1 between two agents{spread}; more after Holm's correction"


def differences(rows: Sequence[DifferenceRow], scope: Scope) -> Table[DifferenceRow]:
    """The table of them, the surest first."""
    return Table(
        name="differences",
        title="Differences between two agents with the same model",
        rows=tuple(sorted(rows, key=_surest)),
        names=(
            Figure("a", lambda row: row.a),
            Figure("b", lambda row: row.b),
            Figure("model", lambda row: model_text(row.kind, row.model)),
        ),
        figures=(
            (
                Figure("tasks", lambda row: str(row.tasks)),
                Figure("both solve", lambda row: str(row.tasks_both_solve)),
            ),
            (
                Figure("pass@1 a − b", lambda row: signed(row.pass_difference)),
                Figure("95 %", lambda row: between(row.pass_interval, signed)),
                Figure("detectable", lambda row: share(row.smallest_detectable)),
            ),
            (Figure("p (Holm)", lambda row: p_value(row.p_holm)), Figure("p", lambda row: p_value(row.p))),
            (
                Figure("tokens a / b", lambda row: times(row.tokens_per_correct.ratio)),
                Figure("95 %", lambda row: between(row.tokens_per_correct.interval, times)),
                Figure("a", lambda row: tokens(row.tokens_per_correct.a)),
                Figure("b", lambda row: tokens(row.tokens_per_correct.b)),
            ),
            (
                Figure("USD a / b", _usd_ratio),
                Figure("95 %", lambda row: between(_usd(row).interval, times)),
                Figure("a", lambda row: usd(_usd(row).a)),
                Figure("b", lambda row: usd(_usd(row).b)),
            ),
        ),
        estimates="how agents differ on {}; what a correct task costs, on tasks such as those that both "
        "solve".format("tasks such as these" if scope == "such tasks" else "these tasks"),
        detectable=smallest_detectable(rows),
        notes=(
            "Holm's correction is for all pairs with the model; real, provisional and simulated attempts are "
            "never compared with each other",
            "Tokens and USD are those of a correct task, the mean over the tasks that both solve; USD are as "
            "billed. Where only one of the two was served from a cache bills are refused, and USD marked "
            f"{NEUTRAL} are compared: at list prices, as if there were no cache",
        ),
        shown=SHOWN,
    )


def _surest(row: DifferenceRow) -> tuple[float, float]:
    return (inf if row.p_holm is None else row.p_holm, inf if row.p is None else row.p)


def _usd(row: DifferenceRow) -> Spending:
    return row.usd_neutral_per_correct if row.usd_refused else row.usd_per_correct


def _usd_ratio(row: DifferenceRow) -> str:
    ratio = _usd(row).ratio
    if not row.usd_refused:
        return times(ratio)
    return "refused" if ratio is None else f"{NEUTRAL} {times(ratio)}"
