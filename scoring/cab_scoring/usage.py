"""Sums of tokens and money over calls, each with what it covers and where it is from.

Invariants
----------
* Unknown is None, never 0. A sum over some of the calls is a lower bound, and its coverage says so.
* A call answered with an error status and no usage served no tokens: nothing about it is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cab_proxy.records import TOKEN_KINDS, Record, Source, total_of
from cab_scoring.wire import served_nothing

CACHED_WEIGHT: Final = 0.1
"""Price of a cached input token against an uncached one, as most providers set it."""
CACHE_WRITE_WEIGHT: Final = 1.25
OUTPUT_WEIGHT: Final = 5.0


def has_usage(call: Record) -> bool:
    """Whether input and output of the call are known in full, by report or by estimate.

    An estimate of an answer that was cut off counts what had come: the endpoint may have made more.
    """
    if call.tokens.input is None or call.tokens.output is None or call.lower_bound:
        return False
    sources = {call.tokens_source.input, call.tokens_source.output}
    cut_off = call.error_type is not None and call.tokens_source.output == "estimated"
    return "partial" not in sources and not cut_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a set of calls used."""

    calls: int
    with_usage: int
    """Calls that served tokens, or may have, and whose input and output are known."""
    coverage: float | None
    """``with_usage`` over the calls that served tokens or may have; None when there are none."""
    tokens: dict[str, int | None]
    """Sum by kind over the calls where it is known; None where it is known for none."""
    sources: dict[str, Source]
    """By kind, the weakest source in its sum."""
    cost_usd: Decimal | None
    cost_coverage: float | None
    cost_neutral_usd: Decimal | None
    """From list prices, as if there were no cache."""
    cost_neutral_coverage: float | None

    @property
    def complete(self) -> bool:
        """Nothing is unknown about how many tokens the calls used."""
        return self.coverage is None or self.coverage == 1

    @property
    def total_tokens(self) -> int | None:
        """Input and output together."""
        given, made = self.tokens["input"], self.tokens["output"]
        return None if given is None or made is None else given + made

    @property
    def effective_tokens(self) -> float | None:
        """``uncached input + 0.1·cached + 1.25·cache_write + 5·output``.

        Where an endpoint reports no cache figures, its whole input counts as uncached: that is how
        it is billed then, and it flatters nobody.
        """
        given, made = self.tokens["input"], self.tokens["output"]
        if given is None or made is None:
            return None
        cached, written = self.tokens["cached"] or 0, self.tokens["cache_write"] or 0
        uncached = max(0, given - cached - written)
        return uncached + CACHED_WEIGHT * cached + CACHE_WRITE_WEIGHT * written + OUTPUT_WEIGHT * made


def usage_of(calls: Sequence[Record]) -> Usage:
    """Add up calls. No calls at all have used 0 tokens and no money: that is known. Where all calls were
    refused, nothing was reported either way, and the sums are unknown.
    """
    serving = [call for call in calls if not served_nothing(call)]
    totals = {kind: total_of(serving, kind) for kind in TOKEN_KINDS}
    nothing = None if calls else 0
    with_usage = sum(map(has_usage, serving))
    cost_usd, cost_coverage = _money([call.cost_usd for call in serving])
    neutral_usd, neutral_coverage = _money([call.cost_neutral_usd for call in serving])
    no_money = None if calls else Decimal(0)
    return Usage(
        calls=len(calls),
        with_usage=with_usage,
        coverage=with_usage / len(serving) if serving else None,
        tokens={kind: nothing if total.value is None else total.value for kind, total in totals.items()},
        sources={kind: total.source for kind, total in totals.items()},
        cost_usd=no_money if cost_usd is None else cost_usd,
        cost_coverage=cost_coverage,
        cost_neutral_usd=no_money if neutral_usd is None else neutral_usd,
        cost_neutral_coverage=neutral_coverage,
    )


def _money(amounts: Sequence[Decimal | None]) -> tuple[Decimal | None, float | None]:
    """The sum of those that are known, and their share; ``None`` where none is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None, len(known) / len(amounts) if amounts else None


def usd(amount: Decimal | None) -> str | None:
    """Money as the records write it: a decimal string, so that no digit is lost."""
    return None if amount is None else format(amount, "f")


def weakest(usage: Usage) -> Source | None:
    """The weaker source of input and output; None when no call served tokens."""
    if usage.coverage is None:
        return None
    order: tuple[Source, ...] = ("reported", "partial", "estimated", "none")
    return max((usage.sources["input"], usage.sources["output"]), key=order.index)


_FIGURES: Final = (
    *("prompt_tokens", "completion_tokens", "total_tokens", "tokens_per_correct_task", "cached_tokens"),
    *("cache_write_tokens", "reasoning_tokens", "effective_tokens", "coverage", "tokens_source", "cost_usd"),
    *("cost_coverage", "cost_neutral_usd", "cost_neutral_coverage", "usd_per_correct_task"),
)


def tokens_axis(usage: Usage, passed: int | None, *, observed: bool) -> dict[str, Any]:
    """``scores.tokens``.

    ``observed`` is False when the agent was never run: then everything but the number of calls is
    unknown. ``prompt_tokens`` includes cached tokens, ``completion_tokens`` includes reasoning.
    """
    if not observed and not usage.calls:
        unknown: dict[str, Any] = dict.fromkeys(_FIGURES)
        return {**unknown, "model_calls": 0, "pass_used_for_division": passed}
    return {
        "prompt_tokens": usage.tokens["input"],
        "completion_tokens": usage.tokens["output"],
        "total_tokens": usage.total_tokens,
        "model_calls": usage.calls,
        "tokens_per_correct_task": usage.total_tokens if passed else None,
        "pass_used_for_division": passed,
        "cached_tokens": usage.tokens["cached"],
        "cache_write_tokens": usage.tokens["cache_write"],
        "reasoning_tokens": usage.tokens["reasoning"],
        "effective_tokens": usage.effective_tokens,
        "coverage": usage.coverage,
        "tokens_source": weakest(usage),
        "cost_usd": usd(usage.cost_usd),
        "cost_coverage": usage.cost_coverage,
        "cost_neutral_usd": usd(usage.cost_neutral_usd),
        "cost_neutral_coverage": usage.cost_neutral_coverage,
        "usd_per_correct_task": usd(usage.cost_usd) if passed else None,
    }
