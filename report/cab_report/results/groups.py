"""Attempts by agent and model, and what each came to at each task.

Groups of one kind and model make a family: comparisons stay within it, since with another model nothing is
the agent's doing alone, and since simulated and provisional attempts are compared with nothing real.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from cab_report.results.runs import Kind, Run
from cab_scoring.aggregate import Aggregate, aggregate
from cab_scoring.stats.intervals import Tally

_ORDER: Final[Mapping[Kind, int]] = {"real": 0, "provisional": 1, "simulated": 2}


class Family(NamedTuple):
    """What may be compared."""

    kind: Kind
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One agent with one model."""

    family: Family
    agent: str
    runs: tuple[Run, ...]
    """Counted ones."""
    void: tuple[Run, ...]
    total: Aggregate
    """Void attempts apart."""
    by_task: Mapping[str, Aggregate]
    """Of tasks with a counted attempt."""
    tallies: Mapping[str, Tally]
    """Of tasks with a graded attempt."""
    solved: tuple[str, ...]
    """Tasks that were passed at least once."""
    tokens_per_correct: Mapping[str, float]
    """Of each solved task, a ratio of sums; not of those where an attempt's tokens are not known in full."""
    usd_per_correct: Mapping[str, float]
    """The same in US dollars, as billed."""
    usd_neutral_per_correct: Mapping[str, float]
    """And from list prices, as if there were no cache."""

    @property
    def cached(self) -> bool:
        """Whether the endpoint billed any input as read from its cache."""
        return any(run.cached_tokens for run in self.runs)


def select(
    runs: Iterable[Run], agents: Sequence[str] = (), models: Sequence[str] = (), tasks: Sequence[str] = ()
) -> list[Run]:
    """The attempts that match a glob of each sequence; an empty sequence matches all."""

    def wanted(name: str, globs: Sequence[str]) -> bool:
        return not globs or any(fnmatchcase(name, glob) for glob in globs)

    return [
        run
        for run in runs
        if wanted(run.agent, agents) and wanted(run.model, models) and wanted(run.task, tasks)
    ]


def families(runs: Iterable[Run]) -> dict[Family, list[Group]]:
    """Groups by family, real ones first, each family sorted by agent."""
    found: dict[tuple[Family, str], list[Run]] = defaultdict(list)
    for run in runs:
        found[Family(run.kind, run.model), run.agent].append(run)
    result: dict[Family, list[Group]] = defaultdict(list)
    for family, agent in sorted(found, key=lambda key: (_ORDER[key[0].kind], key[0].model, key[1])):
        result[family].append(_group(family, agent, found[family, agent]))
    return dict(result)


def _group(family: Family, agent: str, runs: Sequence[Run]) -> Group:
    counted = tuple(run for run in runs if run.sums.counted)
    by_task: dict[str, list[Run]] = defaultdict(list)
    for run in counted:
        by_task[run.task].append(run)
    sums = {task: aggregate(run.sums for run in by_task[task]) for task in sorted(by_task)}
    return Group(
        family=family,
        agent=agent,
        runs=counted,
        void=tuple(run for run in runs if not run.sums.counted),
        total=aggregate(run.sums for run in runs),
        by_task=sums,
        tallies={task: Tally(each.graded, each.passed) for task, each in sums.items() if each.graded},
        solved=tuple(task for task, each in sums.items() if each.passed),
        tokens_per_correct={
            task: each.tokens_per_correct_task
            for task, each in sums.items()
            if each.tokens_per_correct_task is not None and each.tokens_coverage == 1
        },
        usd_per_correct={
            task: float(each.usd_per_correct_task)
            for task, each in sums.items()
            if each.usd_per_correct_task is not None and each.cost_coverage == 1
        },
        usd_neutral_per_correct={
            task: float(each.usd_neutral_per_correct_task)
            for task, each in sums.items()
            if each.usd_neutral_per_correct_task is not None and each.cost_neutral_coverage == 1
        },
    )
