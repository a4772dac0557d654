"""chat/completions: the request as records, the answer as a body or as stream chunks.

Pure: bytes and records in, records and JSON values out. An :class:`Answer` is what a model decided;
its plain body and the sum of its chunks say the same, and both carry the same token count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cab_sim import tokens
from cab_sim.errors import RequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool call that a model made."""

    name: str
    arguments: str
    """JSON text, as it goes over the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the conversation."""

    role: str
    text: str = ""
    """All its text; other parts (images) are left out."""
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the agent offers."""

    name: str
    description: str
    properties: Mapping[str, Mapping[str, Any]]
    """JSON schema of each parameter."""
    required: frozenset[str]
    source: str
    """The whole schema as compact JSON, for the token count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What a chat/completions request asks."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    stream: bool = False
    include_usage: bool = False

    @property
    def instructions(self) -> str:
        """What the agent says of the form of the answer: its system messages, or the user's where it
        has none. Never what an assistant said or a tool returned.
        """
        system = [m.text for m in self.messages if m.role in {"system", "developer"}]
        return "\n".join(system or [m.text for m in self.messages if m.role == "user"])

    def prompt_tokens(self) -> int:
        """Tokens of the messages (roles, texts, tool calls) and of the tool schemas."""
        parts: list[str] = []
        for message in self.messages:
            parts += (message.role, message.text)
            for call in message.tool_calls:
                parts += (call.name, call.arguments)
        return sum(map(tokens.count, (*parts, *(tool.source for tool in self.tools))))


def parse_request(body: bytes) -> ChatRequest:
    """Read a request body. Raises :class:`RequestError` for what is no chat/completions request."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError("The request body is not JSON.") from None
    raw = _object(raw, "The request body")
    model, messages = raw.get("model"), raw.get("messages")
    if not isinstance(model, str):
        raise RequestError("'model' is missing or not a string.")
    if not isinstance(messages, list) or not messages:
        raise RequestError("'messages' is missing or empty.")
    if raw.get("n") not in {None, 1}:
        raise RequestError("'n' must be 1: the simulator gives one choice.")
    tools = raw.get("tools") if raw.get("tool_choice") != "none" else None
    if not isinstance(tools, list | None):
        raise RequestError("'tools' is not a list.")
    options = _object(raw.get("stream_options") or {}, "'stream_options'")
    return ChatRequest(
        model=model,
        messages=tuple(_message(_object(message, "A message")) for message in messages),
        tools=tuple(_tool(_object(tool, "A tool")) for tool in tools or ()),
        stream=raw.get("stream") is True,
        include_usage=options.get("include_usage") is True,
    )


def _object(raw: object, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise RequestError(f"{where} is not an object.")
    return raw


def _message(raw: dict[str, Any]) -> Message:
    role = raw.get("role")
    if not isinstance(role, str):
        raise RequestError("A message has no 'role'.")
    content = raw.get("content")
    if isinstance(content, list):
        parts = [_object(part, "A content part").get("text") for part in content]
        content = "\n".join(part for part in parts if isinstance(part, str))
    if not isinstance(content, str | None):
        raise RequestError("A message's 'content' is neither a string nor a list of parts.")
    calls = []
    for call in raw.get("tool_calls") or ():
        function = _object(_object(call, "A tool call").get("function"), "A tool call's 'function'")
        calls.append(ToolCall(name=str(function.get("name")), arguments=str(function.get("arguments", ""))))
    return Message(role=role, text=content or "", tool_calls=tuple(calls))


def _tool(raw: dict[str, Any]) -> Tool:
    function = _object(raw.get("function"), "A tool's 'function'")
    name = function.get("name")
    if not isinstance(name, str):
        raise RequestError("A tool has no 'name'.")
    parameters = _object(function.get("parameters") or {}, "A tool's 'parameters'")
    properties = _object(parameters.get("properties") or {}, "A tool's 'properties'")
    required = parameters.get("required")
    return Tool(
        name=name,
        description=str(function.get("description") or ""),
        properties={key: schema for key, schema in properties.items() if isinstance(schema, dict)},
        required=frozenset(map(str, required)) if isinstance(required, list) else frozenset(),
        source=json.dumps(raw, separators=(",", ":"), ensure_ascii=False),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of an answer as it is streamed."""

    delta: Mapping[str, Any]
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model answers: a text or one tool call."""

    text: str = ""
    tool_call: ToolCall | None = None

    @property
    def finish_reason(self) -> str:
        """``tool_calls`` or ``stop``."""
        return "tool_calls" if self.tool_call else "stop"

    def completion_tokens(self) -> int:
        """Tokens of the text, or of the tool's name and its arguments."""
        call = self.tool_call
        return (
            tokens.count(self.text)
            if call is None
            else tokens.count(call.name) + tokens.count(call.arguments)
        )

    def message(self, call_id: str) -> dict[str, Any]:
        """The answer as an assistant message. ``call_id`` names its tool call, if there is one."""
        call = self.tool_call
        if call is None:
            return {"role": "assistant", "content": self.text, "refusal": None}
        function = {"name": call.name, "arguments": call.arguments}
        calls = [{"id": call_id, "type": "function", "function": function}]
        return {"role": "assistant", "content": None, "refusal": None, "tool_calls": calls}

    def chunks(self, call_id: str, tokens_per_chunk: int) -> Iterator[Chunk]:
        """The answer as deltas; their texts add up to :meth:`message` and their tokens to
        :meth:`completion_tokens`.
        """
        call = self.tool_call
        if call is None:
            yield Chunk(delta={"role": "assistant", "content": "", "refusal": None})
            for text, number in tokens.pieces(self.text, tokens_per_chunk):
                yield Chunk(delta={"content": text}, tokens=number)
            return
        opening = {
            "index": 0,
            "id": call_id,
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
        yield Chunk(
            delta={"role": "assistant", "content": None, "refusal": None, "tool_calls": [opening]},
            tokens=tokens.count(call.name),
        )
        for text, number in tokens.pieces(call.arguments, tokens_per_chunk):
            yield Chunk(delta={"tool_calls": [{"index": 0, "function": {"arguments": text}}]}, tokens=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, as the endpoint counts them."""

    prompt_tokens: int
    completion_tokens: int

    def wire(self) -> dict[str, int]:
        """The ``usage`` object."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }


FINGERPRINT: Final = "fp_cab_sim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every body and chunk of one response repeats."""

    response_id: str
    created: int
    """Unix time in seconds."""
    model: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    """``usage: null`` in the chunks of a stream that was asked for its usage."""

    def body(self, message: Mapping[str, Any], finish_reason: str, usage: Usage | None) -> dict[str, Any]:
        """A plain response."""
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        reported = {} if usage is None else {"usage": usage.wire()}
        return {**self._head("chat.completion"), "choices": [choice], **reported}

    def chunk(self, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        """One chunk of a stream."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice], **self.extra}

    def usage_chunk(self, usage: Usage) -> dict[str, Any]:
        """The last chunk of a stream that was asked for its usage."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": usage.wire()}

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.response_id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": FINGERPRINT,
        }
