"""Events from bytes, however they are split."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.protocols.sse import SseEvent, SseParser


def parse(*chunks: bytes, limit: int = 1000) -> list[SseEvent]:
    parser = SseParser(limit)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.finish()


STREAM = (
    '\ufeff: hello\n\ndata: {"a":\ndata:  1}\n\nevent: error\r\ndata: é€\U0001f600\r\n\r\n'
    "id: 7\rretry: 1\rdata\rdata:x\r\rdata: [DONE]\n\n:end\n"
).encode()
EVENTS = [
    SseEvent("", b'{"a":\n 1}'),
    SseEvent("error", "é€\U0001f600".encode()),
    SseEvent("", b"\nx"),
    SseEvent("", b"[DONE]"),
]


def test_whole() -> None:
    assert parse(STREAM) == EVENTS


def test_byte_by_byte() -> None:
    assert parse(*(STREAM[i : i + 1] for i in range(len(STREAM)))) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_split(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert parse(*(STREAM[a:b] for a, b in pairwise(edges))) == EVENTS


@given(st.lists(st.text(alphabet="data: x\n\r:é", max_size=12).map(str.encode), max_size=6))
def test_any_bytes_in_any_split_give_the_same(parts: list[bytes]) -> None:
    whole = b"".join(parts)
    assert parse(*parts) == parse(whole)
    # the three line ends mean the same
    assert parse(whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")) == parse(whole)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_stream_that_forgets_its_last_blank_line(end: bytes) -> None:
    assert parse(b"data: 1\n\ndata: 2" + end) == [SseEvent("", b"1"), SseEvent("", b"2")]


def test_an_event_comes_out_as_soon_as_its_blank_line_is_there() -> None:
    parser = SseParser()
    assert parser.feed(b"data: 1\r\n\r") == [SseEvent("", b"1")]
    assert parser.feed(b"\ndata: 2\n\n") == [SseEvent("", b"2")]


@pytest.mark.parametrize("chunk", [b"data: " + b"x" * 200 + b"\n\n", b"data: xxxxxxxxx\n" * 20 + b"\n"])
def test_an_event_beyond_the_limit_is_dropped_and_the_next_one_is_not(chunk: bytes) -> None:
    assert parse(chunk, b"data: 1\n\n", limit=100) == [SseEvent("", b"1")]


def test_one_event_at_a_time_and_where_it_ends() -> None:
    parser = SseParser()
    chunk = b"data: 1\n\nevent: e\r\ndata:2\r\n\r\n\n\ndata: 3"
    assert parser.next(chunk, 0) == (SseEvent("", b"1"), 9)
    assert parser.between_events
    assert parser.next(chunk, 9) == (SseEvent("e", b"2"), 29)
    assert parser.between_events
    assert parser.next(chunk, 29) == (None, len(chunk))
    assert not parser.between_events
    assert parser.next(b"3\n\n", 0) == (SseEvent("", b"33"), 3)


def test_a_line_feed_may_still_belong_to_the_event_before() -> None:
    parser = SseParser()
    assert parser.feed(b"data: 1\r\r") == [SseEvent("", b"1")]
    assert not parser.between_events
    assert parser.feed(b"\n") == []
    assert parser.between_events


def test_an_event_of_the_limits_size_passes() -> None:
    chunk = b"data: " + b"x" * 94
    for end in (b"\n\n", b"\r\n\r\n"):
        assert parse(chunk + end, limit=100) == [SseEvent("", b"x" * 94)]
        assert parse(chunk + b"x" + end, limit=100) == []


@pytest.mark.parametrize(
    ("chunks", "events"),
    [
        ([b"data: 1\rdata: 2\n\n"], [SseEvent("", b"1\n2")]),
        ([b"event: e\n", b"data: 1\n\n"], [SseEvent("e", b"1")]),
        ([b"data: 1\n\n\xef\xbb\xbfdata: 2\n\n"], [SseEvent("", b"1")]),
        ([b"data: " + b"x" * 200 + b"\n", b"data: 1\n\n"], []),
        ([b"data: 1\n", b"\ndata: 2\n\n"], [SseEvent("", b"1"), SseEvent("", b"2")]),
    ],
)
def test_what_looks_like_an_event_on_one_line(chunks: list[bytes], events: list[SseEvent]) -> None:
    assert parse(*chunks, limit=100) == events
    assert parse(b"".join(chunks), limit=100) == events
