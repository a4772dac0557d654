"""Embeddings: texts become vectors. Nothing is generated, so the output of a call that reports its usage
is 0, and that is known.

Fields: ``openai/types/create_embedding_response.py`` and ``embedding_create_params.py`` of openai 3.54.0 on
PyPI.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..jsonbody import keepable, text_of
from ..records import Tokens
from . import chat
from .base import Asked, Facts, Prompt, Protocol, code_of
from .completions import texts_of
from .meter import Meter
from .sse import SseEvent
from .usage import cost_of, normalise, usage_in

_LONG_BYTES: Final = 1024
_MARKS: Final = b'"[]{}:\\'
"""None of these is in a list of numbers or in base64."""
_MARK: Final = re.compile(rb"[%b]" % re.escape(_MARKS))
_LONG: Final = re.compile(rb'(?<=["[])[^%b]{%d,}' % (re.escape(_MARKS), _LONG_BYTES))


class Thinner:
    """Empties the vectors of a body, its long lists of numbers and strings in base64, however it is split.
    What is left is JSON if the body was, and tells all but the vectors.
    """

    def __init__(self) -> None:
        self.rest = b""
        """The last mark, and what follows it: that may become long."""
        self._in_vector = False

    def feed(self, data: bytes) -> bytes:
        """What is left of the next bytes, up to the last mark."""
        if self._in_vector:
            mark = _MARK.search(data)
            if mark is None:
                return b""
            data = data[mark.start() :]
            self._in_vector = False
        data = self.rest + data
        tail = max(data.rfind(mark) for mark in _MARKS)
        if tail < 0:
            self.rest = b""
            return data
        self.rest = data[tail:]
        if len(self.rest) > _LONG_BYTES:
            self._in_vector = self.rest[:1] in {b'"', b"["}
            tail += 1 if self._in_vector else len(self.rest)
            self.rest = b""
        return _LONG.sub(b"", data[:tail])


class VectorsMeter(Meter):
    """Reads a response of vectors, which may be megabytes and are not kept."""

    def __init__(self, _request: Asked, content_type: str, content_encoding: str = "") -> None:
        super().__init__(content_type, content_encoding, streamed=False)
        self._thinner = Thinner()

    def _worth_keeping(self, data: bytes) -> bytes:
        return self._thinner.feed(data)

    def _read_plain(self, body: bytearray) -> None:
        frame = self._parse(body + self._thinner.rest)
        if frame is not None:
            self._ended = True
            self._read_frame(frame)

    def _read_event(self, event: SseEvent) -> None:
        """There are no streams of vectors."""

    def _settle(self, facts: Facts) -> None:
        """All is known from the one frame."""

    def _read_frame(self, frame: Mapping[str, Any]) -> None:
        facts = self._facts
        facts.model = text_of(frame.get("model")) or None
        if error := frame.get("error"):
            facts.in_band_error, facts.error_code = True, code_of(error)
        usage = self._usage_in(frame)
        if usage and keepable(usage) is not None:
            tokens = self._normalise(usage)
            # no text is without tokens: a zero is a placeholder
            if tokens.input or facts.in_band_error:
                facts.usage_raw, facts.cost_usd = usage, cost_of(usage)
                facts.usage = replace(tokens, output=0, total=tokens.input)

    def _usage_in(self, frame: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the response counts."""
        return usage_in(frame)

    def _normalise(self, usage: dict[str, Any]) -> Tokens:
        return normalise(usage)


def read_request(value: Mapping[str, Any], _path: str = "") -> Asked:
    """The facts of a request: no answer is asked for."""
    return Asked(model=text_of(value.get("model")), stream=False, include_usage=True, choices=0)


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """The texts of a request: what is to become vectors."""
    return Prompt(system=[], tools=[], messages=[*texts_of(body.get("input"))])


PROTOCOL: Final = Protocol(
    name="embeddings",
    path=re.compile(r"(?<!/api)/embeddings/?\Z"),
    read_request=read_request,
    meter=VectorsMeter,
    read_prompt=read_prompt,
    error_body=chat.openai_error,
    generates=False,
)
"""``/api/embeddings`` is Ollama's."""
