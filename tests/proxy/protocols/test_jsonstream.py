"""Objects from bytes, however they are split."""

from __future__ import annotations

import json
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.protocols.jsonstream import JsonObjects


def split(*chunks: bytes, limit: int = 1000) -> list[bytes]:
    found: list[bytes] = []
    stream = JsonObjects(lambda event: found.append(event.data), limit)
    for chunk in chunks:
        stream.feed(chunk)
    stream.finish()
    return found


STREAM = '\ufeff[{"a": "}{\\"\\\\"}\n,\r\n{"b": [{"c": {}}, "é€", "\\u007d"]}\r{}\n]\n'.encode()
OBJECTS = [b'{"a": "}{\\"\\\\"}', '{"b": [{"c": {}}, "é€", "\\u007d"]}'.encode(), b"{}"]


def test_whole() -> None:
    assert split(STREAM) == OBJECTS


def test_byte_by_byte() -> None:
    assert split(*(STREAM[i : i + 1] for i in range(len(STREAM)))) == OBJECTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_split(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert split(*(STREAM[a:b] for a, b in pairwise(edges))) == OBJECTS


VALUES = st.dictionaries(
    st.text(alphabet='a"\\{}é', max_size=3),
    st.recursive(
        st.none() | st.text(alphabet='a"\\{}[],é\n', max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)


@given(st.lists(VALUES, max_size=4), st.sampled_from(["\n", "\r\n", "\r", ",\n", ""]), st.integers(0, 200))
def test_what_was_written_comes_out(values: list[dict[str, Any]], between: str, cut: int) -> None:
    stream = between.join(json.dumps(value) for value in values).encode()
    assert [json.loads(found) for found in split(stream[:cut], stream[cut:])] == values


@given(st.lists(st.text(alphabet='{}["\\a,\n', max_size=12).map(str.encode), max_size=6))
def test_any_bytes_in_any_split_give_the_same(parts: list[bytes]) -> None:
    assert split(*parts) == split(b"".join(parts))


def test_an_object_comes_out_with_its_last_brace() -> None:
    found: list[bytes] = []
    stream = JsonObjects(lambda event: found.append(event.data))
    stream.feed(b'[{"a": 1')
    assert found == []
    stream.feed(b"}")
    assert found == [b'{"a": 1}']


@pytest.mark.parametrize("rest", [b'{"a": 1', b'{"a": "', b'{"a": "x\\', b'{"a": {}'])
def test_an_object_that_is_cut_off_is_none(rest: bytes) -> None:
    assert split(b"{}" + rest) == [b"{}"]


def test_an_object_beyond_the_limit_is_dropped_and_the_next_one_is_not() -> None:
    largest = b'{"a":"%b"}' % (b"x" * 92)
    for text in (largest + b"{}", b'{"a":"%b"}{}' % (b"x" * 93)):
        expected = [largest, b"{}"] if text.startswith(largest) else [b"{}"]
        assert split(text, limit=100) == expected
        assert split(*(text[i : i + 7] for i in range(0, len(text), 7)), limit=100) == expected


def test_an_object_without_end_takes_no_room() -> None:
    stream = JsonObjects(lambda _: None, limit=1000)
    stream.feed(b'{"a":"')
    tracemalloc.start()
    try:
        for _ in range(1000):
            stream.feed(b"x" * 1000)
        assert tracemalloc.get_traced_memory()[1] < 50_000
    finally:
        tracemalloc.stop()
