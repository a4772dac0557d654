"""Legacy completions: a text goes on, without roles and tools. OpenAI's, and what servers with models of
their own offer for filling in the middle.

Fields: ``openai/types/completion.py`` and ``completion_create_params.py`` of openai 3.54.0 on PyPI. Mistral's
``/fim/completions`` asks like this and answers like chat, so both shapes of a choice are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from . import chat
from .base import Asked, Prompt, Protocol
from .meter import MAX_CHOICES

_SINGLE: Final = "0"
"""A text that is one token in every vocabulary: it stands for one that is given by its number."""


def read_request(value: Mapping[str, Any], path: str = "") -> Asked:
    """The facts of a request; unknown ones where they make no sense. Each of several prompts is answered."""
    asked = chat.read_request(value, path)
    prompt = value.get("prompt")
    if isinstance(prompt, list) and prompt and not isinstance(prompt[0], int):
        return replace(asked, choices=min(asked.choices * len(prompt), MAX_CHOICES))
    return asked


class CompletionsMeter(chat.ChatMeter):
    """Reads one response; its choices have a text."""

    def _generated(self, choice: Mapping[str, Any], part: str) -> Iterator[tuple[str, str]]:
        text = choice.get("text")
        if isinstance(text, str) and text:
            yield "text", text
        yield from super()._generated(choice, part)


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """The texts of a request: what is to go on, and what it is to lead to."""
    return Prompt(
        system=[], tools=[], messages=[*texts_of(body.get("prompt")), *texts_of(body.get("suffix"))]
    )


def texts_of(value: object) -> Iterator[str]:
    """The texts of a text, a list of texts, a list of tokens or a list of such lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int):
        yield _SINGLE
    elif isinstance(value, list):
        for item in value:
            inner = item if isinstance(item, list) else (item,)
            yield from (_SINGLE if isinstance(i, int) else i for i in inner if isinstance(i, int | str))


PROTOCOL: Final = Protocol(
    name="completions",
    path=re.compile(r"(?<!/chat)/completions/?\Z"),
    read_request=read_request,
    meter=CompletionsMeter,
    read_prompt=read_prompt,
    error_body=chat.openai_error,
    stream_options=True,
)
