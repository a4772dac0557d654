"""Responses: the items of a conversation, and the events of a stream in their order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.conversation import Answer, Message, Request, ToolCall
from cab_sim.errors import RequestError
from cab_sim.protocols import responses

from ..play import ANSWERS, ASKS, events, joined, reply

BASH = ASKS["responses"].body["tools"][0]


def parse(**fields: Any) -> Request:
    return responses.parse_request({"model": "oracle", "input": "Hi"} | fields, {})


def test_reads_a_conversation() -> None:
    request = parse(
        instructions="Be kind",
        input=[
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}, {"type": "input_image"}]},
            {"type": "reasoning", "encrypted_content": "…"},
            {"type": "function_call", "call_id": "1", "name": "bash", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "1", "output": "one"},
            {"type": "function_call_output", "call_id": "2", "output": [{"type": "input_text", "text": "2"}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Ok"}]},
        ],
        tools=[BASH, {"type": "web_search"}],
    )
    assert request.messages == (
        Message(role="system", text="Be kind"),
        Message(role="user", text="Hi"),
        Message(role="assistant", tool_calls=(ToolCall(name="bash", arguments="{}"),)),
        Message(role="tool", text="one"),
        Message(role="tool", text="2"),
        Message(role="assistant", text="Ok"),
    )
    assert [tool.name for tool in request.tools] == ["bash"]
    assert request.tools[0].required == {"command"}


def test_tool_choice_none_takes_the_tools_away() -> None:
    assert parse(tools=[BASH], tool_choice="none").tools == ()


def test_nothing_is_stored() -> None:
    with pytest.raises(RequestError) as caught:
        parse(previous_response_id="resp_1")
    assert caught.value.code == "previous_response_not_found"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": 1}, "'model'"),
        ({"input": None}, "'input' is missing"),
        ({"input": {}}, "'input' is not a list"),
        ({"input": [{"role": "user", "content": 1}]}, "'content'"),
        ({"tools": {}}, "'tools'"),
    ],
)
def test_says_what_is_wrong_with_a_request(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse(**fields)


def test_the_response_repeats_what_was_asked() -> None:
    request = parse(instructions="Be kind", temperature=0.5, tools=[BASH], error="mine")
    assert request.echo == {"instructions": "Be kind", "temperature": 0.5, "tools": [BASH]}


TEXT_EVENTS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]
CALL_EVENTS = [
    *TEXT_EVENTS[:3],
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    *TEXT_EVENTS[7:],
]


@given(answer=ANSWERS, size=st.integers(1, 9))
def test_the_stream_adds_up_to_the_plain_answer(answer: Answer, size: int) -> None:
    made = reply(answer, size)
    plain = responses.body(made)
    told = list(events(joined(responses.frames(made), answer.tokens())))
    values = [value for _, value in told]
    assert [name for name, _ in told] == [value["type"] for value in values]
    assert [value["sequence_number"] for value in values] == list(range(len(values)))
    kinds = list(dict.fromkeys(value["type"] for value in values))
    expected = CALL_EVENTS if answer.tool_call else TEXT_EVENTS
    assert kinds == [kind for kind in expected if answer.spoken or not kind.endswith("delta")]
    assert "".join(value["delta"] for value in values if value["type"].endswith("delta")) == answer.spoken
    (item,) = plain["output"]
    assert {value["item_id"] for value in values if "item_id" in value} == {item["id"]}
    assert values[0]["response"]["status"] == "in_progress"
    assert values[0]["response"]["usage"] is None
    assert values[-2]["item"] == item
    assert values[-1]["response"] == plain
    said = item["arguments"] if answer.tool_call else item["content"][0]["text"]
    assert said == answer.spoken


def test_usage_has_its_details() -> None:
    assert responses.body(reply(Answer(text="Hello there")))["usage"] == {
        "input_tokens": 2,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 4,
    }


def test_usage_can_be_left_out_or_be_everywhere() -> None:
    silent = list(events(joined(responses.frames(reply(Answer(text="x"), reports=False)), 1)))
    assert {v["response"]["usage"] for _, v in silent if "response" in v} == {None}
    chatty = list(events(joined(responses.frames(reply(Answer(text="x"), reports_always=True)), 1)))
    outputs = [v["response"]["usage"]["output_tokens"] for _, v in chatty if "response" in v]
    assert outputs == [0, 0, 1]
