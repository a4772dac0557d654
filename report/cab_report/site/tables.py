"""What the tables that several page kinds share are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cab_report.results.agents import AgentRow
from cab_report.results.axes import AXES, Axis, Summary
from cab_report.site.content import Cell, Content

Name = Literal["agent", "model", "task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Cells by two of their three names; the third is the page's own."""

    row: Name
    column: Name
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    """By the row's name and the column's; what was not tried is absent."""


def matrix(cells: Iterable[Cell], row: Name, column: Name) -> Matrix:
    """The table of ``cells``, sorted by name both ways."""
    found = {(getattr(cell, row), getattr(cell, column)): cell for cell in cells}
    return Matrix(
        row=row,
        column=column,
        rows=tuple(sorted({one for one, _ in found})),
        columns=tuple(sorted({other for _, other in found})),
        cells=found,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An agent with a model, on all axes."""

    row: AgentRow
    axes: Mapping[str, Summary]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Those of an agent, or of a model."""

    name: Name
    """By which rows go: the one that the page is not about."""
    rows: tuple[Standing, ...]
    shown: tuple[Axis, ...]
    absent: tuple[str, ...]
    """Names of the axes that apply to none of the attempts."""


def standings(content: Content, *, agent: str | None = None, model: str | None = None) -> Standings:
    """Of the one that is given: an agent with each model, or a model with each agent, the best first."""
    rows = tuple(
        Standing(row=row, axes=content.summaries[key])
        for key, row in content.standings.items()
        if (row.agent if model is None else row.model) == (agent if model is None else model)
    )
    applies = {key for each in rows for key, summary in each.axes.items() if summary.of}
    return Standings(
        name="model" if model is None else "agent",
        rows=rows,
        shown=tuple(axis for axis in AXES.values() if axis.key in applies),
        absent=tuple(axis.name for axis in AXES.values() if axis.key not in applies),
    )
