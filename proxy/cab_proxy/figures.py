"""From what an endpoint reported and what we estimated to the figures of a record.

Contract: pure. A reported figure always wins; each figure carries its source; a total is as weak as
the weaker of its two parts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from .estimate import Estimate
from .prices import PriceBook
from .protocols.base import Facts
from .records import (
    FROM_NOWHERE,
    NO_TOKENS,
    TOKEN_KINDS,
    Record,
    Source,
    Tokens,
    TokensSource,
    parse_time,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The token fields of a record."""

    tokens: Tokens = NO_TOKENS
    source: TokensSource = FROM_NOWHERE
    estimator: str | None = None
    lower_bound: bool | None = None
    """The estimate leaves something out that it can't count; ``None`` where nothing is estimated."""


def reported(facts: Facts, *, broken: bool) -> Figures:
    """The endpoint's own figures. A stream that broke off before its last count has partial ones."""
    if facts.usage is None:
        return Figures()
    source: Source = "partial" if broken and not facts.usage_final else "reported"
    known = tuple(kind for kind in TOKEN_KINDS if getattr(facts.usage, kind) is not None)
    return Figures(tokens=facts.usage, source=_all_from(source, known))


def fill(record: Record, facts: Facts, figures: Figures, prices: PriceBook) -> None:
    """Put into a record what the response said, and what that cost."""
    record.tokens, record.tokens_source = figures.tokens, figures.source
    record.estimator, record.lower_bound = figures.estimator, figures.lower_bound
    record.model_returned = facts.model
    record.system_fingerprint = facts.system_fingerprint
    record.finish_reasons = facts.finish_reasons
    record.error_code = facts.error_code
    record.usage_raw = facts.usage_raw
    _set_cost(record, facts, prices)


def _set_cost(record: Record, facts: Facts, prices: PriceBook) -> None:
    """What the endpoint says, else what its figures come to; and what they come to without a cache."""
    record.cost_usd, record.cost_source = facts.cost_usd, None if facts.cost_usd is None else "reported"
    record.cost_neutral_usd = record.price_snapshot = None
    if record.tokens.input is None:
        return
    at = parse_time(record.started_at)
    for model in dict.fromkeys((record.model_returned, record.model_requested)):
        cost = prices.cost(
            upstream=record.upstream,
            model=model,
            tokens=record.tokens,
            at=at,
            cache_write_1h=facts.cache_write_1h,
        )
        if cost is None:
            continue
        record.price_snapshot = prices.name
        record.cost_neutral_usd = prices.cost_neutral(
            upstream=record.upstream, model=model, tokens=record.tokens, at=at
        )
        if facts.cost_usd is None:
            exact = {record.tokens_source.input, record.tokens_source.output} <= {"reported"}
            record.cost_usd, record.cost_source = cost, "computed" if exact else "estimated"
        return


@cache
def _all_from(source: Source, known: tuple[str, ...]) -> TokensSource:
    return TokensSource(**dict.fromkeys(known, source))


def completed(
    figures: Figures, prompt: Estimate | None, answer: Estimate | None, *, cut: bool = False
) -> Figures:
    """The figures with estimates in the places where nothing was reported. Of a ``cut`` answer, more may have
    been generated than came.
    """
    tokens, source = figures.tokens, figures.source
    used: list[Estimate] = []
    if tokens.input is None and prompt is not None:
        tokens, source = replace(tokens, input=prompt.tokens), replace(source, input="estimated")
        used.append(prompt)
    if tokens.output is None and answer is not None:
        tokens, source = replace(tokens, output=answer.tokens), replace(source, output="estimated")
        used.append(answer)
    if not used:
        return figures
    if tokens.input is not None and tokens.output is not None:
        tokens = replace(tokens, total=tokens.input + tokens.output)
        source = replace(source, total="estimated")
    return Figures(
        tokens=tokens,
        source=source,
        estimator=used[0].estimator,
        lower_bound=any(estimate.lower_bound or (cut and estimate is answer) for estimate in used),
    )
