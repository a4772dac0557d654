"""The meter of OpenAI's Responses: the same facts from the same bytes, however they come."""

from __future__ import annotations

import gzip
import itertools
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
from cab_proxy.protocols.responses import PROTOCOL, ResponsesMeter, read_prompt, read_request
from cab_proxy.records import Params, Tokens

STREAMED = Asked(model="m", stream=True)
USAGE = {
    "input_tokens": 123,
    "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 20},
    "output_tokens": 89,
    "output_tokens_details": {"reasoning_tokens": 30},
    "total_tokens": 212,
}
COUNTED = Tokens(input=123, cached=100, cache_write=20, output=89, reasoning=30, total=212)


def read(
    *chunks: bytes, request: Asked = STREAMED, kind: str = "text/event-stream", coding: str = ""
) -> Facts:
    meter = ResponsesMeter(request, kind, coding)
    for chunk in chunks:
        meter.feed(chunk)
    return meter.finish()


def event(value: dict[str, Any]) -> bytes:
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return f"event: {value['type']}\ndata: {data}\n\n".encode("utf-8", "surrogatepass")


def sse(*values: dict[str, Any]) -> bytes:
    """Events as OpenAI sends them: named and numbered."""
    return b"".join(
        event({"type": value["type"], "sequence_number": n, **value}) for n, value in enumerate(values)
    )


def response(status: str, **more: Any) -> dict[str, Any]:
    body = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1741476777,
        "status": status,
        "background": False,
    }
    return {
        **body,
        "error": None,
        "incomplete_details": None,
        "model": "gpt-5-2026",
        "output": [],
        "usage": None,
        **more,
    }


def about(status: str, **more: Any) -> dict[str, Any]:
    """An event about the whole response."""
    name = "created" if status == "in_progress" else status
    return {"type": f"response.{name}", "response": response(status, **more)}


def delta(kind: str, text: str, index: int = 0, part: int = 0, **more: Any) -> dict[str, Any]:
    place = {"item_id": f"item_{index}", "output_index": index}
    if "arguments" not in kind and "input" not in kind:
        place["summary_index" if "summary" in kind else "content_index"] = part
    return {"type": f"response.{kind}.delta", **place, "delta": text, **more}


def says(text: str, index: int = 0, part: int = 0) -> dict[str, Any]:
    return delta("output_text", text, index, part, logprobs=[], obfuscation="x" * (1 + len(text) % 7))


def added(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def message(text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    return {"type": "message", "id": "item_1", "status": "completed", "role": "assistant", "content": content}


REASONING = {
    "type": "reasoning",
    "id": "item_0",
    "summary": [{"type": "summary_text", "text": "Hm €"}, {"type": "summary_text", "text": "So"}],
    "content": [{"type": "reasoning_text", "text": "first"}],
    "encrypted_content": "gAAAAABo",
}
CALL = {"type": "function_call", "id": "item_2", "call_id": "c", "name": "bash", "arguments": '{"é": 1}'}
CUSTOM = {
    "type": "custom_tool_call",
    "id": "item_3",
    "call_id": "d",
    "name": "apply_patch",
    "input": "*** Begin",
}
OUTPUT = [REASONING, message("Héllo 🎉!"), CALL, CUSTOM]
SAID = ("Hm €", "So", "first", "Héllo 🎉!", "bash", '{"é": 1}', "apply_patch", "*** Begin")

STREAM = [
    about("in_progress"),
    {"type": "response.in_progress", "response": response("in_progress")},
    added({**REASONING, "summary": [], "content": None}),
    {
        "type": "response.reasoning_summary_part.added",
        "output_index": 0,
        "summary_index": 0,
        "part": {"text": ""},
    },
    delta("reasoning_summary_text", "Hm €"),
    delta("reasoning_summary_text", "So", part=1),
    delta("reasoning_text", "fi"),
    delta("reasoning_text", "rst"),
    done(REASONING),
    added(message(""), 1),
    says("Héllo", 1),
    says(" 🎉", 1),
    says("!", 1),
    {"type": "response.output_text.done", "output_index": 1, "content_index": 0, "text": "Héllo 🎉!"},
    done(message("Héllo 🎉!"), 1),
    added({**CALL, "arguments": ""}, 2),
    delta("function_call_arguments", '{"é"', 2),
    delta("function_call_arguments", ": 1}", 2),
    {"type": "response.function_call_arguments.done", "output_index": 2, "arguments": '{"é": 1}'},
    done(CALL, 2),
    added({**CUSTOM, "input": ""}, 3),
    delta("custom_tool_call_input", "*** ", 3),
    delta("custom_tool_call_input", "Begin", 3),
    done(CUSTOM, 3),
    about("completed", output=OUTPUT, usage=USAGE),
]
FULL = sse(*STREAM)
WHOLE = read(FULL)


def test_a_whole_stream() -> None:
    assert read(FULL) == Facts(
        model="gpt-5-2026",
        response_id="resp_1",
        finish_reasons=("completed",),
        ended=True,
        usage=COUNTED,
        usage_final=True,
        usage_raw=USAGE,
        said=SAID,
        readable=True,
        reasoned=True,
    )


def test_byte_by_byte() -> None:
    assert read(*(FULL[i : i + 1] for i in range(len(FULL)))) == WHOLE


@given(st.lists(st.integers(0, len(FULL)), max_size=10))
def test_any_split(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(FULL)]
    assert read(*(FULL[a:b] for a, b in pairwise(edges))) == WHOLE


@given(st.integers(0, 1000))
def test_any_split_compressed(cut: int) -> None:
    packed = gzip.compress(FULL, mtime=0)
    cut = min(cut, len(packed))
    assert read(packed[:cut], packed[cut:], coding="gzip") == WHOLE


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_other_line_ends(line_end: bytes) -> None:
    stream = FULL.replace(b"\n", line_end)
    assert read(stream) == read(*(stream[i : i + 1] for i in range(len(stream)))) == WHOLE


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(
            b"".join(line + b"\n" for line in FULL.split(b"\n") if not line.startswith(b"event")),
            id="no names",
        ),
        pytest.param(FULL + b"data: [DONE]\n\n", id="DONE behind it"),
    ],
)
def test_other_forms(stream: bytes) -> None:
    assert read(stream) == WHOLE
    assert read(stream, kind="") == WHOLE


