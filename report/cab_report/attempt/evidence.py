"""One attempt's folder, read for its page: what is there, and in words what is not.

A folder may be somebody else's. Only regular files in it are looked at, never what a link leads to, and none
of more than :data:`LARGEST_BYTES` is read whole or published. What is missing or broken gives a reason;
only a cell record that can't be read at all is an error.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final

import orjson

from cab_proxy import records

LARGEST_BYTES: Final = 5_000_000
TAIL_BYTES: Final = 16_000

FOLDER: Final = "evidence"
"""Beside a page: the attempt's files."""
PUBLISHED: Final[Mapping[str, str]] = {
    **{
        name: name
        for name in ("cell.json", "calls.jsonl", "trace.jsonl", "terminal.cast", "lock.json", "grade.json")
    },
    **{
        name: f"{name}.txt"
        for name in (
            "agent.stdout", "agent.stderr", "workspace.patch", "grade.stdout", "grade.stderr", "junit.xml",
        )
    },
}  # fmt: skip
"""By its name in the attempt's folder, a file's name on the site; as .txt no server takes it for HTML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One of the files that an attempt leaves."""

    name: str
    size_bytes: int | None = None
    path: Path | None = None
    """None where it can't be published; then ``missing`` says why."""
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One stretch of time of a trace."""

    span_id: str
    parent_id: str | None
    kind: str
    name: str
    start_ms: float
    """From the start of the first span."""
    duration_ms: float | None
    """None where it never ended."""
    error: str | None
    attrs: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The end of what a program printed."""

    name: str
    text: str = ""
    size_bytes: int = 0
    """Of all that was recorded."""
    missing: str | None = None

    @property
    def cut(self) -> bool:
        """Whether there is more of it than ``text``."""
        return self.size_bytes > TAIL_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The calls of an attempt, and whether their chain holds."""

    calls: tuple[records.Record, ...] = ()
    head: str | None = None
    problems: tuple[str, ...] = ()
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An attempt's folder."""

    cell: Mapping[str, Any]
    lock: Mapping[str, Any]
    """Empty where it can't be read."""
    ledger: Ledger
    trace: tuple[Span, ...]
    trace_missing: str | None
    """Why there is none."""
    trace_problems: tuple[str, ...]
    """One for each line that is no span."""
    recording: Path | None
    recording_missing: str | None
    outputs: tuple[Output, ...]
    files: tuple[File, ...]


class Unreadable(ValueError):
    """A record that can't be shown; in words for people."""


class _Missing(ValueError):
    """Why a file can't be had."""


def read(folder: Path) -> Evidence:
    """Read an attempt's folder. Raises :class:`Unreadable` where its cell.json is no object."""
    try:
        cell = _object(folder, "cell.json")
    except _Missing as error:
        raise Unreadable(str(error)) from None
    try:
        lock = _object(folder, "lock.json")
    except _Missing:
        lock = {}
    trace, trace_problems, trace_missing = _trace(folder)
    found = files(folder)
    recording = next(file for file in found if file.name == "terminal.cast")
    return Evidence(
        cell=cell,
        lock=lock,
        ledger=_ledger(folder),
        trace=trace,
        trace_missing=trace_missing,
        trace_problems=trace_problems,
        recording=recording.path,
        recording_missing=recording.missing,
        outputs=tuple(
            _output(folder, name) for name in ("agent.stdout", "agent.stderr", "grade.stdout", "grade.stderr")
        ),
        files=found,
    )


def files(folder: Path) -> tuple[File, ...]:
    """What of :data:`PUBLISHED` is there."""
    return tuple(look(folder, name) for name in PUBLISHED)


