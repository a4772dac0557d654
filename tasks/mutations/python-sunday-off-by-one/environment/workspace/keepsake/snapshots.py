"""Snapshots as they are listed."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

HEADER = ["name", "taken", "size_mb", "base", "hold"]
TAKEN = "%Y-%m-%dT%H:%M"


class ListError(ValueError):
    """A list that can't be read. The message names the line."""


@dataclass(frozen=True)
class Snapshot:
    name: str
    taken: datetime
    size_mb: int
    base: str | None
    held: bool
    line: int

    @property
    def day(self) -> date:
        return self.taken.date()

    @property
    def age_key(self) -> tuple[datetime, int]:
        """Greater for newer ones."""
        return self.taken, self.line


def read(text: str) -> list[Snapshot]:
    """The snapshots of a CSV text, in its order. Raises ListError."""
    found: dict[str, Snapshot] = {}
    header_seen = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if header_seen:
            snapshot = _snapshot(number, cells, found)
            found[snapshot.name] = snapshot
        elif cells != HEADER:
            raise ListError(f"line {number}: the header must be {','.join(HEADER)}")
        header_seen = True
    return list(found.values())


def _snapshot(number: int, cells: list[str], earlier: dict[str, Snapshot]) -> Snapshot:
    if len(cells) != len(HEADER):
        raise ListError(f"line {number}: {len(cells)} columns, expected {len(HEADER)}")
    name, taken_text, size, base, hold = cells
    if not name:
        raise ListError(f"line {number}: a snapshot has no name")
    if name in earlier:
        raise ListError(f"line {number}: {name} is on line {earlier[name].line} already")
    try:
        taken = datetime.strptime(taken_text, TAKEN)
    except ValueError:
        raise ListError(f"line {number}: {taken_text!r} is no day and minute") from None
    if not (size.isascii() and size.isdigit()):
        raise ListError(f"line {number}: the size must be a whole number from 0")
    if hold not in ("", "yes"):
        raise ListError(f"line {number}: hold must be yes or empty")
    if base and base not in earlier:
        raise ListError(f"line {number}: no earlier line has the base {base}")
    if base and earlier[base].taken > taken:
        raise ListError(f"line {number}: the base {base} was taken later")
    return Snapshot(name, taken, int(size), base or None, hold == "yes", number)


def newest(snapshots: Iterable[Snapshot]) -> Snapshot:
    return max(snapshots, key=lambda snapshot: snapshot.age_key)


def newest_first(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    return sorted(snapshots, key=lambda snapshot: snapshot.age_key, reverse=True)
