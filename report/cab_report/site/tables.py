"""What pages about agents, models and tasks share: lists, matrices, standings, and how a figure is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from cab_report.results.agents import AgentRow
from cab_report.results.axes import AXES, Axis, Summary, Unit
from cab_report.results.table import between, share, tokens, usd
from cab_report.rows import ESTIMATE, LOWER_BOUND, UNKNOWN
from cab_report.site.content import Cell, Content
from cab_report.text import seconds

Name = Literal["agent", "model", "task"]

AMOUNTS: Final = frozenset[Unit](("tokens", "usd"))
"""Units of sums, of which a part is a lower bound."""
_TEXTS: Final[Mapping[Unit, Callable[[float | None], str]]] = {
    "share": share,
    "tokens": tokens,
    "usd": usd,
    "s": seconds,
}


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
class Standings:
    """Agents with models, on all axes."""

    rows: tuple[tuple[AgentRow, Mapping[str, Summary]], ...]
    shown: tuple[Axis, ...]
    """Those that apply to an attempt, and pass@1."""
    absent: tuple[str, ...]
    """Names of the others; of none where no attempt counts."""


def standings(content: Content, *, agent: str | None = None, model: str | None = None) -> Standings:
    """Of an agent, of a model, or of all; by model, the highest pass rate first."""
    rows = tuple(
        (row, content.summaries[key])
        for key, row in content.standings.items()
        if agent in {None, row.agent} and model in {None, row.model}
    )
    applies = {key for _, axes in rows for key, summary in axes.items() if summary.of}
    return Standings(
        rows=rows,
        shown=tuple(axis for key, axis in AXES.items() if key in applies or key == "pass"),
        absent=tuple(axis.name for key, axis in AXES.items() if applies and key not in applies),
    )


def names(content: Content, name: Literal["agent", "model"]) -> Mapping[str, Any]:
    """Values of the list of agents, or of models."""
    by_name, other = (content.agents, "model") if name == "agent" else (content.models, "agent")
    return {
        "kind": content.kind,
        "name": name,
        "other": other,
        "rows": [
            {
                "name": each,
                "versions": seen(each.run.agent_version for cell in cells for each in cell.attempts),
                "others": len({getattr(cell, other) for cell in cells}),
                "tasks": len({cell.task for cell in cells}),
                "solved": len({cell.task for cell in cells if cell.passed}),
                "counted": sum(len(cell.counted) for cell in cells),
                "void": sum(len(cell.attempts) - len(cell.counted) for cell in cells),
            }
            for each, cells in by_name.items()
        ],
    }


def seen(values: Iterable[str | None]) -> list[str]:
    """What was recorded, each once."""
    return sorted({str(value) for value in values if value is not None})


def figure(summary: Summary, unit: Unit) -> str:
    """What a group came to on one axis: a range where the figure is known as one, ``≥`` for a lower bound and
    ``~`` for what rests on an estimate.
    """
    text = _TEXTS[unit]
    if summary.value is None:
        return UNKNOWN
    if summary.high is not None:
        return f"{text(summary.value)}–{text(summary.high)}"
    bound = LOWER_BOUND if unit in AMOUNTS and not summary.complete else ""
    return f"{bound}{ESTIMATE if summary.estimated else ''}{text(summary.value)}"


def interval(summary: Summary, unit: Unit) -> str:
    """Its 95 % interval, or that there is none; nothing where nothing is known."""
    if summary.value is None:
        return ""
    ends = summary.interval
    return "no interval" if ends.low is None and ends.high is None else between(ends, _TEXTS[unit])


def remark(summary: Summary, unit: Unit, passed: Summary) -> str:
    """What has to be said of a figure besides its interval, or in its place; mostly nothing."""
    if not summary.of:
        return "doesn't apply" if passed.of else "all void"
    if summary.value is None:
        failed = unit in AMOUNTS and passed.value == 0 and summary.known
        return "nothing passed" if failed else "not recorded"
    return "" if summary.complete else f"{summary.known} of {summary.of}"
