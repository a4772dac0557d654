"""JSON objects, one after another, as they come: one a line (Ollama's NDJSON), or in an array that is sent
piece by piece (Gemini's streams that aren't events).

Contract: however the stream is split, the same objects come out, each as soon as its last brace is there.
What stands between them (line ends, commas, the array's brackets) is skipped, whatever it is. An object
that the end of the stream cuts off is none.

Memory is bounded: an object beyond ``limit`` bytes is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from .sse import MAX_EVENT_BYTES, SseEvent

_IN_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
"""Up to the quote that ends a string, or half an escape at the end of the bytes."""

_TO_BRACE: Final = re.compile(rb'[^"{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}]*+)*+', re.DOTALL)
"""Up to a brace, or the quote of a string that doesn't end in these bytes."""

_QUOTE, _OPEN, _CLOSE = b'"{}'


class JsonObjects:
    """Hands the objects of a stream to ``read``. Holds no more than one unfinished object."""

    def __init__(self, read: Callable[[SseEvent], object], limit: int = MAX_EVENT_BYTES) -> None:
        self._read = read
        self._limit = limit
        self._held = bytearray()
        """The beginning of an object, unless that is too long."""
        self._size = 0
        """Bytes of it."""
        self._depth = 0
        self._in_string = self._escaped = False
        """What comes next is in a string; and its first character is escaped."""

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the stream."""
        if not data:
            return
        start = 0
        at = self._leave_string(data, 0) if self._in_string else 0
        while (at := _end(_TO_BRACE, data, at)) < len(data):
            mark = data[at]
            at += 1
            if mark == _QUOTE:
                self._in_string = True
                at = self._leave_string(data, at)
            elif mark == _OPEN:
                if not self._depth:
                    start = at - 1
                self._depth += 1
            elif self._depth:
                self._depth -= 1
                if not self._depth:
                    self._hold(data[start:at])
                    self._give()
        if self._depth:
            self._hold(data[start:])

    def finish(self) -> None:
        """Nothing more will come."""

    def _leave_string(self, data: bytes, at: int) -> int:
        """Where the string ends that goes on from ``at``; the end of ``data`` if it goes on behind that."""
        end = _end(_IN_STRING, data, at + self._escaped)
        self._in_string, self._escaped = data[end : end + 1] != b'"', data[end : end + 1] == b"\\"
        return len(data) if self._in_string else end + 1

    def _hold(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            self._held.clear()
        else:
            self._held += part

    def _give(self) -> None:
        whole = self._size <= self._limit
        data = bytes(self._held)
        self._held.clear()
        self._size = 0
        if whole:
            self._read(SseEvent("", data))


def _end(pattern: re.Pattern[bytes], data: bytes, start: int) -> int:
    match = pattern.match(data, start)
    return start if match is None else match.end()
