"""Embeddings: what they cost is kept, the vectors are not."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.errors import Problem
from cab_proxy.estimate import count
from cab_proxy.protocols.base import Asked, Facts
from cab_proxy.protocols.embeddings import PROTOCOL, Thinner, read_prompt, read_request
from cab_proxy.records import Tokens

ASKED = read_request({"model": "m", "input": "a"})
USAGE = {"prompt_tokens": 8, "total_tokens": 8}


def read(*chunks: bytes, kind: str = "application/json", coding: str = "") -> Facts:
    meter = PROTOCOL.meter(ASKED, kind, coding)
    for chunk in chunks:
        meter.feed(chunk)
    return meter.finish()


def response(*vectors: object, **more: Any) -> bytes:
    data = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(vectors)]
    return json.dumps({"object": "list", "data": data, "model": "m-1", "usage": USAGE, **more}).encode()


NUMBERS = [-0.0123 * n for n in range(300)]
BASE64 = "AbC9+/" * 300 + "=="
BODY = response(NUMBERS, BASE64, [1.5])
WHOLE = read(BODY)


def test_a_whole_response() -> None:
    assert (
        Facts(
            model="m-1",
            ended=True,
            usage=Tokens(input=8, output=0, total=8),
            usage_final=True,
            usage_raw=USAGE,
            readable=True,
        )
        == WHOLE
    )


def test_byte_by_byte() -> None:
    assert read(*(BODY[i : i + 1] for i in range(len(BODY)))) == WHOLE


@given(
    st.lists(st.integers(0, len(BODY)), max_size=8), st.booleans(), st.sampled_from(["application/json", ""])
)
def test_any_split(cuts: list[int], packed: bool, kind: str) -> None:
    wire = gzip.compress(BODY, mtime=0) if packed else BODY
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    chunks = [wire[a:b] for a, b in pairwise(edges)]
    assert read(*chunks, coding="gzip" if packed else "", kind=kind) == WHOLE


def thin(*chunks: bytes) -> bytes:
    thinner = Thinner()
    return b"".join(map(thinner.feed, chunks)) + thinner.rest


def test_only_long_vectors_are_emptied() -> None:
    kept = json.loads(thin(BODY))
    assert [item["embedding"] for item in kept["data"]] == [[], "", [1.5]]
    assert kept["usage"] == USAGE


@given(
    st.recursive(
        st.sampled_from(
            ["x" * 1023, "x" * 1024, "x" * 3000, "a", 'q"', "\\" + "x" * 2000, "\n" + "x" * 1500]
        ),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
        max_leaves=6,
    ),
    st.lists(st.integers(0, 10_000), max_size=8),
)
def test_what_is_left_is_the_same_json_however_it_is_split(value: object, cuts: list[int]) -> None:
    body = json.dumps(value).encode()
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    left = thin(*(body[a:b] for a, b in pairwise(edges)))
    assert left == thin(body)

    def emptied(item: object) -> object:
        if isinstance(item, str):
            return "" if item.startswith("x") and len(item) >= 1024 else item
        if isinstance(item, list):
            return [emptied(one) for one in item]
        return {key: emptied(one) for key, one in item.items()} if isinstance(item, dict) else item

    assert json.loads(left) == emptied(value)


def test_megabytes_of_vectors_take_no_room() -> None:
    piece = json.dumps(NUMBERS).encode()[1:-1] + b","
    meter = PROTOCOL.meter(ASKED, "application/json", "")
    tracemalloc.start()
    try:
        meter.feed(b'{"data":[{"embedding":[')
        for _ in range(1000):
            meter.feed(piece)
        meter.feed(b'1]}],"model":"m-1","usage":{"prompt_tokens":8,"total_tokens":8}}')
        assert meter.finish() == WHOLE
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": 0, "total_tokens": 0}, {"prompt_tokens": -1}, 3]
)
def test_usage_that_counts_nothing_is_none(usage: object) -> None:
    facts = read(response([0.5], usage=usage))
    assert facts.usage is None
    assert facts.usage_raw is None
    assert facts.ended


def test_cost() -> None:
    assert read(response([0.5], usage={**USAGE, "cost": 0.25})).cost_usd == Decimal("0.25")


def test_an_error_with_status_200() -> None:
    facts = read(b'{"error": {"message": "x", "code": "bad"}}')
    assert facts.in_band_error
    assert facts.error_code == "bad"


@pytest.mark.parametrize("body", [BODY[:-2], BODY[:700], b"<html>", b""])
def test_what_is_cut_or_no_json(body: bytes) -> None:
    facts = read(body)
    assert not facts.readable
    assert facts.usage is None


@given(
    st.lists(st.binary(max_size=30), max_size=5),
    st.sampled_from(["text/event-stream", "application/json", ""]),
)
def test_no_bytes_raise(chunks: list[bytes], kind: str) -> None:
    read(*chunks, kind=kind)


def test_the_request() -> None:
    assert Asked(model="m", stream=False, include_usage=True, choices=0) == ASKED
    assert read_prompt({"input": ["a", "b"]}).messages == ["a", "b"]
    assert count(read_prompt({"input": [[5, 6], [7]]}).messages, "cl100k_base") == 3


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/v1/embeddings", True),
        ("/api/v1/embeddings", True),
        ("/embeddings/", True),
        ("/api/embeddings", False),
    ],
)
def test_paths(path: str, is_one: bool) -> None:
    assert bool(PROTOCOL.path.search(path)) is is_one


def test_an_error_is_openais() -> None:
    assert json.loads(PROTOCOL.error_body(Problem(code="c", message="m")))["error"]["code"] == "c"
