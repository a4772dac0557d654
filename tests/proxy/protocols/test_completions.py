"""Legacy completions: chat's meter, with texts for messages."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.errors import Problem
from cab_proxy.estimate import count
from cab_proxy.protocols.base import Asked, Facts
from cab_proxy.protocols.completions import PROTOCOL, read_prompt, read_request
from cab_proxy.records import Params, Tokens
from fakes.endpoint import USAGE, event

COUNTED = Tokens(input=11, cached=4, output=5, reasoning=2, total=16)


def read(
    *chunks: bytes, asked: Asked | None = None, kind: str = "text/event-stream", coding: str = ""
) -> Facts:
    meter = PROTOCOL.meter(asked or Asked(stream=True), kind, coding)
    for chunk in chunks:
        meter.feed(chunk)
    return meter.finish()


def chunk(text: str = "", finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    choice = {"text": text, "index": index, "logprobs": None, "finish_reason": finish}
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "m-1",
        "choices": [choice],
        **more,
    }


STREAM = b"".join(
    event(value)
    for value in (
        chunk("Hé"),
        chunk("llo"),
        chunk(" 🎉"),
        chunk("two", index=1),
        chunk(finish="stop"),
        chunk(finish="length", index=1),
        {**chunk(), "choices": [], "usage": USAGE},
        "[DONE]",
    )
)
WHOLE = read(STREAM, asked=Asked(stream=True, choices=2))


def test_a_whole_stream() -> None:
    assert (
        Facts(
            model="m-1",
            finish_reasons=("stop", "length"),
            ended=True,
            usage=COUNTED,
            usage_final=True,
            usage_raw=USAGE,
            said=("Héllo 🎉", "two"),
            readable=True,
        )
        == WHOLE
    )


def test_byte_by_byte() -> None:
    chunks = [STREAM[i : i + 1] for i in range(len(STREAM))]
    assert read(*chunks, asked=Asked(stream=True, choices=2)) == WHOLE


@given(
    st.lists(st.integers(0, len(STREAM)), max_size=8), st.booleans(), st.sampled_from(["\n", "\r\n", "\r"])
)
def test_any_split(cuts: list[int], packed: bool, end: str) -> None:
    wire = STREAM.replace(b"\n", end.encode())
    wire = gzip.compress(wire, mtime=0) if packed else wire
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    chunks = [wire[a:b] for a, b in pairwise(edges)]
    assert read(*chunks, asked=Asked(stream=True, choices=2), coding="gzip" if packed else "") == WHOLE


def test_a_cut_stream() -> None:
    facts = read(STREAM[: STREAM.index(b'"two"')])
    assert not facts.ended
    assert facts.usage is None
    assert facts.said == ("Héllo 🎉",)


def test_a_plain_response() -> None:
    body = json.dumps({**chunk("a", "stop"), "usage": USAGE}).encode()
    facts = read(body, asked=Asked(stream=False), kind="application/json")
    assert facts.usage == COUNTED
    assert facts.said == ("a",)
    assert facts.ended


def test_a_fill_in_the_middle_that_answers_like_chat() -> None:
    body = {
        "model": "codestral",
        "choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": "stop"}],
    }
    facts = read(json.dumps(body).encode(), kind="application/json")
    assert facts.said == ("a",)
    facts = read(event({"choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": "stop"}]}))
    assert facts.said == ("b",)


def test_an_error_with_status_200() -> None:
    facts = read(event(chunk("a")) + event({"error": {"message": "x", "type": "server_error"}}))
    assert facts.in_band_error
    assert facts.error_code == "server_error"


@given(
    st.lists(st.binary(max_size=30), max_size=5),
    st.sampled_from(["text/event-stream", "application/json", ""]),
)
def test_no_bytes_raise(chunks: list[bytes], kind: str) -> None:
    read(*chunks, kind=kind)


@pytest.mark.parametrize("text", [None, 3, [], {}])
def test_odd_choices_are_read_as_far_as_they_go(text: object) -> None:
    assert read(event({"choices": [{"text": text}, {"text": "b"}, 3]})).said == ("b",)


def test_request_facts() -> None:
    asked = read_request(
        {"model": "m", "prompt": "a", "max_tokens": 5, "temperature": 0, "n": 2, "stream": True},
        "/v1/completions",
    )
    assert asked == Asked(
        model="m",
        stream=True,
        choices=2,
        most_output=10,
        params=Params(max_tokens=5, temperature=0.0),
        include_usage=False,
    )
    assert read_request({"stream": True, "stream_options": {"include_usage": True}}).include_usage


@pytest.mark.parametrize(
    ("prompt", "choices"),
    [("a", 2), (["a", "b", "c"], 6), ([1, 2, 3], 2), ([[1, 2], [3]], 4), ([], 2), (["a"] * 5000, 1024)],
)
def test_each_prompt_is_answered(prompt: object, choices: int) -> None:
    assert read_request({"prompt": prompt, "n": 2}).choices == choices


def test_the_prompt() -> None:
    assert read_prompt({"prompt": "a", "suffix": "z"}).messages == ["a", "z"]
    assert read_prompt({"prompt": ["a", "b"]}).messages == ["a", "b"]
    for tokens in ([5, 6, 7], [[5], [6, 7]]):
        assert count(read_prompt({"prompt": tokens}).messages, "o200k_base") == 3
    assert read_prompt({"prompt": {"a": [None]}}).messages == []


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/v1/completions", True),
        ("/completions/", True),
        ("/openai/deployments/x/completions", True),
        ("/v1/fim/completions", True),
        ("/v1/chat/completions", False),
        ("/v1/completions/x", False),
    ],
)
def test_paths(path: str, is_one: bool) -> None:
    assert bool(PROTOCOL.path.search(path)) is is_one


def test_an_error_is_openais() -> None:
    body = json.loads(PROTOCOL.error_body(Problem(code="c", message="m")))
    assert body["error"] == {"message": "m", "type": "invalid_request_error", "param": None, "code": "c"}
