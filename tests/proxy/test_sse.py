"""Events from bytes, however they are split."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.sse import SseEvent, SseParser


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
