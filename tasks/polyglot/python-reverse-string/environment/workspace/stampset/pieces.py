"""Pieces of type: what a reader takes for one character. README.md has the rules."""

from __future__ import annotations

import unicodedata

SKIN_TONES = range(0x1F3FB, 0x1F3FF + 1)


def continues(piece: str, character: str) -> bool:
    """Whether the character belongs to the piece before it."""
    return unicodedata.combining(character) != 0 or ord(character) in SKIN_TONES


def pieces(text: str) -> list[str]:
    """The pieces of one line, from left to right; joined they are the line."""
    found: list[str] = []
    for character in text:
        if found and continues(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def mirrored(text: str) -> str:
    return "".join(reversed(pieces(text)))
