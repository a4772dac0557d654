"""What an agent and a model say to each other, whatever protocol carries it.

Pure records. Each protocol reads its requests into a :class:`Request` and writes an :class:`Answer` in
its own form; what decides the answers knows nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cab_sim import tokens

SSE: Final = "text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool call that a model made."""

    name: str
    arguments: str
    """An object as JSON text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the conversation."""

    role: str
    """``system``, ``developer``, ``user``, ``assistant`` or ``tool``."""
    text: str = ""
    """All its text; other parts (images) are left out."""
    tool_calls: tuple[ToolCall, ...] = ()

    def tokens(self) -> int:
        """Tokens of the role, the text and the calls."""
        called = (part for call in self.tool_calls for part in (call.name, call.arguments))
        return sum(map(tokens.count, (self.role, self.text, *called)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the agent offers."""

    name: str
    description: str
    properties: Mapping[str, Mapping[str, Any]]
    """JSON schema of each parameter."""
    required: frozenset[str]
    source: str
    """The whole declaration as compact JSON, for the token count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, as the endpoint counts them."""

    prompt_tokens: int
    """Includes what was read from and written to the cache."""
    completion_tokens: int = 0
    cached_tokens: int = 0
    """The part of the prompt that was read from the cache."""
    cache_write_tokens: int = 0
    """The part of the prompt that was written to the cache."""

    @property
    def total_tokens(self) -> int:
        """Prompt and completion."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a request asks."""

    model: str
    messages: tuple[Message, ...]
    """Never empty."""
    tools: tuple[Tool, ...] = ()
    stream: bool = False
    stream_type: str = SSE
    """Content-Type of the answer when it is streamed."""
    include_usage: bool = False
    """Usage at the end of a stream was asked for, in a protocol where that needs asking."""
    caches: bool = False
    """The prompt is to be cached, in a protocol where that needs asking."""
    echo: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the request on which the form of its answer depends."""

    @property
    def instructions(self) -> str:
        """What the agent says of the form of the answer: its system messages, or the user's where it
        has none. Never what an assistant said or a tool returned.
        """
        system = [m.text for m in self.messages if m.role in {"system", "developer"}]
        return "\n".join(system or [m.text for m in self.messages if m.role == "user"])

    def usage(self) -> Usage:
        """The prompt's tokens: messages and tool declarations.

        A cached prompt is written up to its last message, and read up to where the prompt before the
        last answer was written.
        """
        counts = [message.tokens() for message in self.messages]
        declared = sum(tokens.count(tool.source) for tool in self.tools)
        total = declared + sum(counts)
        if not self.caches:
            return Usage(prompt_tokens=total)
        answers = [n for n, message in enumerate(self.messages) if message.role == "assistant"]
        read = declared + sum(counts[: max(answers[-1] - 1, 0)]) if answers else 0
        written = total - counts[-1] - read
        return Usage(prompt_tokens=total, cached_tokens=read, cache_write_tokens=written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model answers: a text or one tool call."""

    text: str = ""
    tool_call: ToolCall | None = None

    @property
    def spoken(self) -> str:
        """What a stream brings in pieces: the text, or the call's arguments."""
        return self.tool_call.arguments if self.tool_call else self.text

    def name_tokens(self) -> int:
        """Tokens of the called tool's name."""
        return tokens.count(self.tool_call.name) if self.tool_call else 0

    def tokens(self) -> int:
        """Tokens of the text, or of the tool's name and its arguments."""
        return self.name_tokens() + tokens.count(self.spoken)
