"""How a body comes to be read, whatever its protocol."""

from __future__ import annotations

import gc
import gzip
import json
import tracemalloc
import weakref

import pytest

from cab_proxy.protocols.base import Facts
from cab_proxy.protocols.meter import MAX_WAITING_BYTES, Meter
from cab_proxy.protocols.skim import Saying
from cab_proxy.protocols.sse import SseEvent


class Lines(Meter):
    """A protocol whose events say ``{"text": …}`` until one is ``end``."""

    def __init__(self, kind: str = "text/event-stream", coding: str = "", *, streamed: bool = True) -> None:
        super().__init__(kind, coding, streamed=streamed)
        self.plain: list[bytes] = []
        self.read = 0

    def said(self) -> str:
        return "".join(self.finish().said)

    def _read_event(self, event: SseEvent) -> Saying | None:
        self.read += 1
        if event.data == b"end":
            self._ended = self._done = True
            return None
        text = json.loads(event.data)["text"]
        return self._say("text", text) if text else None

    def _read_plain(self, body: bytearray) -> None:
        self.plain.append(bytes(body))

    def _settle(self, facts: Facts) -> None:
        pass


def says(text: str) -> bytes:
    return b'data: {"id":"x","text":%b}\n\n' % json.dumps(text).encode()


END = b"data: end\n\n"


def test_what_was_fed_is_known_whenever_it_is_asked_for() -> None:
    meter = Lines()
    for event, saw_delta in ((says(""), False), (says("a"), True), (says("b"), True)):
        meter.feed(event[:10])
        assert not meter.ended
        meter.feed(event[10:])
        assert meter.saw_delta is saw_delta
        assert not meter.ended
    meter.feed(END[:-1])
    assert not meter.done
    meter.feed(END[-1:])
    assert meter.done
    assert meter.ended
    assert meter.said() == "ab"


def test_nothing_is_read_before_it_is_asked_for() -> None:
    meter = Lines()
    meter.feed(says("a"))
    assert meter.read == 1
    for _ in range(10):
        meter.feed(END)
    assert meter.read == 1
    assert meter.ended
    assert meter.read == 11


def test_all_is_read_once_too_much_is_waiting() -> None:
    meter = Lines()
    meter.feed(says("a"))
    fed = 2 * MAX_WAITING_BYTES // len(END)
    for _ in range(fed):
        meter.feed(END)
    assert fed / 2 < meter.read < fed


def test_a_meter_that_has_finished_is_let_go_of_at_once() -> None:
    """A server of many streams would look for them in pauses otherwise."""
    gc.disable()
    try:
        meter = Lines()
        meter.feed(says("a") + says("b") + END)
        meter.finish()
        gone = weakref.ref(meter)
        del meter
        assert gone() is None
    finally:
        gc.enable()


def test_a_long_stream_takes_little_more_room_than_its_text() -> None:
    meter = Lines()
    meter.feed(says("a"))
    padding = b"x" * 300
    tracemalloc.start()
    try:
        for n in range(20_000):
            meter.feed(b'data: {"id":"%b","text":"%04d"}\n\n' % (padding, n % 10_000))
        assert len(meter.said()) == 80_001
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "", "text/plain"])
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_plain_body(kind: str, coding: str) -> None:
    body = b' {"text": "a"}'
    wire = gzip.compress(body, mtime=0) if coding else body
    for chunks in ([wire], [wire[i : i + 1] for i in range(len(wire))]):
        meter = Lines(kind, coding)
        for chunk in chunks:
            meter.feed(chunk)
        assert not meter.ended
        assert meter.plain == []
        meter.finish()
        assert [body.strip() for body in meter.plain] == [body.strip()]


@pytest.mark.parametrize(
    ("kind", "streamed", "body", "plain"),
    [
        ("", True, says("a"), False),
        ("", True, b"\xef\xbb\xbf\n" + says("a"), False),
        ("", False, says("a"), True),
        ("", True, b'{"text": "a"}', True),
        ("text/event-stream", False, says("a"), False),
        ("Text/Event-Stream; charset=utf-8", False, says("a"), False),
        ("application/json", True, says("a"), True),
    ],
)
def test_what_a_body_is(kind: str, streamed: bool, body: bytes, plain: bool) -> None:
    meter = Lines(kind, streamed=streamed)
    meter.feed(body)
    assert meter.said() == ("" if plain else "a")
    assert bool(meter.plain) is plain


class Rows(Lines):
    """The same, where a stream may be a row of JSON objects."""

    STREAMS_JSON = True


@pytest.mark.parametrize(
    ("kind", "streamed", "meter", "plain"),
    [
        ("application/x-ndjson", True, Lines, False),
        ("application/jsonl; charset=utf-8", False, Lines, False),
        ("application/json", True, Rows, False),
        ("application/json", False, Rows, True),
        ("application/json", True, Lines, True),
        ("", True, Rows, False),
        ("", False, Rows, True),
    ],
)
def test_what_json_is(kind: str, streamed: bool, meter: type[Lines], plain: bool) -> None:
    for body in (b'{"text": "a"}\n{"text": "b"}\n', b'[{"text": "a"},\n{"text": "b"}]'):
        for chunks in ([body], [body[i : i + 1] for i in range(len(body))]):
            one = meter(kind, streamed=streamed)
            for chunk in chunks:
                one.feed(chunk)
            assert one.saw_delta is not plain
            assert one.said() == ("" if plain else "ab")
            assert bool(one.plain) is plain


def test_events_are_events_whatever_else_may_be_streamed() -> None:
    one = Rows()
    one.feed(says("a") + END)
    assert one.said() == "a"


def test_an_empty_body() -> None:
    for kind in ("text/event-stream", "application/json", ""):
        meter = Lines(kind)
        meter.feed(b"")
        assert meter.said() == ""
        assert meter.plain == []


def test_an_event_without_its_blank_line() -> None:
    meter = Lines()
    meter.feed(says("a") + says("b")[:-1])
    assert meter.said() == "ab"
    meter = Lines()
    meter.feed(says("a") + END[:-2])
    assert not meter.ended
    meter.finish()
    assert meter.ended


def test_a_byte_order_mark_split_before_an_unknown_body() -> None:
    meter = Lines("")
    for piece in (b"\xef", b"\xbb\xbf" + says("a")):
        meter.feed(piece)
    assert meter.said() == "a"
