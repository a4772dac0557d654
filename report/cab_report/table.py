"""The results table, for a terminal of any width.

From 110 columns on each figure has a column; below, figures are stacked, so that 80 columns are enough
and nothing is left out. Long names fold; figures never do.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from cab_report.rows import ESTIMATE, LOWER_BOUND, Row, Words, words

WIDE_COLUMNS: Final = 110
"""Terminal width from which each figure has a column."""

_LEGEND: Final = (
    (LOWER_BOUND, "at least: some of the calls are not known"),
    (ESTIMATE, "estimated: the endpoint reported no usage"),
    ("(sim)", "played by the simulator, never in a leaderboard"),
    ("provisional", "from cab check"),
    ("void", "not counted: not the agent's doing"),
)


class CellTable:
    """Rows that lay themselves out when they are printed with rich."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose the layout by the width at hand; explain the marks that occur."""
        texts = [words(row) for row in self.rows]
        yield _wide(texts) if options.max_width >= WIDE_COLUMNS else _narrow(texts)
        shown = "\n".join(f"{w.score} {w.model} {w.input} {w.output} {w.cost}" for w in texts)
        legend = [f"{mark}  {meaning}" for mark, meaning in _LEGEND if mark in shown]
        if legend:
            yield Text("\n".join(["", *legend]), style="dim")


def cell_table(cells: Iterable[Mapping[str, Any]]) -> CellTable:
    """Cell records as a table for ``rich``'s ``print``."""
    return CellTable([Row.from_cell(cell) for cell in cells])


def cell_text(cells: Iterable[Mapping[str, Any]], width: int = 80) -> str:
    """The same table as plain text, for files and READMEs."""
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    console.print(cell_table(cells))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def cell_json(cells: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same figures for machines, one plain dict per cell; unknown is None."""
    return [Row.from_cell(cell).to_json() for cell in cells]


def _wide(texts: Sequence[Words]) -> Table:
    """Two lines a cell; a column per figure."""
    table = _table(
        "agent\nmodel",
        "task",
        figures=("pass", "score", "calls", "in", "out", "cost", "wall s", "model s", "blast"),
    )
    for w in texts:
        names = (f"{w.agent}\n{w.model}", _task_lines(w))
        score = w.score.replace(" ", "\n")
        figures = (w.passed, score, w.calls, w.input, w.output, w.cost, w.wall_s, w.model_s, w.blast)
        table.add_row(*map(Text, names), *(Text(figure, justify="right") for figure in figures))
    return table


def _narrow(texts: Sequence[Words]) -> Table:
    """Three lines a cell; the header stacks the names of its figures in the same way."""
    table = _table(
        "agent · model\ntask", figures=("pass\nscore", "calls\nin\nout", "cost\nblast", "wall s\nmodel s")
    )
    for w in texts:
        names = f"{w.agent} · {w.model}\n{_task_lines(w)}"
        score = w.score.replace(" ", "\n")
        figures = (
            f"{w.passed}\n{score}",
            f"{w.calls}\n{w.input}\n{w.output}",
            f"{w.cost}\n{w.blast}",
            f"{w.wall_s}\n{w.model_s}",
        )
        table.add_row(Text(names), *(Text(figure, justify="right") for figure in figures))
    return table


def _table(*names: str, figures: Sequence[str]) -> Table:
    """A table whose first columns fold where the terminal is too narrow, and whose figures never do."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, leading=1)
    # rich puts headers at the bottom of theirs and cells at the top: equal heights line them up.
    lines = max(header.count("\n") for header in (*names, *figures))
    for header in (*names, *figures):
        padded = header + "\n" * (lines - header.count("\n"))
        if header in names:
            table.add_column(padded, overflow="fold")
        else:
            table.add_column(padded, justify="right", no_wrap=True)
    return table


def _task_lines(w: Words) -> str:
    """The task on two lines, so that it folds at its slash if anywhere."""
    return w.task.replace("/", "/\n", 1)
