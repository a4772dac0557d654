"""What a site is about: attempts of each kind in cells, and the groups that boards compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from cab_report.results.agents import AgentRow, describe
from cab_report.results.axes import Summary, summaries
from cab_report.results.differences import DifferenceRow, compare
from cab_report.results.economy import EconomyRow, economy
from cab_report.results.groups import Family, Group, families
from cab_report.results.runs import Found, Kind, Run
from cab_report.site import paths

LONGEST_SEGMENT_BYTES: Final = 200
LONGEST_PATH_BYTES: Final = 1000
"""File systems have 255 and 4,096, and a page's path is longer than its attempt's: ``badge/….svg``."""
KINDS: Final[tuple[Kind, ...]] = ("real", "provisional", "simulated")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An attempt, and where its evidence lies."""

    run: Run
    folder: Path

    @property
    def name(self) -> str:
        """Among the attempts at its cell."""
        return self.run.run_id or f"{self.run.sweep_id}-{self.run.attempt}"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Agent × model × task, all attempts at it of one kind, of all sweeps."""

    kind: Kind
    agent: str
    model: str
    task: str
    attempts: tuple[Recorded, ...]
    """At least one, by when they were started."""

    @cached_property
    def shown(self) -> Recorded:
        """The attempt that stands for the cell."""
        return max(self.attempts, key=lambda each: each.run.stands)

    @cached_property
    def counted(self) -> list[Run]:
        """Attempts that aren't void."""
        return [each.run for each in self.attempts if each.run.sums.counted]

    @cached_property
    def graded(self) -> int:
        """Attempts with a verdict."""
        return sum(run.sums.passed is not None for run in self.counted)

    @cached_property
    def passed(self) -> int:
        """Attempts that passed."""
        return sum(run.sums.passed == 1 for run in self.counted)

    @cached_property
    def path(self) -> str:
        """Its page."""
        return paths.cell(self.kind, self.agent, self.model, self.task)

    def path_of(self, attempt: Recorded) -> str:
        """The page of one of its attempts."""
        if attempt is self.shown:
            return self.path
        return paths.attempt(self.kind, self.agent, self.model, self.task, attempt.name)


@dataclass(frozen=True)
class Content:
    """Everything of one kind."""

    kind: Kind
    attempts: tuple[Recorded, ...]

    @cached_property
    def cells(self) -> dict[tuple[str, str, str], Cell]:
        """By agent, model and task, sorted."""
        found: dict[tuple[str, str, str], list[Recorded]] = defaultdict(list)
        for each in self.attempts:
            found[each.run.agent, each.run.model, each.run.task].append(each)
        return {
            (agent, model, task): Cell(
                kind=self.kind,
                agent=agent,
                model=model,
                task=task,
                attempts=tuple(sorted(each, key=lambda one: one.run.begun)),
            )
            for (agent, model, task), each in sorted(found.items())
        }

    @cached_property
    def families(self) -> Mapping[Family, Sequence[Group]]:
        """Groups by model."""
        return families(self.runs)

    @cached_property
    def differences(self) -> Sequence[DifferenceRow]:
        """Any two agents with the same model."""
        return compare(self.families, "such tasks")

    @cached_property
    def pairs(self) -> Mapping[tuple[str, str], Sequence[DifferenceRow]]:
        """Differences by their two agents, sorted."""
        found: dict[tuple[str, str], list[DifferenceRow]] = defaultdict(list)
        for row in self.differences:
            found[row.a, row.b].append(row)
        return dict(sorted(found.items()))

    @cached_property
    def summaries(self) -> Mapping[tuple[str, str], Mapping[str, Summary]]:
        """Each axis, by agent and model."""
        return {(group.agent, group.family.model): summaries(group) for group in self.groups}

    @cached_property
    def standings(self) -> Mapping[tuple[str, str], AgentRow]:
        """Ranks and fronts, by agent and model; of a model, the highest pass rate first."""
        return {(row.agent, row.model): row for row in describe(self.families, "such tasks", None)}

    @cached_property
    def economy(self) -> Mapping[str, EconomyRow]:
        """What each agent makes of its tokens."""
        return {row.agent: row for row in economy(self.groups).rows}

    @property
    def groups(self) -> list[Group]:
        """Each agent with each model."""
        return [group for family in self.families.values() for group in family]

    @property
    def runs(self) -> list[Run]:
        """All attempts."""
        return [each.run for each in self.attempts]

    @cached_property
    def agents(self) -> Mapping[str, Sequence[Cell]]:
        """Cells by agent."""
        return _by(self.cells.values(), "agent")

    @cached_property
    def models(self) -> Mapping[str, Sequence[Cell]]:
        """Cells by model."""
        return _by(self.cells.values(), "model")

    @cached_property
    def tasks(self) -> Mapping[str, Sequence[Cell]]:
        """Cells by task."""
        return _by(self.cells.values(), "task")

    @cached_property
    def categories(self) -> Mapping[str, Sequence[str]]:
        """Tasks by category."""
        found: dict[str, list[str]] = defaultdict(list)
        for task in self.tasks:
            found[task.partition("/")[0]].append(task)
        return dict(found)

    def of_category(self, category: str) -> Content:
        """Only the attempts at tasks of a category."""
        return Content(
            self.kind,
            tuple(each for each in self.attempts if each.run.task.partition("/")[0] == category),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What pages are made of."""

    contents: Mapping[Kind, Content]
    """Of kinds with an attempt, and always of real ones."""
    base_url: str | None
    """Where the site will be published; None where that isn't known."""
    evidence: bool
    """Whether attempts' files are copied beside their pages."""
    calibrations: Path | None
    """Folder of calibration results, one JSON an agent."""
    warnings: list[str] = field(default_factory=list)

    @property
    def main_kind(self) -> Kind:
        """That of pages about every kind: the first with an attempt."""
        return next((kind for kind, content in self.contents.items() if content.attempts), "real")


def content(found: Found) -> tuple[dict[Kind, Content], list[str]]:
    """What was found, by kind; and a warning for each attempt left out for its name."""
    warnings = []
    by_kind: dict[Kind, list[Recorded]] = {kind: [] for kind in KINDS}
    cells: dict[str, tuple[str, str, str]] = {}
    for each in map(Recorded, found.runs, found.folders):
        run = each.run
        cell = (run.agent, run.model, run.task)
        path = paths.attempt(run.kind, *cell, each.name).encode()
        if len(path) > LONGEST_PATH_BYTES or max(map(len, path.split(b"/"))) > LONGEST_SEGMENT_BYTES:
            warnings.append(f"{each.folder} is left out: a name in it is too long for a page")
        elif cells.setdefault(paths.cell(run.kind, *cell), cell) != cell:
            warnings.append(f"{each.folder} is left out: another cell has the page that it would have")
        else:
            by_kind[run.kind].append(each)
    return {
        kind: Content(kind, tuple(attempts))
        for kind, attempts in by_kind.items()
        if attempts or kind == "real"
    }, warnings


def _by(cells: Iterable[Cell], name: str) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        found[getattr(cell, name)].append(cell)
    return dict(sorted(found.items()))
