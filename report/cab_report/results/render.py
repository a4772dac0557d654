"""Tables as text for a terminal or a Markdown page, and as data for machines.

Machines get every field of every row. People get the figures of at most :attr:`Table.shown` rows, in a
terminal stacked so that 80 columns are enough.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from cab_report.results.table import Figure, Table

NAMES_WIDTH: Final = 10
"""Columns that names have at least; they fold."""


def to_json(table: Table[Any]) -> dict[str, Any]:
    """The table as plain data. Money is a decimal string."""
    return {
        "title": table.title,
        "estimates": table.estimates,
        "smallest_detectable": table.detectable,
        "notes": list(table.notes),
        "rows": [_plain(row) for row in table.rows],
    }


def to_csv(table: Table[Any]) -> str:
    """A line a row under a line of names; unknown is empty. Fields of fields are joined by an underscore.

    Without rows there are no names either.
    """
    out = io.StringIO()
    flat = [dict(_flat(_plain(row))) for row in table.rows]
    if flat:
        writer = csv.DictWriter(out, list(flat[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(flat)
    return out.getvalue()


def to_markdown(table: Table[Any]) -> str:
    """A section with the table and what it estimates."""
    figures = [*table.names, *(figure for stack in table.figures for figure in stack)]
    lines = [f"## {table.title}", ""]
    if table.rows:
        rule = ["---"] * len(table.names) + ["--:"] * (len(figures) - len(table.names))
        lines += [_line([figure.name for figure in figures]), _line(rule)]
        lines += [_line([figure.text(row) for figure in figures]) for row in table.rows[: table.shown]]
    else:
        lines.append("None.")
    return "\n".join([*lines, "", *(f"- {text}" for text in _words(table)), ""])


def to_terminal(table: Table[Any]) -> RenderableType:
    """The table for ``rich``'s ``print``."""
    title = Text(table.title, style="bold")
    if not table.rows:
        return Group(title, Text("none\n"))
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, leading=1)
    stacks = (table.names, *table.figures)
    # rich puts headers at the bottom of theirs and cells at the top: equal heights line them up
    height = max(map(len, stacks))
    for stack in stacks:
        header = "\n".join(figure.name for figure in stack) + "\n" * (height - len(stack))
        if stack is table.names:
            grid.add_column(header, overflow="fold", min_width=NAMES_WIDTH)
        else:
            grid.add_column(header, justify="right", no_wrap=True)
    for row in table.rows[: table.shown]:
        grid.add_row(*(Text(_stacked(stack, row)) for stack in stacks))
    words = "".join(f"{text}\n" for text in _words(table))
    return Group(title, Text(), grid, Text(), Text(words, style="dim"))


def _stacked(stack: Sequence[Figure[Any]], row: object) -> str:
    return "\n".join(figure.text(row) for figure in stack)


def _words(table: Table[Any]) -> list[str]:
    """What the figures are worth."""
    lines = [f"What it estimates: {table.estimates}."]
    if table.detectable is not None:
        lines.append(f"Smallest difference that it could have detected: {table.detectable}.")
    lines += [f"{note}." for note in table.notes]
    if table.shown is not None and len(table.rows) > table.shown:
        lines.append(f"{len(table.rows) - table.shown} more rows: --json or --csv.")
    return lines


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return format(value, "f") if isinstance(value, Decimal) else value


def _flat(plain: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in plain.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}_")
        else:
            yield f"{prefix}{key}", value
