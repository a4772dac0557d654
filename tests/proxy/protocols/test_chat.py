"""The chat meter: the same facts from the same bytes, however they come."""

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

from cab_proxy.protocols import meter
from cab_proxy.protocols.base import Asked, Facts
from cab_proxy.protocols.chat import ChatMeter, read_request
from cab_proxy.records import Params, Tokens
from fakes.endpoint import USAGE, completion, delta, event, usage_chunk

COUNTED = Tokens(input=11, cached=4, output=5, reasoning=2, total=16)
STREAMED = Asked(model="m", stream=True)


def read(
    *chunks: bytes, request: Asked = STREAMED, kind: str = "text/event-stream", coding: str = ""
) -> Facts:
    meter = ChatMeter(request, kind, coding)
    for chunk in chunks:
        meter.feed(chunk)
    return meter.finish()


def sse(*values: object) -> bytes:
    return b"".join(event(value) for value in values)


TOOL = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "bash", "arguments": ""}}]}
TOOL_MORE = {"tool_calls": [{"index": 0, "function": {"arguments": '{"é": 1}'}}]}


def with_delta(part: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {**delta(), "choices": [{"index": index, "delta": part, "finish_reason": None}]}


FULL = sse(
    {**delta(), "usage": None},
    with_delta({"reasoning_content": "Hm €"}),
    delta("Héllo"),
    delta(" 🎉"),
    delta("two", index=1),
    with_delta(TOOL),
    with_delta(TOOL_MORE),
    delta(finish="tool_calls"),
    delta(finish="stop", index=1),
    usage_chunk(),
    "[DONE]",
)
WHOLE = read(FULL)


def test_a_whole_stream() -> None:
    expected = Facts(
        model="m-2026",
        system_fingerprint="fp_1",
        finish_reasons=("tool_calls", "stop"),
        in_band_error=False,
        error_code=None,
        ended=True,
        usage=COUNTED,
        usage_final=True,
        usage_raw=USAGE,
        cost_usd=None,
        said=("Hm €", "Héllo 🎉", "two", "bash", '{"é": 1}'),
        readable=True,
        reasoned=True,
    )
    assert read(FULL) == expected


def test_byte_by_byte() -> None:
    assert read(*(FULL[i : i + 1] for i in range(len(FULL)))) == WHOLE


@given(st.lists(st.integers(0, len(FULL)), max_size=10))
def test_any_split(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(FULL)]
    assert read(*(FULL[a:b] for a, b in pairwise(edges))) == WHOLE


@given(st.integers(0, len(FULL)))
def test_any_split_compressed(cut: int) -> None:
    packed = gzip.compress(FULL, mtime=0)
    cut = min(cut, len(packed))
    assert read(packed[:cut], packed[cut:], coding="gzip") == WHOLE


WORDS = [
    *("a", "b", " wor", "ld", "é", "🎉", "\n", '"', "\\", "m", "content", ",", ":", "", "stop", "\ud83d"),
    *('"usage":{"prompt_tokens":5}', "finish_reason", "[DONE]", "data: [DONE]\n\n", '}}],"error":"x"'),
]
PARTS: list[Any] = [
    *(lambda text, key=key: {key: text} for key in ("content", "content", "reasoning", "refusal")),
    lambda text: {"content": None, "reasoning_content": text, "reasoning": text},
    lambda text: {"content": [{"type": "text", "text": text}]},
    *(
        lambda text, index=index: {"tool_calls": [{"index": index, "function": {"arguments": text}}]}
        for index in (0, 0, 1)
    ),
]
USAGES: list[Any] = [
    *(None, {}, [], 3, USAGE, {**USAGE, "cost": 0.5}, {"prompt_tokens": 7}, {"completion_tokens": None}),
    {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    {"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 8},
]
ALWAYS: list[dict[str, Any]] = [{}, {"usage": None}, {"logprobs": 1}, {"obfuscation": "x"}]
MORE: list[dict[str, Any]] = [
    *({"usage": usage} for usage in USAGES),
    *({"x_groq": {"id": "r", "usage": usage}} for usage in USAGES),
    *({"error": error} for error in (None, {"message": "x", "code": "full"}, "words")),
    *({"model": model} for model in ("", None, "a")),
    *({"obfuscation": "x" * n} for n in range(4)),
    {"created": 2},
    {"choices": []},
]


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """The events of a stream, most of them alike, in one server's hand."""
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]))
    ascii_only = draw(st.booleans())
    start = draw(st.sampled_from(["data: ", "data: ", "data:", "event: chunk\ndata: "]))
    always = draw(st.sampled_from(ALWAYS))
    part = PARTS[0]
    events = []
    for n in range(draw(st.integers(0, 25))):
        kind = draw(st.integers(0, 40))
        if kind in {0, 1}:
            part = draw(st.sampled_from(PARTS))
        frame = {**with_delta(part(draw(st.sampled_from(WORDS)))), **always}
        choice = frame["choices"][0]
        if always.get("logprobs"):
            choice["logprobs"] = {"content": [n]}
        if kind in {2, 3}:
            choice["finish_reason"] = draw(st.sampled_from(["stop", "tool_calls", "error", ""]))
        elif kind in {4, 5, 6}:
            frame |= draw(st.sampled_from(MORE))
        elif kind == 7:
            choice["usage"] = draw(st.sampled_from(USAGES))
        elif kind == 8:
            choice["index"] = 1
        data = json.dumps(frame, separators=separators, ensure_ascii=ascii_only)
        if kind == 9:
            data = data.replace('"usage"', '"\\u0075sage"').replace(
                '"finish_reason"', '"finish_re\\u0061son"'
            )
        elif kind == 10:
            data = draw(st.sampled_from(["[DONE]", " [DONE] ", data[:-3], data.replace("null", "NaN"), "{}"]))
        before = draw(st.sampled_from([": ping\n\n", "\n", "event: error\n"])) if kind == 11 else ""
        events.append(f"{before}{start}{data}\n\n".encode("utf-8", "surrogatepass"))
    return events


