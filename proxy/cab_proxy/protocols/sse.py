"""Server-sent events from bytes, as they come.

Contract: however the stream is split, the same events come out. Lines end in LF, CR or CRLF; ``data``
lines of one event are joined with LF; comments and unknown fields are skipped. An event that the end of the
stream leaves without its blank line is given by :meth:`SseParser.finish`, unlike the standard has
it: the usage of a stream whose server forgot that line still counts.

Memory is bounded: the data of an event beyond ``limit`` bytes is dropped with the event.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


class SseEvent(NamedTuple):
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
        self.between_events = True
        """What comes next begins an event: nothing of it has been taken in."""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that ``chunk`` completes."""
        events: list[SseEvent] = []
        at = 0
        while at < len(chunk):
            event, at = self.next(chunk, at)
            if event is not None:
                events.append(event)
        return events

    def next(self, chunk: bytes, start: int) -> tuple[SseEvent | None, int]:
        """The first event that ``chunk`` completes from ``start`` on, and where it ends. ``None`` and the end
        of ``chunk`` where it completes none: all has been taken in.
        """
        if self.between_events:
            end = chunk.find(b"\n", start)
            # nearly every event: a single line that ends in LF
            if (
                chunk.startswith(b"data: ", start)
                and chunk.startswith(b"\n\n", end)
                and end - start <= self._limit
                and chunk.find(b"\r", start, end) < 0
            ):
                self._first_line = False
                return SseEvent("", chunk[start + 6 : end]), end + 2
        if self._after_cr and chunk.startswith(b"\n", start):
            start += 1
        event = None
        for match in _LINE_END.finditer(chunk, start):
            self._grow(chunk[start : match.start()])
            start = match.end()
            event = self._end_line()
            if event is not None:
                break
        else:
            self._grow(chunk[start:])
            start = len(chunk)
        self._after_cr = start == len(chunk) and chunk.endswith(b"\r")
        self.between_events = not (
            self._line or self._data or self._event or self._too_large or self._after_cr
        )
        return event, start

    def finish(self) -> list[SseEvent]:
        """The event that was not closed when the stream ended, if there is one."""
        if self._line:
            self._end_line()
        event = self._dispatch()
        return [] if event is None else [event]

    def _grow(self, part: bytes) -> None:
        if part and len(part) > self._limit - self._size - len(self._line):
            self._cut = self._too_large = True
            self._line.clear()
        if not self._cut:
            self._line += part

    def _end_line(self) -> SseEvent | None:
        """Take in a line; the event that it ends."""
        line, cut = bytes(self._line), self._cut
        self._line.clear()
        self._cut = False
        if cut:
            return None
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(line) + 1
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")[:64]
        return None

    def _dispatch(self) -> SseEvent | None:
        event = None
        if self._data and not self._too_large:
            event = SseEvent(self._event, b"\n".join(self._data))
        self._event, self._size, self._too_large = "", 0, False
        self._data.clear()
        return event
