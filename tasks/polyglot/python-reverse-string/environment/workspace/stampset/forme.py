"""What is locked up in the press: mirrored lines of a given width, and lines of turned words."""

from __future__ import annotations

import re

from stampset.lines import Line, each
from stampset.pieces import mirrored, pieces


class TooWideError(Exception):
    """A line that doesn't fit. The message names it."""


def compose(lines: list[Line], width: int | None, flush: bool) -> list[Line]:
    """Every line mirrored. Raises TooWideError for the first that has more pieces than ``width``."""
    if width is None:
        return each(lines, mirrored)
    for number, line in enumerate(lines, start=1):
        used = len(pieces(line.body))
        if used > width:
            raise TooWideError(f"line {number}: {used} pieces, only {width} fit")
    return each(lines, lambda body: filled(body, width) if flush else mirrored(body))


def filled(body: str, width: int) -> str:
    """The mirrored body with spaces in front, ``width`` pieces in all."""
    return " " * (width - len(pieces(body))) + mirrored(body)


def turned(body: str) -> str:
    """Words, and what is between them, in reverse order."""
    return "".join(reversed(re.findall(r"[ \t]+|[^ \t]+", body)))
