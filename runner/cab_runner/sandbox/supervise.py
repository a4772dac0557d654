"""Watches one started job until it ends or has to be ended; the same for every sandbox.

Three threads serve a job: one hands its output on, one waits for its end, one measures what it
uses. The calling thread takes the first thing that happens, kills whatever is left, and returns
when the last byte of output has been handed on.

Invariants
----------
* Output reaches the sink in order of arrival, from one thread, at most ``output_bytes`` of it; it
  is never lost at the end, and never blocks the job when it is past the bound.
* A limit on the job's own time moves on with its model time, and never beyond ``wall_s``.
* On every way out, :meth:`Program.kill` has been called and the threads have ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final, Literal, Protocol

from cab_proxy.records import format_time
from cab_runner.sandbox.base import Interrupted, KilledFor, Limits, OutputSink, SandboxError
from cab_runner.sandbox.usage import exceeds

Stream = Literal["stdout", "stderr"]
Emit = Callable[[Stream, bytes], None]

_STOP_LATENCY_S: Final = 0.1
_MEASURE_EVERY_S: Final = 0.25
_MEASURE_SHARE: Final = 5
"""The watchdog rests this many times as long as it measured."""
_ASK_EVERY_S: Final = 0.5
"""The model time is not asked for sooner again, so a job may overrun its own time by as much."""
_DRAIN_S: Final = 20.0


class Program(Protocol):
    """A started job."""

    def pump(self, emit: Emit) -> None:
        """Hand on the output until its end. Called once, in a thread of its own."""

    def wait(self) -> int:
        """Block until the job's own program has ended; its exit code. Called once, in a thread."""

    def kill(self) -> None:
        """Kill all of the job. May be called from any thread, more than once, and after the end."""

    def check(self) -> KilledFor | None:
        """Called a few times a second: a reason to kill it that only it can see, or ``None``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the program ended."""

    exit_code: int | None
    """``None`` when it was killed."""
    killed_for: KilledFor | None
    started_at: str
    ended_at: str
    active_ms: float
    output_bytes: int


@dataclass(frozen=True, slots=True)
class _Ended:
    exit_code: int
    at: float


@dataclass(frozen=True, slots=True)
class _Broken:
    """The sandbox's own machinery failed, or the sink did."""

    error: Exception


_News = _Ended | _Broken | KilledFor | Literal["stop"]


class _Bounded:
    """Passes output to the sink up to the bound, then says so once and drops the rest."""

    def __init__(self, sink: OutputSink, limit_bytes: int, news: SimpleQueue[_News]) -> None:
        self.passed_bytes = 0
        self._sink = sink
        self._left = limit_bytes
        self._news = news
        self._open = True

    def emit(self, stream: Stream, data: bytes) -> None:
        if not self._open:
            return
        kept = data[: self._left]
        try:
            if kept:
                self._sink.write(stream, kept)
        except Exception as error:  # noqa: BLE001  # a full disk, say: ends this job, told to the caller
            self._open = False
            self._news.put(_Broken(error))
            return
        self._left -= len(kept)
        self.passed_bytes += len(kept)
        if len(kept) < len(data):
            self._open = False
            self._news.put("output")


def supervise(
    program: Program,
    *,
    limits: Limits,
    watched: Sequence[Path],
    sink: OutputSink,
    stop: Event,
    model_time_s: Callable[[], float] = lambda: 0.0,
) -> Ending:
    """See the program, which has just started, through to its end.

    ``watched`` are the folders that count against ``limits.disk_bytes``; ``model_time_s`` is the job's.
    Raises :class:`Interrupted` when ``stop`` was set, and what the sink, the machinery or ``model_time_s``
    raised.
    """
    started, started_at = time.monotonic(), now()
    news: SimpleQueue[_News] = SimpleQueue()
    output = _Bounded(sink, limits.output_bytes, news)
    over = Event()
    threads = [
        Thread(target=_guarded, args=(news, lambda: program.pump(output.emit)), name="cab-output"),
        Thread(target=_guarded, args=(news, lambda: _wait(program, news)), name="cab-wait"),
        Thread(
            target=_guarded,
            args=(news, lambda: _watch(program, limits, watched, news, over)),
            name="cab-watch",
        ),
    ]
    for thread in threads:
        thread.daemon = True  # a job that cannot be killed must not keep the runner from ending
        thread.start()
    first: _News | None = None
    try:
        first = _first_news(news, partial(_look_again_at, started, limits, model_time_s), stop)
    finally:
        ended, ended_at = time.monotonic(), now()
        over.set()
        program.kill()
        for thread in threads:
            thread.join(_DRAIN_S)
    if stuck := [thread.name for thread in threads if thread.is_alive()]:
        raise SandboxError(f"the job does not end although it was killed ({', '.join(stuck)})")
    killed_for: KilledFor | None
    exit_code: int | None = None
    match first:
        case "stop":
            raise Interrupted("stopped while the job ran")
        case _Broken(error):
            raise error
        case _Ended(exit_code, ended):
            killed_for = _late(news)
        case _:
            killed_for = first
    return Ending(
        exit_code=None if killed_for else exit_code,
        killed_for=killed_for,
        started_at=started_at,
        ended_at=ended_at,
        active_ms=(ended - started) * 1000.0,
        output_bytes=output.passed_bytes,
    )


def now() -> str:
    """The moment as records write it."""
    return format_time(datetime.now(UTC))


def _look_again_at(started: float, limits: Limits, model_time_s: Callable[[], float]) -> float:
    """When the clock is to be looked at again; a moment that has passed says that the time is up."""
    ceiling = started + limits.wall_s
    if limits.agent_s is None or ceiling <= time.monotonic():
        return ceiling
    limit = started + limits.agent_s
    if time.monotonic() < limit:
        return min(ceiling, limit)
    limit += model_time_s()
    now = time.monotonic()
    return min(ceiling, limit if limit <= now else max(limit, now + _ASK_EVERY_S))


def _first_news(news: SimpleQueue[_News], look_again_at: Callable[[], float], stop: Event) -> _News:
    deadline = look_again_at()
    while True:
        left = deadline - time.monotonic()
        try:
            return news.get(timeout=max(0.0, min(left, _STOP_LATENCY_S)))
        except Empty:
            if stop.is_set():
                return "stop"
            if left <= 0:
                deadline = look_again_at()
                if deadline <= time.monotonic():
                    return "timeout"


def _late(news: SimpleQueue[_News]) -> KilledFor | None:
    """A program may end before the last of its flood is read: that is a flood all the same."""
    while not news.empty():
        match news.get():
            case "output":
                return "output"
            case _Broken(error):
                raise error
    return None


def _guarded(news: SimpleQueue[_News], work: Callable[[], None]) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001  # the edge of a thread: told to the caller, who raises it
        news.put(_Broken(error))


def _wait(program: Program, news: SimpleQueue[_News]) -> None:
    code = program.wait()
    news.put(_Ended(code, time.monotonic()))


def _watch(
    program: Program, limits: Limits, watched: Sequence[Path], news: SimpleQueue[_News], over: Event
) -> None:
    rest_s = _MEASURE_EVERY_S
    while not over.wait(rest_s):
        began = time.monotonic()
        if reason := program.check():
            news.put(reason)
            return
        if exceeds(watched, limits.disk_bytes):
            news.put("disk")
            return
        rest_s = max(_MEASURE_EVERY_S, _MEASURE_SHARE * (time.monotonic() - began))
