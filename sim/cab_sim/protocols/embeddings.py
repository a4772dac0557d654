"""OpenAI's embeddings: equal texts have equal vectors, and that is all that they mean."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from typing import Any, Final

from cab_sim.conversation import Message, Request
from cab_sim.errors import RequestError
from cab_sim.protocols import chat
from cab_sim.protocols.base import Protocol, Raw, Reply, Where, model_of

DIMENSIONS: Final = 8


def parse_request(raw: Raw, _where: Where) -> Request:
    """Read a request."""
    model, texts = model_of(raw), raw.get("input")
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise RequestError("'input' is neither a text nor a list of texts; the simulator takes no token ids.")
    messages = tuple(Message(role="user", text=text) for text in texts)
    return Request(model=model, messages=messages, echo={"encoding_format": raw.get("encoding_format")})


def body(reply: Reply) -> dict[str, Any]:
    """A response."""
    vectors = (_vector(message.text) for message in reply.request.messages)
    in_base64 = reply.request.echo["encoding_format"] == "base64"
    entries = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if in_base64 else vector}
        for index, vector in enumerate(vectors)
    ]
    prompt_tokens = reply.usage.prompt_tokens
    spent = {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens}
    reported = {"usage": spent} if reply.reports else {}
    return {"object": "list", "data": entries, "model": reply.request.model, **reported}


def _vector(text: str) -> list[float]:
    return [byte / 256 for byte in hashlib.sha256(text.encode(errors="replace")).digest()[:DIMENSIONS]]


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{DIMENSIONS}f", *vector)).decode()


PROTOCOL: Final = Protocol(
    name="embeddings",
    path=re.compile("/v1/embeddings"),
    parse_request=parse_request,
    body=body,
    error=chat.error,
    answers=False,
)
