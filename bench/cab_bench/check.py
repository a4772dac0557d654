"""Is it the stream that the endpoint sent? Pure: bytes and times in, a verdict out.

A relay may cut the HTTP chunks anew and, where it writes the JSON anew, change the bytes; what it may not do
is lose, double or move an event, or let one of another stream in.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

from . import wire

Segment = tuple[float, bytes]
"""Bytes as one read had them, and when, in seconds."""

_NUMBER: Final = re.compile(rb'" t(\d{6})"')
_MODEL: Final = re.compile(rb'"model"\s*:\s*"([^"\\]*)"')


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream, as it arrived."""

    status: int
    """0: the head never came."""
    arrivals: tuple[float, ...]
    """When each event with a number was there, in the order in which they came, in seconds."""
    first_s: float | None
    """When the first event was there."""
    lost: int
    doubled: int
    moved: int
    """Events that came after one with a higher number."""
    foreign: int
    """Events of another stream."""
    ended: bool
    """``[DONE]`` came, and the body's end."""
    unchanged: bool
    """Byte for byte what the endpoint sent, HTTP's chunks aside."""


class Dechunker:
    """HTTP's chunks taken off, however the bytes are split. Trailers are not understood."""

    def __init__(self) -> None:
        self._kept = b""
        self._missing = 0
        """Bytes of the present chunk, its line end counted, that have not come."""
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """The body's bytes among these."""
        data = self._kept + data
        self._kept = b""
        out: list[bytes] = []
        at = 0
        while at < len(data) and not self.ended:
            if self._missing:
                here = data[at : at + self._missing]
                out.append(here[: max(0, self._missing - 2)])
                self._missing -= len(here)
                at += len(here)
                continue
            line = data.find(b"\r\n", at)
            if line < 0:
                self._kept = data[at:]
                break
            size = int(data[at:line].partition(b";")[0], 16)
            at = line + 2
            if size:
                self._missing = size + 2
            else:
                self.ended = True
        return b"".join(out)


def whole(tail: bytes) -> bool:
    """Whether a chunked body has ended, by its last bytes."""
    return tail.endswith(b"\r\n0\r\n\r\n")


@lru_cache(maxsize=16)
def _expected(model: str, count: int) -> tuple[bytes, tuple[int, ...]]:
    """The bytes of a stream, and where each event ends."""
    events = list(wire.events(model, count))
    return b"".join(events), tuple(accumulate(map(len, events)))


def check(segments: Sequence[Segment], model: str, count: int) -> Stream:
    """Judge one stream of ``count`` events."""
    head = _head(segments)
    if head is None:
        return Stream(0, (), None, _numbered(count), 0, 0, 0, ended=False, unchanged=False)
    status = int(head[9:12])
    times, ends, body, ended = _body(segments, len(head) + 4)

    def at(end: int) -> float:
        return times[bisect_left(ends, end)]

    expected, bounds = _expected(model, count)
    if body == expected:
        arrivals = tuple(at(end) for end in bounds[1 : count - 1])
        return Stream(status, arrivals, at(bounds[0]), 0, 0, 0, 0, ended=ended, unchanged=True)
    numbers: list[int] = []
    came: list[float] = []
    foreign = 0
    first = None
    position = 0
    for event in body.split(b"\n\n")[:-1]:
        position += len(event) + 2
        if first is None and event.startswith(b"data:"):
            first = at(position)
        named = _MODEL.search(event)
        foreign += named is not None and named[1] != model.encode()
        if found := _NUMBER.search(event):
            numbers.append(int(found[1]))
            came.append(at(position))
    distinct = len(set(numbers))
    return Stream(
        status=status,
        arrivals=tuple(came),
        first_s=first,
        lost=_numbered(count) - distinct,
        doubled=len(numbers) - distinct,
        moved=sum(b < a for a, b in pairwise(numbers)),
        foreign=foreign,
        ended=ended and b"data: [DONE]\n\n" in body[-40:],
        unchanged=False,
    )


def _head(segments: Sequence[Segment]) -> bytes | None:
    """The response's head; ``None`` where it isn't whole, or isn't one."""
    data = b""
    for _, part in segments:
        data += part
        head, end, _ = data.partition(b"\r\n\r\n")
        if end:
            return head if head.startswith(b"HTTP/1.1 ") else None
    return None


def _numbered(count: int) -> int:
    return max(0, count - 2)  # the first has the role, the last the finish reason


def _body(segments: Sequence[Segment], skip: int) -> tuple[list[float], list[int], bytes, bool]:
    """Times, ends and bytes of the body, read by read; whether it ended."""
    times: list[float] = []
    parts: list[bytes] = []
    dechunk = Dechunker()
    for time_s, data in segments:
        rest = data[skip:]
        skip = max(0, skip - len(data))
        part = dechunk.feed(rest) if rest else b""
        if part:
            times.append(time_s)
            parts.append(part)
    return times, list(accumulate(map(len, parts))), b"".join(parts), dechunk.ended
