"""A stream is judged by what it holds, however its bytes were split."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_bench.check import Dechunker, check, whole
from cab_bench.wire import LAST_CHUNK, STREAM_HEAD, chunked, events

MODEL = "stream-6-20-1"
EVENTS = list(events(MODEL, 6))
NUMBERED = 4


def wire(parts: list[bytes]) -> bytes:
    return STREAM_HEAD + b"".join(map(chunked, parts)) + LAST_CHUNK


def arriving(parts: list[bytes]) -> list[tuple[float, bytes]]:
    """The head, then a part a second."""
    segments = [(float(at), chunked(part)) for at, part in enumerate(parts)]
    return [(0.0, STREAM_HEAD), *segments, (99.0, LAST_CHUNK)]


def test_the_stream_as_it_was_sent() -> None:
    stream = check(arriving(EVENTS), MODEL, 6)
    assert stream.status == 200
    assert stream.unchanged
    assert stream.ended
    assert stream.first_s == 0.0
    assert stream.arrivals == (1.0, 2.0, 3.0, 4.0)
    assert (stream.lost, stream.doubled, stream.moved, stream.foreign) == (0, 0, 0, 0)


@given(st.lists(st.integers(0, len(wire(EVENTS))), max_size=12))
def test_any_split(cuts: list[int]) -> None:
    data = wire(EVENTS)
    edges = [0, *sorted(cuts), len(data)]
    stream = check([(1.0, data[a:b]) for a, b in pairwise(edges)], MODEL, 6)
    assert stream.unchanged
    assert stream.ended
    assert stream.arrivals == (1.0,) * NUMBERED


def test_events_that_come_together_have_one_time() -> None:
    segments = [
        (1.0, STREAM_HEAD + chunked(EVENTS[0])),
        (5.0, b"".join(map(chunked, EVENTS[1:])) + LAST_CHUNK),
    ]
    assert check(segments, MODEL, 6).arrivals == (5.0,) * NUMBERED


def test_json_written_anew_is_changed_and_no_fault() -> None:
    anew = [event.replace(b'"id":', b'"id": ') for event in EVENTS]
    stream = check(arriving(anew), MODEL, 6)
    assert not stream.unchanged
    assert stream.ended
    assert stream.first_s == 0.0
    assert stream.arrivals == (1.0, 2.0, 3.0, 4.0)
    assert (stream.lost, stream.doubled, stream.moved, stream.foreign) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("order", "lost", "doubled", "moved"),
    [
        ([0, 1, 3, 4, 5, 6, 7], 1, 0, 0),
        ([0, 1, 2, 2, 3, 4, 5, 6, 7], 0, 1, 0),
        ([0, 2, 1, 3, 4, 5, 6, 7], 0, 0, 1),
        ([0, 5, 6, 7], 4, 0, 0),
    ],
)
def test_lost_doubled_moved(order: list[int], lost: int, doubled: int, moved: int) -> None:
    stream = check(arriving([EVENTS[at] for at in order]), MODEL, 6)
    assert (stream.lost, stream.doubled, stream.moved) == (lost, doubled, moved)
    assert not stream.unchanged


def test_an_event_of_another_stream() -> None:
    mixed = [*EVENTS[:2], list(events("stream-6-20-2", 6))[2], *EVENTS[3:]]
    assert check(arriving(mixed), MODEL, 6).foreign == 1


@pytest.mark.parametrize("kept", [len(STREAM_HEAD) + 5, len(STREAM_HEAD) + 900, len(wire(EVENTS)) - 3])
def test_a_stream_that_breaks_off(kept: int) -> None:
    stream = check([(1.0, wire(EVENTS)[:kept])], MODEL, 6)
    assert not stream.ended


def test_a_body_that_ends_without_done() -> None:
    stream = check(arriving(EVENTS[:-1]), MODEL, 6)
    assert not stream.ended
    assert stream.lost == 0


def test_no_head_at_all() -> None:
    stream = check([], MODEL, 6)
    assert (stream.status, stream.lost, stream.ended) == (0, NUMBERED, False)


def test_an_answer_that_is_no_stream() -> None:
    stream = check([(0.0, b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\n\r\n{}")], MODEL, 6)
    assert stream.status == 500
    assert stream.lost == NUMBERED
    assert not stream.ended


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(1, 9))
def test_chunks_come_off_in_any_split(parts: list[bytes], step: int) -> None:
    data = b"".join(map(chunked, parts)) + LAST_CHUNK
    dechunker = Dechunker()
    fed = [dechunker.feed(data[at : at + step]) for at in range(0, len(data), step)]
    assert b"".join(fed) == b"".join(parts)
    assert dechunker.ended


def test_a_body_is_whole_by_its_last_chunk_only() -> None:
    assert whole(b"x\r\n0\r\n\r\n")
    assert not whole(b"100\r\n\r\n")