def values() -> st.SearchStrategy[dict[str, Any]]:
    texts = st.sampled_from(["a", " wor", "é", "\n", '"', "\\", "0", "1", "delta", "\ud83d", ""])
    texts_said = texts.flatmap(
        lambda text: st.sampled_from(
            [
                says(text),
                says(text),
                says(text),
                says(text, 1),
                says(text, 0, 1),
                delta("reasoning_summary_text", text),
                delta("function_call_arguments", text, 2),
            ]
        )
    )
    others = [
        *(
            added(CALL, 2),
            done(CALL, 2),
            done(message("x")),
            {"type": "response.output_text.delta", "delta": "y"},
        ),
        *(
            about("completed", usage=USAGE),
            about("failed", error={"code": "server_error"}),
            about("in_progress"),
        ),
        {"type": "error", "code": "full"},
        {"type": "response.output_text.delta", "delta": "y", "error": "x"},
    ]
    return texts_said | texts_said | st.sampled_from(others)


@given(
    st.lists(values(), max_size=25),
    st.lists(st.integers(0, 5000), max_size=5),
    st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"]),
    st.integers(0, 2000),
)
def test_skimmed_or_read_the_facts_are_the_same(
    values: list[dict[str, Any]], cuts: list[int], line_end: bytes, first: int
) -> None:
    count = itertools.count(first)
    events = [
        event({"type": value["type"], "sequence_number": next(count), **value}).replace(b"\n", line_end)
        for value in values
    ]
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
    facts = read(sse(about("in_progress"), *(says(word) for word in words), about("completed", usage=USAGE)))
    assert facts.said == ("".join(words),)
    assert len(parsed) == 3


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", ""])
@pytest.mark.parametrize("request_", [STREAMED, Asked(stream=False)])
def test_a_plain_response(kind: str, request_: Asked) -> None:
    plain = json.dumps(response("completed", output=OUTPUT, usage=USAGE)).encode()
    for chunks in ([plain], [plain[i : i + 1] for i in range(len(plain))], [b"\n ", plain]):
        assert read(*chunks, kind=kind, request=request_) == WHOLE


def test_a_compacted_conversation() -> None:
    items = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAAABo"},
    ]
    body = {"id": "resp_1", "object": "response.compaction", "created_at": 1, "output": items, "usage": USAGE}
    facts = read(json.dumps(body).encode(), kind="application/json", request=Asked(stream=False))
    assert facts.usage == COUNTED
    assert facts.said == ()
    assert facts.ended


BARE_END = about("completed", usage=USAGE)


