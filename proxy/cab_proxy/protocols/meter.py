"""What the meters of all protocols have in common: how a response's body comes to be read.

Contract: no sockets, no clock, no files. Fed with a response's body in any pieces, plain, as server-sent
events or as JSON objects in a row, compressed or not, a meter comes to the same facts. It raises nothing for
any input: what it can't read is missing from the facts.

Taking in a piece costs next to nothing: pieces wait until somebody asks, or until there are
:data:`MAX_WAITING_BYTES` of them. Only up to a stream's first delta is each read at once, so that the time of
that is known. Memory is the waiting pieces and the text that was read, plus one unfinished event.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Any, ClassVar, Final, Literal

from ..content import ContentCopy
from ..jsonbody import keepable, read_response_json
from ..records import Tokens
from .base import Asked, Facts
from .jsonstream import JsonObjects
from .skim import Saying, Skimmer
from .sse import SseEvent
from .usage import merge

MAX_CHOICES: Final = 1024
MAX_WAITING_BYTES: Final = 4 * 1024
_MAX_BEGIN_BYTES: Final = 16
"""Of blanks before a body's first character, so many are kept: a byte order mark may be split in them."""
_MAX_PIECES: Final = 256
"""So many pieces of a text are joined: small strings take many times the room of what they hold."""
_STEPS: Final = 8
_steps = itertools.cycle(range(1, _STEPS + 1))
"""Streams that began together are read at different times, so that none waits for all the others."""


class Meter(ABC):
    """Reads one response. A protocol's meter says what an event means, and what a plain body."""

    STREAMS_JSON: ClassVar[bool] = False
    """What is streamed as JSON, not as events, is a row of objects, each of which is read as an event."""

    REASONING: ClassVar[str] = "-"
    """The part of a text's key by which it is reasoning itself, not a summary of it."""

    def __init__(self, content_type: str, content_encoding: str, *, streamed: bool) -> None:
        """``streamed`` says what was asked for, should the type not tell what came."""
        self._copy = ContentCopy(content_encoding)
        self._mode = _mode_of(content_type)
        self._streamed = streamed
        self._begin = b""
        """What came before the first character."""
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._patience_bytes = 0
        self._plain = bytearray()
        self._events: Skimmer | JsonObjects | None = None
        self._done = self._ended = False
        self._said: dict[Hashable, list[str]] = {}
        self._frames = 0
        self._facts = Facts()
        """What has been read; a protocol's meter fills it in."""
        self.saw_delta = False
        """Some of the answer has been read: content, reasoning or a tool call."""

    @property
    def done(self) -> bool:
        """The stream's last event has been read."""
        self._catch_up()
        return self._done

    @property
    def ended(self) -> bool:
        """So has what can be the protocol's end."""
        self._catch_up()
        return self._ended

    def feed(self, chunk: bytes) -> None:
        """Take in the next piece of the body as it was on the wire."""
        self._waiting.append(chunk)
        self._waiting_bytes += len(chunk)
        if self._waiting_bytes >= self._patience_bytes:
            self._catch_up()

    def _catch_up(self) -> None:
        """Read the pieces that wait."""
        if not self._waiting:
            return
        data = self._begin + self._copy.feed_all(self._waiting)
        self._begin = b""
        self._waiting.clear()
        self._waiting_bytes = 0
        if self._mode == "unknown":
            # what a body is that doesn't say so, its first character tells
            first = data.lstrip(b" \t\r\n\xef\xbb\xbf")[:1]
            if not first:
                self._begin = data[-_MAX_BEGIN_BYTES:]
                return
            self._mode = "plain" if first in b"{[" or not self._streamed else "events"
        if self._mode == "plain" and self._streamed and self.STREAMS_JSON:
            self._mode = "objects"
        if self._mode == "plain":
            self._plain += self._worth_keeping(data)
            return
        if self._events is None:
            self._events = (JsonObjects if self._mode == "objects" else Skimmer)(self._read_event)
        self._events.feed(data)
        if self.saw_delta:
            begun = self._patience_bytes > 0
            self._patience_bytes = MAX_WAITING_BYTES // (1 if begun else next(_steps))

    def finish(self) -> Facts:
        """The facts, once no more will come."""
        self._catch_up()
        events, self._events = self._events, None  # it knows us: nothing else would let go of the two
        if events is not None:
            events.finish()
        elif self._plain:
            body, self._plain = self._plain, bytearray()
            self._read_plain(body)
        facts = self._facts
        self._settle(facts)
        facts.ended = self._ended
        facts.usage_final = facts.usage_final or self._ended
        facts.said = tuple("".join(pieces) for pieces in self._said.values())
        facts.reasoned = any(self.REASONING in _parts(key) for key in self._said)
        facts.readable = self._copy.whole and self._frames > 0
        return facts

    def said_chars(self) -> int:
        """Length of what has been generated up to now."""
        self._catch_up()
        return sum(len(piece) for pieces in self._said.values() for piece in pieces)

    # --- for a protocol's meter ----------------------------------------------------------------

    def _parse(self, data: bytes | bytearray) -> dict[str, Any] | None:
        """The object that an event or a body holds. A long body is emptied on the way."""
        frame = read_response_json(data)
        self._frames += frame is not None
        return frame

    def _worth_keeping(self, data: bytes) -> bytes:
        """What of the next bytes of a plain body can matter."""
        return data

    def _say(self, key: Hashable, text: str) -> Saying:
        """Take in a piece of the text that ``key`` names."""
        self.saw_delta = True
        pieces = self._said.setdefault(key, [])
        if len(pieces) >= _MAX_PIECES:
            pieces[:] = ["".join(pieces)]
        pieces.append(text)
        return Saying(text, pieces.append)

    @abstractmethod
    def _read_event(self, event: SseEvent) -> Saying | None:
        """Read an event of a stream; tell if it did nothing but say something."""

    @abstractmethod
    def _read_plain(self, body: bytearray) -> None:
        """Read a body that is no stream. It may be emptied."""

    @abstractmethod
    def _settle(self, facts: Facts) -> None:
        """Put into the facts what is only known at the end: usage above all."""


