"""OpenAI's chat/completions. Usage is streamed when it was asked for, in a last chunk without choices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from cab_sim.conversation import Message, Request, Tool, ToolCall, Usage
from cab_sim.errors import RequestError
from cab_sim.protocols.base import (
    Frame,
    Protocol,
    Raw,
    Reply,
    Where,
    data,
    model_of,
    object_at,
    objects_at,
    text_of,
    tool,
)

FINGERPRINT: Final = "fp_cab_sim"
DONE: Final = Frame(data=b"data: [DONE]\n\n")

_ERROR_TYPES: Final = {429: "requests", 500: "server_error"}


def parse_request(raw: Raw, _where: Where) -> Request:
    """Read a request."""
    model = model_of(raw)
    messages = objects_at(raw.get("messages"), "'messages'")
    if not messages:
        raise RequestError("'messages' is missing or empty.")
    only_one_choice(raw)
    return Request(
        model=model,
        messages=tuple(map(_message, messages)),
        tools=() if raw.get("tool_choice") == "none" else function_tools(raw),
        stream=raw.get("stream") is True,
        include_usage=include_usage(raw),
    )


def only_one_choice(raw: Raw) -> None:
    """Raises :class:`RequestError` where several answers are asked for."""
    if raw.get("n") not in (None, 1):
        raise RequestError("'n' must be 1: the simulator gives one choice.")


def include_usage(raw: Raw) -> bool:
    """Whether usage is to be streamed."""
    return object_at(raw.get("stream_options") or {}, "'stream_options'").get("include_usage") is True


def function_tools(raw: Raw) -> tuple[Tool, ...]:
    """The functions that a request offers."""
    declared = objects_at(raw.get("tools"), "'tools'")
    functions = ((object_at(entry.get("function"), "A tool's 'function'"), entry) for entry in declared)
    return tuple(tool(function, function.get("parameters"), entry) for function, entry in functions)


def _message(raw: Raw) -> Message:
    role = raw.get("role")
    if not isinstance(role, str):
        raise RequestError("A message has no 'role'.")
    calls = []
    for call in objects_at(raw.get("tool_calls"), "'tool_calls'"):
        function = object_at(call.get("function"), "A tool call's 'function'")
        calls.append(ToolCall(name=str(function.get("name")), arguments=str(function.get("arguments", ""))))
    text = text_of(raw.get("content"), "A message's 'content'")
    return Message(role=role, text=text, tool_calls=tuple(calls))


def usage(spent: Usage) -> dict[str, int]:
    """The ``usage`` object."""
    return {
        "prompt_tokens": spent.prompt_tokens,
        "completion_tokens": spent.completion_tokens,
        "total_tokens": spent.total_tokens,
    }


def usage_in(reply: Reply, spent: Usage) -> dict[str, Any]:
    """What a chunk with choices says of usage: nothing, unless it was asked for or is always said."""
    if reply.reports_always:
        return {"usage": usage(spent)}
    return {"usage": None} if reply.request.include_usage and reply.reports else {}


def body(reply: Reply) -> dict[str, Any]:
    """A plain response."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.answer.text, "refusal": None}
    if call := reply.answer.tool_call:
        function = {"name": call.name, "arguments": call.arguments}
        made = {"id": reply.name("call_sim_"), "type": "function", "function": function}
        message |= {"content": None, "tool_calls": [made]}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(reply)}
    reported = {"usage": usage(reply.usage)} if reply.reports else {}
    return {**_head(reply, "chat.completion"), "choices": [choice], **reported}


def frames(reply: Reply) -> Iterator[Frame]:
    """A streamed response."""

    def chunk(delta: Raw, spent: Usage, tokens: int = 0, finish_reason: str | None = None) -> Frame:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        value = {**head, "choices": [choice], **usage_in(reply, spent)}
        return Frame(data=data(value), tokens=tokens)

    head = _head(reply, "chat.completion.chunk")
    named = reply.answer.name_tokens()
    opening: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    if call := reply.answer.tool_call:
        function = {"name": call.name, "arguments": ""}
        made = {"index": 0, "id": reply.name("call_sim_"), "type": "function", "function": function}
        opening |= {"content": None, "tool_calls": [made]}
    yield chunk(opening, reply.usage_at(named), named)
    for piece in reply.pieces():
        arguments = {"tool_calls": [{"index": 0, "function": {"arguments": piece.text}}]}
        yield chunk(arguments if call else {"content": piece.text}, piece.usage, piece.tokens)
    yield chunk({}, reply.usage, finish_reason=_finish_reason(reply))
    yield from last_frames(reply, head)


def last_frames(reply: Reply, head: Raw) -> Iterator[Frame]:
    """The usage, where it was asked for, and the end."""
    if reply.request.include_usage and reply.reports:
        yield Frame(data=data({**head, "choices": [], "usage": usage(reply.usage)}))
    yield DONE


def _finish_reason(reply: Reply) -> str:
    return "tool_calls" if reply.answer.tool_call else "stop"


def _head(reply: Reply, kind: str) -> dict[str, Any]:
    return {
        "id": reply.name("chatcmpl-sim-"),
        "object": kind,
        "created": reply.created,
        "model": reply.request.model,
        "system_fingerprint": FINGERPRINT,
    }


def error(problem: RequestError) -> dict[str, Any]:
    """The body of an error, of all of OpenAI's protocols."""
    kind = _ERROR_TYPES.get(problem.status, "invalid_request_error")
    return {"error": {"message": str(problem), "type": kind, "param": None, "code": problem.code}}


def models(names: Iterable[str]) -> dict[str, Any]:
    """The list of models."""
    entries = [{"id": name, "object": "model", "created": 0, "owned_by": "cab-sim"} for name in names]
    return {"object": "list", "data": entries}


PROTOCOL: Final = Protocol(
    name="chat",
    path=re.compile("/v1/chat/completions"),
    parse_request=parse_request,
    body=body,
    frames=frames,
    error=error,
    models_path="/v1/models",
    models=models,
)