def look(folder: Path, name: str) -> File:
    """One file of an attempt's folder, and whether it can be published."""
    path = folder / name
    try:
        found = path.lstat()
    except FileNotFoundError:
        return File(name=name, missing=f"not recorded: the attempt left no {name}")
    except OSError as error:
        return File(name=name, missing=f"{name} can't be read: {error.strerror}")
    if not stat.S_ISREG(found.st_mode):
        return File(name=name, missing=f"{name} is no regular file, and is left alone")
    if found.st_size > LARGEST_BYTES:
        limit = f"{LARGEST_BYTES // 1_000_000} MB"
        return File(name=name, size_bytes=found.st_size, missing=f"{name} is not here: over {limit}")
    return File(name=name, size_bytes=found.st_size, path=path)


def content(folder: Path, name: str) -> bytes:
    """What is in one file of an attempt's folder. Raises :class:`Unreadable`."""
    try:
        return _bytes(folder, name)
    except _Missing as error:
        raise Unreadable(str(error)) from None


def _bytes(folder: Path, name: str) -> bytes:
    found = look(folder, name)
    if found.path is None:
        raise _Missing(found.missing)
    try:
        return found.path.read_bytes()
    except OSError as error:
        raise _Missing(f"{name} can't be read: {error.strerror}") from None


def _object(folder: Path, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(_bytes(folder, name))
    except orjson.JSONDecodeError as error:
        raise _Missing(f"{name} is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise _Missing(f"{name} is no JSON object")
    return value


def _ledger(folder: Path) -> Ledger:
    try:
        found = records.verify(_bytes(folder, "calls.jsonl"))
    except _Missing as error:
        return Ledger(missing=str(error))
    return Ledger(calls=records.calls_of(found.records), head=found.head, problems=found.problems)


def _trace(folder: Path) -> tuple[tuple[Span, ...], tuple[str, ...], str | None]:
    """The spans by start, what is wrong with other lines, and why there are none."""
    try:
        lines = _bytes(folder, "trace.jsonl").splitlines()
    except _Missing as error:
        return (), (), str(error)
    found: list[tuple[datetime, dict[str, Any]]] = []
    problems = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(_span(orjson.loads(line)))
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"line {number} is no span ({type(error).__name__}: {error})")
    if not found:
        return (), tuple(problems), "no span can be read in trace.jsonl"
    found.sort(key=lambda each: each[0])
    first = found[0][0]
    spans = (Span(**span, start_ms=(start - first).total_seconds() * 1000) for start, span in found)
    return tuple(spans), tuple(problems), None


def _span(raw: Any) -> tuple[datetime, dict[str, Any]]:
    """When it began, and the other fields. Raises KeyError, TypeError or ValueError for what is none."""
    start = datetime.fromisoformat(raw["started_at"])
    took, parent, error = raw["duration_ms"], raw["parent_id"], raw["error"]
    if took is not None and not (isinstance(took, int | float) and isfinite(took) and took >= 0):
        raise ValueError(f"its duration is {took!r}")
    if not isinstance(raw["attrs"], dict):
        raise TypeError("its attrs are no object")
    if not all(
        isinstance(each, str | None) for each in (raw["span_id"], parent, raw["kind"], raw["name"], error)
    ):
        raise TypeError("a name in it is no text")
    return start if start.tzinfo else start.replace(tzinfo=UTC), {
        "span_id": str(raw["span_id"]),
        "parent_id": parent,
        "kind": str(raw["kind"]),
        "name": str(raw["name"]),
        "duration_ms": took,
        "error": error,
        "attrs": raw["attrs"],
    }


def _output(folder: Path, name: str) -> Output:
    found = look(folder, name)
    if found.size_bytes is None:
        return Output(name=name, missing=found.missing)
    try:
        with (folder / name).open("rb") as file:
            file.seek(max(0, found.size_bytes - TAIL_BYTES))
            tail = file.read(TAIL_BYTES)
    except OSError as error:
        return Output(name=name, missing=f"{name} can't be read: {error.strerror}")
    return Output(name=name, text=tail.decode("utf-8", "replace"), size_bytes=found.size_bytes)
