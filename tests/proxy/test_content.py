"""Readable copies of compressed bodies."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable
from itertools import pairwise

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.content import ContentCopy

TEXT = b'{"usage": {"prompt_tokens": 1}} ' * 50
RAW = zlib.compressobj(wbits=-15)
ENCODED = {
    "gzip": gzip.compress(TEXT, mtime=0),
    "x-gzip": gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstd.compress(TEXT[:100]) + zstd.compress(TEXT[100:]),
    " Deflate": RAW.compress(TEXT) + RAW.flush(),
    "": TEXT,
    "identity": TEXT,
}


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
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


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_bounded(encoding: str) -> None:
    copy = ContentCopy(encoding, limit=1000)
    bomb = COMPRESS[encoding](b"\0" * 10_000_000)
    tracemalloc.start()
    try:
        assert len(copy.feed(bomb)) == 1000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert not copy.whole
    assert copy.feed(b"more") == b""


@pytest.mark.parametrize("encoding", ["compress", "gzip, gzip", "aws-chunked"])
def test_what_can_not_be_read(encoding: str) -> None:
    copy = ContentCopy(encoding)
    assert copy.feed(b"abc") == b""
    assert not copy.whole


@pytest.mark.parametrize("encoding", ENCODED)
def test_several_pieces_at_once(encoding: str) -> None:
    data = ENCODED[encoding]
    copy = ContentCopy(encoding)
    assert copy.feed_all([data[:20], b"", data[20:]]) == TEXT
    assert copy.whole


@pytest.mark.parametrize("encoding", COMPRESS)
def test_a_broken_piece_takes_nothing_from_those_before(encoding: str) -> None:
    data = COMPRESS[encoding](bytes(random.Random(1).choices(b"abcdefgh", k=400_000)))
    pieces = [data[: len(data) // 2], random.Random(2).randbytes(200_000)]
    one, other = ContentCopy(encoding), ContentCopy(encoding)
    text = one.feed_all(pieces)
    assert len(text) > 10_000
    assert text == b"".join(other.feed(piece) for piece in pieces)
    assert not one.whole


def test_broken_data_keeps_what_came_before() -> None:
    data = bytearray(ENCODED["gzip"] + b"trailing rubbish")
    copy = ContentCopy("gzip")
    assert copy.feed(bytes(data)) == TEXT
    assert not copy.whole


def test_brotli_gives_all_that_has_come() -> None:
    """Its decoder holds back what is beyond its own buffer until it is asked again."""
    text = bytes(range(256)) * 400
    compressor = brotli.Compressor()
    flushed = compressor.process(text) + compressor.flush()
    assert ContentCopy("br").feed(flushed) == text