@pytest.mark.parametrize(
    ("left_out", "last"),
    [
        ({"delta"}, STREAM[-1]),
        ({"done"}, STREAM[-1]),
        ({"delta", "done", "added"}, STREAM[-1]),
        ({"delta"}, BARE_END),
        ({"done"}, BARE_END),
    ],
)
def test_what_is_repeated_counts_once(left_out: set[str], last: dict[str, Any]) -> None:
    kept = [value for value in STREAM[:-1] if value["type"].rpartition(".")[2] not in left_out]
    assert sorted(read(sse(*kept, last)).said) == sorted(SAID)


@pytest.mark.parametrize(
    "left_out", [["output_index"], ["item_id"], ["output_index", "item_id", "content_index"]]
)
def test_deltas_that_do_not_say_where_they_belong(left_out: list[str]) -> None:
    bare = [{key: value[key] for key in value if key not in left_out} for value in STREAM]
    assert sorted(read(sse(*bare)).said) == sorted(SAID)


def test_calls_of_other_tools() -> None:
    output = [
        {"type": "local_shell_call", "id": "1", "action": {"type": "exec", "command": ["ls"]}},
        {"type": "apply_patch_call", "id": "2", "operation": {"type": "delete_file", "path": "a"}},
        {"type": "code_interpreter_call", "id": "3", "code": "1+1"},
        {"type": "tool_search_call", "id": "4", "arguments": {"q": "x"}},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    ]
    facts = read(json.dumps(response("completed", output=output)).encode(), kind="application/json")
    assert facts.said == (
        '{"type":"exec","command":["ls"]}',
        '{"type":"delete_file","path":"a"}',
        "1+1",
        '{"q":"x"}',
        "No.",
    )


def test_what_is_not_text_is_not_said() -> None:
    audio = {"type": "response.audio.delta", "delta": "UklGRg=="}
    shell = {"type": "response.shell_call_output_content.delta", "delta": {"stdout": "x"}}
    assert read(sse(audio, shell, delta("refusal", "No."))).said == ("No.",)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(
            {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}, None, id="zero beside output"
        ),
        pytest.param({"input_tokens": 5}, Tokens(input=5), id="a part"),
        pytest.param(
            {"prompt_tokens": 5, "completion_tokens": 2}, Tokens(input=5, output=2, total=7), id="chat's"
        ),
        pytest.param(
            {
                "input_tokens": 5,
                "output_tokens": 2,
                "output_tokens_details": {"reasoning_tokens": 7},
                "total_tokens": 14,
            },
            Tokens(input=5, output=9, reasoning=7, total=14),
            id="reasoning outside",
        ),
        pytest.param({**USAGE, "x": "x" * 100_000}, None, id="no ledger line can hold it"),
    ],
)
def test_usage(usage: dict[str, Any] | None, tokens: Tokens | None) -> None:
    facts = read(sse(says("a"), about("completed", usage=usage)))
    assert facts.usage == tokens
    assert facts.usage_final


def test_an_empty_answer_may_have_cost_nothing() -> None:
    facts = read(sse(about("completed", usage={"input_tokens": 0, "output_tokens": 0})))
    assert facts.usage == Tokens(input=0, output=0, total=0)


def test_cost() -> None:
    facts = read(sse(says("a"), about("completed", usage={**USAGE, "cost": 0.00042})))
    assert facts.cost_usd == Decimal("0.00042")


@pytest.mark.parametrize(
    ("status", "more", "reasons", "failed", "code"),
    [
        ("completed", {}, ("completed",), False, None),
        (
            "incomplete",
            {"incomplete_details": {"reason": "max_output_tokens"}},
            ("max_output_tokens",),
            False,
            None,
        ),
        ("incomplete", {}, ("incomplete",), False, None),
        ("cancelled", {}, ("cancelled",), False, None),
        ("failed", {"error": {"code": "server_error", "message": "x"}}, ("failed",), True, "server_error"),
        ("failed", {}, ("failed",), True, None),
    ],
)
def test_ends(
    status: str, more: dict[str, Any], reasons: tuple[str, ...], failed: bool, code: str | None
) -> None:
    stream = sse(about("in_progress"), says("a"), about(status, usage=USAGE, **more))
    plain = json.dumps(response(status, usage=USAGE, **more)).encode()
    for facts in (read(stream), read(plain, kind="application/json")):
        assert facts.finish_reasons == reasons
        assert facts.in_band_error is failed
        assert facts.error_code == code
        assert facts.ended
        assert facts.usage == COUNTED


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (
            sse(says("a"), {"type": "error", "code": "rate_limit_exceeded", "message": "x"}),
            "text/event-stream",
            "rate_limit_exceeded",
        ),
        (sse({"type": "error", "code": None, "message": "x"}), "text/event-stream", None),
        (
            sse({"type": "error", "error": {"type": "server_error", "code": None}}),
            "text/event-stream",
            "server_error",
        ),
        (sse({"type": "response.failed", "error": {"code": "full"}}), "text/event-stream", "full"),
        (b'data: {"error": "words"}\n\n', "text/event-stream", None),
        (b"event: error\ndata: words\n\n", "text/event-stream", None),
        (b'{"error": {"code": "full"}}', "application/json", "full"),
    ],
)
def test_errors_in_band(body: bytes, kind: str, code: str | None) -> None:
    facts = read(body, kind=kind)
    assert facts.in_band_error
    assert facts.error_code == code


