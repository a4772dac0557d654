"""Badges of cells, agents and models, to be shown elsewhere. A share never stands without its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cab_report.results.runs import Kind
from cab_report.results.table import between, share
from cab_report.site import paths
from cab_report.site.badges import Tone, badge
from cab_report.site.content import Cell, Site
from cab_report.site.parts import Text
from cab_report.text import many, one_line
from cab_scoring.stats import intervals
from cab_scoring.stats.intervals import Tally

LONGEST_NAME: Final = 30
"""Characters of an agent's, a model's or a task's name."""


def pages(site: Site) -> Iterator[Text]:
    """A badge each, at the address of the page that it stands for."""
    for kind, content in site.contents.items():
        for cell in content.cells.values():
            yield Text(path=paths.badge(cell.path), text=of_cell(cell))
        for agent, cells in content.agents.items():
            yield Text(path=paths.badge(paths.agent(kind, agent)), text=of_agent(cells))
        for model, cells in content.models.items():
            yield Text(path=paths.badge(paths.model(kind, model)), text=of_model(cells))


def of_cell(cell: Cell) -> str:
    """How many of its attempts passed, or why there is no verdict."""
    about = f"{_name(cell.agent)} · {_name(cell.task.rpartition('/')[2])}"
    if cell.graded:
        tone: Tone = "good" if cell.passed == cell.graded else "mixed" if cell.passed else "bad"
        return _badge(cell.kind, about, f"passed {cell.passed}/{cell.graded}", tone)
    why = "no verdict" if cell.counted else f"void: {cell.shown.run.cause.replace('_', ' ')}"
    return _badge(cell.kind, about, why, "plain")


def of_agent(cells: Sequence[Cell]) -> str:
    """How often it passes; with which model, or with how many."""
    about = f"{_name(cells[0].agent)} · {_or_count([cell.model for cell in cells], 'models')}"
    return _badge(cells[0].kind, about, rate(cells), "mixed")


def of_model(cells: Sequence[Cell]) -> str:
    """How often it passes, with which agent or with how many, and in how many attempts."""
    about = f"{_name(cells[0].model)} · {_or_count([cell.agent for cell in cells], 'agents')}"
    attempts = many(sum(len(cell.counted) for cell in cells), "attempt")
    return _badge(cells[0].kind, about, f"{rate(cells)}, {attempts}", "mixed")


def _badge(kind: Kind, about: str, value: str, tone: Tone) -> str:
    if kind == "real":
        return badge("CodingAgentBench", f"{about}: {value}", tone)
    return badge(f"CodingAgentBench, {kind}", f"{about}: {value}", "plain")


def rate(cells: Sequence[Cell]) -> str:
    """Pass@1 of all attempts together and its interval over tasks; from one task, which tells nothing of
    others, a plain count.
    """
    sums: dict[str, Tally] = {}
    for cell in cells:
        if cell.graded:
            before = sums.get(cell.task, Tally(0, 0))
            sums[cell.task] = Tally(before.attempts + cell.graded, before.passed + cell.passed)
    tallies = list(sums.values())
    if not tallies:
        return "no verdict"
    if len(tallies) == 1:
        return f"passed {tallies[0].passed}/{tallies[0].attempts}, 1 task"
    return f"pass {share(intervals.pass_rate(tallies))} ({between(intervals.pass_interval(tallies))})"


def _or_count(names: Sequence[str], what: str) -> str:
    found = set(names)
    return _name(names[0]) if len(found) == 1 else f"{len(found)} {what}"


def _name(name: str) -> str:
    return one_line(name, LONGEST_NAME)
