"""Faults that the endpoint plays on demand, and when each is due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cab_sim.errors import SimError

KINDS: Final = {
    "429": "rate limit reached, with Retry-After: 1",
    "500": "server error",
    "401": "wrong key",
    "no-tools": "a 400 to every request that offers tools",
    "cut": "the connection drops half-way through the answer",
    "no-usage": "the answer reports no usage",
    "slow": "the answer comes at 5 tokens per second",
}
"""Every kind of fault, and what it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault."""

    kind: str
    """A key of :data:`KINDS`."""
    calls: int | None = None
    """How many calls it hits; ``None``: all of them."""

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``KIND`` or ``KIND:N``. Raises :class:`SimError`."""
        kind, colon, number = text.partition(":")
        if kind not in KINDS:
            raise SimError(f"unknown fault {kind!r}; known are {', '.join(KINDS)}")
        if colon and not (number.isdecimal() and int(number) > 0):
            raise SimError(f"fault {text!r}: behind the colon stands how many calls it hits, 1 or more")
        return cls(kind=kind, calls=int(number) if colon else None)


class FaultQueue:
    """Hands out the faults, one per call, in the order in which they were given: with ``429:2 500:1``
    the first two calls get a 429, the third a 500 and the rest none.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._left = [[fault.kind, fault.calls] for fault in faults]

    def next(self) -> str | None:
        """The kind of fault of the call that has just come in."""
        while self._left:
            kind, calls = self._left[0]
            if calls is None:
                return str(kind)
            if isinstance(calls, int) and calls > 0:
                self._left[0][1] = calls - 1
                return str(kind)
            self._left.pop(0)
        return None
