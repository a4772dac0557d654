"""Usage objects of chat endpoints under the names that each gives them, and what they come to.

Written from the providers' documentation: what OpenAI, DeepSeek, OpenRouter, xAI, Together, Mistral, Qwen,
Perplexity, Databricks and gateways (LiteLLM) send.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any, Final, NamedTuple

from cab_proxy.records import Tokens

from .parts import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a call takes: whole counts, parts included."""

    input: int
    cached: int
    written: int
    output: int
    reasoning: int
    price: int
    """In units of 1e-10 dollars."""

    def up_to(self, part: float) -> Spent:
        """After that part of the output."""
        output = math.ceil(self.output * part)
        return replace(self, output=output, reasoning=min(self.reasoning, output))


def spend(rng: Random) -> Spent:
    tokens = rng.randint(1, 10 ** rng.randint(1, 6))
    cached = rng.choice((0, rng.randint(0, tokens)))
    output = rng.randint(1, 10 ** rng.randint(1, 5))
    return Spent(
        input=tokens,
        cached=cached,
        written=rng.randint(0, tokens - cached),
        output=output,
        reasoning=rng.choice((0, rng.randint(0, output))),
        price=rng.randint(0, 10 ** rng.randint(1, 11)),
    )


class Usage(NamedTuple):
    """A usage object, what it counts, and what it says of money."""

    value: dict[str, Any]
    tokens: Tokens
    cost_usd: Decimal | None = None


def _base(spent: Spent) -> dict[str, Any]:
    return {
        "prompt_tokens": spent.input,
        "completion_tokens": spent.output,
        "total_tokens": spent.input + spent.output,
    }


def _tokens(spent: Spent, *, cached: bool = True, written: bool = False, reasoning: bool = True) -> Tokens:
    return counted(
        spent.input,
        spent.output,
        cached=spent.cached if cached else None,
        cache_write=spent.written if written else None,
        reasoning=spent.reasoning if reasoning else None,
    )


def _openai(spent: Spent, **more: Any) -> Usage:
    value = {
        **_base(spent),
        "prompt_tokens_details": {"cached_tokens": spent.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": spent.reasoning, "rejected_prediction_tokens": 0},
        **more,
    }
    return Usage(value, _tokens(spent))


def _null_details(spent: Spent) -> Usage:
    value = {**_base(spent), "prompt_tokens_details": None, "completion_tokens_details": None}
    return Usage(value, _tokens(spent, cached=False, reasoning=False))


def _floats(spent: Spent) -> Usage:
    value = {key: float(count) for key, count in _base(spent).items()}
    return Usage(value, _tokens(spent, cached=False, reasoning=False))


def _named(cached: str = "", written: str = "", reasoning: str = "") -> Callable[[Spent], Usage]:
    """Counts under these names; what stands before a dot is the object around."""

    def flavour(spent: Spent) -> Usage:
        value = _base(spent)
        for path, count in (
            (cached, spent.cached),
            (written, spent.written),
            (reasoning, spent.reasoning),
        ):
            around, _, name = path.rpartition(".")
            if path:
                (value.setdefault(around, {}) if around else value)[name] = count
        told = _tokens(spent, cached=bool(cached), written=bool(written), reasoning=bool(reasoning))
        return Usage(value, told)

    return flavour


def _openrouter(spent: Spent) -> Usage:
    cost = spent.price / 10**10
    value, tokens, _ = _openai(
        spent, cost=cost, is_byok=False, cost_details={"upstream_inference_cost": None}
    )
    return Usage(value, tokens, Decimal(repr(cost)))


def _own_key(spent: Spent) -> Usage:
    """The fee, and what the provider charges."""
    fee, charge = spent.price / 10**12, spent.price / 10**10
    value, tokens, _ = _openai(
        spent, cost=fee, is_byok=True, cost_details={"upstream_inference_cost": charge}
    )
    return Usage(value, tokens, Decimal(repr(fee)) + Decimal(repr(charge)))


def _xai(spent: Spent) -> Usage:
    """Reasoning is outside of completion; the total tells."""
    value, tokens, _ = _openai(spent, cost_in_usd_ticks=spent.price, num_sources_used=0)
    value["completion_tokens"] -= spent.reasoning
    return Usage(value, tokens, Decimal(spent.price) / 10**10)


def _more_reasoning(spent: Spent) -> Usage:
    """Reasoning is outside of completion; there is more of it."""
    spent = replace(spent, reasoning=spent.output // 2 + 1 if spent.output else 0)
    value, tokens, _ = _openai(spent)
    del value["total_tokens"]
    value["completion_tokens"] -= spent.reasoning
    return Usage(value, tokens)


def _litellm(spent: Spent) -> Usage:
    value = {
        **_openai(spent).value,
        "cache_creation_input_tokens": spent.written,
        "cache_read_input_tokens": spent.cached,
    }
    return Usage(value, _tokens(spent, written=True))


def _older_litellm(spent: Spent) -> Usage:
    """The cache's are outside of the prompt; there is more of them."""
    cached = spent.input // 2 + 1
    spent = replace(spent, cached=cached, written=min(spent.written, spent.input - cached))
    value, tokens, _ = _litellm(spent)
    outside = spent.cached + spent.written
    value["prompt_tokens"] -= outside
    value["total_tokens"] -= outside
    return Usage(value, tokens)


def _perplexity(spent: Spent) -> Usage:
    """As xAI's reasoning; with what it costs."""
    cost = spent.price / 10**10
    value, tokens, _ = _named(reasoning="reasoning_tokens")(spent)
    value["completion_tokens"] -= spent.reasoning
    value["cost"] = {"total_cost": cost, "request_cost": 0.0}
    return Usage(value, tokens, Decimal(repr(cost)))


_CACHED: Final = "prompt_tokens_details.cached_tokens"
_REASONING: Final = "completion_tokens_details.reasoning_tokens"

FLAVOURS: Final[dict[str, Callable[[Spent], Usage]]] = {
    "openai": _openai,
    "writes": _named(_CACHED, "prompt_tokens_details.cache_write_tokens", _REASONING),
    "bare": _named(),
    "null details": _null_details,
    "floats": _floats,
    "deepseek": _named("prompt_cache_hit_tokens", reasoning=_REASONING),
    "openrouter": _openrouter,
    "own key": _own_key,
    "xai": _xai,
    "older xai": _named("cached_prompt_text_tokens"),
    "more reasoning": _more_reasoning,
    "litellm": _litellm,
    "other litellm": _named(_CACHED, "prompt_tokens_details.cache_creation_tokens"),
    "older litellm": _older_litellm,
    "databricks": _named("cache_read_input_tokens", "cache_creation_input_tokens"),
    "together": _named("cached_tokens"),
    "mistral": _named("num_cached_tokens"),
    "older mistral": _named("prompt_token_details.cached_tokens"),
    "qwen": _named(_CACHED, "prompt_tokens_details.cache_creation_input_tokens"),
    "perplexity": _perplexity,
}

ZERO: Final = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def llama_timings(spent: Spent) -> Usage:
    """llama.cpp's own counts, where it sends no usage."""
    value = {"cache_n": spent.cached, "prompt_n": spent.input - spent.cached, "predicted_n": spent.output}
    return Usage({**value, "predicted_ms": 12.5}, _tokens(spent, reasoning=False))
