"""Ollama's own API: chat, generate, and embeddings. A stream is a JSON object a line; it is what one gets
without asking. The line that says ``done`` is the last one and holds the counts.

Fields: ``_types.py`` of ollama 0.6.3 on PyPI; https://docs.ollama.com/api/errors (2026-11-22). An error may
be a line of a stream that began well.

``prompt_eval_count`` includes the cached tokens, of which ``prompt_eval_cached_count`` tells since 2026
(https://github.com/stdapi-ai/stdapi.ai/issues/252), but for two spans of versions:

* before July 2024 it was left out, or 0, if the prompt was cached
  (https://github.com/ollama/ollama/pull/5371): it is unknown then, and estimated;
* 0.30 up to June 2026 left cached tokens out (https://github.com/ollama/ollama/pull/16428): it is too low.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import Problem
from ..jsonbody import float_of, int_of, text_of
from ..records import Params, Tokens
from .base import Asked, Prompt, Protocol, compact, count_of, length_of, object_of, objects
from .completions import texts_of
from .embeddings import VectorsMeter
from .meter import ChoicesMeter, Meter
from .sse import SseEvent

_EMBEDS: Final = re.compile(r"/api/embed(?:dings)?/?\Z")

_USAGE: Final = (
    "prompt_eval_count",
    "prompt_eval_cached_count",
    "eval_count",
    "total_duration",
    "load_duration",
    "prompt_eval_duration",
    "eval_duration",
)


def read_request(value: Mapping[str, Any], path: str) -> Asked:
    """The facts of a request; unknown ones where they make no sense."""
    embeds = _EMBEDS.search(path) is not None
    options = object_of(value.get("options"))
    return Asked(
        model=text_of(value.get("model")),
        stream=not embeds and value.get("stream") is not False,
        include_usage=True,
        choices=0 if embeds else 1,
        params=Params(
            temperature=float_of(options.get("temperature")),
            top_p=float_of(options.get("top_p")),
            seed=int_of(options.get("seed")),
            max_tokens=count_of(options.get("num_predict")),  # a negative one is none
            reasoning_effort=text_of(value.get("think"), 64),
            tools_count=length_of(value.get("tools")),
            messages_count=length_of(value.get("messages")),
        ),
    )


class OllamaMeter(ChoicesMeter):
    """Reads one response of chat or generate, line by line."""

    STREAMS_JSON = True
    REASONING = "thinking"

    def _read_plain(self, body: bytearray) -> None:
        frame = self._parse(body)
        if frame is not None:
            self._read_line(frame)
            self._ended = True

    def _read_event(self, event: SseEvent) -> None:
        frame = self._parse(event.data)
        if frame is not None:
            self._read_line(frame)

    def _read_line(self, line: Mapping[str, Any]) -> None:
        facts = self._facts
        if line.get("error"):
            facts.in_band_error = True
        if facts.model is None:
            facts.model = text_of(line.get("model")) or None
        for name, text in _generated(line):
            self._say(name, text)
        if line.get("done") is not True:
            return
        self._done = self._ended = True
        reason = line.get("done_reason")
        if isinstance(reason, str) and reason:
            self._finished[0] = reason[:64]
        self._read_usage(_usage_of(line))

    def _normalise(self, usage: dict[str, Any]) -> Tokens:
        return _tokens(usage)

    def _is_zero(self, usage: dict[str, Any]) -> bool:
        return not (usage.get("prompt_eval_count") or usage.get("eval_count"))


class OllamaVectorsMeter(VectorsMeter):
    """Reads one response of embed or embeddings."""

    def _usage_in(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        return _usage_of(frame)

    def _normalise(self, usage: dict[str, Any]) -> Tokens:
        return _tokens(usage)


def _meter(request: Asked, content_type: str, content_encoding: str = "") -> Meter:
    kind = OllamaMeter if request.choices else OllamaVectorsMeter
    return kind(request, content_type, content_encoding)


def _usage_of(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in _USAGE if name in line}


def _tokens(usage: Mapping[str, Any]) -> Tokens:
    prompt, cached, output = (count_of(usage.get(name)) for name in _USAGE[:3])
    prompt = prompt or None  # 0 is what old versions say of a cached prompt
    total = None if prompt is None or output is None else prompt + output
    return Tokens(input=prompt, cached=cached, output=output, total=total)


def _generated(line: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The pieces of generated text in a line, each with a name that tells what it belongs to."""
    message = object_of(line.get("message"))
    for name, holder in (("thinking", line), ("response", line), ("thinking", message), ("content", message)):
        if isinstance(text := holder.get(name), str) and text:
            yield name, text
    for call in objects(message.get("tool_calls")):
        yield from (("tool calls", text) for text in _call_texts(call))


def _call_texts(call: Mapping[str, Any]) -> Iterator[str]:
    """A tool call's name and arguments."""
    function = object_of(call.get("function"))
    if isinstance(name := function.get("name"), str) and name:
        yield name
    if "arguments" in function:
        yield compact(function["arguments"])


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """The texts of a request of any kind. ``format`` is a grammar and no part of the prompt."""
    prompt = Prompt(system=[], tools=[], messages=[])
    for message in objects(body.get("messages")):
        texts = prompt.system if message.get("role") == "system" else prompt.messages
        prompt.messages_count += 1
        keys = ("role", "tool_name", "content", "thinking")
        texts += [text for key in keys if isinstance(text := message.get(key), str)]
        for call in objects(message.get("tool_calls")):
            texts += _call_texts(call)
        prompt.media = prompt.media or bool(message.get("images"))
    for tool in objects(body.get("tools")):
        prompt.tools_count += 1
        prompt.tools.append(compact(tool.get("function", tool)))
    prompt.system += texts_of(body.get("system"))
    for key in ("context", "prompt", "suffix", "input"):
        prompt.messages += texts_of(body.get(key))
    prompt.media = prompt.media or bool(body.get("images"))
    return prompt


def _error_body(problem: Problem) -> bytes:
    return json.dumps({"error": problem.message}).encode()


PROTOCOL: Final = Protocol(
    name="ollama",
    path=re.compile(r"/api/(?:chat|generate|embed|embeddings)/?\Z"),
    read_request=read_request,
    aside=re.compile(r"/api/show/?\Z"),
    meter=_meter,
    read_prompt=read_prompt,
    error_body=_error_body,
)
