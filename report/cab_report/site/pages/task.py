"""Tasks: who passed each, how often, and what a pass took.

How hard a task is, is said by model and over agents: attempts of one agent with one model at one task are
alike, so an agent is one observation, however many attempts it has. Nothing here is about other tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any, Final

from cab_report.results.runs import Run
from cab_report.site import paths
from cab_report.site.content import Cell, Content, Site
from cab_report.site.parts import Page
from cab_report.site.tables import matrix
from cab_scoring.stats import intervals
from cab_scoring.stats.intervals import Interval, Tally

LEANEST: Final = 5
"""Passes that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Figures of several attempts, of those where it is known."""

    known: int
    middle: float
    """The median."""
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardness:
    """A task with one model."""

    model: str
    agents: int
    """With a verdict."""
    solved_by: int
    """Agents with a pass."""
    share: float | None
    """Mean over agents of the share of attempts that passed."""
    interval: Interval
    """Over agents: what others such as these would come to at this very task."""
    passes: int
    tokens: Spread | None
    """Of passes whose tokens are all known; None without one."""
    wall_s: Spread | None


def pages(site: Site) -> Iterator[Page]:
    """The list of tasks, and one of each."""
    for kind, content in site.contents.items():
        yield Page(path=paths.task(kind), template="tasks.html", values=partial(_list, content))
        for task, cells in content.tasks.items():
            yield Page(
                path=paths.task(kind, task),
                template="task.html",
                values=partial(_values, content, task, cells),
            )


def hardness(model: str, cells: Sequence[Cell]) -> Hardness:
    """From the cells of a task with a model, one an agent."""
    tallies = [Tally(cell.graded, cell.passed) for cell in cells if cell.graded]
    passes = _passes(cells)
    return Hardness(
        model=model,
        agents=len(tallies),
        solved_by=sum(tally.passed > 0 for tally in tallies),
        share=intervals.pass_rate(tallies),
        interval=intervals.pass_interval(tallies),
        passes=len(passes),
        tokens=_spread(run.sums.tokens for run in passes if run.sums.tokens_complete),
        wall_s=_spread(None if run.wall_ms is None else run.wall_ms / 1000 for run in passes),
    )


def _list(content: Content) -> Mapping[str, Any]:
    return {
        "kind": content.kind,
        "categories": {
            category: [_row(task, content.tasks[task]) for task in tasks]
            for category, tasks in content.categories.items()
        },
    }


def _row(task: str, cells: Sequence[Cell]) -> Mapping[str, Any]:
    return {
        "task": task,
        "agents": len({cell.agent for cell in cells if cell.graded}),
        "solved_by": len({cell.agent for cell in cells if cell.passed}),
        "graded": sum(cell.graded for cell in cells),
        "passed": sum(cell.passed for cell in cells),
        "void": sum(len(cell.attempts) - len(cell.counted) for cell in cells),
        "versions": _versions(cells),
    }


def _values(content: Content, task: str, cells: Sequence[Cell]) -> Mapping[str, Any]:
    category = task.partition("/")[0]
    by_model: dict[str, list[Cell]] = {}
    for cell in cells:
        by_model.setdefault(cell.model, []).append(cell)
    known = [run for run in _passes(cells) if run.sums.tokens_complete]
    leanest = sorted(known, key=lambda run: (run.sums.tokens or 0, run.agent, run.model))[:LEANEST]
    return {
        "kind": content.kind,
        "task": task,
        "category": category,
        "row": _row(task, cells),
        "hardness": [hardness(model, each) for model, each in sorted(by_model.items())],
        "leanest": [(run, content.cells[run.agent, run.model, task]) for run in leanest],
        "matrix": matrix(cells, "agent", "model"),
        "neighbours": [
            _row(other, content.tasks[other]) for other in content.categories[category] if other != task
        ],
    }


def _passes(cells: Iterable[Cell]) -> list[Run]:
    return [run for cell in cells for run in cell.counted if run.sums.passed == 1]


def _spread(values: Iterable[float | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(known=len(known), middle=median(known), low=min(known), high=max(known))


def _versions(cells: Iterable[Cell]) -> list[str]:
    """Hashes of what was tried under the task's name."""
    return sorted({each.run.task_hash for cell in cells for each in cell.attempts if each.run.task_hash})
