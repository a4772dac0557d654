"""What models say here: all lengths of UTF-8, and what looks like the wire's own syntax."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from .parts import MODEL

_WORDS: Final = (
    *("the ", "function ", "return x\n", "0", " ", "/usr/bin", "<|endoftext|>"),
    *("naïve ", "日本語", "ﷺ", "😀", "👩‍👩‍👧", "𝒳", "\u2028", "\x7f", "\t", "\x01"),
    *('"quoted" ', "back\\slash ", "\\u0041", "{", "}]}", "\\", '"', "'"),
    *("content", "stop", "assistant", "text", "x7", MODEL),
    *(
        "data: [DONE]\n\n",
        '"usage":{"prompt_tokens":1}',
        "event: error\n",
        "\r\n\r\n",
        '"finish_reason":"stop"',
    ),
)


def text(rng: Random, size: int) -> str:
    return "".join(rng.choices(_WORDS, k=rng.randint(size, 2 * size)))


def pieces(rng: Random, size: int, *, halves: bool = False) -> list[str]:
    """A text in pieces, of which some may be empty. ``halves``: some end between two surrogates."""
    if rng.random() < 0.5:
        return rng.choices(_WORDS, k=size)
    return split(rng, text(rng, size), size, halves=halves)


def split(rng: Random, whole: str, size: int, *, halves: bool = False) -> list[str]:
    if halves:
        units = whole.encode("utf-16-le", "surrogatepass")
        whole = "".join(chr(units[at] | units[at + 1] << 8) for at in range(0, len(units), 2))
    cuts = sorted(rng.randint(0, len(whole)) for _ in range(max(0, size - 1)))
    return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


def arguments(rng: Random, size: int) -> dict[str, Any]:
    """Arguments of a tool call."""
    return {
        "path": rng.choice(_WORDS),
        "edits": [{"line": rng.randint(0, 99), "text": text(rng, size)}],
        "all": True,
    }


def compact(value: object) -> str:
    """As a tokenizer gets to see an object."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
