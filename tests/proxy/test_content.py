"""Readable copies of compressed bodies."""

from __future__ import annotations

import gzip
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.content import ContentCopy

TEXT = b'{"usage": {"prompt_tokens": 1}} ' * 50
RAW = zlib.compressobj(wbits=-15)
ENCODED = {
    "gzip": gzip.compress(TEXT, mtime=0),
    "x-gzip": gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0),
    "deflate": zlib.compress(TEXT),
    " Deflate": RAW.compress(TEXT) + RAW.flush(),
    "": TEXT,
    "identity": TEXT,
}


@pytest.mark.parametrize("encoding", ENCODED)
@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_any_split(encoding: str, cuts: list[int]) -> None:
    data = ENCODED[encoding]
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    copy = ContentCopy(encoding)
    assert b"".join(copy.feed(data[a:b]) for a, b in pairwise(edges)) == TEXT
    assert copy.whole


@pytest.mark.parametrize("encoding", ENCODED)
def test_byte_by_byte(encoding: str) -> None:
    copy = ContentCopy(encoding)
    assert b"".join(copy.feed(bytes([byte])) for byte in ENCODED[encoding]) == TEXT


def test_a_bomb_is_bounded() -> None:
    copy = ContentCopy("gzip", limit=1000)
    assert len(copy.feed(gzip.compress(b"\0" * 10_000_000))) == 1000
    assert not copy.whole
    assert copy.feed(b"more") == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_what_can_not_be_read(encoding: str) -> None:
    copy = ContentCopy(encoding)
    assert copy.feed(b"abc") == b""
    assert not copy.whole


def test_broken_data_keeps_what_came_before() -> None:
    data = bytearray(ENCODED["gzip"] + b"trailing rubbish")
    copy = ContentCopy("gzip")
    assert copy.feed(bytes(data)) == TEXT
    assert not copy.whole
