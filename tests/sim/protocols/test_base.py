"""The parts that protocols are made of."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.conversation import Answer
from cab_sim.errors import RequestError
from cab_sim.protocols import PROTOCOLS, find
from cab_sim.protocols.base import Protocol, encode, event, objects_at, read_object, text_of, tool

from ..play import ANSWERS, reply

FIELDS = [
    *("model", "messages", "input", "contents", "parts", "content", "system", "instructions", "prompt"),
    *("tools", "tool_choice", "toolConfig", "functionDeclarations", "functionCall", "functionResponse"),
    *("parameters", "input_schema", "properties", "required", "function", "tool_calls", "role", "type"),
    *("stream", "stream_options", "n", "generateContentRequest", "systemInstruction", "name", "text"),
]
VALUE: Any = st.recursive(
    st.sampled_from([None, True, 1, "", "tool_use", "function_call"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)


@given(protocol=st.sampled_from(PROTOCOLS), raw=st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=5))
def test_any_object_is_read_or_refused(protocol: Protocol, raw: dict[str, Any]) -> None:
    with contextlib.suppress(RequestError):
        request = protocol.parse_request(raw, {"model": "oracle"})
        assert request.messages
        assert request.usage().prompt_tokens >= 0


@given(st.binary() | VALUE.filter(lambda value: not isinstance(value, dict)).map(encode))
def test_any_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        read_object(body)


def test_a_body_nested_too_deeply_is_refused() -> None:
    with pytest.raises(RequestError, match="not JSON"):
        read_object(b"[" * 100_000)


@pytest.mark.parametrize(
    ("path", "name", "where"),
    [
        ("/v1/chat/completions", "chat", {}),
        ("/v1/completions", "completions", {}),
        ("/v1/responses", "responses", {}),
        ("/v1/messages", "messages", {}),
        ("/v1/messages/count_tokens", "messages", {"count": "/count_tokens"}),
        ("/v1beta/models/cheat:1:generateContent", "gemini", {"model": "cheat:1"}),
        ("/v1/models/m:countTokens", "gemini", {"model": "m", "count": "countTokens"}),
        ("/api/generate", "ollama", {}),
    ],
)
def test_the_path_tells_the_protocol(path: str, name: str, where: dict[str, str]) -> None:
    found = find(path)
    assert found
    assert (found[0].name, found[1]) == (name, where)


@pytest.mark.parametrize("path", ["/", "/v1/v1/messages", "/chat/completions", "/v1/messages/batches"])
def test_other_paths_are_nobodys(path: str) -> None:
    assert find(path) is None


@given(answer=ANSWERS, size=st.integers(1, 9))
def test_pieces_add_up(answer: Answer, size: int) -> None:
    made = reply(answer, size)
    pieces = list(made.pieces())
    assert "".join(piece.text for piece in pieces) == answer.spoken
    assert sum(piece.tokens for piece in pieces) == answer.tokens() - answer.name_tokens()
    assert not pieces or pieces[-1].usage == made.usage


def test_an_event_is_named_by_its_type() -> None:
    assert event({"type": "ping"}) == b'event: ping\ndata: {"type":"ping"}\n\n'


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    assert encode("é\ud800") == '"é?"'.encode()


def test_text_is_a_string_or_parts() -> None:
    assert text_of(None, "x") == ""
    assert text_of("a", "x") == "a"
    assert text_of([{"text": "a"}, {"image": 1}, {"text": "b"}], "x") == "a\nb"
    with pytest.raises(RequestError, match="x is not a list"):
        text_of(1, "x")
    with pytest.raises(RequestError, match="An entry of x is not an object"):
        objects_at([1], "x")


def test_a_tool_keeps_what_makes_sense() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": True}, "required": ["a"]}
    made = tool({"name": "t"}, schema, {"name": "t"})
    assert (made.name, made.required) == ("t", frozenset({"a"}))
    assert made.properties == {"a": {"type": "string"}}
    assert made.source == '{"name":"t"}'
    with pytest.raises(RequestError, match="A tool has no 'name'"):
        tool({}, None, {})