@pytest.mark.parametrize("cut", range(len(STREAM)))
def test_cut_streams(cut: int) -> None:
    facts = read(sse(*STREAM[:cut]))
    assert not facts.ended
    assert not facts.pending
    assert facts.usage is None
    assert facts.finish_reasons == ()


def test_usage_before_the_end_is_not_final() -> None:
    facts = read(sse(about("in_progress", usage={"input_tokens": 7}), says("a")))
    assert facts.usage == Tokens(input=7)
    assert not facts.usage_final


def test_nothing_comes_behind_the_end() -> None:
    meter = ResponsesMeter(STREAMED, "text/event-stream")
    meter.feed(sse(*STREAM[:-1]))
    assert not meter.done
    meter.feed(sse(STREAM[-1]))
    assert meter.done
    assert read(b'event: response.completed\ndata: {"type":"response.completed"}\n\n').ended


BACKGROUND = Asked(model="m", background=True)


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_call_in_the_background(status: str) -> None:
    begun = json.dumps(response(status, background=True)).encode()
    for request in (BACKGROUND, Asked()):
        facts = read(begun, kind="application/json", request=request)
        assert facts.pending
        assert facts.ended
        assert facts.response_id == "resp_1"
        assert facts.usage is None
    assert not read(json.dumps(response(status)).encode(), kind="application/json").pending
    stream = sse(about(status, background=True), says("a"))
    assert read(stream, request=BACKGROUND).pending
    ended = sse(about(status, background=True), about("completed", background=True, usage=USAGE))
    assert not read(ended, request=BACKGROUND).pending


def test_the_first_delta_is_told() -> None:
    for first, is_one in (
        (about("in_progress"), False),
        (added(message("")), False),
        (added({**REASONING, "summary": []}), False),
        (says(""), False),
        (says("a"), True),
        (delta("reasoning_summary_text", "a"), True),
        (delta("function_call_arguments", "{"), True),
        (delta("custom_tool_call_input", "x"), True),
        (added({**CALL, "arguments": ""}), True),
    ):
        meter = ResponsesMeter(STREAMED, "text/event-stream")
        meter.feed(sse(first))
        assert meter.saw_delta is is_one, first


@given(
    st.lists(st.binary(max_size=30), max_size=5),
    st.sampled_from(["text/event-stream", "application/json", ""]),
)
def test_no_bytes_raise(chunks: list[bytes], kind: str) -> None:
    read(*chunks, kind=kind)


