"""The tables of a sweep, out of its attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from cab_report.results.accounts import coverage, failures
from cab_report.results.agents import agents, common_k, describe
from cab_report.results.differences import compare, differences, smallest_detectable
from cab_report.results.economy import economy
from cab_report.results.groups import Group, families
from cab_report.results.runs import Run
from cab_report.results.table import Table
from cab_report.results.variance import variance
from cab_scoring.stats.intervals import Scope

MIXTURES: Final[Mapping[str, Callable[[Run], str | None]]] = {
    "versions of the agent": lambda run: run.agent_version,
    "behaviour modes": lambda run: run.behavior_mode,
    "sandboxes": lambda run: run.sandbox,
    "endpoints": lambda run: run.endpoint,
    "clocks of the time limit": lambda run: run.clock,
    "methodologies": lambda run: run.methodology,
}


def tables(runs: Iterable[Run], scope: Scope = "such tasks", k: int | None = None) -> list[Table[Any]]:
    """Every table, the main one first. ``k`` is that of pass@k and pass^k; without it, the largest that some
    agent has attempts for at each of its tasks.
    """
    everything = list(runs)
    by_family = families(everything)
    groups = [group for family in by_family.values() for group in family]
    pairs = compare(by_family, scope)
    k = common_k(groups) if k is None else k
    rows = describe(by_family, scope, k)
    return [
        agents(rows, scope, k, smallest_detectable(pairs), mixed(groups)),
        differences(pairs, scope),
        coverage(groups),
        failures(groups, void=False),
        failures(groups, void=True),
        economy(groups),
        variance(groups),
    ]


def mixed(groups: Sequence[Group]) -> list[str]:
    """What was pooled although it is not the same, a line each."""
    lines = []
    for group in groups:
        for what, of in MIXTURES.items():
            if len(found := sorted({str(value) for run in group.runs if (value := of(run)) is not None})) > 1:
                lines.append(f"{group.agent} with {group.family.model}: {what} pooled: {', '.join(found)}")
    by_task: dict[str, set[str]] = {}
    for run in (run for group in groups for run in group.runs):
        if run.task_hash is not None:
            by_task.setdefault(run.task, set()).add(run.task_hash)
    lines += [
        f"{task} was changed between attempts: {len(found)} versions pooled"
        for task, found in sorted(by_task.items())
        if len(found) > 1
    ]
    return lines
