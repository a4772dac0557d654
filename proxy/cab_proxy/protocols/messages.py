"""Anthropic's Messages, also as Vertex AI and gateways offer it.

A stream begins with ``message_start``, whose usage has the input; that of ``message_delta`` is cumulative. A
stream has *ended* with ``message_stop``; the usage that comes with or after a stop reason is the call's own.

Usage is merged per field, the last non-null value wins, but for two things:

* Input is a triple, of which two parts are the cache's: it is replaced as a whole or not at all. What is
  known is replaced by what tells of every part that counts something, and isn't a placeholder of zeros.
* ``output_tokens`` of ``message_start`` is how far output had come by then, 1 mostly: it counts for nothing.
  If no ``message_delta`` says more, output is unknown.

Fields: ``anthropic/types/`` of anthropic 2.12.0 on PyPI, above all ``raw_message_stream_event.py``,
``content_block.py``, ``usage.py``, ``message_delta_usage.py``, ``shared/error_response.py``; and
``beta/beta_usage.py``: compaction by the server is billed, but counted in ``iterations`` only.

Bedrock's streams have a framing of AWS' own and are not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import Problem
from ..jsonbody import float_of, int_of, keepable, text_of
from ..records import Params, Tokens
from .base import Asked, Facts, Prompt, Protocol, code_of, compact, count_of, length_of, object_of, objects
from .meter import Meter
from .skim import Saying
from .sse import SseEvent
from .usage import cost_of, merge

_PATH: Final = re.compile(
    r"(?:/v1|\A)/messages/?\Z"
    r"|/publishers/anthropic/models/(?!count-tokens)(?P<model>[^/:]+)(?::|%3[Aa])(?:streamR|r)awPredict\Z"
)

_INPUT: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")

_TEXTS: Final = ("name", "text", "thinking", "partial_json", "content")
"""What a block, or a delta of one, may say; a summary has ``content``."""

_LOOPING: Final = frozenset({"server_tool_use", "mcp_tool_use"})

_ERRORS: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
}
"""Types of errors for HTTP statuses."""


def read_request(value: Mapping[str, Any], path: str) -> Asked:
    """The facts of a request; unknown ones where they make no sense. Vertex AI has the model in the path."""
    match = _PATH.search(path)
    budget = int_of(object_of(value.get("thinking")).get("budget_tokens"))
    effort = text_of(object_of(value.get("output_config")).get("effort"), 64)
    if effort is None and budget is None:
        effort = text_of(object_of(value.get("thinking")).get("type"), 64)
    return Asked(
        model=text_of(value.get("model") or (match and match["model"])),
        stream=value.get("stream") is True,
        include_usage=True,
        params=Params(
            temperature=float_of(value.get("temperature")),
            top_p=float_of(value.get("top_p")),
            max_tokens=int_of(value.get("max_tokens")),
            reasoning_effort=effort if effort or budget is None else str(budget),
            tools_count=length_of(value.get("tools")),
            messages_count=length_of(value.get("messages")),
        ),
    )


class MessagesMeter(Meter):
    """Reads one response."""

    def __init__(self, request: Asked, content_type: str, content_encoding: str = "") -> None:
        super().__init__(content_type, content_encoding, streamed=request.stream is True)
        self._usage: dict[str, Any] = {}
        self._output_told = False
        self._loops = False
        """A tool has been called that runs at the provider: what it says becomes input."""

    def _settle(self, facts: Facts) -> None:
        usage = self._usage if self._output_told else {**self._usage, "output_tokens": None}
        tokens = _tokens(usage, blank=self._ended and not self._said)
        if tokens.input is None and tokens.output is None:
            return
        facts.usage, facts.usage_raw, facts.cost_usd = tokens, self._usage, cost_of(self._usage)
        written = count_of(object_of(usage.get("cache_creation")).get("ephemeral_1h_input_tokens"))
        facts.cache_write_1h = min(written or 0, tokens.cache_write or 0)
        # input alone is known from the beginning
        facts.usage_final = facts.usage_final or not (self._output_told or self._loops)

    def _read_plain(self, body: bytearray) -> None:
        frame = self._parse(body)
        if frame is None:
            return
        self._read_part(frame, frame.get("usage"))
        self._ended = True
        content = frame.get("content")
        for index, block in enumerate(content if isinstance(content, list) else ()):
            self._read_block(index, object_of(block))

    def _read_event(self, event: SseEvent) -> Saying | None:
        frame = self._parse(event.data)
        if frame is None:  # cut off, or an error in words: no other event's name says anything alone
            self._facts.in_band_error = self._facts.in_band_error or event.event == "error"
            return None
        kind = text_of(frame.get("type"), 64) or event.event
        if kind == "error" or frame.get("error"):
            self._read_part({"error": frame.get("error") or True}, None)
        elif kind == "content_block_delta":
            said = next(_said(object_of(frame.get("delta"))), None)
            return said and self._say((int_of(frame.get("index")), said[0]), said[1])
        elif kind == "content_block_start":
            self._read_block(int_of(frame.get("index")), object_of(frame.get("content_block")))
        elif kind == "message_start":
            message = object_of(frame.get("message"))
            self._read_part(message, message.get("usage"), begun=True)
        elif kind == "message_delta":
            self._read_part(object_of(frame.get("delta")), frame.get("usage"))
        elif kind == "message_stop":
            self._done = self._ended = True
        return None

    def _read_part(self, message: Mapping[str, Any], usage: object, *, begun: bool = False) -> None:
        """Take in a message, one that has just ``begun``, or its end."""
        facts = self._facts
        if error := message.get("error"):
            facts.in_band_error = True
            facts.error_code = facts.error_code or code_of(error)
        facts.model = facts.model or text_of(message.get("model")) or None
        if reason := text_of(message.get("stop_reason"), 64):
            facts.finish_reasons = (reason,)
        merged = self._merged(usage) if isinstance(usage, dict) and usage else None
        if merged is None:
            return
        self._usage = merged
        if not begun:
            self._output_told |= count_of(object_of(usage).get("output_tokens")) is not None
            facts.usage_final = bool(facts.finish_reasons)

    def _merged(self, usage: dict[str, Any]) -> dict[str, Any] | None:
        """What is known with what ``usage`` tells; ``None`` where a ledger line can't hold it."""
        if keepable(usage) is None:
            return None
        known = {key for key in _INPUT if count_of(self._usage.get(key))}
        told = {key for key in _INPUT if count_of(usage.get(key)) is not None}
        left: tuple[str, ...] = ()
        if known and not (known <= told and any(usage[key] for key in told)):
            left = _INPUT
        if self._output_told and not count_of(usage.get("output_tokens")):
            left = (*left, "output_tokens")
        return keepable(merge(self._usage, {key: value for key, value in usage.items() if key not in left}))

    def _read_block(self, index: int | None, block: Mapping[str, Any]) -> None:
        self._loops |= text_of(block.get("type")) in _LOOPING
        for name, text in _said(block):
            self._say((index, name), text)


