"""Whose doing a pass is: shares of its variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from cab_report.results.groups import Group
from cab_report.results.runs import Kind
from cab_report.results.table import Figure, Table, percent
from cab_scoring.stats.variance import shares


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceRow:
    """All attempts of one kind."""

    kind: Kind
    agents: int
    models: int
    tasks: int
    attempts: int
    """Graded ones."""
    agent: float | None
    model: float | None
    task: float | None
    interaction: float | None
    noise: float | None
    """Between attempts of one cell."""


def variance(groups: Sequence[Group]) -> Table[VarianceRow]:
    """The table of them."""
    by_kind = groupby(groups, key=lambda group: group.family.kind)
    return Table(
        name="variance",
        title="Shares of the variance of pass",
        rows=tuple(_row(kind, list(each)) for kind, each in by_kind),
        names=(Figure("attempts", lambda row: row.kind),),
        figures=(
            (
                Figure("graded", lambda row: str(row.attempts)),
                Figure("tasks", lambda row: str(row.tasks)),
            ),
            (
                Figure("agents", lambda row: str(row.agents)),
                Figure("models", lambda row: str(row.models)),
            ),
            (Figure("agent", lambda row: percent(row.agent)),),
            (Figure("model", lambda row: percent(row.model)),),
            (Figure("task", lambda row: percent(row.task)),),
            (Figure("interaction", lambda row: percent(row.interaction)),),
            (Figure("noise", lambda row: percent(row.noise)),),
        ),
        estimates="what passing depends on, over these agents, models and tasks",
        notes=(
            "Each cell is as likely as any other",
            "Noise is between attempts of one cell; unknown is what these attempts cannot tell apart",
        ),
    )


def _row(kind: Kind, groups: Sequence[Group]) -> VarianceRow:
    cells = {
        (group.agent, group.family.model, task): tally
        for group in groups
        for task, tally in group.tallies.items()
    }
    return VarianceRow(
        kind=kind,
        agents=len({agent for agent, _, _ in cells}),
        models=len({model for _, model, _ in cells}),
        tasks=len({task for _, _, task in cells}),
        attempts=sum(tally.attempts for tally in cells.values()),
        **asdict(shares(cells)),
    )