def watched(meter: ChatMeter, *chunks: bytes) -> list[tuple[bool, bool, bool]]:
    """What is known after each piece."""
    known = []
    for chunk in chunks:
        meter.feed(chunk)
        known.append((meter.saw_delta, meter.ended, meter.done))
    return known


@given(
    streams(),
    st.lists(st.integers(0, 5000), max_size=5),
    st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"]),
    st.booleans(),
)
def test_skimmed_or_read_the_facts_are_the_same(
    events: list[bytes], cuts: list[int], end: bytes, asked: bool
) -> None:
    stream = b"".join(events).replace(b"\n", end)
    # comments that count: no two events are alike, so each of them is read as JSON
    alone = [(b": %d\n" % n + event).replace(b"\n", end) for n, event in enumerate(events)]
    expected = read(*alone)

    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    chunks = [stream[a:b] for a, b in pairwise(edges)]
    if not asked:
        assert read(*chunks) == expected
        return
    meter = ChatMeter(STREAMED, "text/event-stream")
    assert watched(meter, *(event.replace(b"\n", end) for event in events)) == watched(
        ChatMeter(STREAMED, "text/event-stream"), *alone
    )
    assert meter.finish() == expected
    meter = ChatMeter(STREAMED, "text/event-stream")
    known = watched(meter, *chunks)
    assert known == [
        watched(ChatMeter(STREAMED, "text/event-stream"), stream[:edge])[0] for edge in edges[1:]
    ]
    assert meter.finish() == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (delta("a", finish="stop"), delta("\n", finish="length")),
        (delta("a", usage={"prompt_tokens": 1}), delta("\n", usage={"prompt_tokens": 2})),
        (delta("a", x_groq={"usage": {"prompt_tokens": 1}}), delta("\n", usage={"prompt_tokens": 2})),
        (delta("a", usage={"prompt_tokens": 1}), delta("\n", finish="stop")),
        (delta("a", system_fingerprint="fp_2"), delta("\n")),
        (delta("a", model=""), delta("\n", model="m")),
        (delta("a", error={"code": "a"}), delta("\n", error={"code": "b"})),
        (delta("a", index=1), delta("\n", finish="stop")),
        (with_delta({"content": "a", "refusal": "b"}), delta("\n")),
        (with_delta({"content": "a", "refusal": "a"}), delta("\n")),
    ],
)
def test_alike_but_more_than_text(one: dict[str, Any], other: dict[str, Any]) -> None:
    # the other one makes no mould for the escape in it, so that one's is still there
    for values in ([one, one], [one, other, one], [other, one, one], [one, other, other, one, one]):
        events = [event(value) for value in values]
        expected = read(*(b": %d\n" % n + event for n, event in enumerate(events)))
        assert read(*events) == read(b"".join(events)) == expected


