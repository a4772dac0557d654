"""OpenAI's responses. Every event of a stream has a number, and the last one has the whole response.

The simulator stores nothing: a request that builds on an earlier response gets the error that OpenAI
gives for one that it does not know.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final

from cab_sim.conversation import Message, Request, ToolCall, Usage
from cab_sim.errors import RequestError
from cab_sim.protocols import chat
from cab_sim.protocols.base import (
    Frame,
    Protocol,
    Raw,
    Reply,
    Where,
    event,
    model_of,
    objects_at,
    text_of,
    tool,
)

_ECHOED: Final[Raw] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""Fields of a request that its response repeats, and what they are where it has none."""


def parse_request(raw: Raw, _where: Where) -> Request:
    """Read a request."""
    model = model_of(raw)
    if earlier := raw.get("previous_response_id"):
        raise RequestError(
            f"Previous response with id '{earlier}' not found.", code="previous_response_not_found"
        )
    asked = raw.get("input")
    items = [{"role": "user", "content": asked}] if isinstance(asked, str) else objects_at(asked, "'input'")
    messages = [message for item in items if (message := _message(item))]
    if instructions := raw.get("instructions"):
        messages.insert(0, Message(role="system", text=text_of(instructions, "'instructions'")))
    if not messages:
        raise RequestError("'input' is missing or empty.")
    # what has no name is a tool that the provider runs
    declared = [entry for entry in objects_at(raw.get("tools"), "'tools'") if "name" in entry]
    return Request(
        model=model,
        messages=tuple(messages),
        tools=()
        if raw.get("tool_choice") == "none"
        else tuple(tool(entry, entry.get("parameters"), entry) for entry in declared),
        stream=raw.get("stream") is True,
        echo={key: raw[key] for key in _ECHOED if raw.get(key) is not None},
    )


def _message(item: Raw) -> Message | None:
    """An item of the input; ``None`` for one without text, such as encrypted reasoning."""
    match item.get("type", "message"):
        case "message":
            return Message(role=str(item.get("role")), text=text_of(item.get("content"), "'content'"))
        case "function_call":
            call = ToolCall(name=str(item.get("name")), arguments=str(item.get("arguments", "")))
            return Message(role="assistant", tool_calls=(call,))
        case "function_call_output":
            return Message(role="tool", text=text_of(item.get("output"), "'output'"))
    return None


def body(reply: Reply) -> dict[str, Any]:
    """A plain response."""
    spent = reply.usage if reply.reports else None
    return _response(reply, "completed", spent) | {"output": [_item(reply, done=True)]}


def frames(reply: Reply) -> Iterator[Frame]:
    """A streamed response."""
    numbers = itertools.count()

    def frame(kind: str, tokens: int = 0, **fields: Any) -> Frame:
        value = {"type": kind, **fields, "sequence_number": next(numbers)}
        return Frame(data=event(value), tokens=tokens)

    begun = _response(reply, "in_progress", reply.usage_at(0) if reply.reports_always else None)
    item, place = _item(reply, done=False), {"output_index": 0}
    named = reply.answer.name_tokens()
    yield frame("response.created", response=begun)
    yield frame("response.in_progress", response=begun)
    yield frame("response.output_item.added", named, **place, item=item)
    place |= {"item_id": item["id"]}
    if call := reply.answer.tool_call:
        for piece in reply.pieces():
            kind = "response.function_call_arguments.delta"
            yield frame(kind, piece.tokens, **place, delta=piece.text)
        yield frame(
            "response.function_call_arguments.done", **place, name=call.name, arguments=call.arguments
        )
    else:
        place |= {"content_index": 0}
        yield frame("response.content_part.added", **place, part=_part(""))
        for piece in reply.pieces():
            kind = "response.output_text.delta"
            yield frame(kind, piece.tokens, **place, delta=piece.text, logprobs=[])
        text = reply.answer.text
        yield frame("response.output_text.done", **place, text=text, logprobs=[])
        yield frame("response.content_part.done", **place, part=_part(text))
    yield frame("response.output_item.done", output_index=0, item=_item(reply, done=True))
    yield frame("response.completed", response=body(reply))


def _response(reply: Reply, status: str, spent: Usage | None) -> dict[str, Any]:
    return {
        **_ECHOED,
        **reply.request.echo,
        "id": reply.name("resp_sim_"),
        "object": "response",
        "created_at": reply.created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": reply.request.model,
        "output": [],
        "previous_response_id": None,
        "service_tier": "default",
        "usage": None if spent is None else _usage(spent),
    }


def _item(reply: Reply, *, done: bool) -> dict[str, Any]:
    status = "completed" if done else "in_progress"
    call = reply.answer.tool_call
    if call is None:
        content = [_part(reply.answer.text)] if done else []
        name = reply.name("msg_sim_")
        return {"id": name, "type": "message", "status": status, "content": content, "role": "assistant"}
    return {
        "id": reply.name("fc_sim_"),
        "type": "function_call",
        "status": status,
        "arguments": call.arguments if done else "",
        "call_id": reply.name("call_sim_"),
        "name": call.name,
    }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _usage(spent: Usage) -> dict[str, Any]:
    return {
        "input_tokens": spent.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": spent.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": spent.total_tokens,
    }


PROTOCOL: Final = Protocol(
    name="responses",
    path=re.compile("/v1/responses"),
    parse_request=parse_request,
    body=body,
    frames=frames,
    error=chat.error,
)
