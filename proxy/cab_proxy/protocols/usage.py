"""Token usage as chat endpoints report it, normalised.

Contract: pure. Frames are merged per field, the last non-null value wins, nothing is ever summed
across frames. Unknown stays ``None``. Variants that were seen:

===========================================  ==========================================
``usage``                                    OpenAI and nearly all others
``choices[0].usage``                         Kimi, in the last chunk
``x_groq.usage``                             Groq, in the last chunk
``usage.prompt_cache_hit_tokens``            DeepSeek's name of the cached tokens
``usage.cached_tokens``                      Kimi's
``prompt_tokens_details.cache_write_tokens``  OpenRouter; ``cache_creation_input_tokens`` LiteLLM
``usage.cost``                               OpenRouter: US dollars
reasoning outside ``completion_tokens``      xAI; known by ``total_tokens``, which includes it
===========================================  ==========================================
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ..jsonbody import int_of
from ..records import Tokens

_LEAST_USD: Final = Decimal("1e-30")
"""A ledger writes every digit after the point, so there must be an end to them."""


def usage_in(frame: Mapping[str, Any]) -> dict[str, Any] | None:
    """The usage object of a response or of one chunk of it; ``None`` where there is none."""
    choices = frame.get("choices")
    for holder in (frame, *(choices if isinstance(choices, list) else ()), frame.get("x_groq")):
        if isinstance(holder, dict):
            usage = holder.get("usage")
            if isinstance(usage, dict) and usage:
                return usage
    return None


def merge(old: dict[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Both usage objects as one: per field, the last value that isn't null."""
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[key] = merge(before, value)
        elif value is not None or key not in merged:
            merged[key] = value
    return merged


def is_zero(usage: Mapping[str, Any]) -> bool:
    """Whether the usage object counts nothing at all: a placeholder, where there was output."""
    return not (usage.get("prompt_tokens") or usage.get("completion_tokens") or usage.get("total_tokens"))


def normalise(usage: Mapping[str, Any]) -> Tokens:
    """A chat usage object as the ledger counts: input with cache, output with reasoning."""
    prompt = _part(usage, "prompt_tokens_details")
    completion = _part(usage, "completion_tokens_details")
    total = _count(usage, "total_tokens")
    input_tokens = _count(usage, "prompt_tokens")
    output = _count(usage, "completion_tokens")
    reasoning = _first(_count(completion, "reasoning_tokens"), _count(usage, "reasoning_tokens"))
    if (
        reasoning
        and input_tokens is not None
        and output is not None
        and total == input_tokens + output + reasoning
    ):
        output += reasoning
    return Tokens(
        input=input_tokens,
        cached=_first(
            _count(prompt, "cached_tokens"),
            _count(usage, "prompt_cache_hit_tokens"),
            _count(usage, "cached_tokens"),
        ),
        cache_write=_first(
            _count(prompt, "cache_write_tokens"),
            _count(prompt, "cache_creation_tokens"),
            _count(usage, "cache_creation_input_tokens"),
        ),
        output=output,
        reasoning=reasoning,
        total=None if input_tokens is None or output is None else input_tokens + output,
    )


def cost_of(usage: Mapping[str, Any]) -> Decimal | None:
    """What the endpoint says the call cost, in US dollars."""
    cost = usage.get("cost")
    if isinstance(cost, bool) or not isinstance(cost, int | float | str):
        return None
    text = str(cost)
    try:
        value = Decimal(text) if len(text) <= 64 else None
    except InvalidOperation:
        return None
    if value is None or not value.is_finite() or not 0 <= value < 10**9:
        return None
    if not value:
        return Decimal(0)
    return value if value > _LEAST_USD else None


def _part(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = usage.get(name)
    return part if isinstance(part, dict) else {}


def _count(part: Mapping[str, Any], name: str) -> int | None:
    value = part.get(name)
    if value is None:  # most often
        return None
    value = int_of(value)
    return value if value is not None and value >= 0 else None


def _first(*values: int | None) -> int | None:
    for value in values:
        if value is not None:
            return value
    return None
