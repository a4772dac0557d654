"""From what an endpoint reported and what we estimated to the figures of a record.

Contract: pure. A reported figure always wins; each figure carries its source; a total is as weak as
the weaker of its two parts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from .estimate import Estimate
from .protocols.base import Facts
from .records import FROM_NOWHERE, NO_TOKENS, TOKEN_KINDS, Source, Tokens, TokensSource


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


@cache
def _all_from(source: Source, known: tuple[str, ...]) -> TokensSource:
    return TokensSource(**dict.fromkeys(known, source))


def completed(figures: Figures, prompt: Estimate | None, answer: Estimate | None) -> Figures:
    """The figures with estimates in the places where nothing was reported."""
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
        estimator=used[0].encoding,
        lower_bound=any(estimate.lower_bound for estimate in used),
    )
