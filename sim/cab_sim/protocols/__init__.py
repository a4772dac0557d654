"""The protocols that the simulator speaks, and which of them a path belongs to."""

from __future__ import annotations

from typing import Final

from cab_sim.protocols import chat, completions, embeddings, gemini, messages, ollama, responses
from cab_sim.protocols.base import Protocol, Where

PROTOCOLS: Final[tuple[Protocol, ...]] = (
    chat.PROTOCOL,
    responses.PROTOCOL,
    messages.PROTOCOL,
    gemini.PROTOCOL,
    completions.PROTOCOL,
    embeddings.PROTOCOL,
    ollama.CHAT,
    ollama.GENERATE,
)


def find(path: str) -> tuple[Protocol, Where] | None:
    """The protocol of a POST to this path, and what the path says."""
    for protocol in PROTOCOLS:
        if match := protocol.path.fullmatch(path):
            return protocol, {name: text for name, text in match.groupdict().items() if text}
    return None
