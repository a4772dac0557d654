"""Lines that read the same when mirrored."""

from __future__ import annotations

import unicodedata

from stampset.lines import Line

SHORTEST = 2


def counts(text: str) -> bool:
    """Whether a reader looks at this: it begins with a letter or a digit."""
    return unicodedata.category(text[0])[0] in "LN"


def is_palindrome(body: str) -> bool:
    read = [character for character in body.casefold() if counts(character)]
    return len(read) >= SHORTEST and read == read[::-1]


def palindromes(lines: list[Line]) -> list[int]:
    """Numbers of the lines, from 1."""
    return [number for number, line in enumerate(lines, start=1) if is_palindrome(line.body)]
