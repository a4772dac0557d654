"""OpenAI's Responses, and ``/responses/compact``, by which a conversation is shortened.

A stream *ends* with ``response.completed``, ``response.incomplete``, ``response.failed`` or, if the call was
cancelled, ``response.cancelled``. That event repeats the whole response, of which only what had not been
said before counts. A call in the background is answered at once, ``queued`` or ``in_progress``; its usage
comes when it is fetched.

Fields: ``openai/types/responses/`` of openai 3.54.0 on PyPI, above all ``response_stream_event.py``,
``response.py``, ``response_usage.py``, ``response_output_item.py`` and ``compacted_response.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..jsonbody import float_of, int_of, keepable, text_of
from ..records import Params
from .base import Asked, Facts, Prompt, Protocol, code_of, compact, length_of, object_of, objects
from .chat import openai_error
from .meter import Meter
from .skim import Saying
from .sse import SseEvent
from .usage import cost_of, is_zero, merge, normalise

_ENDS: Final = frozenset({"completed", "incomplete", "failed", "cancelled"})
_BEGUN: Final = frozenset({"queued", "in_progress"})

_AS_IN_CHAT: Final = {
    "input_tokens": "prompt_tokens",
    "input_tokens_details": "prompt_tokens_details",
    "output_tokens": "completion_tokens",
    "output_tokens_details": "completion_tokens_details",
}
"""Usage is chat's under other names; so are the ways in which endpoints differ."""

_AS_IN_DELTAS: Final = {"summary_text": "reasoning_summary_text", "text": "output_text"}
"""Types of parts that the events name otherwise."""


def read_request(value: Mapping[str, Any], _path: str = "") -> Asked:
    """The facts of a request; unknown ones where they make no sense."""
    asks = value.get("input")
    background = value.get("background") is True
    return Asked(
        model=text_of(value.get("model")),
        stream=value.get("stream") is True,
        include_usage=not background,
        background=background,
        params=Params(
            temperature=float_of(value.get("temperature")),
            top_p=float_of(value.get("top_p")),
            max_tokens=int_of(value.get("max_output_tokens")),
            reasoning_effort=text_of(object_of(value.get("reasoning")).get("effort"), 64),
            tools_count=length_of(value.get("tools")),
            messages_count=1 if isinstance(asks, str) else length_of(asks),
        ),
    )


class ResponsesMeter(Meter):
    """Reads one response.

    A text has a kind (``output_text``, as in ``response.output_text.delta``), an item and a number within the
    item. The item is known by its index or, where a gateway leaves that out, by its id.
    """

    REASONING = "reasoning_text"

    def __init__(self, request: Asked, content_type: str, content_encoding: str = "") -> None:
        super().__init__(content_type, content_encoding, streamed=request.stream is True)
        self._background = request.background
        self._usage: dict[str, Any] = {}

    def _settle(self, facts: Facts) -> None:
        usage = {_AS_IN_CHAT.get(key, key): value for key, value in self._usage.items()}
        if usage and not (is_zero(usage) and self._said):
            facts.usage, facts.usage_raw, facts.cost_usd = normalise(usage), self._usage, cost_of(usage)

    def _read_plain(self, body: bytearray) -> None:
        frame = self._parse(body)
        if frame is not None:
            self._read_response(frame, text_of(frame.get("status"), 64) or "")
            self._ended = True

    def _read_event(self, event: SseEvent) -> Saying | None:
        frame = self._parse(event.data)
        if frame is None:  # cut off, or an error in words: no other event's name says anything alone
            self._facts.in_band_error = self._facts.in_band_error or event.event == "error"
            return None
        kind = text_of(frame.get("type"), 64) or event.event
        error = frame.get("error")
        if error or kind == "error":
            self._fail(error or {"code": frame.get("code")})
        elif kind.endswith(".delta"):
            return self._read_delta(kind.removeprefix("response.").removesuffix(".delta"), frame)
        response, item = frame.get("response"), frame.get("item")
        status = kind.removeprefix("response.")
        if status in _ENDS:
            self._done = self._ended = True
            self._read_response(object_of(response), status)
        elif isinstance(response, dict):
            self._read_response(response, text_of(response.get("status"), 64) or "")
        elif isinstance(item, dict):
            self._read_item(item, _index(frame, item.get("id")), begun=kind.endswith(".added"))
        return None

    def _read_delta(self, kind: str, frame: Mapping[str, Any]) -> Saying | None:
        text = frame.get("delta")
        if not isinstance(text, str) or not text or kind.endswith("audio"):
            return None
        parts = (int_of(frame.get(f"{name}_index")) for name in ("content", "summary", "command"))
        part = next((part for part in parts if part is not None), 0)
        return self._say((kind, _index(frame, frame.get("item_id")), part), text)

    def _read_response(self, response: Mapping[str, Any], status: str) -> None:
        facts = self._facts
        facts.model = facts.model or text_of(response.get("model")) or None
        facts.response_id = facts.response_id or text_of(response.get("id")) or None
        facts.pending = status in _BEGUN and (self._background or response.get("background") is True)
        if response.get("error") or status == "failed":
            self._fail(response.get("error"))
        usage = response.get("usage")
        if isinstance(usage, dict) and keepable(usage) is not None:
            self._usage = keepable(merge(self._usage, usage)) or usage
        if status in _ENDS:
            reason = object_of(response.get("incomplete_details")).get("reason")
            facts.finish_reasons = (text_of(reason, 64) or status,)
        output = response.get("output")
        for index, item in enumerate(output if isinstance(output, list) else ()):
            if isinstance(item, dict):
                self._read_item(item, index)

    def _fail(self, error: object) -> None:
        self._facts.in_band_error = True
        self._facts.error_code = self._facts.error_code or code_of(error)

    def _read_item(self, item: Mapping[str, Any], index: int | str | None, *, begun: bool = False) -> None:
        """Take in what an item says that has not been said; its name only, if it has just ``begun``."""
        if item.get("role") not in (None, "assistant"):  # a compacted conversation has the user's messages
            return
        names = (index, text_of(item.get("id"), 64), None)
        for kind, part, text in _texts(item):
            known = any((kind, name, part) in self._said for name in names)
            if not known and (kind.endswith("_name") or not begun):
                self._say((kind, index, part), text)


