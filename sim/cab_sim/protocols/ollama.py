"""Ollama's chat and generate: lines of JSON, streamed unless that is declined; the last has the usage."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from cab_sim.conversation import Message, Request, ToolCall, Usage
from cab_sim.errors import RequestError
from cab_sim.protocols.base import (
    Frame,
    Piece,
    Protocol,
    Raw,
    Reply,
    Where,
    encode,
    json_text,
    model_of,
    object_at,
    objects_at,
    text_of,
)
from cab_sim.protocols.chat import function_tools

NDJSON: Final = "application/x-ndjson"

Said = Callable[..., dict[str, Any]]
"""What a line says, from a text and, if there is one, a tool call."""


def parse_chat(raw: Raw, _where: Where) -> Request:
    """Read a request to /api/chat."""
    messages = tuple(map(_message, objects_at(raw.get("messages"), "'messages'")))
    return replace(_request(raw, messages), tools=function_tools(raw))


def parse_generate(raw: Raw, _where: Where) -> Request:
    """Read a request to /api/generate."""
    said = (("system", raw.get("system")), ("user", raw.get("prompt")))
    return _request(
        raw, tuple(Message(role=role, text=text_of(text, f"'{role}'")) for role, text in said if text)
    )


def _request(raw: Raw, messages: tuple[Message, ...]) -> Request:
    if not messages:
        raise RequestError("'messages' or 'prompt' is missing or empty.")
    stream = raw.get("stream") is not False
    return Request(model=model_of(raw), messages=messages, stream=stream, stream_type=NDJSON)


def _message(raw: Raw) -> Message:
    calls = []
    for call in objects_at(raw.get("tool_calls"), "'tool_calls'"):
        function = object_at(call.get("function"), "A tool call's 'function'")
        arguments = json_text(function.get("arguments") or {})
        calls.append(ToolCall(name=str(function.get("name")), arguments=arguments))
    text = text_of(raw.get("content"), "A message's 'content'")
    return Message(role=str(raw.get("role")), text=text, tool_calls=tuple(calls))


def chat_said(text: str, call: ToolCall | None = None) -> dict[str, Any]:
    """What a line of /api/chat says."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if call:
        message["tool_calls"] = [{"function": {"name": call.name, "arguments": json.loads(call.arguments)}}]
    return {"message": message}


def generate_said(text: str, _call: ToolCall | None = None) -> dict[str, Any]:
    """What a line of /api/generate says; it knows no tools."""
    return {"response": text}


def body(said: Said, reply: Reply) -> dict[str, Any]:
    """A plain response."""
    return {**_head(reply), **said(reply.answer.text, reply.answer.tool_call), **_end(reply)}


def frames(said: Said, reply: Reply) -> Iterator[Frame]:
    """A streamed response. A call of a tool comes whole."""
    head, call = _head(reply), reply.answer.tool_call
    whole = Piece(text="", tokens=reply.usage.completion_tokens, usage=reply.usage)
    for piece in [whole] if call else reply.pieces():
        spent = _usage(piece.usage) if reply.reports_always else {}
        yield _line({**head, **said(piece.text, call), "done": False, **spent}, piece.tokens)
    yield _line({**head, **said(""), **_end(reply)})


def _head(reply: Reply) -> dict[str, Any]:
    created = datetime.fromtimestamp(reply.created, UTC)
    return {"model": reply.request.model, "created_at": f"{created:%Y-%m-%dT%H:%M:%SZ}"}


def _end(reply: Reply) -> dict[str, Any]:
    return {"done": True, "done_reason": "stop", **(_usage(reply.usage) if reply.reports else {})}


def _usage(spent: Usage) -> dict[str, int]:
    return {"prompt_eval_count": spent.prompt_tokens, "eval_count": spent.completion_tokens}


def _line(value: Raw, tokens: int = 0) -> Frame:
    return Frame(data=encode(value) + b"\n", tokens=tokens)


def error(problem: RequestError) -> dict[str, Any]:
    """The body of an error."""
    return {"error": str(problem)}


def models(names: Iterable[str]) -> dict[str, Any]:
    """The list of models."""
    return {"models": [{"name": name, "model": name} for name in names]}


CHAT: Final = Protocol(
    name="ollama",
    path=re.compile("/api/chat"),
    parse_request=parse_chat,
    body=partial(body, chat_said),
    frames=partial(frames, chat_said),
    error=error,
    models_path="/api/tags",
    models=models,
)
GENERATE: Final = Protocol(
    name="ollama",
    path=re.compile("/api/generate"),
    parse_request=parse_generate,
    body=partial(body, generate_said),
    frames=partial(frames, generate_said),
    error=error,
)
