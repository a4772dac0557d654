"""Ollama: lines of JSON, the last of which counts."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.errors import Problem
from cab_proxy.estimate import Estimate, count
from cab_proxy.figures import completed, reported
from cab_proxy.protocols.base import Asked, Facts
from cab_proxy.protocols.ollama import PROTOCOL, read_prompt, read_request
from cab_proxy.records import Params, Tokens

NDJSON = "application/x-ndjson"
STREAMED = Asked(stream=True)
PLAIN = Asked(stream=False)
KINDS = [NDJSON, "application/json", "text/event-stream", ""]
LINE_ENDS = [b"\n", b"\r\n", b"\r"]


def read(*chunks: bytes, asked: Asked = STREAMED, kind: str = NDJSON, coding: str = "") -> Facts:
    meter = PROTOCOL.meter(asked, kind, coding)
    for chunk in chunks:
        meter.feed(chunk)
    return meter.finish()


def lines(*values: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def says(done: bool = False, **message: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": "", **message}
    return {"model": "qwen3:8b", "created_at": "2026-11-22T01:02:03.4Z", "message": message, "done": done}


COUNTS = {
    "total_duration": 4883583458,
    "load_duration": 1334875,
    "prompt_eval_count": 26,
    "prompt_eval_cached_count": 20,
    "prompt_eval_duration": 342546000,
    "eval_count": 282,
    "eval_duration": 4535599000,
}
CALL = {"function": {"name": "bash", "arguments": {"command": "é"}}}
DONE = {**says(done=True), "done_reason": "stop", **COUNTS}
STREAM = lines(
    says(thinking="Hm"),
    says(thinking=" €"),
    says(content="Hé"),
    says(content="}{ 🎉"),
    says(tool_calls=[CALL, CALL]),
    DONE,
)
WHOLE = read(STREAM)


def test_a_whole_stream() -> None:
    assert (
        Facts(
            model="qwen3:8b",
            finish_reasons=("stop",),
            ended=True,
            usage=Tokens(input=26, cached=20, output=282, total=308),
            usage_final=True,
            usage_raw=COUNTS,
            said=("Hm €", "Hé}{ 🎉", 'bash{"command":"é"}' * 2),
            readable=True,
            reasoned=True,
        )
        == WHOLE
    )


@pytest.mark.parametrize("kind", [NDJSON, "application/json; charset=utf-8", ""])
def test_byte_by_byte(kind: str) -> None:
    assert read(*(STREAM[i : i + 1] for i in range(len(STREAM))), kind=kind) == WHOLE


@given(st.lists(st.integers(0, len(STREAM)), max_size=8), st.booleans(), st.sampled_from(LINE_ENDS))
def test_any_split(cuts: list[int], packed: bool, end: bytes) -> None:
    wire = STREAM.replace(b"\n", end)
    wire = gzip.compress(wire, mtime=0) if packed else wire
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    chunks = [wire[a:b] for a, b in pairwise(edges)]
    assert read(*chunks, coding="gzip" if packed else "") == WHOLE


def test_generate() -> None:
    line = {"model": "m", "response": "a", "done": False}
    facts = read(lines(line, {**line, "response": "b"}, {**line, "response": "", "thinking": "c"}, DONE))
    assert facts.said == ("ab", "c")


def test_the_first_delta_and_the_end_are_told() -> None:
    meter = PROTOCOL.meter(STREAMED, NDJSON, "")
    for line, delta, done in (
        (says(), False, False),
        (says(thinking="a"), True, False),
        (says(content="b"), True, False),
        (DONE, True, True),
    ):
        meter.feed(lines(line))
        assert (meter.saw_delta, meter.ended, meter.done) == (delta, done, done)


def test_a_plain_response() -> None:
    body = json.dumps({**says(done=True, content="a"), "done_reason": "length", **COUNTS}).encode()
    facts = read(body, asked=PLAIN, kind="application/json; charset=utf-8")
    assert facts.said == ("a",)
    assert facts.finish_reasons == ("length",)
    assert facts.usage_raw == COUNTS
    assert facts.ended


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({"eval_count": 5}, Tokens(output=5)),
        ({"prompt_eval_count": 0, "eval_count": 5}, Tokens(output=5)),
        ({"prompt_eval_count": 7}, Tokens(input=7)),
        ({"prompt_eval_count": 7, "eval_count": 5}, Tokens(input=7, output=5, total=12)),
        ({"prompt_eval_count": 0, "eval_count": 0}, None),
        ({"prompt_eval_count": "7", "eval_count": -1}, Tokens()),
        ({}, None),
    ],
)
def test_usage(counts: dict[str, Any], usage: Tokens | None) -> None:
    facts = read(lines(says(content="a"), {**says(done=True), **counts}))
    assert facts.usage == usage
    assert facts.usage_raw == (None if usage is None else counts)


def test_a_cached_prompt_of_an_old_version_is_estimated_and_marked_so() -> None:
    facts = read(lines(says(content="a"), {**says(done=True), "eval_count": 5}))
    figures = completed(reported(facts, broken=False), Estimate(30, "o200k_base", lower_bound=False), None)
    assert figures.tokens == Tokens(input=30, output=5, total=35)
    assert (figures.source.input, figures.source.output, figures.source.total) == (
        "estimated",
        "reported",
        "estimated",
    )


def test_an_error_in_a_stream_that_began_well() -> None:
    facts = read(lines(says(content="a"), {"error": "an error was encountered while running the model"}))
    assert facts.in_band_error
    assert not facts.ended
    assert facts.said == ("a",)
    assert read(b'{"error": "no such model"}', kind="application/json").in_band_error


@pytest.mark.parametrize("cut", [2, 30, len(lines(DONE)) + 5])
def test_a_cut_stream(cut: int) -> None:
    facts = read(STREAM[:-cut])
    assert facts.usage is None
    assert not facts.ended
    assert facts.readable


def test_only_a_newline_may_be_missing() -> None:
    assert read(STREAM.rstrip()) == WHOLE


VECTORS = {"model": "m", "embeddings": [[0.0123] * 500] * 2, "total_duration": 1, "prompt_eval_count": 8}


def test_embeddings() -> None:
    asked = read_request({"model": "m", "input": "a"}, "/api/embed")
    body = json.dumps(VECTORS).encode()
    facts = read(body, asked=asked, kind="application/json")
    assert facts.usage == Tokens(input=8, output=0, total=8)
    assert facts.usage_raw == {"total_duration": 1, "prompt_eval_count": 8}
    assert read(*(body[i : i + 1] for i in range(len(body))), asked=asked, kind="application/json") == facts
    assert read(b'{"embedding": [0.5]}', asked=asked, kind="application/json").usage is None


@given(st.lists(st.binary(max_size=30), max_size=5), st.sampled_from(KINDS), st.integers(0, 1))
def test_no_bytes_raise(chunks: list[bytes], kind: str, choices: int) -> None:
    read(*chunks, kind=kind, asked=Asked(stream=True, choices=choices))


KEYS = [
    "message",
    "content",
    "tool_calls",
    "function",
    "arguments",
    "done",
    "done_reason",
    "eval_count",
    "error",
]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from([*KINDS, ""]),
)
def test_no_json_raises(value: object, path: str) -> None:
    read(json.dumps(value).encode())
    read(json.dumps(value).encode(), asked=PLAIN, kind="application/json")
    if isinstance(value, dict):
        read_request({"options": value, **value}, path)
        read_prompt({"messages": [value], "tools": [value], "prompt": [value], **value})


@pytest.mark.parametrize(
    ("path", "stream", "streamed", "choices"),
    [
        ("/api/chat", {}, True, 1),
        ("/api/generate", {"stream": None}, True, 1),
        ("/api/chat", {"stream": False}, False, 1),
        ("/api/embed", {}, False, 0),
        ("/api/embeddings", {"stream": True}, False, 0),
    ],
)
def test_what_is_asked_for(path: str, stream: dict[str, Any], streamed: bool, choices: int) -> None:
    asked = read_request({"model": "m", **stream}, path)
    assert asked == Asked(model="m", stream=streamed, include_usage=True, choices=choices)


def test_request_facts() -> None:
    options = {"temperature": 0, "top_p": 0.5, "seed": 3, "num_predict": 10}
    asked = read_request({"options": options, "think": "low", "tools": [{}], "messages": []}, "/api/chat")
    assert asked.params == Params(
        temperature=0.0,
        top_p=0.5,
        seed=3,
        max_tokens=10,
        reasoning_effort="low",
        tools_count=1,
        messages_count=0,
    )
    assert read_request({"options": {"num_predict": -1}}, "/api/chat").params.max_tokens is None
    assert read_request({"options": 3, "think": True}, "/api/chat").params == Params()


def test_the_prompt_of_chat() -> None:
    prompt = read_prompt(
        {
            "messages": [
                {"role": "system", "content": "be good"},
                {"role": "user", "content": "look", "images": ["aGk="]},
                {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": [CALL]},
                {"role": "tool", "tool_name": "bash", "content": "out"},
            ],
            "tools": [{"type": "function", "function": {"name": "bash"}}],
        }
    )
    assert prompt.system == ["system", "be good"]
    assert prompt.messages == [
        *("user", "look", "assistant", "", "hm", "bash", '{"command":"é"}', "tool", "bash", "out")
    ]
    assert prompt.tools == ['{"name":"bash"}']
    assert (prompt.messages_count, prompt.tools_count, prompt.media) == (4, 1, True)


def test_the_prompt_of_the_others() -> None:
    prompt = read_prompt({"system": "s", "prompt": "a", "suffix": "z", "context": [5, 6]})
    assert prompt.system == ["s"]
    assert prompt.messages[2:] == ["a", "z"]
    assert count(prompt.messages, "o200k_base") == 4
    assert read_prompt({"input": ["a", "b"]}).messages == ["a", "b"]
    assert read_prompt({"prompt": "a", "images": ["aGk="]}).media


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        *((f"/api/{name}", True) for name in ("chat", "generate", "embed", "embeddings")),
        ("/ollama/api/chat/", True),
        ("/api/chat/completions", False),
        ("/api/tags", False),
        ("/api/pull", False),
    ],
)
def test_paths(path: str, is_one: bool) -> None:
    assert bool(PROTOCOL.path.search(path)) is is_one


def test_an_error_is_ollamas() -> None:
    assert json.loads(PROTOCOL.error_body(Problem(code="c", message="m"))) == {"error": "m"}
