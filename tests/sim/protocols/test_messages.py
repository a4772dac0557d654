"""Messages: blocks become messages, and a stream says its usage twice, cumulatively."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.conversation import Answer, Message, Request, ToolCall, Usage
from cab_sim.errors import RequestError
from cab_sim.protocols import messages

from ..play import ANSWERS, ASKS, events, joined, reply

BASH = ASKS["messages"].body["tools"][0]
MARK = {"cache_control": {"type": "ephemeral"}}


def parse(**fields: Any) -> Request:
    return messages.parse_request(
        {"model": "oracle", "messages": [{"role": "user", "content": "Hi"}]} | fields, {}
    )


def test_reads_a_conversation() -> None:
    request = parse(
        system=[{"type": "text", "text": "Be"}, {"type": "text", "text": "kind"}],
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "…", "signature": "…"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "1", "name": "bash", "input": {"command": "ls"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "1", "content": "one"},
                    {"type": "tool_result", "tool_use_id": "2", "content": [{"type": "text", "text": "2"}]},
                    {"type": "text", "text": "Go on"},
                ],
            },
        ],
        tools=[BASH, {"type": "web_search_20250305", "name": "web_search"}],
    )
    call = ToolCall(name="bash", arguments='{"command":"ls"}')
    assert request.messages == (
        Message(role="system", text="Be\nkind"),
        Message(role="user", text="Hi"),
        Message(role="assistant", text="I look.", tool_calls=(call,)),
        Message(role="tool", text="one"),
        Message(role="tool", text="2"),
        Message(role="user", text="Go on"),
    )
    assert [tool.name for tool in request.tools] == ["bash", "web_search"]
    assert request.tools[0].required == {"command"}


def test_tool_choice_none_takes_the_tools_away() -> None:
    assert parse(tools=[BASH], tool_choice={"type": "none"}).tools == ()


@pytest.mark.parametrize(
    ("fields", "caches"),
    [
        ({}, False),
        ({"system": "Be kind"}, False),
        (MARK, True),
        ({"system": [{"type": "text", "text": "Be kind", **MARK}]}, True),
        ({"tools": [{**BASH, **MARK}]}, True),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi", **MARK}]}]}, True),
    ],
)
def test_a_mark_anywhere_asks_for_the_cache(fields: dict[str, Any], caches: bool) -> None:
    assert parse(**fields).caches == caches


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": None}, "'model'"),
        ({"messages": []}, "'messages' is missing"),
        ({"messages": [{"role": "user", "content": 1}]}, "A message's 'content'"),
        ({"system": 1}, "'system'"),
        ({"tools": [{}]}, "A tool has no 'name'"),
        ({"tool_choice": "none"}, "'tool_choice'"),
    ],
)
def test_says_what_is_wrong_with_a_request(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse(**fields)


@given(answer=ANSWERS, size=st.integers(1, 9))
def test_the_stream_adds_up_to_the_plain_answer(answer: Answer, size: int) -> None:
    made = reply(answer, size)
    plain = messages.body(made)
    (block,) = plain["content"]
    told = list(events(joined(messages.frames(made), answer.tokens())))
    assert [name for name, _ in told] == [value["type"] for _, value in told]
    (_, start), (_, opened), (_, ping), *deltas, (_, closed), (_, delta), (_, stop) = told
    assert [v["type"] for v in (start, opened, ping, closed, delta, stop)] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    key = "partial_json" if answer.tool_call else "text"
    said = "".join(value["delta"][key] for _, value in deltas)
    whole = {"input": json.loads(said)} if answer.tool_call else {"text": said}
    assert opened["content_block"] | whole == block
    assert start["message"] | {"content": [block], **delta["delta"], "usage": delta["usage"]} == plain


def test_input_tokens_are_three_numbers() -> None:
    spent = Usage(prompt_tokens=100, completion_tokens=7, cached_tokens=60, cache_write_tokens=30)
    made = reply(Answer(text="x"))
    cached = type(made)(request=made.request, answer=made.answer, usage=spent, n=1, created=7)
    expected = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 60,
        "output_tokens": 7,
    }
    assert messages.body(cached)["usage"] == expected
    told = [value for _, value in events(joined(messages.frames(cached), 1))]
    assert told[0]["message"]["usage"] == expected | {"output_tokens": 1}
    assert told[-2]["usage"] == expected


def test_usage_can_be_left_out_or_be_everywhere() -> None:
    assert b"usage" not in joined(messages.frames(reply(Answer(text="x"), reports=False)), 1)
    assert "usage" not in messages.body(reply(Answer(text="x"), reports=False))
    made = reply(Answer(text="One two three four."), size=2, reports_always=True)
    told = events(joined(messages.frames(made), made.answer.tokens()))
    outputs = [value["usage"]["output_tokens"] for name, value in told if name == "message_delta"]
    assert outputs == [2, 4, 5, 5]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
    ],
)
def test_errors_are_anthropics(status: int, kind: str) -> None:
    assert messages.error(RequestError("No.", status=status)) == {
        "type": "error",
        "error": {"type": kind, "message": "No."},
    }
