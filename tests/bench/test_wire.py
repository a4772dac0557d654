"""The bodies that are sent, and the answers that the endpoint makes of a model's name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_bench.wire import Behaviour, behaviour, chunked, completion, events, find_model, request_body


@given(st.integers(900, 60_000))
def test_a_request_has_exactly_the_size_that_was_asked_for(size: int) -> None:
    body = request_body("plain", size)
    assert len(body) == size
    assert json.loads(body)["messages"]


def test_the_same_request_every_time() -> None:
    assert request_body("plain", 17_000) == request_body("plain", 17_000)


def test_a_request_that_no_size_allows() -> None:
    with pytest.raises(ValueError, match="fewer than"):
        request_body("plain", 100)


def test_streams_are_asked_for_with_usage() -> None:
    body = json.loads(request_body("stream-64-20-7", 2000))
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("plain", Behaviour("plain")),
        ("stream-64-0", Behaviour("stream", 64, 0)),
        ("stream-64-20-999", Behaviour("stream", 64, 20)),
        ("blob-50000000", Behaviour("blob", 50_000_000)),
        ("gpt-4", None),
        ("stream-64", None),
        ("plain-1", None),
    ],
)
def test_a_name_says_what_to_do(model: str, wanted: Behaviour | None) -> None:
    assert behaviour(model) == wanted


@pytest.mark.parametrize("indent", [None, 2])
def test_the_model_is_found_however_the_json_is_written(indent: int | None) -> None:
    body = {"messages": [{"role": "user", "content": 'say "model": "gpt" to me'}], "model": "stream-2-0"}
    assert find_model(json.dumps(body, indent=indent).encode()) == b"stream-2-0"
    assert find_model(b"{}") is None


def test_a_stream_holds_its_numbers_its_usage_and_its_end() -> None:
    parts = [event.removeprefix(b"data: ").removesuffix(b"\n\n") for event in events("stream-5-0-3", 5)]
    *chunks, usage = (json.loads(part) for part in parts[:-1])
    assert parts[-1] == b"[DONE]"
    assert {chunk["model"] for chunk in chunks} == {"stream-5-0-3"}
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert [delta.get("content") for delta in deltas] == ["", " t000001", " t000002", " t000003", None]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * 4 + ["stop"]
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == 4274


def test_a_completion_of_a_size_is_json_of_that_size() -> None:
    before, filler, after = completion(5000)
    body = before + b"x" * filler + after
    assert len(body) == 5000
    assert json.loads(body)["usage"]["prompt_tokens"] == 4210


def test_a_chunk_of_http() -> None:
    assert chunked(b"0123456789") == b"a\r\n0123456789\r\n"
