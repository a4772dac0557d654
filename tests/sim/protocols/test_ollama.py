"""Ollama: lines of JSON, the last of which has the usage."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.conversation import Answer, Message, ToolCall
from cab_sim.errors import RequestError
from cab_sim.protocols import ollama
from cab_sim.protocols.base import Protocol, Reply

from ..play import ANSWERS, ASKS, joined, reply


def lines(protocol: Protocol, made: Reply) -> list[Any]:
    assert protocol.frames
    return [json.loads(line) for line in joined(protocol.frames(made), made.answer.tokens()).splitlines()]


def test_reads_a_conversation() -> None:
    call = {"function": {"name": "bash", "arguments": {"command": "ls"}}}
    request = ollama.parse_chat(
        {
            "model": "oracle",
            "messages": [
                {"role": "user", "content": "Hi", "images": ["…"]},
                {"role": "assistant", "content": "", "tool_calls": [call]},
                {"role": "tool", "content": "one", "tool_name": "bash"},
            ],
            "tools": ASKS["ollama"].body["tools"],
        },
        {},
    )
    made = ToolCall(name="bash", arguments='{"command":"ls"}')
    assert request.messages == (
        Message(role="user", text="Hi"),
        Message(role="assistant", tool_calls=(made,)),
        Message(role="tool", text="one"),
    )
    assert request.tools[0].required == {"command"}
    assert (request.stream, request.stream_type) == (True, "application/x-ndjson")


def test_reads_a_prompt() -> None:
    request = ollama.parse_generate(
        {"model": "oracle", "system": "Be kind", "prompt": "Hi", "stream": False}, {}
    )
    assert request.messages == (Message(role="system", text="Be kind"), Message(role="user", text="Hi"))
    assert not request.stream


def test_an_empty_request_is_refused() -> None:
    with pytest.raises(RequestError, match="missing or empty"):
        ollama.parse_generate({"model": "oracle"}, {})
    with pytest.raises(RequestError, match="missing or empty"):
        ollama.parse_chat({"model": "oracle"}, {})


@given(answer=ANSWERS, size=st.integers(1, 9))
def test_the_stream_adds_up_to_the_plain_answer(answer: Answer, size: int) -> None:
    made = reply(answer, size)
    plain = ollama.CHAT.body(made)
    *said, last = lines(ollama.CHAT, made)
    assert [line["done"] for line in said] == [False] * len(said)
    whole = {"role": "assistant", "content": "".join(line["message"]["content"] for line in said)}
    for line in said:
        whole |= {key: line["message"][key] for key in ("tool_calls",) if key in line["message"]}
    assert last | {"message": whole} == plain
    assert (plain["prompt_eval_count"], plain["eval_count"]) == (2, answer.tokens())


def test_generate_has_a_text() -> None:
    made = reply(Answer(text="One two three four."), size=2)
    *said, last = lines(ollama.GENERATE, made)
    text = "".join(line["response"] for line in said)
    assert last | {"response": text} == ollama.GENERATE.body(made)
    assert text == made.answer.text


def test_usage_can_be_left_out_or_be_everywhere() -> None:
    assert "eval_count" not in ollama.CHAT.body(reply(Answer(text="x"), reports=False))
    made = reply(Answer(text="One two three four."), size=2, reports_always=True)
    assert [line["eval_count"] for line in lines(ollama.CHAT, made)] == [2, 4, 5, 5]
