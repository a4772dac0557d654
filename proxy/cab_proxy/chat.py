"""The meter of chat/completions: bytes in, facts out. See :mod:`cab_proxy.meter` for its contract.

A stream has *ended* with ``[DONE]`` or, since some servers leave that out, once every choice has a
finish reason. A stream that stops before is not whole, however cleanly its connection closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from .jsonbody import JsonBody, float_of, int_of, keepable, read_response_json, text_of
from .meter import Meter
from .records import NO_PARAMS, Params, Tokens
from .skim import Saying
from .sse import SseEvent
from .usage import cost_of, is_zero, merge, normalise, usage_in

MAX_CHOICES: Final = 1024
_MAX_PIECES: Final = 256
"""So many pieces of a text are joined: small strings take many times the room of what they hold."""


@dataclass(slots=True, kw_only=True)
class ChatRequest:
    """What a chat request asks."""

    model: str | None = None
    stream: bool | None = None
    include_usage: bool = False
    """The request asks for usage in the stream, or is not streamed."""
    choices: int = 1
    """Number of answers asked for (``n``)."""
    params: Params = NO_PARAMS


def read_request(body: JsonBody) -> ChatRequest:
    """The facts of a request; unknown ones where it can't be read."""
    value = body.value
    if value is None:
        return ChatRequest()
    options = value.get("stream_options")
    reasoning = value.get("reasoning")
    effort = value.get("reasoning_effort")
    if effort is None and isinstance(reasoning, dict):
        effort = reasoning.get("effort")
    stream = value.get("stream") is True
    limit = int_of(value.get("max_completion_tokens"))
    return ChatRequest(
        model=text_of(value.get("model")),
        stream=stream,
        include_usage=not stream or (isinstance(options, dict) and options.get("include_usage") is True),
        choices=max(1, min(int_of(value.get("n")) or 1, MAX_CHOICES)),
        params=Params(
            temperature=float_of(value.get("temperature")),
            top_p=float_of(value.get("top_p")),
            seed=int_of(value.get("seed")),
            max_tokens=int_of(value.get("max_tokens")) if limit is None else limit,
            reasoning_effort=text_of(effort, 64),
            tools_count=_length(value.get("tools")),
            messages_count=_length(value.get("messages")),
        ),
    )


def _length(value: object) -> int | None:
    return len(value) if isinstance(value, list) else None


@dataclass(slots=True, kw_only=True)
class ChatFacts:
    """What a chat response said."""

    model: str | None
    system_fingerprint: str | None
    finish_reasons: tuple[str, ...]
    """One per choice that has finished, in the order of the choices."""
    in_band_error: bool
    """The body says that it failed, whatever its status."""
    error_code: str | None
    """The endpoint's name for the error: ``error.code``, else ``error.type``."""
    ended: bool
    """The protocol came to its own end."""
    usage: Tokens | None
    """Reported counts; ``None`` where the endpoint reported none."""
    usage_final: bool
    """They are the call's, not those up to where a stream broke off."""
    usage_raw: dict[str, Any] | None
    cost_usd: Decimal | None
    said: tuple[str, ...]
    """Everything generated: content, reasoning, names and arguments of tool calls."""
    readable: bool
    """The body could be read, so that ``said`` is all of what came."""


