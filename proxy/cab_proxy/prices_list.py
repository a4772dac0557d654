"""A price list: who sells which models, at which rates, from when.

Contract: pure; ``Decimal`` throughout, no float, every digit exact. Unknown is ``None``, never 0; a cost of
0 is a price that is 0.

* Tokens only: no searches and other extras that are billed by the piece, no discounts for batches or
  service tiers. Media in a prompt are billed as text.
* Once a prompt is longer than a tier's border, *all* tokens of the call are billed at that tier's rates.
* ``cached`` and ``cache_write`` that nobody reported are billed as plain input: too much where there were
  reads, too little where there were writes at a surcharge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, localcontext
from functools import cache
from typing import Final

from .records import Tokens

_PER_MILLION: Final = Decimal("1e-6")
_EXACT: Final = Context(prec=64)
"""A rate has at most 26 digits, a count 19, and there are five of each."""

_COMPACT_DATE: Final = re.compile(r"-(20\d\d)([01]\d)([0-3]\d)(?=[-:]|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """US dollars per million tokens."""

    input: Decimal
    cached: Decimal | None = None
    """Of tokens read from the seller's cache; as ``input`` where ``None``."""
    cache_write: Decimal | None = None
    """Of tokens written to the seller's cache; as ``input`` where ``None``."""
    cache_write_1h: Decimal | None = None
    """Of those written to be kept for an hour; as ``cache_write`` where ``None``."""
    output: Decimal | None = None
    """``None`` where the model has none, as for embeddings."""
    tiers: tuple[tuple[int, Rates], ...] = ()
    """Rates of calls with more input tokens than the given number, which ascends."""

    def cost(self, tokens: Tokens, written_1h: int) -> Decimal | None:
        """US dollars; ``None`` where a count that it takes is unknown or the counts contradict each other."""
        if tokens.input is None or (tokens.output is None and self.output is not None):
            return None
        cached, written, output = tokens.cached or 0, tokens.cache_write or 0, tokens.output or 0
        plain, written_5m = tokens.input - cached - written, written - written_1h
        if plain < 0 or written_5m < 0 or (output and self.output is None):
            return None
        rates = self
        for above, longer in self.tiers:
            if tokens.input > above:
                rates = longer
        write = _first(rates.cache_write, rates.input)
        with localcontext(_EXACT):
            total = (
                plain * rates.input
                + cached * _first(rates.cached, rates.input)
                + written_5m * write
                + written_1h * _first(rates.cache_write_1h, write)
                + output * _first(rates.output, Decimal(0))
            )
            return (total * _PER_MILLION).normalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Rates and when they hold, in UTC."""

    rates: Rates | None
    """``None`` where what is billed can't be told from token counts."""
    since: date | None = None
    hours: tuple[time, time] | None = None
    """Begin and end of a part of each day; it may span midnight."""

    def holds(self, moment: datetime) -> bool:
        """Whether it is the price at a moment in UTC."""
        if self.since is not None and moment.date() < self.since:
            return False
        if self.hours is None:
            return True
        begin, end = self.hours
        now = moment.time()
        return begin <= now < end if begin <= end else now >= begin or now < end


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as one seller sells it."""

    names: tuple[str, ...]
    """In lower case; ``*`` stands for anything."""
    regex: str | None = None
    """Finds further names."""
    context_window: int | None = None
    """Longest prompt in tokens; with most sellers, prompt and output together."""
    max_output: int | None = None
    prices: tuple[Price, ...] = ()
    """The last one that holds is the price."""

    def is_called(self, name: str) -> bool:
        """Whether that is one of its names, given in lower case."""
        if any(name == known or ("*" in known and _glob(known).fullmatch(name)) for known in self.names):
            return True
        return self.regex is not None and re.search(self.regex, name) is not None

    def rates(self, at: datetime) -> Rates | None:
        """Rates at an aware time; ``None`` where there are none."""
        moment = at.astimezone(UTC)
        return next((price.rates for price in reversed(self.prices) if price.holds(moment)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """One who serves models for money."""

    url: re.Pattern[str]
    """Matches the beginning of the endpoint's address."""
    anywhere: re.Pattern[str] | None = None
    """Matches what comes before the names of models that nobody else can serve."""
    fallback: tuple[str, ...] = ()
    """Ids of sellers whose models this one resells at their price."""
    models: tuple[Model, ...]
    """The first that is called so is meant."""

    def find(self, name: str) -> Model | None:
        """A model by its name in lower case; its maker's prefix and the dashes of its date don't matter."""
        maker = self.anywhere.match(name) if self.anywhere else None
        bare = name[maker.end() :] if maker else name
        for spelling in dict.fromkeys((name, bare, _COMPACT_DATE.sub(r"-\1-\2-\3", bare))):
            for model in self.models:
                if model.is_called(spelling):
                    return model
        return None


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _first(rate: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if rate is None else rate