KEYS = [
    *("type", "response", "usage", "delta", "item", "output", "output_index", "error", "content", "summary"),
    *("name", "action", "status", "incomplete_details", "input", "role", "tools", "text", "format", "id"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["text", "message", "function_call", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from(
        ["response.completed", "response.x.delta", "response.output_item.done", "response.created"]
    ),
    JSON,
)
def test_no_json_raises(kind: str, value: object) -> None:
    data = json.dumps(value)
    read(f"event: {kind}\ndata: {data}\n\n".encode())
    read(data.encode(), kind="application/json")
    if isinstance(value, dict):
        read_request(value, "")
        read_prompt(value)


@pytest.mark.parametrize(
    ("path", "matches"),
    [
        ("/v1/responses", True),
        ("/responses/", True),
        ("/openai/v1/responses", True),
        ("/backend-api/codex/responses", True),
        ("/v1/responses/compact", True),
        ("/v1/responses/input_tokens", False),
        ("/v1/responses/resp_1", False),
        ("/v1/responses/resp_1/cancel", False),
        ("/v1/responses/resp_1/input_items", False),
    ],
)
def test_paths(path: str, matches: bool) -> None:
    assert (PROTOCOL.path.search(path) is not None) is matches


@pytest.mark.parametrize(
    ("path", "response_id"),
    [
        ("/v1/responses/resp_1", "resp_1"),
        ("/v1/responses/resp_1/", "resp_1"),
        ("/v1/responses", None),
        ("/v1/responses/resp_1/input_items", None),
    ],
)
def test_paths_of_fetching(path: str, response_id: str | None) -> None:
    assert PROTOCOL.fetch is not None
    match = PROTOCOL.fetch.search(path)
    assert (match and match[1]) == response_id


def test_request_facts() -> None:
    asked = read_request(
        {
            "model": "m",
            "input": [{}, {}],
            "stream": True,
            "temperature": 0,
            "top_p": 0.5,
            "max_output_tokens": 20,
            "reasoning": {"effort": "low"},
            "tools": [{}],
        }
    )
    assert asked == Asked(
        model="m",
        stream=True,
        include_usage=True,
        params=Params(
            temperature=0.0,
            top_p=0.5,
            max_tokens=20,
            reasoning_effort="low",
            tools_count=1,
            messages_count=2,
        ),
    )
    assert read_request({"input": "hi"}).params.messages_count == 1


def test_a_background_call_has_its_usage_later() -> None:
    asked = read_request({"model": "m", "input": "hi", "background": True})
    assert asked.background
    assert not asked.include_usage


def test_a_request_that_makes_no_sense() -> None:
    odd = read_request(
        {"model": 3, "stream": 1, "background": "yes", "reasoning": 3, "input": 3, "tools": {}}
    )
    assert odd == Asked(stream=False, include_usage=True)


def test_prompt_texts() -> None:
    prompt = read_prompt(
        {
            "instructions": "be brief",
            "input": [
                {"role": "developer", "content": "rules"},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]},
                {"type": "function_call", "call_id": "c", "name": "bash", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "a.py"},
                {"type": "custom_tool_call", "call_id": "d", "name": "patch", "input": "***"},
                {
                    "type": "custom_tool_call_output",
                    "call_id": "d",
                    "output": [{"type": "input_text", "text": "ok"}],
                },
                {"type": "shell_call_output", "output": [{"stdout": "out", "stderr": "err"}]},
            ],
            "tools": [{"type": "function", "name": "bash", "parameters": {}}],
            "text": {"format": {"type": "json_schema", "name": "s", "schema": {}}},
        }
    )
    assert prompt.system == ["be brief", "developer", "rules"]
    assert prompt.messages == ["user", "hi", "hm", "bash", "{}", "a.py", "patch", "***", "ok", "out", "err"]
    assert prompt.tools == [
        '{"type":"function","name":"bash","parameters":{}}',
        '{"type":"json_schema","name":"s","schema":{}}',
    ]
    assert (prompt.messages_count, prompt.tools_count) == (9, 1)
    assert not prompt.media
    assert not prompt.stored


def test_a_prompt_that_is_a_string() -> None:
    prompt = read_prompt({"input": "hi"})
    assert prompt.messages == ["user", "hi"]
    assert prompt.messages_count == 1


@pytest.mark.parametrize(
    "item",
    [
        {"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,iVBO"}]},
        {"role": "user", "content": [{"type": "input_file", "file_id": "f"}]},
        {"type": "function_call_output", "output": [{"type": "input_image", "image_url": "data:"}]},
        {"type": "computer_call_output", "output": {"type": "computer_screenshot", "image_url": "data:"}},
    ],
)
def test_media(item: dict[str, Any]) -> None:
    assert read_prompt({"input": [item]}).media


@pytest.mark.parametrize(
    "more",
    [
        {"previous_response_id": "resp_0"},
        {"conversation": "conv_1"},
        {"prompt": {"id": "pmpt_1"}},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
        {"input": [{"type": "reasoning", "summary": [], "encrypted_content": "gAAAAABo"}]},
    ],
)
def test_what_lies_at_the_provider(more: dict[str, Any]) -> None:
    assert read_prompt({"input": "hi", **more}).stored


def test_errors_of_ours() -> None:
    body = json.loads(PROTOCOL.error_body(Problem(code="c", message="what to do", param="tools")))
    assert body["error"] == {
        "message": "what to do",
        "type": "invalid_request_error",
        "param": "tools",
        "code": "c",
    }
