"""Agents: what each came to with every model, where it failed, and what it makes of its tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cab_report.results.runs import SELF_REPORTED
from cab_report.site import paths
from cab_report.site.content import Cell, Content, Recorded, Site
from cab_report.site.pages.badges import rate
from cab_report.site.parts import Page
from cab_report.site.tables import matrix, names, seen, standings


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One cause, with all models."""

    cause: str
    """Of the failure table."""
    fault: str
    attempts: tuple[tuple[Cell, Recorded], ...]

    @property
    def models(self) -> list[str]:
        """Those of its attempts."""
        return sorted({cell.model for cell, _ in self.attempts})


def pages(site: Site) -> Iterator[Page]:
    """The list of agents, and one of each."""
    for kind, content in site.contents.items():
        yield Page(path=paths.agent(kind), template="names.html", values=partial(names, content, "agent"))
        for agent, cells in content.agents.items():
            yield Page(
                path=paths.agent(kind, agent),
                template="agent.html",
                values=partial(_values, content, agent, cells),
            )


def failures(cells: Iterable[Cell], *, void: bool) -> list[Failure]:
    """Causes of counted attempts that ended with a failure, or of void ones; the most frequent first."""
    found: dict[tuple[str, str], list[tuple[Cell, Recorded]]] = {}
    for cell in cells:
        for each in cell.attempts:
            if each.run.cause != "none" and each.run.sums.counted != void:
                found.setdefault((each.run.cause, each.run.fault), []).append((cell, each))
    return [
        Failure(cause=cause, fault=fault, attempts=tuple(attempts))
        for (cause, fault), attempts in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _values(content: Content, agent: str, cells: Sequence[Cell]) -> Mapping[str, Any]:
    runs = [each.run for cell in cells for each in cell.attempts]
    return {
        "kind": content.kind,
        "agent": agent,
        "identity": {
            "Versions": seen(run.agent_version for run in runs),
            "Behaviour": seen(run.behavior_mode for run in runs),
            "Sandboxes": seen(run.sandbox for run in runs),
        },
        "attempts": len(runs),
        "void": sum(not run.sums.counted for run in runs),
        "tasks": len({cell.task for cell in cells}),
        "standings": standings(content, agent=agent),
        "matrix": matrix(cells, "task", "model"),
        "pooled": rate(cells),
        "failed": failures(cells, void=False),
        "voided": failures(cells, void=True),
        "economy": content.economy[agent],
        "claims": SELF_REPORTED,
        "others": sorted({other for pair in content.pairs if agent in pair for other in pair} - {agent}),
    }
