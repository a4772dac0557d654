"""What is asked of the store: how old lots are, and which of them to take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from larder.lots import Lot


class NotEnoughError(Exception):
    """There is less than was asked for."""


@dataclass(frozen=True)
class Aged:
    """A lot and its age, by the one day or the other."""

    lot: Lot
    days: int


@dataclass(frozen=True)
class Taken:
    """So much of a lot goes to the van."""

    lot: Lot
    kilos: int


def in_stock(lots: list[Lot], today: date) -> list[Aged]:
    """Every lot, the oldest first."""
    aged = [Aged(lot, (today - lot.delivered).days) for lot in lots]
    return sorted(aged, key=lambda one: -one.days)


def to_discard(lots: list[Lot], today: date, limit_days: int) -> list[Aged]:
    """The lots that are too old, the oldest first."""
    aged = [Aged(lot, (today - lot.packed).days) for lot in lots]
    return sorted((one for one in aged if one.days > limit_days), key=lambda one: -one.days)


def pick(lots: list[Lot], goods: str, kilos: int) -> list[Taken]:
    """What to take for so many kilos of some goods. Raises NotEnoughError."""
    taken: list[Taken] = []
    needed = kilos
    for lot in lots:
        if lot.goods == goods and needed > 0:
            part = min(lot.kilos, needed)
            taken.append(Taken(lot, part))
            needed -= part
    if needed > 0:
        raise NotEnoughError(f"only {kilos - needed} kilos of {goods}")
    return taken
