"""Tables and words of the calibration page. Pure: figures in, Markdown out; unknown is a dash, never 0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from cab_proxy.records import printable

UNKNOWN: Final = "–"
_NUMBER: Final = re.compile(rf"(≥ )?[-+]?[\d.,]+( %)?|{UNKNOWN}")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a column whose every cell is a number, or unknown, stands to the right."""
    rows = [*rows]
    rule = ["--:" if all(_NUMBER.fullmatch(row[n]) for row in rows) else "---" for n in range(len(columns))]
    lines = ([cell.replace("|", r"\|") for cell in cells] for cells in (columns, rule, *rows))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(text: str) -> str:
    """Any text as a code span."""
    text = printable(text)
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest or text != text.strip() else f"{fence}{text}{fence}"


def number(value: int | None) -> str:
    """A count."""
    return UNKNOWN if value is None else f"{value:,}"


def share(value: float | None) -> str:
    """A share as per cent."""
    return UNKNOWN if value is None else f"{value * 100:.0f} %"


def error(value: float | None) -> str:
    """A relative error as signed per cent; nothing off is ``0 %``."""
    if value is None:
        return UNKNOWN
    return f"{value * 100:+.1f} %" if value else "0 %"


def seconds(value: float | None, *, cut_off: bool | None = False) -> str:
    """A time; one that a limit ended was longer."""
    return UNKNOWN if value is None else f"{'≥ ' if cut_off else ''}{value:.1f}"


def names(values: Iterable[str] | None) -> str:
    """A list of names."""
    return UNKNOWN if values is None else ", ".join(map(code, values)) or "none"
