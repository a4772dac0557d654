"""Lots as they are written down."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

HEADER = ["lot", "goods", "kilos", "shelf", "donor", "packed", "delivered"]


class LotsError(ValueError):
    """Lots that can't be read. The message names the line."""


@dataclass(frozen=True)
class Lot:
    name: str
    goods: str
    kilos: int
    shelf: str
    donor: str
    packed: date
    delivered: date


def read_lots(text: str) -> Iterator[Lot]:
    """The lots of a CSV text. Raises LotsError."""
    header_seen = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if not header_seen:
            if cells != HEADER:
                raise LotsError(f"line {number}: the header must be {','.join(HEADER)}")
            header_seen = True
            continue
        yield _lot(number, cells)


def _lot(number: int, cells: list[str]) -> Lot:
    if len(cells) != len(HEADER):
        raise LotsError(f"line {number}: {len(cells)} columns, expected {len(HEADER)}")
    name, goods, kilos, shelf, donor, *days = cells
    if not (kilos.isascii() and kilos.isdigit()) or int(kilos) < 1:
        raise LotsError(f"line {number}: kilos must be a whole number from 1")
    try:
        packed, delivered = (date.fromisoformat(day) for day in days)
    except ValueError:
        raise LotsError(f"line {number}: a day is written 2024-06-30") from None
    if packed > delivered:
        raise LotsError(f"line {number}: {name} was delivered before it was packed")
    return Lot(name, goods, int(kilos), shelf, donor, packed, delivered)
