"""Lines and their ends. The ends stay where they are; what is between them moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    body: str
    end: str
    """What ended the line; empty for a last line that nothing ends."""


def split(text: str) -> list[Line]:
    """The lines of a text; put together they are the text."""
    lines: list[Line] = []
    while text:
        body, end, text = text.partition("\n")
        lines.append(Line(body, end))
    return lines


def joined(lines: list[Line]) -> str:
    return "".join(line.body + line.end for line in lines)


def each(lines: list[Line], change: Callable[[str], str]) -> list[Line]:
    """The same lines with changed bodies."""
    return [Line(change(line.body), line.end) for line in lines]


def stacked(lines: list[Line]) -> list[Line]:
    """Last line first."""
    bodies = [line.body for line in reversed(lines)]
    return [Line(body, line.end) for body, line in zip(bodies, lines, strict=True)]
