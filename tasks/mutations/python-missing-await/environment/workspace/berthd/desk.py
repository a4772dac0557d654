"""The harbour's desk: arrivals, departures and moves, one at a time; the journal comes first."""

from __future__ import annotations

import asyncio

from berthd.harbour import Berth, Entry, Harbour, Stay, fee_cents
from berthd.journal import Journal


class Desk:
    def __init__(self, harbour: Harbour, journal: Journal) -> None:
        self.harbour = harbour
        self.journal = journal
        self._one_at_a_time = asyncio.Lock()

    async def arrive(self, name: str, stay: Stay) -> Entry:
        """A boat takes a berth."""
        async with self._one_at_a_time:
            berth = self.harbour.berth(name)
            self.harbour.may_arrive(stay, berth)
            await self._record(
                {
                    "what": "arrival",
                    "berth": name,
                    "boat": stay.boat,
                    "length_cm": stay.length_cm,
                    "nights": stay.nights,
                }
            )
            return receipt(berth, stay)

    async def depart(self, name: str) -> Entry:
        """A boat leaves its berth."""
        async with self._one_at_a_time:
            stay = self.harbour.stay(name)
            await self._record({"what": "departure", "berth": name, "boat": stay.boat})
            return receipt(self.harbour.berth(name), stay)

    async def move(self, source: str, target: str) -> Entry:
        """A boat changes its berth."""
        async with self._one_at_a_time:
            self.harbour.berth(source)
            berth = self.harbour.berth(target)
            stay = self.harbour.stay(source)
            self.harbour.may_lie(stay, berth)
            await self._record({"what": "move", "berth": source, "boat": stay.boat, "to": target})
            return receipt(berth, stay)

    async def history(self, name: str) -> list[Entry]:
        return await self.journal.history(self.harbour.berth(name).name)

    async def _record(self, entry: Entry) -> None:
        """Into the journal, then into effect. Raises JournalError, and nothing has changed."""
        self.journal.append(entry)
        self.harbour.apply(entry)


def receipt(berth: Berth, stay: Stay) -> Entry:
    return {"berth": berth.name, "boat": stay.boat, "fee_cents": fee_cents(berth, stay)}
