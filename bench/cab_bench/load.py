"""The load of many streams at once: ``python -m cab_bench.load``, in a process of its own.

Reads a :class:`Load` as JSON from stdin, prints an :class:`Outcome` as JSON. While it runs it does nothing
with what arrives but keep it, with the time; everything is checked afterwards, every event of every stream.

Each of ``concurrent`` connections asks for one stream after the other. Paced streams begin at times
drawn from the length of one stream, so events are spread over the gap and never come as one volley;
what is timed begins when all of them are under way.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Final, cast

import uvloop

from . import client, wire
from .check import Segment, Stream, check, whole
from .stats import percentile

_GRACE_S: Final = 5.0
"""How much longer than its nominal length the last stream may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to ask, of whom, for how long."""

    port: int
    headers: dict[str, str]
    concurrent: int
    events: int
    gap_ms: int
    """0: unpaced."""
    body_bytes: int
    seconds: float
    """How long new streams are begun, once all are under way."""
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What arrived. Times of streams that were under way together; counts of all."""

    streams: int
    """That were begun."""
    unfinished: int
    """That hadn't ended when the time was up: the relay is too slow for this load. Their missing
    events are not ``lost``."""
    broken: int
    """Connections that broke off, or answers that were no stream."""
    events: int
    """That arrived, of those that have a number."""
    expected: int
    lost: int
    doubled: int
    moved: int
    foreign: int
    cut: int
    """Streams that ended without ``[DONE]``."""
    changed: int
    """Streams that are not the endpoint's byte for byte: no fault of a relay that writes JSON anew."""
    seconds: float
    """From the first request to the last byte."""
    ttft_ms: list[float]
    gap_p50_ms: float | None
    gap_p99_ms: float | None
    gap_max_ms: float | None


class _Slot(asyncio.Protocol):
    """One connection, and the streams that it asked for, one after the other."""

    def __init__(self, load: Load, number: int) -> None:
        self._load = load
        self._number = number
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self.until = float("inf")
        self.streams: list[tuple[str, float, list[Segment]]] = []
        """Model, when it was asked, what came."""
        self._present: list[Segment] = []
        self.done = asyncio.get_running_loop().create_future()
        self.open = False
        """A stream is under way."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def begin(self) -> None:
        """Ask for the next stream."""
        load = self._load
        model = f"stream-{load.events}-{load.gap_ms}-{self._number}"
        data = client.request(load.port, load.headers, _body(model, load.body_bytes))
        self._present = []
        self.open = True
        self.streams.append((model, time.perf_counter(), self._present))
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._present.append((time.perf_counter(), data))
        if data.endswith(b"0\r\n\r\n") and self._ended():
            self.open = False
            if time.perf_counter() < self.until:
                self.begin()
            elif not self.done.done():
                self.done.set_result(None)

    def connection_lost(self, _exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def close(self) -> None:
        """Break off."""
        self._transport.abort()

    def _ended(self) -> bool:
        return whole(b"".join(data for _, data in self._present[-8:]))


_bodies: Final[dict[int, tuple[bytes, bytes]]] = {}


def _body(model: str, size: int) -> bytes:
    """A request for this model. Made once but for the name: making it costs more than a relay does."""
    if size not in _bodies:
        name = "stream-1-1"
        before, _, after = wire.request_body(name, size).partition(name.encode())
        _bodies[size] = before, after
    before, after = _bodies[size]
    return before + model.encode() + after


async def _run(load: Load) -> tuple[list[_Slot], float, float, float]:
    """The slots, when all were under way, when it began, when it ended."""
    loop = asyncio.get_running_loop()
    rng = random.Random(load.seed)  # noqa: S311  # phases
    slots = []
    for number in range(load.concurrent):
        make = functools.partial(_Slot, load, number)
        _, slot = await loop.create_connection(make, "127.0.0.1", load.port)
        slots.append(slot)
    length_s = load.events * load.gap_ms / 1000
    gc.collect()
    gc.freeze()
    gc.disable()
    start = time.perf_counter()
    for slot in slots:
        slot.until = start + length_s + load.seconds
        loop.call_later(rng.uniform(0, length_s), slot.begin)
    limit_s = length_s + load.seconds + length_s + _GRACE_S
    await asyncio.wait([slot.done for slot in slots], timeout=limit_s)
    end = time.perf_counter()
    for slot in slots:
        slot.close()
    return slots, start + length_s, start, end


def outcome(
    load: Load, streams: Iterator[tuple[Stream, float, bool]], timed_from: float, seconds: float
) -> Outcome:
    """Add up streams: each with when it was asked for, and whether it was still under way at the end."""
    found = list(streams)
    finished = [(stream, asked) for stream, asked, open_ in found if not open_]
    timed = [stream.arrivals for stream, _, _ in found]
    gaps = [(b - a) * 1000 for arrivals in timed for a, b in pairwise(arrivals) if a >= timed_from]
    return Outcome(
        streams=len(found),
        unfinished=len(found) - len(finished),
        broken=sum(stream.status != 200 for stream, _ in finished),
        events=sum(len(stream.arrivals) for stream, _, _ in found),
        expected=len(found) * max(0, load.events - 2),
        lost=sum(stream.lost for stream, _ in finished),
        doubled=sum(stream.doubled for stream, _, _ in found),
        moved=sum(stream.moved for stream, _, _ in found),
        foreign=sum(stream.foreign for stream, _, _ in found),
        cut=sum(not stream.ended for stream, _ in finished),
        changed=sum(not stream.unchanged for stream, _ in finished),
        seconds=seconds,
        ttft_ms=[
            (stream.first_s - asked) * 1000
            for stream, asked, _ in found
            if stream.first_s is not None and asked >= timed_from
        ],
        gap_p50_ms=percentile(gaps, 50),
        gap_p99_ms=percentile(gaps, 99),
        gap_max_ms=percentile(gaps, 100),
    )


def _checked(slots: list[_Slot], events: int) -> Iterator[tuple[Stream, float, bool]]:
    for slot in slots:
        for number, (model, asked, segments) in enumerate(slot.streams, 1):
            yield check(segments, model, events), asked, slot.open and number == len(slot.streams)


def main() -> None:
    """Entry point."""
    load = Load(**json.load(sys.stdin))
    slots, timed_from, start, end = uvloop.run(_run(load))
    result = outcome(load, _checked(slots, load.events), timed_from, end - start)
    print(json.dumps(asdict(result)))  # noqa: T201  # it is a program


if __name__ == "__main__":
    main()
