"""Invoice lines and their sums."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from tally.money import round_cents, share

HEADER = ["item", "quantity", "unit_price"]
MAX_PRICE_PLACES = 4


class InvoiceError(ValueError):
    """Lines that can't be read. The message names the line."""


@dataclass(frozen=True)
class Line:
    item: str
    quantity: int
    unit_price: Decimal

    @property
    def total(self) -> Decimal:
        return round_cents(self.quantity * self.unit_price)


@dataclass(frozen=True)
class Invoice:
    lines: tuple[Line, ...]
    tax_percent: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal("0.00"))

    @property
    def tax(self) -> Decimal:
        return share(self.net, self.tax_percent)

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def read_lines(text: str) -> Iterator[Line]:
    """The lines of a CSV text. Raises InvoiceError."""
    header_seen = False
    for number, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        cells = [cell.strip() for cell in next(csv.reader([row]))]
        if not header_seen:
            if cells != HEADER:
                raise InvoiceError(f"line {number}: the header must be {','.join(HEADER)}")
            header_seen = True
            continue
        yield _line(number, cells)


def _line(number: int, cells: list[str]) -> Line:
    if len(cells) != len(HEADER):
        raise InvoiceError(f"line {number}: {len(cells)} columns, expected {len(HEADER)}")
    item, quantity, price = cells
    if not (quantity.isascii() and quantity.isdigit()) or int(quantity) < 1:
        raise InvoiceError(f"line {number}: the quantity must be a whole number from 1")
    try:
        unit_price = Decimal(price)
    except InvalidOperation:
        raise InvoiceError(f"line {number}: {price!r} is not a price") from None
    if not unit_price.is_finite() or unit_price < 0 or unit_price != round(unit_price, MAX_PRICE_PLACES):
        raise InvoiceError(f"line {number}: a price has up to {MAX_PRICE_PLACES} decimal places")
    return Line(item, int(quantity), unit_price)