class ChatMeter(Meter):
    """Reads one response.

    What a frame can bring besides text: the model and its fingerprint, of which the first ones count; a
    finish reason, with which the stream may have ended; a choice not seen before, without whose finish reason
    it has not; usage, the call's own if it comes with or after the last finish reason; an error. A frame
    that brings one piece of text and none of these makes a mould (:mod:`cab_proxy.skim`).
    """

    def __init__(self, request: ChatRequest, content_type: str, content_encoding: str = "") -> None:
        super().__init__(content_type, content_encoding, streamed=request.stream is True)
        self._asked = request.choices
        self._model: str | None = None
        self._fingerprint: str | None = None
        self._finished: dict[int, str] = {}
        self._seen: set[int] = set()
        self._said: dict[tuple[int, str], list[str]] = {}
        self._usage: dict[str, Any] = {}
        self._zero_usage: dict[str, Any] | None = None
        self._usage_final = False
        self._error = False
        self._error_code: str | None = None
        self._frames = 0

    def finish(self) -> ChatFacts:
        """The facts, once no more will come."""
        self._end()
        usage = self._usage
        if not usage and self._zero_usage is not None and not self._said:
            usage = self._zero_usage
        return ChatFacts(
            model=self._model,
            system_fingerprint=self._fingerprint,
            finish_reasons=tuple(self._finished[index] for index in sorted(self._finished)),
            in_band_error=self._error,
            error_code=self._error_code,
            ended=self._ended,
            usage=normalise(usage) if usage else None,
            usage_final=self._usage_final or self._ended,
            usage_raw=usage or None,
            cost_usd=cost_of(usage) if usage else None,
            said=tuple("".join(parts) for parts in self._said.values()),
            readable=self._copy.whole and self._frames > 0,
        )

    def _read_plain(self, body: bytearray) -> None:
        frame = read_response_json(body)
        if frame is not None:
            self._read_frame(frame, "message")
            self._ended = self._usage_final = True

    def _read_event(self, event: SseEvent) -> Saying | None:
        if event.data.strip() == b"[DONE]":
            self._done = self._ended = True
            return None
        if event.event == "error":
            self._error = True
        frame = read_response_json(event.data)
        return None if frame is None else self._read_frame(frame, "delta")

    def _read_frame(self, frame: Mapping[str, Any], part: str) -> Saying | None:
        """Read a response or a chunk of one; what it said, if that is all that it brought."""
        self._frames += 1
        sayings: list[Saying] = []
        news = False
        if error := frame.get("error"):
            news = self._error = True
            self._error_code = self._error_code or _code_of(error)
        if self._model is None:
            self._model = text_of(frame.get("model")) or None
        if self._fingerprint is None:
            self._fingerprint = text_of(frame.get("system_fingerprint")) or None
        choices = frame.get("choices")
        for position, choice in enumerate(choices if isinstance(choices, list) else ()):
            if isinstance(choice, dict):
                news = self._read_choice(choice, position, part, sayings) or news
        usage = usage_in(frame)
        if usage is not None:
            news = self._read_usage(usage) or news
        return sayings[0] if len(sayings) == 1 and not news else None

    def _read_usage(self, usage: dict[str, Any]) -> bool:
        """Take usage in; false if it counts nothing."""
        if keepable(usage) is None:
            return True
        if is_zero(usage):
            self._zero_usage = usage
            return False
        self._usage = keepable(merge(self._usage, usage)) or usage if self._usage else usage
        # a count that comes with or after the finish reasons is the call's own
        self._usage_final = self._all_finished()
        return True

    def _read_choice(
        self, choice: Mapping[str, Any], position: int, part: str, sayings: list[Saying]
    ) -> bool:
        """Take a choice in, add what it says to ``sayings``; whether it has finished."""
        index = int_of(choice.get("index"))
        index = position if index is None else index
        if len(self._seen) >= MAX_CHOICES and index not in self._seen:
            return False
        self._seen.add(index)
        for name, text in _generated(choice.get(part)):
            self.saw_delta = True
            texts = self._said.setdefault((index, name), [])
            if len(texts) >= _MAX_PIECES:
                texts[:] = ["".join(texts)]
            texts.append(text)
            sayings.append(Saying(text, texts.append))
        reason = choice.get("finish_reason")
        if not isinstance(reason, str) or not reason:
            return False
        self._finished[index] = reason[:64]
        self._error = self._error or reason == "error"
        self._ended = self._ended or self._all_finished()
        return True

    def _all_finished(self) -> bool:
        return len(self._finished) >= max(self._asked, len(self._seen))


def _code_of(error: object) -> str | None:
    """An error object's name for what went wrong. llama.cpp's ``code`` is the status: its type tells."""
    if not isinstance(error, dict):
        return None
    return text_of(error.get("code"), 64) or text_of(error.get("type"), 64) or None


def _generated(message: object) -> Iterator[tuple[str, str]]:
    """The pieces of generated text in a message or delta, each with a name that tells what it belongs to.
    Each is a string of the JSON as it stands there.
    """
    if not isinstance(message, dict):
        return
    content = message.get("content")
    if isinstance(content, list):  # Mistral's parts
        for piece in content:
            if isinstance(piece, dict) and isinstance(text := piece.get("text"), str) and text:
                yield "content", text
    # some servers send the same reasoning under both names
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    for name, text in (("content", content), ("reasoning", reasoning), ("refusal", message.get("refusal"))):
        if isinstance(text, str) and text:
            yield name, text
    calls = message.get("tool_calls")
    named = [("tool", call) for call in calls] if isinstance(calls, list) else []
    if isinstance(message.get("function_call"), dict):
        named.append(("function", {"function": message["function_call"]}))
    for position, (kind, call) in enumerate(named):
        inner = call.get("function", call.get("custom")) if isinstance(call, dict) else None
        if not isinstance(inner, dict):
            continue
        index = int_of(call.get("index"))
        for key in ("name", "arguments", "input"):
            if isinstance(text := inner.get(key), str) and text:
                yield f"{kind} {position if index is None else index} {key}", text
