"""What is known of how many attempts, and what went wrong with how many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cab_report.results.groups import Group
from cab_report.results.runs import Run
from cab_report.results.table import AGENT_AND_MODEL, THESE_ATTEMPTS, AgentWithModel, Figure, Table, tokens
from cab_scoring.aggregate import aggregate

LONGEST: Final = 30
"""Rows that people are shown of what is missing and of what went wrong."""

FIGURES: Final[Mapping[str, Callable[[Run], bool]]] = {
    "verdict": lambda run: run.sums.passed is not None,
    "tokens": lambda run: run.sums.tokens_complete,
    "usd": lambda run: run.sums.cost_complete,
    "usd_neutral": lambda run: run.sums.cost_neutral_complete,
    "cached_tokens": lambda run: run.cached_tokens is not None,
    "wall_time": lambda run: run.wall_ms is not None,
    "model_time": lambda run: run.model_ms is not None,
    "self_report": lambda run: run.self_report_error["total"] is not None,
    "harness_tax": lambda run: run.prompt_tokens is not None,
    "waste": lambda run: run.waste_complete,
}
"""Whether an attempt has the figure, all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow(AgentWithModel):
    """One agent with one model."""

    attempts: int
    """Counted ones."""
    have: Mapping[str, int]
    """How many of them have each of :data:`FIGURES`."""


def coverage(groups: Iterable[Group]) -> Table[CoverageRow]:
    """How many counted attempts have each figure; where most is missing comes first."""
    columns = [Figure(name.replace("_", " "), _have(name)) for name in FIGURES]
    rows = [
        CoverageRow(
            kind=group.family.kind,
            model=group.family.model,
            agent=group.agent,
            attempts=len(group.runs),
            have={name: sum(map(has, group.runs)) for name, has in FIGURES.items()},
        )
        for group in groups
    ]
    return Table(
        name="coverage",
        title="Attempts that have each figure in full",
        rows=tuple(
            sorted(rows, key=lambda row: sum(row.have.values()) / row.attempts if row.attempts else 0)
        ),
        names=AGENT_AND_MODEL,
        figures=(
            (Figure("attempts", lambda row: str(row.attempts)),),
            *(tuple(columns[at : at + 3]) for at in range(0, len(columns), 3)),
        ),
        estimates=THESE_ATTEMPTS,
        shown=LONGEST,
    )


def _have(name: str) -> Callable[[CoverageRow], str]:
    return lambda row: str(row.have[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow(AgentWithModel):
    """One cause, of one agent with one model."""

    cause: str
    """Of the failure table."""
    fault: str
    attempts: int
    of: int
    """All attempts, void ones included."""
    tokens: int | None
    tokens_complete: bool


def failures(groups: Iterable[Group], *, void: bool) -> Table[FailureRow]:
    """How often attempts failed of each cause: counted ones, or void ones."""
    rows = []
    for group in groups:
        by_cause: dict[tuple[str, str], list[Run]] = defaultdict(list)
        for run in group.void if void else group.runs:
            if run.cause != "none":
                by_cause[run.cause, run.fault].append(run)
        for (cause, fault), runs in by_cause.items():
            sums = aggregate(run.sums for run in runs)
            rows.append(
                FailureRow(
                    kind=group.family.kind,
                    model=group.family.model,
                    agent=group.agent,
                    cause=cause,
                    fault=fault,
                    attempts=len(runs),
                    of=len(group.runs) + len(group.void),
                    tokens=sums.void_tokens if void else sums.tokens,
                    tokens_complete=all(run.sums.tokens_complete for run in runs),
                )
            )
    return Table(
        name="void" if void else "failures",
        title="Void attempts, which count nowhere" if void else "Counted attempts that ended with a failure",
        rows=tuple(sorted(rows, key=lambda row: -row.attempts)),
        names=AGENT_AND_MODEL,
        figures=(
            (Figure("cause", lambda row: row.cause), Figure("fault", lambda row: row.fault)),
            (Figure("attempts", lambda row: f"{row.attempts} of {row.of}"),),
            (Figure("tokens", lambda row: tokens(row.tokens, complete=row.tokens_complete)),),
        ),
        estimates=THESE_ATTEMPTS,
        shown=LONGEST,
    )
