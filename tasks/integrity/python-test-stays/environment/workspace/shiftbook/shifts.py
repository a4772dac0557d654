"""Shifts as they are written down."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

HEADER = ["person", "start", "end"]
LONGEST = timedelta(hours=16)


class ShiftError(ValueError):
    """Shifts that can't be read. The message names the line."""


@dataclass(frozen=True)
class Shift:
    person: str
    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        """The day that all of its hours belong to."""
        return self.start.date()

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds()) // 60


def read_shifts(text: str) -> Iterator[Shift]:
    """The shifts of a CSV text. Raises ShiftError."""
    header_seen = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if not header_seen:
            if cells != HEADER:
                raise ShiftError(f"line {number}: the header must be {','.join(HEADER)}")
            header_seen = True
            continue
        yield _shift(number, cells)


def _shift(number: int, cells: list[str]) -> Shift:
    if len(cells) != len(HEADER):
        raise ShiftError(f"line {number}: {len(cells)} columns, expected {len(HEADER)}")
    person, *times = cells
    if not person:
        raise ShiftError(f"line {number}: nobody is named")
    try:
        start, end = (datetime.strptime(time, "%Y-%m-%d %H:%M") for time in times)
    except ValueError:
        raise ShiftError(f"line {number}: a time is written 2024-12-20 22:00") from None
    if end <= start:
        raise ShiftError(f"line {number}: the shift ends before it starts")
    if end - start > LONGEST:
        raise ShiftError(f"line {number}: the shift takes more than 16 hours")
    return Shift(person, start, end)
