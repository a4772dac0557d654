"""Anthropic's messages. A prompt with ``cache_control`` anywhere in it is cached; its input tokens then
come as three numbers. What a stream reports of usage is cumulative.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from cab_sim.conversation import Message, Request, ToolCall, Usage
from cab_sim.errors import RequestError
from cab_sim.protocols.base import (
    Frame,
    Protocol,
    Raw,
    Reply,
    Where,
    event,
    json_text,
    model_of,
    object_at,
    objects_at,
    text_of,
    tool,
)

_ERROR_TYPES: Final = {
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
}


def parse_request(raw: Raw, _where: Where) -> Request:
    """Read a request."""
    model = model_of(raw)
    system = _blocks(raw.get("system"), "'system'")
    turns = [
        (str(turn.get("role")), _blocks(turn.get("content"), "A message's 'content'"))
        for turn in objects_at(raw.get("messages"), "'messages'")
    ]
    messages = [message for role, blocks in turns for message in _messages(role, blocks)]
    if not messages:
        raise RequestError("'messages' is missing or empty.")
    if system:
        messages.insert(0, Message(role="system", text=text_of(system, "'system'")))
    tools = objects_at(raw.get("tools"), "'tools'")
    is_off = object_at(raw.get("tool_choice") or {}, "'tool_choice'").get("type") == "none"
    marked = (raw, *system, *tools, *(block for _, blocks in turns for block in blocks))
    return Request(
        model=model,
        messages=tuple(messages),
        tools=() if is_off else tuple(tool(entry, entry.get("input_schema"), entry) for entry in tools),
        stream=raw.get("stream") is True,
        caches=any(part.get("cache_control") for part in marked),
    )


def _blocks(content: object, where: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects_at(content, where)


def _messages(role: str, blocks: list[dict[str, Any]]) -> Iterator[Message]:
    """One turn: results of tools come before what the user says, and are messages of their own."""
    calls = []
    for block in blocks:
        match block.get("type"):
            case "tool_result":
                yield Message(role="tool", text=text_of(block.get("content"), "A tool result's 'content'"))
            case "tool_use":
                arguments = json_text(block.get("input") or {})
                calls.append(ToolCall(name=str(block.get("name")), arguments=arguments))
    text = text_of(blocks, "'content'")
    if text or calls:
        yield Message(role=role, text=text, tool_calls=tuple(calls))


def body(reply: Reply) -> dict[str, Any]:
    """A plain response."""
    block: dict[str, Any] = {"type": "text", "text": reply.answer.text}
    if call := reply.answer.tool_call:
        block = _tool_use(reply, call) | {"input": json.loads(call.arguments)}
    reported = {"usage": _usage(reply.usage)} if reply.reports else {}
    return _message(reply) | {"content": [block], "stop_reason": _stop_reason(reply)} | reported


def frames(reply: Reply) -> Iterator[Frame]:
    """A streamed response."""

    def frame(kind: str, tokens: int = 0, **fields: Any) -> Frame:
        return Frame(data=event({"type": kind, **fields}), tokens=tokens)

    def delta(spent: Usage, stop_reason: str | None) -> Frame:
        ended = {"stop_reason": stop_reason, "stop_sequence": None}
        reported: dict[str, Any] = {"usage": _usage(spent)} if reply.reports else {}
        return frame("message_delta", delta=ended, **reported)

    call = reply.answer.tool_call
    # Anthropic's own streams begin with an output of a token or so, which later figures include
    begun = {"usage": _usage(reply.usage_at(1))} if reply.reports else {}
    yield frame("message_start", message=_message(reply) | begun)
    block = _tool_use(reply, call) if call else {"type": "text", "text": ""}
    yield frame("content_block_start", reply.answer.name_tokens(), index=0, content_block=block)
    yield frame("ping")
    for piece in reply.pieces():
        said = {"type": "text_delta", "text": piece.text}
        if call:
            said = {"type": "input_json_delta", "partial_json": piece.text}
        yield frame("content_block_delta", piece.tokens, index=0, delta=said)
        if reply.reports_always:
            yield delta(piece.usage, None)
    yield frame("content_block_stop", index=0)
    yield delta(reply.usage, _stop_reason(reply))
    yield frame("message_stop")


def _message(reply: Reply) -> dict[str, Any]:
    return {
        "id": reply.name("msg_sim_"),
        "type": "message",
        "role": "assistant",
        "model": reply.request.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _tool_use(reply: Reply, call: ToolCall) -> dict[str, Any]:
    return {"type": "tool_use", "id": reply.name("toolu_sim_"), "name": call.name, "input": {}}


def _stop_reason(reply: Reply) -> str:
    return "tool_use" if reply.answer.tool_call else "end_turn"


def _usage(spent: Usage) -> dict[str, int]:
    return {
        "input_tokens": spent.prompt_tokens - spent.cached_tokens - spent.cache_write_tokens,
        "cache_creation_input_tokens": spent.cache_write_tokens,
        "cache_read_input_tokens": spent.cached_tokens,
        "output_tokens": spent.completion_tokens,
    }


def error(problem: RequestError) -> dict[str, Any]:
    """The body of an error."""
    kind = _ERROR_TYPES.get(problem.status, "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": str(problem)}}


def count(prompt_tokens: int) -> dict[str, Any]:
    """The answer to count_tokens."""
    return {"input_tokens": prompt_tokens}


PROTOCOL: Final = Protocol(
    name="messages",
    path=re.compile("/v1/messages(?P<count>/count_tokens)?"),
    parse_request=parse_request,
    body=body,
    frames=frames,
    error=error,
    count=count,
)
