"""The protocols that coding agents speak, told apart by path."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from . import chat, completions, embeddings, gemini, messages, ollama, responses
from .base import Protocol

PROTOCOLS: Final[tuple[Protocol, ...]] = (
    chat.PROTOCOL,
    messages.PROTOCOL,
    responses.PROTOCOL,
    gemini.PROTOCOL,
    completions.PROTOCOL,
    embeddings.PROTOCOL,
    ollama.PROTOCOL,
)
"""A path is of one of them at most."""

DEFAULT_PROTOCOL: Final = chat.PROTOCOL
"""Whose errors a client gets that speaks none of them."""


def detect(path: str) -> Protocol | None:
    """The protocol of a POST to ``path``, whatever stands before the part that it knows; ``None`` where that
    is no model call. Servers decode and tidy paths, some more than others: what any of them would see counts.
    """
    if "%" in path or ";" in path or "//" in path:
        path = re.sub("/+", "/", unquote(path).partition(";")[0])
    for protocol in PROTOCOLS:
        if protocol.path.search(path):
            return protocol
    return None


def detect_aside(path: str) -> Protocol | None:
    """The protocol of a POST to ``path`` that is no model call, and whose body is read as one's."""
    for protocol in PROTOCOLS:
        if protocol.aside is not None and protocol.aside.search(path):
            return protocol
    return None


def fetching(path: str) -> tuple[Protocol, str] | None:
    """The protocol, and the id, of a response that a GET of ``path`` fetches."""
    for protocol in PROTOCOLS:
        if protocol.fetch is not None and (match := protocol.fetch.search(path)):
            return protocol, match[1]
    return None