def _said(block: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts of a block or a delta, by name. Signatures and citations are none: nobody generates them."""
    for name in _TEXTS:
        if isinstance(text := block.get(name), str) and text:
            yield name, text
    if isinstance(asks := block.get("input"), dict) and asks:
        yield "partial_json", compact(asks)


def _tokens(usage: Mapping[str, Any], *, blank: bool) -> Tokens:
    """A usage object as the ledger counts. Zeros are placeholders, except of a ``blank`` answer."""
    compactions = [part for part in objects(usage.get("iterations")) if part.get("type") == "compaction"]

    def total(name: str) -> int | None:
        count = count_of(usage.get(name))
        return None if count is None else count + sum(count_of(part.get(name)) or 0 for part in compactions)

    fresh, written, cached = (total(name) for name in _INPUT)
    input_tokens = None if fresh is None else fresh + (written or 0) + (cached or 0)
    output = total("output_tokens")
    if not blank:
        input_tokens, output = input_tokens or None, output or None
    thinking = count_of(object_of(usage.get("output_tokens_details")).get("thinking_tokens"))
    return Tokens(
        input=input_tokens,
        cached=None if input_tokens is None else cached,
        cache_write=None if input_tokens is None else written,
        output=output,
        reasoning=None if output is None else thinking,
        total=None if input_tokens is None or output is None else input_tokens + output,
    )


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """The texts of a request: system, messages, tool schemas, the answer's format."""
    prompt = Prompt(system=[], tools=[], messages=[])
    if system := body.get("system"):
        prompt.messages_count += 1
        _read_content(system, prompt.system, prompt)
    for message in objects(body.get("messages")):
        prompt.messages_count += 1
        if isinstance(role := message.get("role"), str):
            prompt.messages.append(role)
        _read_content(message.get("content"), prompt.messages, prompt)
    for tool in objects(body.get("tools")):
        prompt.tools_count += 1
        prompt.tools.append(compact(tool))
    shape = object_of(object_of(body.get("output_config")).get("format") or body.get("output_format"))
    if "schema" in shape:
        prompt.tools.append(compact(shape["schema"]))
    return prompt


def _read_content(content: object, texts: list[str], prompt: Prompt) -> None:
    """Add the texts of a message's content to ``texts``; ``prompt`` learns of what isn't any."""
    if isinstance(content, str):
        texts.append(content)
    blocks = [*objects(content)]
    for block in blocks:  # which grow: results of tools, and documents, are made of blocks
        texts += [text for _, text in _said(block)]
        source = object_of(block.get("source"))
        blocks += [*objects(block.get("content")), *objects(source.get("content"))]
        if source.get("type") == "text" and isinstance(text := source.get("data"), str):
            texts.append(text)
        elif (source and "content" not in source) or block.get("type") == "container_upload":
            prompt.media = True
        if block.get("type") == "redacted_thinking":  # encrypted for the provider
            prompt.stored = True


def _error_body(problem: Problem) -> bytes:
    fallback = "api_error" if problem.status >= 500 else "invalid_request_error"
    kind = _ERRORS.get(problem.status, fallback)
    error = {"type": kind, "message": problem.message, "code": problem.code}
    return json.dumps({"type": "error", "error": error}).encode()


PROTOCOL: Final = Protocol(
    name="messages",
    path=_PATH,
    read_request=read_request,
    meter=MessagesMeter,
    read_prompt=read_prompt,
    aside=re.compile(r"/messages/count_tokens/?\Z"),
    key_header="x-api-key",
    error_body=_error_body,
)
"""None of its paths are ``/v1/messages/count_tokens``, ``/v1/messages/batches`` and the Assistants API's
``/threads/ID/messages``.
"""
