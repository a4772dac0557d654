"""What goes over the wire: request bodies, and the answers that the endpoint gives.

The model's name says what the endpoint is to do:

=================  ======================================================================
``plain``          a completion of some 500 bytes, with usage
``stream-N-MS``    N events, ``MS`` milliseconds apart (0: as fast as they go), then usage and ``[DONE]``
``stream-N-MS-ID`` the same, and ID tells the streams of one load apart
``blob-N``         one completion of N bytes
=================  ======================================================================

Every event of a stream holds its number and its model's name, so that a client can tell a lost,
doubled, moved or foreign event.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

PATH: Final = "/v1/chat/completions"
EXTRA_EVENTS: Final = 2
"""Usage and ``[DONE]``, which follow the N events of a stream."""

_MODEL: Final = re.compile(rb'"model"\s*:\s*"([^"\\]*)"')
_WORDS: Final = (
    "the file test returns when parser value error line reads module and import token is writes "
    "a of to in path function build run fails expected but got None with after before list"
)
_ID: Final = "chatcmpl-BkQ7n2vX0c9sLrT4yHw8ZpEa1"
_CREATED: Final = 1_760_000_000
_FINGERPRINT: Final = "fp_44709d6fcb"
_USAGE: Final = {
    "prompt_tokens": 4210,
    "completion_tokens": 64,
    "total_tokens": 4274,
    "prompt_tokens_details": {"cached_tokens": 3968, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
_HEADERS: Final = (
    "x-request-id: req_0f5b1c2d3e4f5a6b7c8d9e0f1a2b3c4d\r\n"
    "openai-processing-ms: 12\r\nopenai-version: 2020-10-01\r\n"
    "x-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 1999987\r\n"
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a model's name asks of the endpoint."""

    kind: Literal["plain", "stream", "blob"]
    count: int = 0
    """Events of a stream, bytes of a blob."""
    gap_ms: int = 0


def behaviour(model: str) -> Behaviour | None:
    """Read a model's name; ``None`` where it asks for nothing that the endpoint can do."""
    if model == "plain":
        return Behaviour("plain")
    if found := re.fullmatch(r"stream-(\d+)-(\d+)(?:-\d+)?", model):
        return Behaviour("stream", int(found[1]), int(found[2]))
    if found := re.fullmatch(r"blob-(\d+)", model):
        return Behaviour("blob", int(found[1]))
    return None


def find_model(body: bytes) -> bytes | None:
    """The model that a request names. By a search, not by parsing: relays may write the JSON anew."""
    found = _MODEL.search(body)
    return None if found is None else found[1]


def request_body(model: str, size: int) -> bytes:
    """A chat request of exactly ``size`` bytes, like a coding agent's: a system prompt, tools, and a
    conversation that grows. The same for the same arguments.
    """
    rng = random.Random(size)  # noqa: S311  # filler
    streamed = model.startswith("stream")
    body: dict[str, Any] = {
        "model": model,
        "stream": streamed,
        "temperature": 0,
        "max_tokens": 4096,
        "messages": [{"role": "system", "content": "You are a coding agent. Use the tools."}],
        "tools": [_tool(name) for name in ("read_file", "edit_file", "bash")],
    }
    if streamed:
        body["stream_options"] = {"include_usage": True}
    messages = body["messages"]
    missing = size - len(_dumped(body))
    while missing > 0:
        message = {"role": ("user", "assistant")[len(messages) % 2], "content": ""}
        empty = len(_dumped(message)) + 1
        if missing < empty:  # no room for one more: the last grows by what is missing
            messages[-1]["content"] += "." * missing
            break
        message["content"] = _prose(rng, min(missing - empty, 1500))
        messages.append(message)
        missing -= empty + len(message["content"])
    data = _dumped(body)
    if len(data) != size:
        raise ValueError(f"no request has fewer than {len(data)} bytes")
    return data


def _dumped(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _prose(rng: random.Random, size: int) -> str:
    known = _WORDS.split()
    words: list[str] = []
    length = 0
    while length <= size:
        word = rng.choice(known)
        words.append(word)
        length += len(word) + 1
    return " ".join(words)[:size]


def _tool(name: str) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": f"{name} in the workspace",
            "parameters": {
                "type": "object",
                "properties": {"path": {"type": "string", "description": "Relative to the workspace."}},
                "required": ["path"],
            },
        },
    }


def completion(size: int = 0) -> tuple[bytes, int, bytes]:
    """A completion as JSON: what comes before filler, the filler's length, what comes after."""
    body = {
        "id": _ID,
        "object": "chat.completion",
        "created": _CREATED,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "The test passes now.\x00", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": _USAGE,
        "service_tier": "default",
        "system_fingerprint": _FINGERPRINT,
    }
    before, after = json.dumps(body, separators=(",", ":")).encode().split(b"\\u0000")
    return before, max(0, size - len(before) - len(after)), after


def plain_head(length: int) -> bytes:
    """Head of an answer that has a length."""
    return (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{_HEADERS}\r\n"
    ).encode()


STREAM_HEAD: Final = (
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    f"transfer-encoding: chunked\r\ncache-control: no-cache\r\n{_HEADERS}\r\n"
).encode()
LAST_CHUNK: Final = b"0\r\n\r\n"


def events(model: str, count: int) -> Iterator[bytes]:
    """The data of a stream, event by event: ``count`` of them, the usage, ``[DONE]``."""
    for index in range(count):
        if index == 0:
            yield _event(model, {"role": "assistant", "content": "", "refusal": None}, None)
        elif index == count - 1:
            yield _event(model, {}, "stop")
        else:
            yield _event(model, {"content": f" t{index:06d}"}, None)
    yield _sse({**_frame(model), "choices": [], "usage": _USAGE})
    yield b"data: [DONE]\n\n"


def chunked(data: bytes) -> bytes:
    """Data as one chunk of HTTP."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _frame(model: str) -> dict[str, Any]:
    return {
        "id": _ID,
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": model,
        "system_fingerprint": _FINGERPRINT,
    }


def _event(model: str, delta: dict[str, Any], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _sse({**_frame(model), "choices": [choice]})


def _sse(value: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % json.dumps(value, separators=(",", ":")).encode()
