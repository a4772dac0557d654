"""The meter of Anthropic's Messages: the same facts from the same bytes, however they come."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.errors import Problem
from cab_proxy.protocols import meter
from cab_proxy.protocols.base import Asked, Facts
from cab_proxy.protocols.messages import PROTOCOL, MessagesMeter, read_prompt, read_request
from cab_proxy.records import Params, Tokens

STREAMED = Asked(model="m", stream=True)
USAGE = {
    "input_tokens": 3,
    "cache_creation_input_tokens": 20,
    "cache_read_input_tokens": 100,
    "cache_creation": {"ephemeral_5m_input_tokens": 15, "ephemeral_1h_input_tokens": 5},
    "output_tokens": 1,
    "service_tier": "standard",
}
END_USAGE = {
    "input_tokens": 3,
    "cache_creation_input_tokens": 20,
    "cache_read_input_tokens": 100,
    "output_tokens": 89,
    "output_tokens_details": {"thinking_tokens": 30},
    "server_tool_use": {"web_search_requests": 0},
}
COUNTED = Tokens(input=123, cached=100, cache_write=20, output=89, reasoning=30, total=212)


def read(
    *chunks: bytes, request: Asked = STREAMED, kind: str = "text/event-stream", coding: str = ""
) -> Facts:
    meter = MessagesMeter(request, kind, coding)
    for chunk in chunks:
        meter.feed(chunk)
    return meter.finish()


def event(value: dict[str, Any], blanks: int = 0) -> bytes:
    """An event as Anthropic sends it: named, with blanks before its last brace."""
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return f"event: {value['type']}\ndata: {data[:-1]}{' ' * blanks}}}\n\n".encode("utf-8", "surrogatepass")


def sse(*values: dict[str, Any]) -> bytes:
    return b"".join(event(value, n * 7 % 16) for n, value in enumerate(values))


def start(usage: dict[str, Any] | None = USAGE) -> dict[str, Any]:
    message = {"id": "msg_01", "type": "message", "role": "assistant", "model": "claude-opus-4-8"}
    more: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    return {"type": "message_start", "message": {**message, **more}}


def block(content: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": content}


def delta(part: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": part}


def says(text: str, index: int = 0) -> dict[str, Any]:
    return delta({"type": "text_delta", "text": text}, index)


def end(usage: dict[str, Any] | None = END_USAGE, reason: str | None = "end_turn") -> dict[str, Any]:
    part = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": part, **({} if usage is None else {"usage": usage})}


PING = {"type": "ping"}
STOP = {"type": "message_stop"}
THINKING = {"type": "thinking", "thinking": "", "signature": ""}
TOOL = {"type": "tool_use", "id": "toolu_01", "name": "get_weather", "input": {}}

# the shape of platform.claude.com/docs/en/build-with-claude/streaming, thinking and a tool's call in one
FULL = sse(
    start(),
    block(THINKING),
    PING,
    delta({"type": "thinking_delta", "thinking": "Hm €"}),
    delta({"type": "thinking_delta", "thinking": ", so"}),
    delta({"type": "signature_delta", "signature": "EqQBCgIYAhIM1gbcDa9GJwZA"}),
    {"type": "content_block_stop", "index": 0},
    block({"type": "text", "text": ""}, 1),
    says("Héllo", 1),
    says(" 🎉", 1),
    says("!", 1),
    delta({"type": "citations_delta", "citation": {"type": "page_location", "cited_text": "not it"}}, 1),
    {"type": "content_block_stop", "index": 1},
    block(TOOL, 2),
    delta({"type": "input_json_delta", "partial_json": ""}, 2),
    delta({"type": "input_json_delta", "partial_json": '{"location":'}, 2),
    delta({"type": "input_json_delta", "partial_json": ' "Paris"}'}, 2),
    {"type": "content_block_stop", "index": 2},
    end(reason="tool_use"),
    STOP,
)
WHOLE = read(FULL)


def test_a_whole_stream() -> None:
    assert read(FULL) == Facts(
        model="claude-opus-4-8",
        finish_reasons=("tool_use",),
        ended=True,
        usage=COUNTED,
        usage_final=True,
        usage_raw={**USAGE, **END_USAGE},
        cache_write_1h=5,
        said=("Hm €, so", "Héllo 🎉!", "get_weather", '{"location": "Paris"}'),
        readable=True,
    )


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


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_other_line_ends(line_end: bytes) -> None:
    stream = FULL.replace(b"\n", line_end)
    assert read(stream) == read(*(stream[i : i + 1] for i in range(len(stream)))) == WHOLE


def test_a_stream_that_names_no_type() -> None:
    assert read(FULL, kind="") == WHOLE


def test_events_are_known_by_their_name_too() -> None:
    assert (
        read(FULL.replace(b'"type":"content_block_delta",', b"").replace(b'"type":"message_stop"', b""))
        == WHOLE
    )


VALUES = st.one_of(
    st.sampled_from(["a", " wor", "é", "\n", '"', "\\", "0", "text", "\ud83d", ""]).flatmap(
        lambda text: st.sampled_from(
            [
                says(text),
                says(text),
                says(text),
                says(text, 1),
                delta({"type": "thinking_delta", "thinking": text}),
                delta({"type": "input_json_delta", "partial_json": text}),
            ]
        )
    ),
    st.sampled_from(
        [
            start(),
            start({"input_tokens": 0, "output_tokens": 0}),
            end(),
            end({"input_tokens": 7, "output_tokens": 2}),
            end({"output_tokens": 2}, None),
            end(None),
            block(TOOL, 1),
            PING,
            STOP,
            {"type": "error", "error": {"type": "overloaded_error", "message": "x"}},
        ]
    ),
)


@given(
    st.lists(st.tuples(VALUES, st.integers(0, 20)), max_size=25),
    st.lists(st.integers(0, 5000), max_size=5),
    st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"]),
)
def test_skimmed_or_read_the_facts_are_the_same(
    values: list[tuple[dict[str, Any], int]], cuts: list[int], line_end: bytes
) -> None:
    events = [event(value, blanks).replace(b"\n", line_end) for value, blanks in values]
    # comments that count: no two events are alike, so each of them is read as JSON
    expected = read(*(b": %d" % n + line_end + one for n, one in enumerate(events)))
    stream = b"".join(events)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    assert read(*(stream[a:b] for a, b in pairwise(edges))) == expected
    assert read(*events) == expected


def test_an_event_that_can_not_matter_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []

    def parse(raw: bytes) -> dict[str, Any] | None:
        parsed.append(raw)
        value = json.loads(raw)
        return value if isinstance(value, dict) else None

    monkeypatch.setattr(meter, "read_response_json", parse)
    words = [f"word {n}" for n in range(100)]
    assert read(sse(start(), PING, *(says(word) for word in words), end(), STOP)).said == ("".join(words),)
    assert len(parsed) == 5


def message(**more: Any) -> dict[str, Any]:
    content = [
        {"type": "thinking", "thinking": "Hm", "signature": "x"},
        {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix"},
        {"type": "text", "text": "Hello", "citations": None},
        {"type": "tool_use", "id": "t", "name": "bash", "input": {"command": "ls"}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"type": "web_search_result"}]},
    ]
    body = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-8"}
    return {**body, "content": content, "stop_reason": "tool_use", "usage": {**USAGE, **END_USAGE}, **more}


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", ""])
@pytest.mark.parametrize("request_", [STREAMED, Asked(stream=False)])
def test_a_plain_response(kind: str, request_: Asked) -> None:
    plain = json.dumps(message()).encode()
    for chunks in ([plain], [plain[i : i + 1] for i in range(len(plain))], [b"\n ", plain]):
        assert read(*chunks, kind=kind, request=request_) == Facts(
            model="claude-opus-4-8",
            finish_reasons=("tool_use",),
            ended=True,
            usage=COUNTED,
            usage_final=True,
            usage_raw={**USAGE, **END_USAGE},
            cache_write_1h=5,
            said=("Hm", "Hello", "bash", '{"command":"ls"}'),
            readable=True,
        )


def test_a_plain_answer_without_usage_has_none() -> None:
    facts = read(json.dumps(message(usage=None)).encode(), kind="application/json")
    assert facts.usage is None
    assert facts.ended


NOTHING = {"input_tokens": 0, "output_tokens": 0}
ZEROS = {"input_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


@pytest.mark.parametrize(
    ("first", "last", "usage"),
    [
        pytest.param(USAGE, {"output_tokens": 9}, (123, 100, 20, 9), id="output only"),
        pytest.param(
            USAGE, {"input_tokens": 3, "output_tokens": 9}, (123, 100, 20, 9), id="part of the triple"
        ),
        pytest.param(USAGE, {**ZEROS, "output_tokens": 9}, (123, 100, 20, 9), id="zeros are no triple"),
        pytest.param(
            USAGE,
            {"input_tokens": None, "cache_read_input_tokens": None, "output_tokens": 9},
            (123, 100, 20, 9),
            id="nulls are no triple",
        ),
        pytest.param(
            USAGE,
            {
                "input_tokens": 50,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 60,
                "output_tokens": 9,
            },
            (110, 60, 0, 9),
            id="another triple",
        ),
        pytest.param(
            {"input_tokens": 110, "output_tokens": 1},
            {
                "input_tokens": 50,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 60,
                "output_tokens": 9,
            },
            (110, 60, 0, 9),
            id="the triple comes late",
        ),
        pytest.param(
            {"input_tokens": 25}, {"input_tokens": 30, "output_tokens": 9}, (30, None, None, 9), id="no cache"
        ),
        pytest.param(
            {**ZEROS, "output_tokens": 0},
            {"input_tokens": 30, "cache_read_input_tokens": 10, "output_tokens": 9},
            (40, 10, 0, 9),
            id="zeros first",
        ),
        pytest.param(None, {"input_tokens": 30, "output_tokens": 9}, (30, None, None, 9), id="the end only"),
        # https://github.com/jeremychone/rust-genai/pull/258: a part of no triple
        pytest.param(
            {"input_tokens": 3602, "output_tokens": 0},
            {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 3604, "output_tokens": 878},
            (3602, None, None, 878),
            id="DashScope",
        ),
        pytest.param(USAGE, None, (123, 100, 20, None), id="the beginning only"),
        pytest.param(USAGE, NOTHING, (123, 100, 20, None), id="zero output beside output"),
        pytest.param(NOTHING, NOTHING, None, id="zeros only"),
        pytest.param(None, None, None, id="none"),
        pytest.param(NOTHING, {"output_tokens": 9}, (None, None, None, 9), id="output and a placeholder"),
        pytest.param(
            {"input_tokens": -1, "output_tokens": "x"}, {"output_tokens": 2.5}, None, id="no counts"
        ),
    ],
)
def test_usage(
    first: dict[str, Any] | None, last: dict[str, Any] | None, usage: tuple[int | None, ...] | None
) -> None:
    facts = read(sse(start(first), says("a"), end(last), STOP))
    tokens = facts.usage
    assert (tokens and (tokens.input, tokens.cached, tokens.cache_write, tokens.output)) == usage
    assert (facts.usage_raw is None) == (tokens is None)
    assert facts.usage_final


def test_running_totals() -> None:
    running = [end({"output_tokens": n}, None) for n in (2, 4, 7)]
    assert read(sse(start(), says("a"), *running, end({"output_tokens": 8}), STOP)).usage == Tokens(
        input=123, cached=100, cache_write=20, output=8, total=131
    )
    assert read(sse(start(), says("a"), end({"output_tokens": 8}), end(NOTHING), STOP)).usage == Tokens(
        input=123, cached=100, cache_write=20, output=8, total=131
    )


def test_an_empty_answer_may_have_cost_nothing() -> None:
    facts = read(sse(start(NOTHING), end(NOTHING), STOP))
    assert facts.usage == Tokens(input=0, output=0, total=0)
    assert read(sse(start(NOTHING))).usage is None


def test_compaction_by_the_server_is_counted() -> None:
    iterations = [
        {"type": "compaction", "input_tokens": 180, "cache_read_input_tokens": 5, "output_tokens": 35},
        {"type": "message", "input_tokens": 23, "cache_read_input_tokens": 2, "output_tokens": 10},
        {"type": "advisor_message", "model": "another", "input_tokens": 400, "output_tokens": 50},
    ]
    usage = {"input_tokens": 23, "cache_read_input_tokens": 2, "output_tokens": 10, "iterations": iterations}
    summary = [block({"type": "compaction"}), delta({"type": "compaction_delta", "content": "So far"})]
    facts = read(sse(start({"input_tokens": 23}), *summary, end(usage), STOP))
    assert facts.usage == Tokens(input=23 + 2 + 185, cached=7, output=45, total=255)
    assert facts.said == ("So far",)


def test_cost() -> None:
    facts = read(sse(start(), says("a"), end({**END_USAGE, "cost": 0.00042}), STOP))
    assert facts.cost_usd == Decimal("0.00042")


def test_usage_that_no_ledger_line_can_hold_is_none() -> None:
    large = {**END_USAGE, "x": "x" * 100_000}
    assert read(sse(start(large), says("a"), end(large), STOP)).usage is None
    # nor does it make a count of what the beginning said
    facts = read(sse(start(), says("a"), end(large), STOP))
    assert facts.usage == Tokens(input=123, cached=100, cache_write=20)
    assert facts.usage_raw == USAGE


SERVER_TOOL = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}


@pytest.mark.parametrize(
    ("values", "ended", "final", "output"),
    [
        pytest.param([start(), says("a")], False, True, None, id="input is known from the beginning"),
        pytest.param(
            [start(), block(SERVER_TOOL), says("a", 1)], False, False, None, id="but grows with results"
        ),
        pytest.param(
            [start(), says("a"), end({"output_tokens": 4}, None)], False, False, 4, id="running totals"
        ),
        pytest.param(
            [start(), says("a"), end({"output_tokens": 4}, None), end(None)],
            False,
            False,
            4,
            id="running totals up to the end",
        ),
        pytest.param([start(), says("a"), end()], False, True, 89, id="its last count was there"),
        pytest.param([start(), says("a"), end(), STOP], True, True, 89, id="whole"),
    ],
)
def test_cut_streams(values: list[dict[str, Any]], ended: bool, final: bool, output: int | None) -> None:
    facts = read(sse(*values))
    assert facts.ended is ended
    assert facts.usage_final is final
    assert facts.usage is not None
    assert facts.usage.input == 123
    assert facts.usage.output == output


def test_nothing_comes_behind_the_end() -> None:
    meter = MessagesMeter(STREAMED, "text/event-stream")
    meter.feed(sse(start(), says("a"), end()))
    assert not meter.done
    meter.feed(sse(STOP))
    assert meter.done


ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "r"}


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (sse(start(), says("a"), ERROR), "text/event-stream", "overloaded_error"),
        (json.dumps(ERROR).encode(), "application/json", "overloaded_error"),
        (b'event: error\ndata: {"error": "words"}\n\n', "text/event-stream", None),
        (b"event: error\ndata: words\n\n", "text/event-stream", None),
        (b'data: {"error": {"code": "full"}}\n\n', "text/event-stream", "full"),
    ],
)
def test_errors_in_band(body: bytes, kind: str, code: str | None) -> None:
    facts = read(body, kind=kind)
    assert facts.in_band_error
    assert facts.error_code == code


def test_the_first_delta_is_told() -> None:
    for first, is_one in (
        (start(), False),
        (PING, False),
        (block(THINKING), False),
        (says(""), False),
        (delta({"type": "signature_delta", "signature": "x"}), False),
        (says("a"), True),
        (delta({"type": "thinking_delta", "thinking": "a"}), True),
        (delta({"type": "input_json_delta", "partial_json": "{"}), True),
        (block(TOOL), True),
    ):
        meter = MessagesMeter(STREAMED, "text/event-stream")
        meter.feed(sse(first))
        assert meter.saw_delta is is_one, first


def test_a_gateway_that_puts_all_into_the_blocks_beginning() -> None:
    called = block({**TOOL, "input": {"a": 1}}, 1)
    assert read(sse(block({"type": "text", "text": "Hi"}), called)).said == ("Hi", "get_weather", '{"a":1}')


@given(
    st.lists(st.binary(max_size=30), max_size=5),
    st.sampled_from(["text/event-stream", "application/json", ""]),
)
def test_no_bytes_raise(chunks: list[bytes], kind: str) -> None:
    read(*chunks, kind=kind)


KEYS = [
    *("type", "message", "usage", "delta", "content_block", "content", "index", "error", "input_tokens"),
    *("output_tokens", "iterations", "role", "source", "tools", "messages", "system", "thinking", "model"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["text", "compaction", "tool_use", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from(["message_start", "message_delta", "content_block_start", "content_block_delta", "x"]),
    JSON,
)
def test_no_json_raises(kind: str, value: object) -> None:
    data = json.dumps(value)
    read(f"event: {kind}\ndata: {data}\n\n".encode())
    read(data.encode(), kind="application/json")
    if isinstance(value, dict):
        read_request(value, "")
        read_prompt(value)


def test_what_is_nested_deeply_does_not_raise() -> None:
    content: Any = "end"
    for _ in range(400):
        content = [{"type": "tool_result", "content": content}]
    assert read_prompt({"messages": [{"role": "user", "content": content}]}).messages == ["user", "end"]


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        ("/v1/messages", True),
        ("/v1/messages/", True),
        ("/anthropic/v1/messages", True),
        ("/messages", True),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4-8:rawPredict", True),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4-8@1:streamRawPredict", True),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict", False),
        ("/v1/projects/p/locations/l/publishers/google/models/gemini:rawPredict", False),
        ("/v1/messages/count_tokens", False),
        ("/v1/messages/batches", False),
        ("/v1/messages/batches/b/results", False),
        ("/v1/threads/thread_1/messages", False),
    ],
)
def test_paths(path: str, matches: bool) -> None:
    assert (PROTOCOL.path.search(path) is not None) is matches


def test_request_facts() -> None:
    asked = read_request(
        {
            "model": "m",
            "max_tokens": 10,
            "messages": [{}, {}],
            "system": "s",
            "tools": [{}],
            "temperature": 1,
            "top_p": 0.5,
            "stream": True,
            "output_config": {"effort": "low"},
        },
        "/v1/messages",
    )
    assert asked == Asked(
        model="m",
        stream=True,
        include_usage=True,
        params=Params(
            temperature=1.0,
            top_p=0.5,
            max_tokens=10,
            reasoning_effort="low",
            tools_count=1,
            messages_count=2,
        ),
    )


def test_a_budget_of_thinking_stands_for_effort() -> None:
    asked = read_request({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "/v1/messages")
    assert asked.params.reasoning_effort == "1024"


def test_vertex_has_the_model_in_the_path() -> None:
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4-8@20260101:rawPredict"
    assert read_request({}, path).model == "claude-opus-4-8@20260101"


def test_a_request_that_makes_no_sense() -> None:
    odd = read_request(
        {"model": 3, "stream": 1, "tools": {}, "thinking": 3, "output_config": []}, "/v1/messages"
    )
    assert odd == Asked(stream=False, include_usage=True)


def test_prompt_texts() -> None:
    prompt = read_prompt(
        {
            "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {"role": "user", "content": "hi"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": "s"},
                        {"type": "text", "text": "I look"},
                        {"type": "tool_use", "id": "t", "name": "bash", "input": {"command": "ls"}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "t", "content": "a.py"},
                        {
                            "type": "tool_result",
                            "tool_use_id": "u",
                            "content": [{"type": "text", "text": "b"}],
                        },
                        {"type": "document", "source": {"type": "text", "data": "c"}},
                        {"type": "document", "source": {"type": "content", "content": [{"text": "d"}]}},
                    ],
                },
            ],
            "tools": [{"name": "bash", "input_schema": {"type": "object"}}],
            "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
        }
    )
    assert prompt.system == ["be brief"]
    assert sorted(prompt.messages) == sorted(
        ["user", "hi", "assistant", "hm", "I look", "bash", '{"command":"ls"}', "user", "a.py", "b", "c", "d"]
    )
    assert prompt.tools == ['{"name":"bash","input_schema":{"type":"object"}}', '{"type":"object"}']
    assert (prompt.messages_count, prompt.tools_count) == (4, 1)
    assert not prompt.media
    assert not prompt.stored


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}},
        {"type": "document", "source": {"type": "file", "file_id": "f"}},
        {"type": "container_upload", "file_id": "f"},
        {"type": "tool_result", "content": [{"type": "image", "source": {"type": "url", "url": "u"}}]},
    ],
)
def test_media(part: dict[str, Any]) -> None:
    assert read_prompt({"messages": [{"role": "user", "content": [part]}]}).media


def test_what_is_encrypted_can_not_be_counted() -> None:
    part = {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix"}
    assert read_prompt({"messages": [{"role": "assistant", "content": [part]}]}).stored


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (429, "rate_limit_error"),
        (503, "api_error"),
        (504, "timeout_error"),
    ],
)
def test_errors_of_ours(status: int, kind: str) -> None:
    body = json.loads(PROTOCOL.error_body(Problem(code="c", message="what to do", status=status)))
    assert body == {"type": "error", "error": {"type": kind, "message": "what to do", "code": "c"}}
