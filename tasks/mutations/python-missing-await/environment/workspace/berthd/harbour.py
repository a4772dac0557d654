"""Berths, the boats that lie there, and what it costs. Knows no files and no HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Entry = dict[str, Any]
"""What has happened: one line of the journal."""

LONG_STAY_NIGHTS = 7
CM_PER_METRE = 100


class UnknownBerthError(Exception):
    """There is no such berth."""


class TakenError(Exception):
    """A boat lies where none may, or none lies where one must."""


class TooLongError(Exception):
    """The boat does not fit."""


@dataclass(frozen=True)
class Berth:
    name: str
    length_cm: int
    rate_cents: int
    """For one metre and night."""


@dataclass(frozen=True)
class Stay:
    boat: str
    length_cm: int
    nights: int


def fee_cents(berth: Berth, stay: Stay) -> int:
    metres = -(-stay.length_cm // CM_PER_METRE)
    fee = metres * stay.nights * berth.rate_cents
    if stay.nights >= LONG_STAY_NIGHTS:
        fee = fee * 9 // 10
    return fee


class Harbour:
    """Who lies where. ``may_…`` says what an event needs; ``apply`` makes it so."""

    def __init__(self, berths: Iterable[Berth]) -> None:
        self.berths = {berth.name: berth for berth in berths}
        self.stays: dict[str, Stay] = {}

    def berth(self, name: str) -> Berth:
        if name not in self.berths:
            raise UnknownBerthError(f"there is no berth {name}")
        return self.berths[name]

    def stay(self, name: str) -> Stay:
        """The stay at a berth. Raises TakenError for a free one."""
        if self.berth(name).name not in self.stays:
            raise TakenError(f"berth {name} is free")
        return self.stays[name]

    def free_for(self, length_cm: int) -> list[Berth]:
        """Free berths that are long enough."""
        return [
            berth
            for berth in self.berths.values()
            if berth.name not in self.stays and berth.length_cm >= length_cm
        ]

    def may_lie(self, stay: Stay, berth: Berth) -> None:
        """Raises TakenError or TooLongError."""
        if berth.name in self.stays:
            raise TakenError(f"berth {berth.name} is taken")
        if stay.length_cm > berth.length_cm:
            raise TooLongError(f"{stay.boat} is longer than berth {berth.name}")

    def may_arrive(self, stay: Stay, berth: Berth) -> None:
        """Raises TakenError or TooLongError."""
        for name, other in self.stays.items():
            if other.boat == stay.boat:
                raise TakenError(f"{stay.boat} lies at berth {name}")
        self.may_lie(stay, berth)

    def apply(self, entry: Entry) -> None:
        """Make it so. Raises KeyError or TypeError for what is no event, and the errors of above."""
        berth = self.berth(entry["berth"])
        if entry["what"] == "arrival":
            stay = Stay(entry["boat"], entry["length_cm"], entry["nights"])
            self.may_arrive(stay, berth)
            self.stays[berth.name] = stay
        elif entry["what"] == "departure":
            del self.stays[berth.name]
        elif entry["what"] == "move":
            self.stays[self.berth(entry["to"]).name] = self.stays.pop(berth.name)
        else:
            raise KeyError(entry["what"])
