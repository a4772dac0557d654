"""Reading a stream of events without reading each of them.

A stream of text is hundreds of events that are alike to the byte but for one string, the next piece of
the text, and for what means nothing: padding, a number that counts the events. When such an event has been
read as JSON, its bytes are kept as a :class:`Mould`, with holes in these places. An event that fits says
more of the same text and can't say anything else, so only its string is taken, by searching bytes. Every
other event is read: a finish reason, usage, an error, another choice or the stream's end don't fit, however
they are spelled and wherever they stand.

Contract: the same texts come out, in the same order, as if every event had been read as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import orjson

from .sse import SseEvent, SseParser

_PADDING: Final = frozenset({b"obfuscation", b"p"})
"""Keys of strings that say nothing: OpenAI's and Mistral's padding, against guessing texts by the sizes of
packets. Anthropic's are the blanks before an event's last brace.
"""

_COUNTERS: Final = frozenset({b"sequence_number"})
"""Keys of numbers that say nothing: Responses counts its events. No protocol's meter may read them."""

_MAX_UNUSED: Final = 8
"""After so many moulds in a row that nothing fitted, a stream's events are taken to be never alike."""

_MAX_RUN: Final = 64
"""So many events are skimmed at once; they are read if one of them turns out to be broken."""

_MAX_REST_BYTES: Final = 4096
"""The beginning of an event is held back, to be skimmed with what follows, as long as it is shorter."""

_ONE_LINE: Final = re.compile(rb"(?:event: ?[\w.-]+\r?\n)?data: ?(\{.*\})\r?\n\r?\n")
_STRING_END: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_COUNT: Final = re.compile(rb"(\s*:\s*)(?:0|[1-9]\d*)(?=[\s,}])")
_BLANKS: Final = re.compile(rb"(?<!\x02) +(\}\r?\n\r?\n)\Z")

_TEXT: Final = b"\0"
_SKIPPED: Final = {
    b"\1": re.compile(rb"[ !#-\[\]-~]*").match,
    b"\2": re.compile(rb"0|[1-9][0-9]{0,17}").match,
    b"\3": re.compile(rb" *").match,
}
"""What marks a hole, and what may be in it: padding, a number, blanks; all else must be read."""
_PAD, _NUMBER, _BLANK = _SKIPPED
_MARK: Final = re.compile(rb"([\0-\3])")
"""JSON has these nowhere."""


class Saying(NamedTuple):
    """What an event said that did nothing but add a string to a text."""

    text: str
    """The string, not empty: one that stands in the event's JSON."""
    add: Callable[[str], None]
    """Adds more to that text."""


class Mould:
    """The bytes of an event, with holes for what may differ in the next ones."""

    def __init__(self, parts: list[bytes]) -> None:
        """``parts`` are what an event is made of, in turn bytes and the mark of a hole behind them."""
        self._head, *rest, self._tail = parts
        marks = rest[::2]
        # what follows each hole; behind the last one, the next event up to its first hole
        joints = (*rest[1::2], self._tail + self._head)
        self._holes = tuple(
            (_SKIPPED.get(mark), joint, len(joint)) for mark, joint in zip(marks, joints, strict=True)
        )
        self._times = marks.count(_TEXT)
        """So often does the text stand in an event."""

    @classmethod
    def of(cls, event: bytes, text: str) -> Mould | None:
        """The mould of an event that said ``text``; ``None`` where its place is not beyond doubt."""
        line = _ONE_LINE.fullmatch(event)
        # in JSON without escapes the strings are what lies between the quotes
        if line is None or b"\\" in event or b"\r" in line[1]:
            return None
        tokens, said = event.split(b'"'), text.encode("utf-8", "surrogatepass")
        for at in range(1, len(tokens), 2):
            if tokens[at] in _COUNTERS:
                tokens[at + 1] = _COUNT.sub(rb"\1" + _NUMBER, tokens[at + 1], 1)
        for at in range(3, len(tokens), 2):
            if tokens[at] == said:
                tokens[at] = _TEXT
            elif tokens[at - 2] in _PADDING and tokens[at - 1].strip() == b":":
                tokens[at] = _PAD
            else:
                continue
            if tokens[at + 1].lstrip().startswith(b":"):  # a key
                return None
        tokens[-1] = _BLANKS.sub(_BLANK + rb"\1", tokens[-1])
        return cls(_MARK.split(b'"'.join(tokens))) if _TEXT in tokens else None

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
        if self._times > 1:
            values, *again = (values[n :: self._times] for n in range(self._times))
            if any(values != other for other in again):
                return None, end
        return "".join(values), end

    def _strings(self, data: bytes, start: int) -> tuple[list[bytes], int]:
        """The texts of the events that fit, and where these end."""
        strings: list[bytes] = []
        if not data.startswith(self._head, start):
            return strings, start
        # a few calls for each event: this loop is what a stream costs
        find, startswith, add = data.find, data.startswith, strings.append
        holes, head = self._holes, len(self._head)
        at = start + head
        for n in range(_MAX_RUN):
            first = at
            for skip, joint, size in holes:
                if skip is None:
                    end = find(b'"', at)
                    if not startswith(joint, end):
                        end = _string_end(data, at)
                        if not startswith(joint, end):
                            break
                    if end == at:  # an empty string may mean that another one counts
                        return strings[: n * self._times], first - head
                    add(data[at:end])
                else:
                    match = skip(data, at)
                    end = match.end() if match else -1
                    if not startswith(joint, end):
                        break
                at = end + size
            else:
                continue
            if joint is not holes[-1][1] or not startswith(self._tail, end) or (skip is None and end == at):
                return strings[: n * self._times], first - head
            # no other event of its kind behind it
            if skip is None:
                add(data[at:end])
            return strings, end + len(self._tail)
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
