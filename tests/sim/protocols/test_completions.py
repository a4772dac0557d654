"""Legacy completions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.conversation import Answer, Message
from cab_sim.errors import RequestError
from cab_sim.protocols import completions

from ..play import TEXT, events, joined, reply


@pytest.mark.parametrize("prompt", ["Hi", ["Hi"]])
def test_a_prompt_is_one_text(prompt: Any) -> None:
    request = completions.parse_request({"model": "oracle", "prompt": prompt}, {})
    assert request.messages == (Message(role="user", text="Hi"),)


@pytest.mark.parametrize("prompt", [None, 1, [], ["a", "b"], [1, 2], [[1]]])
def test_no_batches_and_no_token_ids(prompt: Any) -> None:
    with pytest.raises(RequestError, match="'prompt'"):
        completions.parse_request({"model": "oracle", "prompt": prompt}, {})


@given(text=TEXT, size=st.integers(1, 9))
def test_the_stream_adds_up_to_the_plain_answer(text: str, size: int) -> None:
    made = reply(Answer(text=text), size, include_usage=True)
    plain = completions.body(made)
    assert plain["choices"][0]["text"] == text
    *chunks, last, done = [v for _, v in events(joined(completions.frames(made), made.answer.tokens()))]
    assert done == "[DONE]"
    assert (last["choices"], last["usage"]) == ([], plain["usage"])
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == text
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}


def test_usage_can_be_left_out_or_be_everywhere() -> None:
    assert "usage" not in completions.body(reply(Answer(text="x"), reports=False))
    *chunks, _ = events(joined(completions.frames(reply(Answer(text="x"), reports_always=True)), 1))
    assert [chunk["usage"]["completion_tokens"] for _, chunk in chunks] == [1, 1]
