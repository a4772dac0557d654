"""OpenAI's legacy completions: a prompt, and the text that follows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from cab_sim.conversation import Message, Request
from cab_sim.errors import RequestError
from cab_sim.protocols import chat
from cab_sim.protocols.base import Frame, Protocol, Raw, Reply, Where, data, model_of


def parse_request(raw: Raw, _where: Where) -> Request:
    """Read a request."""
    model = model_of(raw)
    prompt = raw.get("prompt")
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise RequestError("'prompt' is not one text: the simulator takes no batches and no token ids.")
    chat.only_one_choice(raw)
    return Request(
        model=model,
        messages=(Message(role="user", text=prompt),),
        stream=raw.get("stream") is True,
        include_usage=chat.include_usage(raw),
    )


def body(reply: Reply) -> dict[str, Any]:
    """A plain response."""
    reported = {"usage": chat.usage(reply.usage)} if reply.reports else {}
    return {**_head(reply), "choices": [_choice(reply.answer.text, "stop")], **reported}


def frames(reply: Reply) -> Iterator[Frame]:
    """A streamed response."""
    head = _head(reply)
    for piece in reply.pieces():
        value = {**head, "choices": [_choice(piece.text, None)], **chat.usage_in(reply, piece.usage)}
        yield Frame(data=data(value), tokens=piece.tokens)
    yield Frame(data=data({**head, "choices": [_choice("", "stop")], **chat.usage_in(reply, reply.usage)}))
    yield from chat.last_frames(reply, head)


def _choice(text: str, finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": finish_reason}


def _head(reply: Reply) -> dict[str, Any]:
    return {
        "id": reply.name("cmpl-sim-"),
        "object": "text_completion",
        "created": reply.created,
        "model": reply.request.model,
        "system_fingerprint": chat.FINGERPRINT,
    }


PROTOCOL: Final = Protocol(
    name="completions",
    path=re.compile("/v1/completions"),
    parse_request=parse_request,
    body=body,
    frames=frames,
    error=chat.error,
)