class ChoicesMeter(Meter):
    """Reads a response of one or more choices, which finish each for itself, and usage about all of them."""

    def __init__(self, request: Asked, content_type: str, content_encoding: str = "") -> None:
        super().__init__(content_type, content_encoding, streamed=request.stream is True)
        self._asked = request.choices
        self._finished: dict[int, str] = {}
        self._seen: set[int] = set()
        self._usage: dict[str, Any] = {}
        self._zero_usage: dict[str, Any] | None = None

    def _settle(self, facts: Facts) -> None:
        usage = self._usage
        if not usage and self._zero_usage is not None and self._ended and not self._said:
            usage = self._zero_usage
        facts.finish_reasons = tuple(self._finished[index] for index in sorted(self._finished))
        if usage:
            facts.usage, facts.usage_raw = self._normalise(usage), usage

    def _read_usage(self, usage: dict[str, Any]) -> bool:
        """Take usage in; false if it counts nothing."""
        if keepable(usage) is None:
            return True
        if self._is_zero(usage):
            self._zero_usage = usage
            return False
        self._usage = keepable(merge(self._usage, usage)) or usage if self._usage else usage
        # a count that comes with or after the finish reasons is the call's own
        self._facts.usage_final = self._all_finished()
        return True

    def _sees(self, index: int) -> bool:
        """Whether there is room for a choice, which has then been seen."""
        if len(self._seen) >= MAX_CHOICES and index not in self._seen:
            return False
        self._seen.add(index)
        return True

    def _all_finished(self) -> bool:
        return len(self._finished) >= max(self._asked, len(self._seen))

    @abstractmethod
    def _normalise(self, usage: dict[str, Any]) -> Tokens:
        """A usage object of this protocol as the ledger counts."""

    @abstractmethod
    def _is_zero(self, usage: dict[str, Any]) -> bool:
        """Whether it counts nothing at all: a placeholder, where there was output."""


def _mode_of(content_type: str) -> Literal["plain", "events", "objects", "unknown"]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return "events"
    if kind in {"application/x-ndjson", "application/ndjson", "application/jsonl"}:
        return "objects"
    return "plain" if kind == "application/json" else "unknown"


def _parts(key: Hashable) -> tuple[Hashable, ...]:
    return key if isinstance(key, tuple) else (key,)
