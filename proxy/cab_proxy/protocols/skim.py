"""Reading a stream of events without reading each of them.

A stream of text is hundreds of events that are alike to the byte but for one string, the next piece of
the text. When such an event has been read as JSON, its bytes are kept as a :class:`Mould`, with a hole
where that string was. An event that fits says more of the same text and can't say anything else, so only
its string is taken, by searching bytes. Every other event is read: a finish reason, usage, an error, another
choice or the stream's end don't fit, however they are spelled and wherever they stand.

Contract: the same texts come out, in the same order, as if every event had been read as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import orjson

from .sse import SseEvent, SseParser

_PADDING: Final = frozenset({b"obfuscation", b"p"})
"""Keys of strings that differ from event to event and say nothing: OpenAI's and Mistral's padding, against
guessing texts by the sizes of packets. These are holes too.
"""

_MAX_UNUSED: Final = 8
"""After so many moulds in a row that nothing fitted, a stream's events are taken to be never alike."""

_MAX_RUN: Final = 64
"""So many events are skimmed at once; they are read if one of them turns out to be broken."""

_MAX_REST_BYTES: Final = 4096
"""The beginning of an event is held back, to be skimmed with what follows, as long as it is shorter."""

_ONE_LINE: Final = re.compile(rb"(?:event: ?[\w.-]+\r?\n)?data: ?(\{.*\})\r?\n\r?\n")
_STRING_END: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


class Saying(NamedTuple):
    """What an event said that did nothing but add a string to a text."""

    text: str
    """The string, not empty: one that stands in the event's JSON."""
    add: Callable[[str], None]
    """Adds more to that text."""


class Mould:
    """The bytes of an event, with holes for the strings in which the next ones may differ."""

    def __init__(self, parts: list[bytes], spoken: list[int]) -> None:
        """``parts`` are what is left of an event between its holes; ``spoken`` numbers the holes of its text,
        which may stand in an event more than once.
        """
        self._head, *between, self._tail = parts
        # what follows each hole; behind the last one, the next event up to its first hole
        self._joints = tuple((joint, len(joint)) for joint in (*between, self._tail + self._head))
        self._spoken = spoken

    @classmethod
    def of(cls, event: bytes, text: str) -> Mould | None:
        """The mould of an event that said ``text``; ``None`` where its place is not beyond doubt."""
        line = _ONE_LINE.fullmatch(event)
        # in JSON without escapes the strings are what lies between the quotes
        if line is None or b"\\" in event or b"\r" in line[1]:
            return None
        tokens, said = event.split(b'"'), text.encode("utf-8", "surrogatepass")
        holes = [
            at
            for at in range(3, len(tokens), 2)
            if tokens[at] == said or (tokens[at - 2] in _PADDING and tokens[at - 1].strip() == b":")
        ]
        spoken = [n for n, at in enumerate(holes) if tokens[at] == said]
        if not spoken or any(tokens[at + 1].lstrip().startswith(b":") for at in holes):  # a key
            return None
        for at in holes:
            tokens[at] = b"\0"  # which JSON has nowhere
        return cls(b'"'.join(tokens).split(b"\0"), spoken)

    def take(self, data: bytes, start: int) -> tuple[str | None, int]:
        """The text that the events say that fit, from ``start`` on, and where they end. Without a text they
        must be read after all.
        """
        strings, end = self._strings(data, start)
        if not strings:
            return None, start
        try:
            # nor is it JSON if one of them ends in half an escape: quotes then open where they should close,
            # down to the last one
            values = orjson.loads(b'["%b"]' % b'","'.join(strings))
        except orjson.JSONDecodeError:
            return None, end
        said, *again = (values[n :: len(self._joints)] for n in self._spoken)
        return "".join(said) if all(said == other for other in again) else None, end

    def _strings(self, data: bytes, start: int) -> tuple[list[bytes], int]:
        """What is in the holes of the events that fit, and where these end."""
        strings: list[bytes] = []
        if not data.startswith(self._head, start):
            return strings, start
        # a few calls for each event: this loop is what a stream costs
        find, startswith, add = data.find, data.startswith, strings.append
        joints, head = self._joints, len(self._head)
        at = start + head
        for _ in range(_MAX_RUN):
            first = at
            for joint, size in joints:
                end = find(b'"', at)
                if not startswith(joint, end):
                    end = _string_end(data, at)
                    if not startswith(joint, end):
                        break
                if end == at:  # an empty string may mean that another one counts
                    break
                add(data[at:end])
                at = end + size
            else:
                continue
            begun = len(strings) % len(joints)
            if begun == len(joints) - 1 and end > at and startswith(self._tail, end):
                add(data[at:end])  # no other event of its kind behind it
                return strings, end + len(self._tail)
            return strings[: len(strings) - begun], first - head
        return strings, at - head


def _string_end(data: bytes, start: int) -> int:
    """Where the quote is that ends a string; -1 if it isn't there."""
    match = _STRING_END.match(data, start)
    return match.end() - 1 if match else -1


def _is_begun(data: bytes, start: int) -> bool:
    """Whether the event from ``start`` on is surely not complete."""
    return data.find(b"\n\n", start) < 0 and data.find(b"\r", start) < 0


class Skimmer:
    """Hands the events of a stream to ``read``, except those that only go on with a text."""

    def __init__(self, read: Callable[[SseEvent], Saying | None]) -> None:
        """``read`` reads an event, and tells if it did nothing but say something."""
        self._read = read
        self._sse = SseParser()
        self._mould: Mould | None = None
        self._add: Callable[[str], None] = lambda _: None
        self._unused = 0
        self._rest = b""
        """The beginning of an event: with what follows it may fit."""

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the stream."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        at = 0
        while at < len(data):
            if self._sse.between_events:
                skimmed = self._skim(data, at)
                if skimmed > at:
                    at = skimmed
                    continue
                if len(data) - at < _MAX_REST_BYTES and _is_begun(data, at):
                    self._rest = data[at:]
                    return
            at = self._read_one(data, at)

    def finish(self) -> None:
        """Read what the stream's end leaves without its blank line."""
        for event in (*self._sse.feed(self._rest), *self._sse.finish()):
            self._read(event)

    def _skim(self, data: bytes, start: int) -> int:
        """Take the events that fit, from ``start`` on; where they end."""
        if self._mould is None:
            return start
        text, end = self._mould.take(data, start)
        if text is not None:
            self._add(text)
            self._unused = 0
            return end
        while start < end:
            start = self._read_one(data, start)
        return start

    def _read_one(self, data: bytes, start: int) -> int:
        """Read up to the end of an event, if it is there; where that is."""
        whole = self._sse.between_events
        event, end = self._sse.next(data, start)
        saying = None if event is None else self._read(event)
        if saying is not None and whole and self._unused < _MAX_UNUSED:
            mould = Mould.of(data[start:end], saying.text)
            if mould is not None:
                self._mould, self._add = mould, saying.add
                self._unused += 1
        return end
