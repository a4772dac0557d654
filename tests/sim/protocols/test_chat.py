"""chat/completions: requests are read leniently where clients differ; plain and streamed say the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.conversation import Answer, Message, Request, ToolCall
from cab_sim.errors import RequestError
from cab_sim.protocols import chat
from cab_sim.protocols.base import read_object

from ..play import ANSWERS, ASKS, events, joined, reply

USER = {"role": "user", "content": "Hi"}
BASH = ASKS["chat"].body["tools"][0]
DONE = "[DONE]"


def parse(**fields: Any) -> Request:
    return chat.parse_request({"model": "oracle", "messages": [USER]} | fields, {})


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
    assert tool.source == json.dumps(BASH, separators=(",", ":"))
    assert request.stream
    assert request.include_usage


def test_tool_choice_none_takes_the_tools_away() -> None:
    assert parse(tools=[BASH], tool_choice="none").tools == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "'model'"),
        (b'{"model":"m"}', "'messages'"),
        (b'{"model":"m","messages":[1]}', "An entry of 'messages' is not an object"),
        (b'{"model":"m","messages":[{}]}', "no 'role'"),
        (b'{"model":"m","messages":[{"role":"user","content":1}]}', "'content'"),
        (b'{"model":"m","messages":[{"role":"a","tool_calls":[{}]}]}', "A tool call's 'function'"),
        (b'{"model":"m","messages":[{"role":"a"}],"n":2}', "'n' must be 1"),
        (b'{"model":"m","messages":[{"role":"a"}],"n":[]}', "'n' must be 1"),
        (b'{"model":"m","messages":[{"role":"a"}],"tools":{}}', "'tools' is not a list"),
        (b'{"model":"m","messages":[{"role":"a"}],"tools":[{"function":{}}]}', "A tool has no 'name'"),
        (b'{"model":"m","messages":[{"role":"a"}],"stream_options":1}', "'stream_options'"),
    ],
)
def test_says_what_is_wrong_with_a_request(body: bytes, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        chat.parse_request(read_object(body), {})
    assert message in str(caught.value)
    assert caught.value.status == 400


def assembled(chunks: list[Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for chunk in chunks:
        delta = dict(chunk["choices"][0]["delta"])
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
    return whole


@given(answer=ANSWERS, size=st.integers(1, 9))
def test_the_stream_adds_up_to_the_plain_answer(answer: Answer, size: int) -> None:
    made = reply(answer, size, include_usage=True)
    plain = chat.body(made)
    stream = joined(chat.frames(made), answer.tokens())
    *chunks, last, done = [value for _, value in events(stream)]
    assert done == DONE
    assert last["choices"] == []
    assert last["usage"] == plain["usage"]
    assert assembled(chunks) == plain["choices"][0]["message"]
    assert chunks[-1]["choices"][0]["finish_reason"] == plain["choices"][0]["finish_reason"]
    assert all(chunk["usage"] is None for chunk in chunks)
    assert {chunk["id"] for chunk in chunks} == {plain["id"]}


def test_what_a_response_is_made_of() -> None:
    body = chat.body(reply(Answer(text="Hello there")))
    assert body["object"] == "chat.completion"
    assert body["usage"] == {"prompt_tokens": 2, "completion_tokens": 2, "total_tokens": 4}
    assert "usage" not in chat.body(reply(Answer(text="x"), reports=False))


def test_usage_is_streamed_only_when_asked_for() -> None:
    for settings in ({}, {"include_usage": True, "reports": False}):
        *chunks, _ = events(joined(chat.frames(reply(Answer(text="x"), **settings)), 1))
        assert all(chunk["choices"] and "usage" not in chunk for _, chunk in chunks)


def test_usage_in_every_chunk_grows() -> None:
    made = reply(Answer(text="One two three four."), size=2, reports_always=True)
    *chunks, _ = events(joined(chat.frames(made), made.usage.completion_tokens))
    seen = [chunk["usage"]["completion_tokens"] for _, chunk in chunks]
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert seen[-1] == made.usage.completion_tokens


def test_errors_are_openais() -> None:
    assert chat.error(RequestError("No.", status=429, code="x"))["error"] == {
        "message": "No.",
        "type": "requests",
        "param": None,
        "code": "x",
    }
