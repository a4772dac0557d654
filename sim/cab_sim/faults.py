"""Faults that the endpoint plays on demand, when each is due, and what it does to a response."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cab_sim.errors import RequestError, SimError
from cab_sim.protocols.base import Frame

KINDS: Final = {
    "429": "rate limit reached, with Retry-After: 1",
    "500": "server error",
    "401": "wrong key",
    "no-tools": "a 400 to every request that offers tools",
    "cut": "the connection drops half-way through the answer",
    "no-usage": "the answer reports no usage",
    "usage-always": "every chunk of a stream reports the usage so far, where the protocol has a place for it",
    "split-utf8": "characters of several bytes come in several pieces",
    "gzip": "the answer is compressed, for a client that accepts that",
    "slow": "the answer comes at 5 tokens per second",
}
"""Every kind of fault, and what it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, and which calls of a run it hits."""

    kind: str
    """A key of :data:`KINDS`."""
    calls: int | None = None
    """How many; ``None``: it is no matter of number."""
    percent: int = 100
    """How many of a hundred, where it is no matter of number."""

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``KIND``, ``KIND:N`` or ``KIND%P``. Raises :class:`SimError`."""
        kind, *rest = re.split("([:%])", text, maxsplit=1)
        if kind not in KINDS:
            raise SimError(f"unknown fault {kind!r}; known are {', '.join(KINDS)}")
        if not rest:
            return cls(kind=kind)
        sign, digits = rest
        number = int(digits) if digits.isdecimal() else 0
        if sign == ":" and number > 0:
            return cls(kind=kind, calls=number)
        if sign == "%" and 0 < number <= 100:
            return cls(kind=kind, percent=number)
        raise SimError(
            f"fault {text!r}: a colon comes before how many calls it hits, 1 or more, "
            "and % before how many of a hundred, 1 to 100"
        )


def due(faults: Iterable[Fault], n: int, run: str = "") -> str | None:
    """The kind of fault of a run's ``n``-th call, from 1: of the faults that hit it, the first given.

    ``KIND`` hits every call, ``KIND:N`` the ``N`` calls behind those of the earlier ``KIND:N``, ``KIND%P``
    each with a chance of ``P`` %, drawn from the run's name and ``n``: the same call always fares the same.
    With ``429:2 cut:1 500%50`` the first two get a 429, the third is cut, and half of the rest get a 500.
    """
    behind = n
    for place, fault in enumerate(faults):
        if fault.calls is None:
            drawn = hashlib.sha256(f"{run}/{n}/{place}".encode()).digest()
            if int.from_bytes(drawn) % 100 < fault.percent:
                return fault.kind
        elif behind <= fault.calls:
            return fault.kind
        else:
            behind -= fault.calls
    return None


WRONG_KEY: Final = RequestError("Incorrect API key provided.", status=401, code="invalid_api_key")

_REFUSALS: Final[Mapping[str | None, RequestError]] = {
    "429": RequestError(
        "Rate limit reached for requests: try again in 1 s.", status=429, code="rate_limit_exceeded"
    ),
    "500": RequestError("The server had an error while processing your request.", status=500),
    "401": WRONG_KEY,
}


def refusal(kind: str | None, *, has_tools: bool) -> RequestError | None:
    """The error that a fault answers a request with, for those faults that are one."""
    if kind == "no-tools" and has_tools:
        return RequestError("This model does not support tools.")
    return _REFUSALS.get(kind)


def _cut(frames: Sequence[Frame]) -> list[Frame]:
    """The first half, up to the middle of a frame, whose tokens don't arrive."""
    middle = len(frames) // 2
    torn = frames[middle].data
    return [*frames[:middle], Frame(data=torn[: len(torn) // 2])]


def _split(frames: Sequence[Frame]) -> list[Frame]:
    parts = []
    for frame in frames:
        first, *others = re.split(rb"(?<=[\xc0-\xff])", frame.data)
        parts += [replace(frame, data=first), *(Frame(data=part) for part in others)]
    return parts


def _gzipped(frames: Sequence[Frame]) -> list[Frame]:
    """Compressed as one stream of which each frame can be read when it comes."""
    packer = zlib.compressobj(wbits=31)
    flush = [zlib.Z_SYNC_FLUSH] * (len(frames) - 1) + [zlib.Z_FINISH]
    return [
        replace(frame, data=packer.compress(frame.data) + packer.flush(how))
        for frame, how in zip(frames, flush, strict=True)
    ]


MANGLED: Final[Mapping[str | None, Callable[[Sequence[Frame]], list[Frame]]]] = {
    "cut": _cut,
    "split-utf8": _split,
    "gzip": _gzipped,
}
"""What a fault makes of the frames of a response; of at least one."""
