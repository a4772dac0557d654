"""generateContent: parts become messages, and every chunk of a stream says the usage so far."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_sim.conversation import SSE, Answer, Message, Request, ToolCall
from cab_sim.errors import RequestError
from cab_sim.protocols import gemini

from ..play import ANSWERS, events, joined, reply

WHERE = {"model": "oracle"}
HI = {"role": "user", "parts": [{"text": "Hi"}]}
SCHEMA = {
    "type": "OBJECT",
    "properties": {"command": {"type": "STRING"}, "any": {}},
    "required": ["command"],
}


def parse(where: dict[str, str] | None = None, **fields: Any) -> Request:
    return gemini.parse_request({"contents": [HI]} | fields, WHERE | (where or {}))


def test_reads_a_conversation() -> None:
    request = parse(
        systemInstruction={"parts": [{"text": "Be"}, {"text": "kind"}]},
        contents=[
            {"parts": [{"text": "Hi"}, {"inlineData": {}}]},
            {
                "role": "model",
                "parts": [
                    {"text": "I look."},
                    {"functionCall": {"name": "bash", "args": {"command": "ls"}}, "thoughtSignature": "…"},
                ],
            },
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "bash", "response": {"output": "one"}}}],
            },
        ],
        tools=[{"functionDeclarations": [{"name": "bash", "parameters": SCHEMA}]}, {"googleSearch": {}}],
    )
    call = ToolCall(name="bash", arguments='{"command":"ls"}')
    assert request.messages == (
        Message(role="system", text="Be\nkind"),
        Message(role="user", text="Hi"),
        Message(role="assistant", text="I look.", tool_calls=(call,)),
        Message(role="tool", text='{"output":"one"}'),
    )
    (tool,) = request.tools
    assert (tool.name, tool.required) == ("bash", frozenset({"command"}))
    assert tool.properties == {"command": {"type": "string"}, "any": {}}


def test_snake_case_and_json_schema_are_read_too() -> None:
    declaration = {"name": "bash", "parametersJsonSchema": {"properties": {"command": {"type": "string"}}}}
    request = parse(
        system_instruction={"parts": [{"text": "Be kind"}]},
        tools=[{"function_declarations": [declaration]}],
    )
    assert request.instructions == "Be kind"
    assert request.tools[0].properties == {"command": {"type": "string"}}


def test_calling_none_takes_the_tools_away() -> None:
    tools = [{"functionDeclarations": [{"name": "bash"}]}]
    assert parse(tools=tools).tools
    assert not parse(tools=tools, toolConfig={"functionCallingConfig": {"mode": "NONE"}}).tools


def test_the_url_says_how_to_answer() -> None:
    assert not parse().stream
    assert parse({"stream": "streamGenerateContent", "alt": "sse"}).stream_type == SSE
    assert parse({"stream": "streamGenerateContent", "alt": ""}).stream_type == "application/json"


def test_count_tokens_may_wrap_the_request() -> None:
    wrapped = gemini.parse_request({"generateContentRequest": {"contents": [HI]}}, WHERE)
    assert wrapped.usage() == parse().usage()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"contents": []}, "'contents' is missing"),
        ({"contents": [{"parts": 1}]}, "'parts'"),
        ({"systemInstruction": "Be kind"}, "'systemInstruction'"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "A tool has no 'name'"),
        ({"toolConfig": 1}, "'toolConfig'"),
    ],
)
def test_says_what_is_wrong_with_a_request(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse(**fields)


@given(answer=ANSWERS, size=st.integers(1, 9), kind=st.sampled_from([SSE, "application/json"]))
def test_the_stream_adds_up_to_the_plain_answer(answer: Answer, size: int, kind: str) -> None:
    made = reply(answer, size, stream_type=kind)
    plain = gemini.body(made)
    stream = joined(gemini.frames(made), answer.tokens())
    chunks = [value for _, value in events(stream)] if kind == SSE else json.loads(stream)
    (part,) = plain["candidates"][0]["content"]["parts"]
    parts = [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]
    if answer.tool_call:
        assert parts == [part]
        assert part["functionCall"]["args"] == json.loads(answer.tool_call.arguments)
    else:
        assert "".join(said["text"] for said in parts) == part["text"] == answer.text
    reasons = [chunk["candidates"][0].get("finishReason") for chunk in chunks]
    assert reasons == [None] * (len(chunks) - 1) + ["STOP"]
    totals = [chunk["usageMetadata"]["candidatesTokenCount"] for chunk in chunks]
    assert totals == sorted(totals)
    assert chunks[-1]["usageMetadata"] == plain["usageMetadata"]


def test_events_end_in_crlf() -> None:
    (frame,) = gemini.frames(reply(Answer(text="x")))
    assert frame.data.startswith(b"data: {")
    assert frame.data.endswith(b"}\r\n\r\n")


def test_usage_is_googles() -> None:
    assert gemini.body(reply(Answer(text="Hello there")))["usageMetadata"] == {
        "promptTokenCount": 2,
        "candidatesTokenCount": 2,
        "totalTokenCount": 4,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 2}],
    }
    assert "usageMetadata" not in gemini.body(reply(Answer(text="x"), reports=False))


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (404, "NOT_FOUND"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
    ],
)
def test_errors_are_googles(status: int, name: str) -> None:
    assert gemini.error(RequestError("No.", status=status)) == {
        "error": {"code": status, "message": "No.", "status": name}
    }