def test_the_first_model_and_fingerprint_count() -> None:
    facts = read(
        sse({"model": ""}, delta("a"), delta("b", model="", system_fingerprint=None), delta(model="x"))
    )
    assert facts.model == "m-2026"
    assert facts.system_fingerprint == "fp_1"


def test_a_long_text_in_events_that_are_never_alike() -> None:
    meter = ChatMeter(STREAMED, "text/event-stream")
    pieces = [f"{n:04d}" for n in range(5000)]
    tracemalloc.start()
    try:
        for n, piece in enumerate(pieces):
            meter.feed(event(delta(piece, created=n)))
        assert meter.finish().said == ("".join(pieces),)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_an_event_that_can_not_matter_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []

    def parse(raw: bytes) -> dict[str, Any] | None:
        parsed.append(raw)
        value = json.loads(raw)
        return value if isinstance(value, dict) else None

    monkeypatch.setattr(meter, "read_response_json", parse)
    words = [f"word {n}" for n in range(100)]
    frames = [with_delta({"role": "assistant", "content": ""}), *(delta(word) for word in words)]
    body = sse(*frames, delta(finish="stop"), usage_chunk(), "[DONE]")
    for chunks in ([body], [body[i : i + 100] for i in range(0, len(body), 100)]):
        parsed.clear()
        assert read(*chunks).said == ("".join(words),)
        assert len(parsed) == 4


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_other_line_ends(end: bytes) -> None:
    assert read(FULL.replace(b"\n", end)) == WHOLE


@given(
    st.lists(st.binary(max_size=30), max_size=5),
    st.sampled_from(["text/event-stream", "application/json", ""]),
)
def test_no_bytes_raise(chunks: list[bytes], kind: str) -> None:
    read(*chunks, kind=kind)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "choices",
                        "delta",
                        "message",
                        "usage",
                        "error",
                        "index",
                        "tool_calls",
                        "function",
                        "name",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_raises(value: object) -> None:
    read(event(value))
    read(json.dumps(value).encode(), kind="application/json")


PLAIN = json.dumps(completion("Hello")).encode()


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "", "text/plain"])
@pytest.mark.parametrize("request_", [STREAMED, Asked(stream=False)])
def test_a_plain_response(kind: str, request_: Asked) -> None:
    for chunks in ([PLAIN], [PLAIN[i : i + 1] for i in range(len(PLAIN))], [b"\n ", PLAIN]):
        facts = read(*chunks, kind=kind, request=request_)
        assert facts.usage == COUNTED
        assert facts.said == ("Hello",)
        assert facts.finish_reasons == ("stop",)
        assert facts.ended
        assert facts.readable


def test_a_stream_that_names_no_type() -> None:
    assert read(FULL, kind="") == WHOLE


def test_plain_tool_calls_count() -> None:
    message = {
        "content": None,
        "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "a", "arguments": "{}"}},
            {"id": "2", "type": "custom", "custom": {"name": "b", "input": "x"}},
        ],
    }
    body = completion(choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}])
    assert read(json.dumps(body).encode(), kind="application/json").said == ("a", "{}", "b", "x")


