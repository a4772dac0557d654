"""The end of a ledger that may be growing, and a call as one line for people.

Invariants: only whole lines are read, each once. A ledger that was rotated (another file has its name) is
read to its end before the new one is begun; one that was truncated is read from its start.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cab_proxy.records import LedgerError, Record, calls_of, decode, printable

_READ_BYTES: Final = 1024 * 1024
_MAX_OPEN: Final = 256
"""Calls that may be under way among those that are shown."""
_MARKS: Final = {"reported": "", "estimated": "~", "partial": "≥", "none": ""}


class Follower:
    """Hands out a file's lines as they come. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Raises ``OSError`` when the file can't be read."""
        self._path = path
        self._file = path.open("rb")
        self._rest = b""

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def lines(self) -> list[bytes]:
        """The lines since the last time, without their newlines."""
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)
            self._rest = b""
        found = self._read()
        try:
            moved = not os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:  # between the two steps of a rotation
            return found
        if moved:
            successor = self._path.open("rb")
            found += self._read()  # written before it was moved, after it was read
            self._file.close()
            self._file, self._rest = successor, b""
            found += self._read()
        return found

    def _read(self) -> list[bytes]:
        found = []
        while block := self._file.read(_READ_BYTES):
            *whole, self._rest = (self._rest + block).split(b"\n")
            found += whole
        return found


def last_calls(lines: Sequence[bytes], count: int) -> tuple[Record, ...]:
    """The last calls of a ledger's lines, those that are under way included."""
    calls = calls_of(_decoded(lines[-2 * (count + _MAX_OPEN) :]))
    return calls[max(0, len(calls) - count) :]


def ended_calls(lines: Sequence[bytes]) -> list[Record]:
    """The calls that ended in these lines."""
    return [record for record in _decoded(lines) if record.kind == "call"]


def _decoded(lines: Sequence[bytes]) -> list[Record]:
    """The readable ones; the others are for ``cab ledger verify`` to tell."""
    found = []
    for line in lines:
        try:
            found.append(decode(line))
        except LedgerError:
            continue
    return found


def call_line(call: Record) -> str:
    """A call as one line: when, what, how it ended, tokens in → out, cost, time."""
    result = "…" if call.kind == "open" else "–" if call.status is None else str(call.status)
    parts = [
        call.started_at[11:19],
        (call.protocol or f"{call.method} {call.path}")[:40],
        (call.model_returned or call.model_requested or "?")[:48],
        " ".join(filter(None, (result, call.error_type))),
        f"{_tokens(call, 'input')} → {_tokens(call, 'output')}",
        "" if call.cost_usd is None else f"${call.cost_usd:f}",
        "" if call.duration_ms is None else f"{call.duration_ms / 1000:.2f} s",
        f"attempt {call.attempt}" if (call.attempt or 1) > 1 else "",
    ]
    return printable("  ".join(filter(None, parts)))


def _tokens(call: Record, kind: str) -> str:
    value = getattr(call.tokens, kind)
    return "?" if value is None else f"{_MARKS[getattr(call.tokens_source, kind)]}{value:,}"
