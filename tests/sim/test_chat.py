"""Requests are read leniently where clients differ; plain and streamed answers say the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim import tokens
from cab_sim.chat import Answer, ChatRequest, Envelope, Message, ToolCall, Usage, parse_request
from cab_sim.errors import RequestError

USER = {"role": "user", "content": "Hi"}
BASH = {
    "type": "function",
    "function": {
        "name": "bash",
        "description": "Run it.",
        "parameters": {
            "type": "object",
            "properties": {"command": {"type": "string"}},
            "required": ["command"],
        },
    },
}


def parse(**fields: Any) -> ChatRequest:
    return parse_request(json.dumps({"model": "oracle", "messages": [USER]} | fields).encode())


def test_reads_a_conversation() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
    request = parse(
        messages=[
            {"role": "system", "content": [{"type": "text", "text": "Be"}, {"type": "text", "text": "kind"}]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": "done"},
        ],
        tools=[BASH],
        stream=True,
        stream_options={"include_usage": True},
    )
    assert request.messages == (
        Message(role="system", text="Be\nkind"),
        Message(role="user"),
        Message(role="assistant", tool_calls=(ToolCall(name="bash", arguments="{}"),)),
        Message(role="tool", text="done"),
    )
    (tool,) = request.tools
    assert tool.name == "bash"
    assert tool.required == set(tool.properties) == {"command"}
    assert request.stream
    assert request.include_usage
    assert request.instructions == "Be\nkind"


def test_without_a_system_message_the_users_words_are_the_instructions() -> None:
    assert parse().instructions == "Hi"


def test_tool_choice_none_takes_the_tools_away() -> None:
    assert parse(tools=[BASH], tool_choice="none").tools == ()


def test_the_prompt_is_counted_with_its_tools() -> None:
    assert parse().prompt_tokens() == tokens.count("user") + tokens.count("Hi")
    schema = json.dumps(BASH, separators=(",", ":"))
    assert parse(tools=[BASH]).prompt_tokens() - parse().prompt_tokens() == tokens.count(schema)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "'model'"),
        (b'{"model":"m"}', "'messages'"),
        (b'{"model":"m","messages":[1]}', "A message is not an object"),
        (b'{"model":"m","messages":[{}]}', "no 'role'"),
        (b'{"model":"m","messages":[{"role":"user","content":1}]}', "'content'"),
        (b'{"model":"m","messages":[{"role":"user","content":[1]}]}', "A content part"),
        (b'{"model":"m","messages":[{"role":"a","tool_calls":[{}]}]}', "A tool call's 'function'"),
        (b'{"model":"m","messages":[{"role":"a"}],"n":2}', "'n' must be 1"),
        (b'{"model":"m","messages":[{"role":"a"}],"tools":{}}', "'tools' is not a list"),
        (b'{"model":"m","messages":[{"role":"a"}],"tools":[{"function":{}}]}', "A tool has no 'name'"),
        (b'{"model":"m","messages":[{"role":"a"}],"stream_options":1}', "'stream_options'"),
    ],
)
def test_says_what_is_wrong_with_a_request(body: bytes, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_request(body)
    assert message in str(caught.value)
    assert caught.value.status == 400


@given(
    st.binary()
    | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(repr).map(str.encode)
)
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        parse_request(body)


TEXT = st.text(st.characters(codec="utf-8"))
ANSWERS = st.builds(lambda text: Answer(text=text), TEXT) | st.builds(
    lambda text: Answer(
        tool_call=ToolCall(name="bash", arguments=json.dumps({"command": text}, ensure_ascii=False))
    ),
    TEXT,
)


@given(answer=ANSWERS, size=st.integers(1, 9))
def test_the_chunks_add_up_to_the_plain_answer(answer: Answer, size: int) -> None:
    chunks = list(answer.chunks("call_1", size))
    whole: dict[str, Any] = {}
    for chunk in chunks:
        delta = dict(chunk.delta)
        for call in delta.pop("tool_calls", []):
            if "id" in call:
                whole["tool_calls"] = [{k: v for k, v in call.items() if k != "index"}]
                whole["tool_calls"][0]["function"] = dict(call["function"])
            else:
                assert call["index"] == 0
                whole["tool_calls"][0]["function"]["arguments"] += call["function"]["arguments"]
        content = delta.pop("content", None)
        whole["content"] = content if whole.get("content") is None else whole["content"] + (content or "")
        whole |= delta
    assert whole == answer.message("call_1")
    assert sum(chunk.tokens for chunk in chunks) == answer.completion_tokens()


def test_the_envelope_is_openais() -> None:
    envelope = Envelope(response_id="c1", created=7, model="oracle", extra={"usage": None})
    usage = Usage(prompt_tokens=2, completion_tokens=3)
    body = envelope.body({"role": "assistant"}, "stop", usage)
    assert body["object"] == "chat.completion"
    assert body["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    assert "usage" not in envelope.body({}, "stop", None)
    chunk = envelope.chunk({"content": "x"})
    assert (chunk["object"], chunk["usage"]) == ("chat.completion.chunk", None)
    assert envelope.usage_chunk(usage)["choices"] == []