@pytest.mark.parametrize(
    ("values", "usage", "final"),
    [
        pytest.param([delta("a"), delta(finish="stop"), "[DONE]"], None, True, id="none"),
        pytest.param([delta("a", finish="stop", usage=USAGE), "[DONE]"], COUNTED, True, id="last chunk"),
        pytest.param([delta("a", finish="stop", usage=USAGE)], COUNTED, True, id="no DONE"),
        pytest.param(
            [delta("a", usage={"prompt_tokens": 11, "completion_tokens": 1}), delta("b")],
            Tokens(input=11, output=1, total=12),
            False,
            id="every chunk, then cut",
        ),
        pytest.param(
            [
                delta("a", usage={"prompt_tokens": 11, "completion_tokens": 1}),
                delta(finish="stop", usage={"prompt_tokens": None, "completion_tokens": 5}),
                "[DONE]",
            ],
            Tokens(input=11, output=5, total=16),
            True,
            id="every chunk, partly null",
        ),
        pytest.param(
            [
                delta("a", usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}),
                delta(finish="stop"),
            ],
            None,
            True,
            id="zero beside output",
        ),
        pytest.param(
            [delta(finish="stop", usage={"prompt_tokens": 0, "completion_tokens": 0})],
            Tokens(input=0, output=0, total=0),
            True,
            id="zero and no output",
        ),
        pytest.param(
            [
                delta("a", finish="stop", usage=USAGE),
                usage_chunk({"prompt_tokens": 0, "completion_tokens": 0}),
            ],
            COUNTED,
            True,
            id="zero after the count",
        ),
        pytest.param(
            [
                {
                    **delta(),
                    "choices": [
                        {"index": 0, "delta": {"content": "a"}, "finish_reason": "stop", "usage": USAGE}
                    ],
                },
                "[DONE]",
            ],
            COUNTED,
            True,
            id="Kimi",
        ),
        pytest.param(
            [delta("a", finish="stop", timings={"cache_n": 3, "prompt_n": 8, "predicted_n": 5}), "[DONE]"],
            Tokens(input=11, cached=3, output=5, total=16),
            True,
            id="llama.cpp, not asked for usage",
        ),
        pytest.param(
            [delta("a", finish="stop", x_groq={"id": "r", "usage": USAGE}), "[DONE]"],
            COUNTED,
            True,
            id="Groq",
        ),
    ],
)
def test_usage(values: list[object], usage: Tokens | None, final: bool) -> None:
    facts = read(sse(*values))
    assert facts.usage == usage
    assert facts.usage_final == final


def test_cost() -> None:
    facts = read(sse(delta("a"), usage_chunk({**USAGE, "cost": 0.00042}), "[DONE]"))
    assert facts.cost_usd == Decimal("0.00042")


@pytest.mark.parametrize(
    ("body", "failed"),
    [
        (sse(delta("a"), {"error": {"message": "x"}}), True),
        (b"event: error\ndata: {}\n\n", True),
        (sse(delta("a"), delta(finish="error")), True),
        (sse(delta("a", error=None, finish="stop")), False),
    ],
)
def test_errors_in_a_stream(body: bytes, failed: bool) -> None:
    assert read(body).in_band_error is failed


def test_an_error_in_a_plain_response() -> None:
    assert read(b'{"error": {"message": "x"}}', kind="application/json").in_band_error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ('{"code": "context_length_exceeded", "type": "invalid_request_error"}', "context_length_exceeded"),
        ('{"code": 400, "type": "exceed_context_size_error"}', "exceed_context_size_error"),
        ('{"message": "x"}', None),
        ('"just words"', None),
    ],
)
def test_the_endpoints_name_for_its_error(error: str, code: str | None) -> None:
    body = b'{"error": %s}' % error.encode()
    assert read(body, kind="application/json").error_code == code
    assert read(b"data: %s\n\n" % body).error_code == code


@pytest.mark.parametrize(
    ("asked", "values", "ended"),
    [
        (1, [delta("a")], False),
        (1, [delta("a"), "[DONE]"], True),
        (1, [delta("a"), delta(finish="stop")], True),
        (2, [delta("a"), delta(finish="stop")], False),
        (2, [delta("a", finish="stop"), delta("b", index=1, finish="stop")], True),
        (1, [delta("a", finish="stop"), delta("b", index=1)], True),
    ],
)
def test_when_a_stream_has_ended(asked: int, values: list[object], ended: bool) -> None:
    assert read(sse(*values), request=Asked(stream=True, choices=asked)).ended is ended


