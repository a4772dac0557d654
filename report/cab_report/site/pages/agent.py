"""Agents: what each came to with every model, where it failed, and what it makes of its tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cab_report.results.runs import SELF_REPORTED, Run
from cab_report.site import paths
from cab_report.site.charts.whisker import whisker
from cab_report.site.content import Cell, Content, Site
from cab_report.site.parts import Page
from cab_report.site.tables import matrix, standings


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One cause, with all models."""

    cause: str
    """Of the failure table."""
    fault: str
    attempts: int
    models: tuple[str, ...]


def pages(site: Site) -> Iterator[Page]:
    """The list of agents, and one of each."""
    for kind, content in site.contents.items():
        yield Page(path=paths.agent(kind), template="agents.html", values=partial(_list, content))
        for agent, cells in content.agents.items():
            yield Page(
                path=paths.agent(kind, agent),
                template="agent.html",
                values=partial(_values, content, agent, cells),
            )


def failures(runs: Iterable[Run], *, void: bool) -> list[Failure]:
    """Causes of counted attempts that ended with a failure, or of void ones; the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        if run.cause != "none" and run.sums.counted != void:
            found.setdefault((run.cause, run.fault), []).append(run.model)
    return [
        Failure(cause=cause, fault=fault, attempts=len(models), models=tuple(sorted(set(models))))
        for (cause, fault), models in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _list(content: Content) -> Mapping[str, Any]:
    return {
        "kind": content.kind,
        "rows": [
            {
                "agent": agent,
                "versions": _seen(run.agent_version for run in _runs(cells)),
                "models": len({cell.model for cell in cells}),
                "tasks": len({cell.task for cell in cells}),
                "solved": len({cell.task for cell in cells if cell.passed}),
                "counted": sum(len(cell.counted) for cell in cells),
                "attempts": sum(len(cell.attempts) for cell in cells),
            }
            for agent, cells in content.agents.items()
        ],
    }


def _values(content: Content, agent: str, cells: Sequence[Cell]) -> Mapping[str, Any]:
    runs = _runs(cells)
    return {
        "kind": content.kind,
        "agent": agent,
        "identity": {
            "Versions": _seen(run.agent_version for run in runs),
            "Behaviour": _seen(run.behavior_mode for run in runs),
            "Sandboxes": _seen(run.sandbox for run in runs),
        },
        "attempts": len(runs),
        "void": sum(not run.sums.counted for run in runs),
        "tasks": len({cell.task for cell in cells}),
        "standings": standings(content, agent=agent),
        "matrix": matrix(cells, "task", "model"),
        "failed": failures(runs, void=False),
        "voided": failures(runs, void=True),
        "economy": content.economy[agent],
        "claims": SELF_REPORTED,
        "others": sorted({other for pair in content.pairs if agent in pair for other in pair} - {agent}),
        "whisker": whisker,
    }


def _runs(cells: Iterable[Cell]) -> list[Run]:
    return [each.run for cell in cells for each in cell.attempts]


def _seen(values: Iterable[str | None]) -> list[str]:
    """What was recorded, each once."""
    return sorted({str(value) for value in values if value is not None})
