"""Gemini: chunks with running totals, as events or as an array."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from typing import Any

import pytest
from google.genai import errors, types
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.errors import Problem
from cab_proxy.protocols.base import Asked, Facts
from cab_proxy.protocols.gemini import PROTOCOL, read_prompt, read_request
from cab_proxy.records import Params, Tokens
from fakes.endpoint import event

MODEL = "/v1beta/models/gemini-3-pro"
STREAMED = Asked(stream=True)
PLAIN = Asked(stream=False)
SSE = "text/event-stream"
JSON = "application/json; charset=UTF-8"
LINE_ENDS = [b"\n", b"\r\n", b"\r"]


def read(*chunks: bytes, asked: Asked = STREAMED, kind: str = SSE, coding: str = "") -> Facts:
    meter = PROTOCOL.meter(asked, kind, coding)
    for chunk in chunks:
        meter.feed(chunk)
    return meter.finish()


def sse(*values: object) -> bytes:
    return b"".join(event(value) for value in values)


def array(*values: object) -> bytes:
    """As Google writes it."""
    return b"[" + b"\n,\r\n".join(json.dumps(value, indent=2).encode() for value in values) + b"\n]\n"


def chunk(*parts: dict[str, Any], finish: str | None = None, index: int = 0, **usage: int) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": index}
    if finish:
        candidate["finishReason"] = finish
    made = {"candidates": [candidate], "modelVersion": "gemini-3-pro-001", "responseId": "r1"}
    return {**made, "usageMetadata": usage} if usage else made


CALL = {"functionCall": {"name": "bash", "args": {"command": "é}"}}}
LAST = {
    "promptTokenCount": 10,
    "cachedContentTokenCount": 4,
    "toolUsePromptTokenCount": 3,
    "candidatesTokenCount": 20,
    "thoughtsTokenCount": 30,
    "totalTokenCount": 63,
}
CHUNKS = [
    chunk({"text": "Hm €", "thought": True}, promptTokenCount=10, thoughtsTokenCount=12, totalTokenCount=22),
    chunk({"text": "Hé"}, promptTokenCount=10, candidatesTokenCount=2, totalTokenCount=24),
    chunk({"text": "llo 🎉"}, {"executableCode": {"language": "PYTHON", "code": "1+1"}}),
    chunk({"text": "two"}, index=1),
    chunk(CALL, {**CALL, "thoughtSignature": "AbA="}),
    chunk(finish="STOP", **LAST),
    chunk({"text": ""}, finish="MAX_TOKENS", index=1),
]
TWO = Asked(stream=True, choices=2)
WHOLE = Facts(
    model="gemini-3-pro-001",
    response_id="r1",
    finish_reasons=("STOP", "MAX_TOKENS"),
    ended=True,
    usage=Tokens(input=13, cached=4, output=50, reasoning=30, total=63),
    usage_final=True,
    usage_raw=LAST,
    said=("Hm €", "Héllo 🎉", "1+1", "two", *['bash{"command":"é}"}'] * 2),
    readable=True,
)


@pytest.mark.parametrize(
    ("wire", "kind"),
    [(sse(*CHUNKS), SSE), (array(*CHUNKS), JSON), (array(*CHUNKS), "")],
    ids=["events", "array", "array of no type"],
)
def test_a_stream_whole_and_byte_by_byte(wire: bytes, kind: str) -> None:
    assert read(wire, asked=TWO, kind=kind) == WHOLE
    assert read(*(wire[i : i + 1] for i in range(len(wire))), asked=TWO, kind=kind) == WHOLE


@given(
    st.sampled_from([(sse(*CHUNKS), SSE), (array(*CHUNKS), JSON)]),
    st.lists(st.integers(0, 5000), max_size=8),
    st.booleans(),
    st.sampled_from(LINE_ENDS),
)
def test_any_split(stream: tuple[bytes, str], cuts: list[int], packed: bool, end: bytes) -> None:
    wire, kind = stream
    wire = wire.replace(b"\r\n", b"\n").replace(b"\n", end)
    wire = gzip.compress(wire, mtime=0) if packed else wire
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    chunks = [wire[a:b] for a, b in pairwise(edges)]
    assert read(*chunks, asked=TWO, kind=kind, coding="gzip" if packed else "") == WHOLE


def test_the_chunks_are_such_as_the_sdk_reads() -> None:
    for value in CHUNKS:
        types.GenerateContentResponse.model_validate(value)


@pytest.mark.parametrize(("frame", "kind"), [(sse, SSE), (array, JSON)])
def test_the_first_delta_is_told_as_soon_as_it_is_there(frame: Any, kind: str) -> None:
    for parts, is_one in (([], False), ([{"text": ""}], False), ([{"text": "a"}], True), ([CALL], True)):
        meter = PROTOCOL.meter(STREAMED, kind, "")
        wire = frame(chunk(*parts), chunk(*parts))
        meter.feed(wire[: len(wire) // 2 + 4])
        assert meter.saw_delta is is_one, parts


def test_a_plain_response() -> None:
    body = json.dumps(chunk({"text": "a"}, finish="STOP", **LAST)).encode()
    facts = read(body, asked=PLAIN, kind=JSON)
    assert facts.said == ("a",)
    assert facts.usage == WHOLE.usage
    assert facts.ended
    assert facts == read(body, asked=STREAMED, kind=JSON)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        pytest.param(
            {"promptTokenCount": 8, "candidatesTokenCount": 5, "totalTokenCount": 13},
            Tokens(input=8, output=5, total=13),
            id="no thoughts",
        ),
        pytest.param(
            {"promptTokenCount": 9, "thoughtsTokenCount": 1000, "totalTokenCount": 1009},
            Tokens(input=9, output=1000, reasoning=1000, total=1009),
            id="thoughts only",
        ),
        pytest.param(
            {
                "promptTokenCount": 8,
                "candidatesTokenCount": 25,
                "thoughtsTokenCount": 20,
                "totalTokenCount": 33,
            },
            Tokens(input=8, output=25, reasoning=20, total=33),
            id="candidates with thoughts",
        ),
        pytest.param(
            {"promptTokenCount": 8, "totalTokenCount": 8}, Tokens(input=8, output=0, total=8), id="no output"
        ),
        pytest.param({"promptTokenCount": 8}, Tokens(input=8), id="no total"),
        pytest.param({"candidatesTokenCount": 5, "thoughtsTokenCount": 2}, Tokens(output=7, reasoning=2)),
        pytest.param({"promptTokenCount": 8, "totalTokenCount": 3}, Tokens(input=8), id="nonsense"),
        pytest.param({"promptTokenCount": "8", "candidatesTokenCount": -1, "x": 1}, Tokens(), id="no counts"),
    ],
)
def test_usage(usage: dict[str, Any], tokens: Tokens) -> None:
    facts = read(sse({**chunk({"text": "a"}, finish="STOP"), "usageMetadata": usage}))
    assert facts.usage == tokens
    assert facts.usage_raw == usage


def test_usage_that_counts_nothing_is_none() -> None:
    # of Vertex AI's chunks, only the last one counts
    facts = read(sse({**chunk({"text": "a"}, finish="STOP"), "usageMetadata": {"trafficType": "ON_DEMAND"}}))
    assert facts.usage is None
    assert facts.usage_raw is None


def test_the_last_total_counts_and_what_it_leaves_out_stays() -> None:
    facts = read(
        sse(
            chunk({"text": "a"}, promptTokenCount=8, cachedContentTokenCount=4, totalTokenCount=9),
            chunk({"text": "b"}, finish="STOP", promptTokenCount=8, candidatesTokenCount=5),
        )
    )
    assert facts.usage == Tokens(input=8, cached=4, output=5, total=13)


@pytest.mark.parametrize(("frame", "kind"), [(sse, SSE), (array, JSON)])
def test_a_cut_stream_has_the_totals_up_to_there(frame: Any, kind: str) -> None:
    wire = frame(*CHUNKS)
    facts = read(wire[: wire.index(b"1+1")], asked=TWO, kind=kind)
    assert facts.usage == Tokens(input=10, output=14, reasoning=12, total=24)
    assert not facts.usage_final
    assert not facts.ended
    assert facts.readable


@pytest.mark.parametrize(
    ("asked", "values", "ended"),
    [
        (1, [chunk({"text": "a"})], False),
        (1, [chunk({"text": "a"}), chunk(finish="STOP")], True),
        (1, [chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"})], False),
        (1, [chunk({"text": "a"}, finish="STOP"), {"usageMetadata": LAST}], True),
        (1, [chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"}, finish="STOP")], True),
        (2, [chunk({"text": "a"}, finish="STOP")], False),
        (1, [chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"}, index=1)], False),
        (2, [chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"}, index=1, finish="SAFETY")], True),
    ],
)
def test_when_a_stream_has_ended(asked: int, values: list[object], ended: bool) -> None:
    facts = read(sse(*values), asked=Asked(stream=True, choices=asked))
    assert facts.ended is ended


def test_a_blocked_prompt() -> None:
    facts = read(
        sse(
            {
                "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8},
            }
        )
    )
    assert facts.finish_reasons == ("PROHIBITED_CONTENT",)
    assert facts.ended
    assert facts.usage == Tokens(input=8, output=0, total=8)
    assert not facts.in_band_error


ERROR = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}


@pytest.mark.parametrize(
    ("body", "asked", "kind"),
    [
        (sse(chunk({"text": "a"}), ERROR), STREAMED, SSE),
        (array(chunk({"text": "a"}), ERROR), STREAMED, JSON),
        (array(ERROR), STREAMED, JSON),
        (json.dumps(ERROR).encode(), STREAMED, JSON),
        (json.dumps(ERROR).encode(), PLAIN, JSON),
        (json.dumps(ERROR).encode(), Asked(stream=False, choices=0), JSON),
    ],
)
def test_errors(body: bytes, asked: Asked, kind: str) -> None:
    facts = read(body, asked=asked, kind=kind)
    assert facts.in_band_error
    assert facts.error_code == "UNAVAILABLE"


def test_a_streamed_call_of_vertex() -> None:
    facts = read(
        sse(
            chunk({"functionCall": {"name": "edit", "willContinue": True}}),
            chunk({"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": "Hé"}]}}),
            chunk({"functionCall": {"partialArgs": [{"jsonPath": "$.b", "numberValue": 2}]}}),
            chunk({"functionCall": {"partialArgs": [{"jsonPath": "$.c", "nullValue": "NULL_VALUE"}, 3]}}),
            chunk({"functionCall": {}}, finish="STOP"),
        )
    )
    assert facts.said == ("editHé2",)


def test_candidates_without_end_are_bounded() -> None:
    facts = read(sse(*(chunk({"text": "a"}, index=n, finish="STOP") for n in range(3000))))
    assert len(facts.finish_reasons) == len(facts.said) == 1024


def test_embeddings() -> None:
    asked = read_request({}, f"{MODEL}:embedContent")
    body = {"embedding": {"values": [0.0123] * 500}, "usageMetadata": {"promptTokenCount": 8}}
    facts = read(json.dumps(body).encode(), asked=asked, kind=JSON)
    assert facts.usage == Tokens(input=8, output=0, total=8)
    assert facts.said == ()
    assert facts.ended
    assert read(b'{"embeddings": [{"values": [1]}]}', asked=asked, kind=JSON).usage is None


@given(st.lists(st.binary(max_size=30), max_size=5), st.sampled_from([SSE, JSON, ""]), st.integers(0, 1))
def test_no_bytes_raise(chunks: list[bytes], kind: str, choices: int) -> None:
    read(*chunks, kind=kind, asked=Asked(stream=True, choices=choices))


KEYS = [
    *("candidates", "content", "contents", "parts", "text", "functionCall", "partialArgs", "args", "index"),
    *("numberValue", "finishReason", "promptFeedback", "usageMetadata", "error", "tools", "generationConfig"),
    *(
        "systemInstruction",
        "functionResponse",
        "response",
        "requests",
        "functionDeclarations",
        "thinkingConfig",
    ),
]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
        max_leaves=12,
    )
)
def test_no_json_raises(value: object) -> None:
    body = json.dumps(value).encode()
    for asked in (STREAMED, PLAIN, Asked(stream=False, choices=0)):
        read(event(value), asked=asked)
        read(body, asked=asked, kind=JSON)
    read(sse({"candidates": [value]}, {"candidates": [{"content": {"parts": [value]}}]}))
    if isinstance(value, dict):
        read_request(value, "/")
        read_prompt(value)


@pytest.mark.parametrize(
    ("path", "model", "streamed", "choices"),
    [
        ("/v1beta/models/gemini-3-pro:generateContent", "gemini-3-pro", False, 1),
        ("/v1/models/gemini-3-pro:streamGenerateContent", "gemini-3-pro", True, 1),
        ("/models/a%20b%3AgenerateContent", "a b", False, 1),
        ("/v1beta/tunedModels/t-1:generateContent", "tunedModels/t-1", False, 1),
        ("/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent", "m", True, 1),
        ("/v1/projects/p/locations/l/endpoints/12:generateContent", "endpoints/12", False, 1),
        ("/v1beta/models/e:embedContent", "e", False, 0),
        ("/v1beta/models/e:batchEmbedContents", "e", False, 0),
        ("/v1beta/models/m:countTokens", None, False, None),
        ("/v1beta/models/m", None, False, None),
        ("/v1beta/models/m:generateContent/x", None, False, None),
    ],
)
def test_paths(path: str, model: str | None, streamed: bool, choices: int | None) -> None:
    assert bool(PROTOCOL.path.search(path)) is (choices is not None)
    if choices is not None:
        asked = read_request({}, path)
        assert (asked.model, asked.stream, asked.choices) == (model, streamed, choices)
        assert asked.include_usage


@pytest.mark.parametrize("snake", [False, True])
def test_request_facts(snake: bool) -> None:
    config: dict[str, Any] = {
        "temperature": 0,
        "topP": 0.5,
        "seed": 3,
        "maxOutputTokens": 10,
        "candidateCount": 3,
    }
    tools: list[dict[str, Any]] = [
        {"functionDeclarations": [{"name": "a"}, {"name": "b"}]},
        {"googleSearch": {}},
    ]
    config["thinkingConfig"] = {"thinkingLevel": "low"}
    body: dict[str, Any] = {"contents": [{}, {}], "generationConfig": config}
    if snake:
        config = {"temperature": 0, "top_p": 0.5, "seed": 3, "max_output_tokens": 10, "candidate_count": 3}
        tools = [{"function_declarations": [{"name": "a"}, {"name": "b"}]}, {"google_search": {}}]
        config["thinking_config"] = {"thinking_level": "low"}
        body = {"contents": [{}, {}], "generation_config": config}
    asked = read_request({**body, "tools": tools}, f"{MODEL}:generateContent")
    assert asked.choices == 3
    assert asked.params == Params(
        temperature=0.0,
        top_p=0.5,
        seed=3,
        max_tokens=10,
        reasoning_effort="low",
        tools_count=3,
        messages_count=2,
    )


def test_a_thinking_budget_is_an_effort() -> None:
    body = {"generationConfig": {"thinkingConfig": {"thinkingBudget": 1024}}}
    assert read_request(body, f"{MODEL}:generateContent").params.reasoning_effort == "1024"


def test_the_prompt() -> None:
    schema = {"type": "object"}
    prompt = read_prompt(
        {
            "system_instruction": {"parts": {"text": "be good"}},
            "contents": [
                {"role": "user", "parts": [{"text": "look"}, {"inlineData": {"data": "aGk="}}]},
                {"role": "model", "parts": [CALL, {"executableCode": {"code": "1+1"}}]},
                {
                    "role": "user",
                    "parts": [
                        {"functionResponse": {"name": "bash", "response": {"out": "é"}}},
                        {"codeExecutionResult": {"output": "2"}},
                    ],
                },
            ],
            "tools": [{"functionDeclarations": [{"name": "bash"}]}, {"codeExecution": {}}],
            "generationConfig": {"responseSchema": schema},
            "cachedContent": "cachedContents/1",
        }
    )
    assert prompt.system == ["be good"]
    assert prompt.messages == [
        *("user", "look", "model", "bash", '{"command":"é}"}', "1+1", "user", "bash", '{"out":"é"}', "2")
    ]
    assert prompt.tools == ['{"name":"bash"}', '{"codeExecution":{}}', '{"type":"object"}']
    assert (prompt.messages_count, prompt.tools_count) == (3, 2)
    assert prompt.media
    assert prompt.stored
    assert not read_prompt({"contents": {"parts": [{"text": "a"}]}}).media


def test_the_prompt_of_embeddings() -> None:
    one = {"content": {"parts": [{"text": "a"}]}}
    assert read_prompt(one).messages == ["a"]
    assert read_prompt({"requests": [one, one]}).messages == ["a", "a"]


@pytest.mark.parametrize(
    ("status", "name"), [(400, "INVALID_ARGUMENT"), (403, "PERMISSION_DENIED"), (500, "INTERNAL")]
)
def test_an_error_is_googles(status: int, name: str) -> None:
    body = json.loads(PROTOCOL.error_body(Problem(code="model_not_allowed", message="m", status=status)))
    error = errors.ClientError(status, body)
    assert (error.code, error.status, error.message) == (status, name, "m")
    assert body["error"]["details"][0]["reason"] == "MODEL_NOT_ALLOWED"