def test_the_first_delta_is_told() -> None:
    for first, is_one in (
        (delta(), False),
        (delta(""), False),
        (with_delta({"role": "assistant"}), False),
        (delta("a"), True),
        (with_delta({"reasoning": "a"}), True),
        (with_delta(TOOL_MORE), True),
        (with_delta({"refusal": "no"}), True),
        (with_delta({"function_call": {"arguments": "{"}}), True),
    ):
        meter = ChatMeter(STREAMED, "text/event-stream")
        meter.feed(sse(first))
        assert meter.saw_delta is is_one, first


def test_usage_that_no_ledger_line_can_hold_is_none() -> None:
    facts = read(sse(delta("a", finish="stop", usage={**USAGE, "x": "x" * 100_000}), "[DONE]"))
    assert facts.usage is None
    assert facts.said == ("a",)


def test_choices_without_end_are_bounded() -> None:
    facts = read(sse(*(delta("a", index=n, finish="stop") for n in range(3000))))
    assert len(facts.finish_reasons) == len(facts.said) == 1024


def test_odd_deltas_are_read_as_far_as_they_go() -> None:
    parts = {"content": [{"type": "text", "text": "a"}, {"type": "image"}, "words", {"text": "b"}]}
    calls = {"tool_calls": [None, {"function": 3}, {"custom": {"input": "c"}}], "content": 3}
    assert read(sse(with_delta(parts), with_delta(calls), {"choices": [3, {"delta": []}]})).said == (
        "ab",
        "c",
    )


def test_reasoning_under_two_names_counts_once() -> None:
    assert read(sse(with_delta({"reasoning": "a", "reasoning_content": "a"}))).said == ("a",)


@pytest.mark.parametrize(
    ("body", "kind"), [(b"<html>", "application/json"), (PLAIN[:-3], "application/json"), (b"x", "")]
)
def test_what_can_not_be_read(body: bytes, kind: str) -> None:
    facts = read(body, kind=kind)
    assert not facts.readable
    assert facts.usage is None


def test_a_coding_that_can_not_be_read() -> None:
    assert not read(b"\x1b\x00", coding="aws-chunked").readable


def request(**more: Any) -> Asked:
    return read_request({"model": "m", "messages": [], **more})


def test_request_facts() -> None:
    facts = request(
        temperature=0,
        top_p=0.5,
        seed=3,
        max_tokens=10,
        max_completion_tokens=20,
        reasoning_effort="low",
        tools=[{}],
        n=3,
    )
    assert facts.params == Params(
        temperature=0.0,
        top_p=0.5,
        seed=3,
        max_tokens=20,
        reasoning_effort="low",
        tools_count=1,
        messages_count=0,
    )
    assert facts.choices == 3
    assert facts.stream is False
    assert facts.include_usage
    assert request(reasoning={"effort": "high"}).params.reasoning_effort == "high"


@pytest.mark.parametrize(
    ("more", "most"),
    [
        ({}, None),
        ({"max_tokens": 5}, 5),
        ({"max_tokens": 900, "max_completion_tokens": 1}, 900),
        ({"max_completion_tokens": 5, "n": 2, "best_of": 3}, 15),
        ({"max_tokens": -1, "max_completion_tokens": 1}, None),
    ],
)
def test_the_largest_output_of_any_reading(more: dict[str, Any], most: int | None) -> None:
    assert request(**more).most_output == most


@pytest.mark.parametrize(
    ("more", "included"),
    [
        ({"stream": True}, False),
        ({"stream": True, "stream_options": {"include_usage": True}}, True),
        ({"stream": True, "stream_options": {"include_usage": 1}}, False),
        ({"stream": True, "stream_options": None}, False),
        ({"stream": False}, True),
    ],
)
def test_include_usage(more: dict[str, Any], included: bool) -> None:
    assert request(**more).include_usage is included


def test_a_request_that_makes_no_sense() -> None:
    odd = request(model=3, n="x", temperature="hot", tools={}, stream="yes")
    assert odd.model is None
    assert odd.choices == 1
    assert odd.stream is False
    assert odd.params == Params(messages_count=0)