def _index(frame: Mapping[str, Any], item_id: object) -> int | str | None:
    index = int_of(frame.get("output_index"))
    return text_of(item_id, 64) if index is None else index


def _texts(item: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    """The texts of an item of input or output, each with its kind and its number within the item."""
    kind = text_of(item.get("type"), 64) or "message"
    for key in ("name", "arguments", "input", "code"):
        value = item.get(key)
        if isinstance(text := compact(value) if isinstance(value, dict) else value, str) and text:
            yield f"{kind}_{key}", 0, text
    if isinstance(text := item.get("content"), str) and text:
        yield "output_text", 0, text
    for key in ("summary", "content"):
        for number, part in enumerate(objects(item.get(key))):
            if isinstance(text := part.get("text") or part.get("refusal"), str) and text:
                name = text_of(part.get("type"), 64) or "text"
                yield _AS_IN_DELTAS.get(name, name), number, text
    for key, name in (("action", "command"), ("operation", "operation_diff")):
        if isinstance(item.get(key), dict):
            yield f"{kind}_{name}", 0, compact(item[key])


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """The texts of a request: instructions, input items, tool schemas, the answer's format."""
    prompt = Prompt(system=[], tools=[], messages=[])
    if isinstance(instructions := body.get("instructions"), str):
        prompt.system.append(instructions)
        prompt.messages_count += 1
    asks = body.get("input")
    for item in objects([{"role": "user", "content": asks}] if isinstance(asks, str) else asks):
        _read_input(item, prompt)
    _read_tools(body, prompt)
    shape = object_of(object_of(body.get("text")).get("format"))
    if "schema" in shape:
        prompt.tools.append(compact(shape))
    if any(body.get(key) is not None for key in ("previous_response_id", "conversation", "prompt")):
        prompt.stored = True
    return prompt


def _read_input(item: Mapping[str, Any], prompt: Prompt) -> None:
    role, output = item.get("role"), item.get("output")
    texts = prompt.system if role in ("system", "developer") else prompt.messages
    prompt.messages_count += 1
    texts += [text for text in (role, output) if isinstance(text, str)]
    texts += [text for _, _, text in _texts(item)]
    for part in objects(output):
        texts += [value for key in ("text", "stdout", "stderr") if isinstance(value := part.get(key), str)]
    # what has no text is an image, a file, a screenshot
    parts = (*objects(item.get("content")), *objects([output]), *objects(output))
    if any(not part.keys() & {"text", "refusal", "stdout"} for part in parts):
        prompt.media = True
    # nor can be counted what is encrypted for the provider
    if item.get("type") == "item_reference" or item.get("encrypted_content"):
        prompt.stored = True
    _read_tools(item, prompt)


def _read_tools(holder: Mapping[str, Any], prompt: Prompt) -> None:
    for tool in objects(holder.get("tools")):
        prompt.tools_count += 1
        prompt.tools.append(compact(tool))


PROTOCOL: Final = Protocol(
    name="responses",
    path=re.compile(r"/responses(?:/compact)?/?\Z"),
    read_request=read_request,
    aside=re.compile(r"/responses/input_tokens/?\Z"),
    meter=ResponsesMeter,
    read_prompt=read_prompt,
    error_body=openai_error,
    fetch=re.compile(r"/responses/([^/]+)/?\Z"),
)
"""``/responses/input_tokens`` and ``/responses/ID/cancel`` are none of its paths: they generate nothing."""
