"""Google's generateContent. A stream is a JSON array, or events with ``alt=sse``; each chunk has the usage so
far, and a call of a function comes whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from cab_sim.conversation import SSE, Message, Request, Tool, ToolCall, Usage
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
    object_at,
    objects_at,
    text_of,
    tool,
)

_STATUSES: Final = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


def parse_request(raw: Raw, where: Where) -> Request:
    """Read a request."""
    if wrapped := raw.get("generateContentRequest"):  # countTokens has this form too
        raw = object_at(wrapped, "'generateContentRequest'")
    messages = [m for turn in objects_at(raw.get("contents"), "'contents'") for m in _messages(turn)]
    if not messages:
        raise RequestError("'contents' is missing or empty.")
    if system := _get(raw, "systemInstruction"):
        parts = object_at(system, "'systemInstruction'").get("parts")
        messages.insert(0, Message(role="system", text=text_of(parts, "'parts'")))
    return Request(
        model=where["model"],
        messages=tuple(messages),
        tools=() if _is_off(raw) else _tools(raw),
        stream="stream" in where,
        stream_type=SSE if where.get("alt") == "sse" else "application/json",
    )


def _get(raw: Raw, name: str) -> Any:  # any JSON value
    """A field by its name in camelCase; the API takes snake_case as well."""
    return raw.get(name) or raw.get(re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name))


def _messages(turn: Raw) -> Iterator[Message]:
    """One turn: what functions returned are messages of their own."""
    parts, calls = objects_at(turn.get("parts"), "'parts'"), []
    for part in parts:
        if call := object_at(_get(part, "functionCall") or {}, "'functionCall'"):
            calls.append(ToolCall(name=str(call.get("name")), arguments=json_text(call.get("args") or {})))
        if result := object_at(_get(part, "functionResponse") or {}, "'functionResponse'"):
            yield Message(role="tool", text=json_text(result.get("response")))
    text = text_of(parts, "'parts'")
    if text or calls:
        role = "assistant" if turn.get("role") == "model" else "user"
        yield Message(role=role, text=text, tool_calls=tuple(calls))


def _is_off(raw: Raw) -> bool:
    config = object_at(_get(raw, "toolConfig") or {}, "'toolConfig'")
    calling = object_at(_get(config, "functionCallingConfig") or {}, "'functionCallingConfig'")
    return calling.get("mode") == "NONE"


def _tools(raw: Raw) -> tuple[Tool, ...]:
    groups = objects_at(raw.get("tools"), "'tools'")
    declared = [
        entry for group in groups for entry in objects_at(_get(group, "functionDeclarations"), "'tools'")
    ]
    return tuple(tool(entry, _schema(entry), entry) for entry in declared)


def _schema(declaration: Raw) -> object:
    """The parameters as JSON schema, whose names of types are in lower case."""
    given = _get(declaration, "parametersJsonSchema") or declaration.get("parameters") or {}
    schema = object_at(given, "The schema of a function")
    properties = object_at(schema.get("properties") or {}, "A function's 'properties'")
    return {**schema, "properties": {name: _lower(value) for name, value in properties.items()}}


def _lower(schema: object) -> object:
    kind = schema.get("type") if isinstance(schema, dict) else None
    return {**schema, "type": kind.lower()} if isinstance(schema, dict) and isinstance(kind, str) else schema


def body(reply: Reply) -> dict[str, Any]:
    """A plain response."""
    return _chunk(reply, reply.answer.text, reply.usage, is_last=True)


def frames(reply: Reply) -> Iterator[Frame]:
    """A streamed response."""
    whole = Piece(text=reply.answer.text, tokens=reply.usage.completion_tokens, usage=reply.usage)
    pieces = [whole] if reply.answer.tool_call else list(reply.pieces()) or [whole]
    is_sse = reply.request.stream_type == SSE
    for number, piece in enumerate(pieces, start=1):
        chunk = encode(_chunk(reply, piece.text, piece.usage, is_last=number == len(pieces)))
        opening = b"[" if number == 1 else b",\r\n"
        yield Frame(data=b"data: " + chunk + b"\r\n\r\n" if is_sse else opening + chunk, tokens=piece.tokens)
    if not is_sse:
        yield Frame(data=b"]")


def _chunk(reply: Reply, text: str, spent: Usage, *, is_last: bool) -> dict[str, Any]:
    part: dict[str, Any] = {"text": text}
    if call := reply.answer.tool_call:
        part = {"functionCall": {"name": call.name, "args": json.loads(call.arguments)}}
    candidate = {"content": {"parts": [part], "role": "model"}, "index": 0}
    ended = {"finishReason": "STOP"} if is_last else {}
    return {
        "candidates": [candidate | ended],
        **({"usageMetadata": _usage(spent)} if reply.reports else {}),
        "modelVersion": reply.request.model,
        "responseId": reply.name("sim-"),
    }


def _usage(spent: Usage) -> dict[str, Any]:
    return {
        "promptTokenCount": spent.prompt_tokens,
        "candidatesTokenCount": spent.completion_tokens,
        "totalTokenCount": spent.total_tokens,
        "promptTokensDetails": _details(spent.prompt_tokens),
    }


def _details(prompt_tokens: int) -> list[dict[str, Any]]:
    return [{"modality": "TEXT", "tokenCount": prompt_tokens}]


def error(problem: RequestError) -> dict[str, Any]:
    """The body of an error."""
    status = _STATUSES.get(problem.status, "INVALID_ARGUMENT")
    return {"error": {"code": problem.status, "message": str(problem), "status": status}}


def count(prompt_tokens: int) -> dict[str, Any]:
    """The answer to countTokens."""
    return {"totalTokens": prompt_tokens, "promptTokensDetails": _details(prompt_tokens)}


def models(names: Iterable[str]) -> dict[str, Any]:
    """The list of models."""
    methods = ["generateContent", "countTokens"]
    entries = [
        {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": methods}
        for name in names
    ]
    return {"models": entries}


PROTOCOL: Final = Protocol(
    name="gemini",
    path=re.compile(
        "/v1(?:beta|alpha)?/models/(?P<model>[^/]+)"
        ":(?:generateContent|(?P<stream>streamGenerateContent)|(?P<count>countTokens))"
    ),
    parse_request=parse_request,
    body=body,
    frames=frames,
    error=error,
    count=count,
    models_path="/v1beta/models",
    models=models,
)
