"""The events of a sweep, one JSON object a line: ``events.jsonl`` in its folder, and ``cab sweep --json``.

Invariants
----------
* The file is only appended to, by a resumed sweep too, and a line is one write: what a reader sees are whole
  lines, save a last one whose writer was killed in it. Readers pass over it; the next writer cuts it off.
* :meth:`EventLog.write` has returned: the line outlives this process (not the machine's fall).
* Readers pass over events and keys that they don't know. Unknown is ``None``.
* A field whose name ends in an underscore has its key without it: ``pass_`` is ``"pass"``.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Final, Self, TypeVar, get_args, get_type_hints

from cab_proxy.records import format_time, parse_time
from cab_scoring.aggregate import Attempt
from cab_scoring.usage import usd

EVENTS: Final = "events.jsonl"

_T = TypeVar("_T")


class EventError(ValueError):
    """A line is no event that this version knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events have."""

    event: ClassVar[str]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What an agent with a model has of a sweep."""

    agent: str
    model: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStarted(Event):
    """A runner took the sweep up, for the first time or again."""

    event: ClassVar[str] = "sweep_started"
    sweep_id: str
    attempts: int
    """Wanted in all."""
    complete: int
    """Of these, there before."""
    resumed: bool
    n_concurrent: int
    shares: tuple[Share, ...] = ()
    """The attempts wanted by agent and model, in the order in which to show them; empty: not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted(Event):
    """One try of one of the attempts wanted."""

    event: ClassVar[str] = "attempt_started"
    run_id: str
    agent: str
    model: str
    task: str
    endpoint: str
    slot: int
    """Which of the k attempts wanted of its cell, from 1."""
    try_: int
    """From 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEnded(Event):
    """A try ended and its record is in its folder."""

    event: ClassVar[str] = "attempt_ended"
    run_id: str
    agent: str
    model: str
    task: str
    slot: int
    try_: int
    attempt: int
    """Number of its folder."""
    pass_: int | None
    cause: str | None
    """Of the failure table; None when nothing went wrong."""
    counted: bool
    """False: void. An attempt that counts is complete."""
    tokens: int | None
    tokens_complete: bool
    tokens_estimated: bool = False
    """Some of them the meter estimated."""
    cost_usd: Decimal | None
    cost_complete: bool
    wall_s: float | None
    simulated: bool
    retry_in_s: float | None
    """None: not tried again by this runner."""

    @classmethod
    def from_cell(cls, cell: Mapping[str, Any], *, slot: int, try_: int, retry_in_s: float | None) -> Self:
        """What a cell record says, and what only the sweep knows."""
        identity, figures, failure = cell["identity"], Attempt.from_cell(cell), cell["failure"]
        wall_ms = cell["timing"]["wall_clock_ms"]
        return cls(
            run_id=identity["run_id"],
            agent=identity["agent"],
            model=identity["model"],
            task=identity["task"],
            slot=slot,
            try_=try_,
            attempt=identity["attempt"],
            pass_=figures.passed,
            cause=failure and failure["cause"],
            counted=figures.counted,
            tokens=figures.tokens,
            tokens_complete=figures.tokens_complete,
            tokens_estimated=cell["scores"]["tokens"]["tokens_source"] == "estimated",
            cost_usd=figures.cost_usd,
            cost_complete=figures.cost_complete,
            wall_s=None if wall_ms is None else wall_ms / 1000,
            simulated=identity["simulated"],
            retry_in_s=retry_in_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLost(Event):
    """Its runner or node died: it has no record."""

    event: ClassVar[str] = "attempt_lost"
    run_id: str
    cause: str
    """Of the failure table."""
    detail: str | None = None
    retry_in_s: float | None = 0.0
    """None: not tried again by this runner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointLimit(Event):
    """How many attempts an endpoint now gets at once."""

    event: ClassVar[str] = "endpoint_limit"
    endpoint: str
    limit: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSuspended(Event):
    """A task gets no further attempts."""

    event: ClassVar[str] = "task_suspended"
    task: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping(Event):
    """No further attempts are started; those that run are waited for."""

    event: ClassVar[str] = "stopping"
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepEnded(Event):
    """The runner left the sweep."""

    event: ClassVar[str] = "sweep_ended"
    complete: int
    missing: int
    why: str | None
    """None: there was nothing left to do."""
    driver_cpu_s: float | None = None
    """CPU time of the thread that schedules, since the runner took the sweep up."""
    runner_cpu_s: float | None = None
    """Of its whole process, the threads of attempts included; without sandboxes, proxies and simulators."""


def to_json(event: Event) -> dict[str, Any]:
    """The event as a plain dict."""
    values = {each.name.removesuffix("_"): _plain(getattr(event, each.name)) for each in fields(event)}
    return {"event": event.event, **values}


def encode(event: Event) -> str:
    """The event's line, its newline included; ASCII, so that it fits any terminal."""
    return json.dumps(to_json(event)) + "\n"


def decode(line: bytes) -> Event:
    """The event of a line. Raises :class:`EventError`."""
    try:
        values = json.loads(line)
        return _built(_KINDS[values["event"]], values)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise EventError(f"no event of a sweep ({type(error).__name__}: {error})") from None


def read_events(path: Path) -> Iterator[Event]:
    """The events in a file, in the order in which they were written. Raises ``OSError``."""
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                with suppress(EventError):
                    yield decode(line)


class EventLog:
    """Appends events to a file. One at a time per file; threads may share it. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; cut off a torn last line. Raises ``OSError``."""
        self._path = path
        self._lock = Lock()
        # a link or a pipe in a results folder from elsewhere is not written to
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        self._file = os.fdopen(os.open(path, flags, 0o644), "r+b", buffering=0)
        if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            self._file.close()
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        self._file.seek(0)
        self._size = self._file.read().rfind(b"\n") + 1
        self._file.truncate(self._size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, event: Event) -> None:
        """Append the event. Raises ``OSError``; then nothing of it is in the file."""
        line = encode(event).encode("ascii")
        with self._lock:
            if os.write(self._file.fileno(), line) < len(line):
                self._file.truncate(self._size)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            self._size += len(line)


def _plain(value: object) -> object:
    """As JSON has it."""
    match value:
        case datetime():
            return format_time(value)
        case Decimal():
            return usd(value)
        case tuple():
            return [asdict(share) for share in value]
        case _:
            return value


def _built(kind: type[_T], values: Mapping[str, Any]) -> _T:
    """Out of what JSON holds. What it raises, :func:`decode` knows."""
    return kind(
        **{
            name: _read(values[key], hint)
            for name, key, hint in _FIELDS[kind]
            if key in values or key == "at"  # which has a default, but for writers only
        }
    )


def _read(value: Any, hint: Any) -> Any:
    """The value of a field."""
    if hint is datetime:
        return parse_time(value).astimezone(UTC)
    if hint == tuple[Share, ...]:
        return tuple(_built(Share, each) for each in value)
    if value is not None and hint in {float | None, Decimal | None}:
        number = get_args(hint)[0](value)
        if not math.isfinite(number):
            raise ValueError(f"{value} is not finite")
        return number
    if not isinstance(value, hint):
        raise TypeError(f"{value!r} is no {hint}")
    return value


_KINDS: Final[dict[str, type[Event]]] = {
    kind.event: kind
    for kind in (
        *(SweepStarted, AttemptStarted, AttemptEnded, AttemptLost),
        *(EndpointLimit, TaskSuspended, Stopping, SweepEnded),
    )
}
_TYPES: Final[tuple[type[Event | Share], ...]] = (Share, *_KINDS.values())
_FIELDS: Final[Mapping[type, Sequence[tuple[str, str, Any]]]] = {
    kind: [(each.name, each.name.removesuffix("_"), get_type_hints(kind)[each.name]) for each in fields(kind)]
    for kind in _TYPES
}
"""Of each kind, its fields: name, key, type."""
