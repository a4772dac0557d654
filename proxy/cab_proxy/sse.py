"""Server-sent events from bytes, as they come.

Contract: however the stream is split, the same events come out. Lines end in LF, CR or CRLF; ``data``
lines of one event are joined with LF; comments and unknown fields are skipped. An event that the end of the
stream leaves without its blank line is given by :meth:`SseParser.finish`, unlike the standard has
it: the usage of a stream whose server forgot that line still counts.

Memory is bounded: the data of an event beyond ``limit`` bytes is dropped with the event.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event."""

    event: str
    """Its type; empty where the stream named none."""
    data: bytes


class SseParser:
    """Collects lines to events. Holds no more than one unfinished event."""

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self._limit = limit
        self._line = bytearray()
        self._after_cr = False
        self._first_line = True
        self._event = ""
        self._data: list[bytes] = []
        self._size = 0
        self._cut = False
        """The line at hand is longer than there is room."""
        self._too_large = False
        """So was a line of the event at hand."""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that ``chunk`` completes."""
        if not chunk:
            return []
        start = 1 if self._after_cr and chunk.startswith(b"\n") else 0
        self._after_cr = chunk.endswith(b"\r")
        events: list[SseEvent] = []
        for match in _LINE_END.finditer(chunk, start):
            self._grow(chunk[start : match.start()])
            start = match.end()
            self._end_line(events)
        self._grow(chunk[start:])
        return events

    def finish(self) -> list[SseEvent]:
        """The event that was not closed when the stream ended, if there is one."""
        events: list[SseEvent] = []
        if self._line:
            self._end_line(events)
        self._dispatch(events)
        return events

    def _grow(self, part: bytes) -> None:
        if part and len(part) > self._limit - self._size - len(self._line):
            self._cut = self._too_large = True
            self._line.clear()
        if not self._cut:
            self._line += part

    def _end_line(self, events: list[SseEvent]) -> None:
        line, cut = bytes(self._line), self._cut
        self._line.clear()
        self._cut = False
        if cut:
            return
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            self._dispatch(events)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(line) + 1
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")[:64]

    def _dispatch(self, events: list[SseEvent]) -> None:
        if self._data and not self._too_large:
            events.append(SseEvent(self._event, b"\n".join(self._data)))
        self._event, self._size, self._too_large = "", 0, False
        self._data.clear()
