"""Token usage as chat endpoints report it, normalised.

Contract: pure. Frames are merged per field, the last non-null value wins, nothing is ever summed
across frames. Unknown stays ``None``. In what endpoints differ is data (:mod:`cab_proxy.protocols.quirks`),
over which the code here walks.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from ..jsonbody import int_of
from ..records import Tokens
from .quirks import COSTS, COUNTS, PLACES

_LEAST_USD: Final = Decimal("1e-30")
"""A ledger writes every digit after the point, so there must be an end to them."""

_MOST: Final = 10**24

_Path = tuple[str, str]
"""A key, and one of the object there; empty for all of it."""
_Rows = tuple[tuple[str, str, _Path | None], ...]
"""Paths of a count, with the path of what is to be added."""


def _path(path: str) -> _Path:
    key, _, within = path.partition(".")
    return key, within


_PLACES: Final = tuple(_path(place.path) for place in PLACES)
_COUNTS: Final = tuple((row.kind, *_path(row.path), _path(row.plus) if row.plus else None) for row in COUNTS)

_KINDS: Final = ("input", "output", "cached", "cache_write", "reasoning")
_COSTS: Final = tuple((_path(row.path), _path(row.plus) if row.plus else None, row) for row in COSTS)


@lru_cache(maxsize=32)
def _rows(keys: tuple[str, ...]) -> tuple[_Rows, ...]:
    """Of each of the kinds of count, the rows that a usage object with these keys may have. An endpoint's
    objects have the same keys in every response.
    """
    return tuple(
        tuple((key, within, plus) for kind, key, within, plus in _COUNTS if kind == wanted and key in keys)
        for wanted in _KINDS
    )


def usage_in(frame: Mapping[str, Any]) -> dict[str, Any] | None:
    """The usage object of a response or of one chunk of it; ``None`` where there is none."""
    for name, within in _PLACES:
        holder = frame.get(name)
        if holder is None:  # most often
            continue
        for item in holder if isinstance(holder, list) else (holder,):
            usage = item.get(within) if within and isinstance(item, dict) else item
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
    if usage.get("prompt_tokens") or usage.get("completion_tokens") or usage.get("total_tokens"):
        return False
    inputs, outputs, *_ = _rows(tuple(usage))
    return not (_count(usage, inputs) or _count(usage, outputs))


def normalise(usage: Mapping[str, Any]) -> Tokens:
    """A chat usage object as the ledger counts: input with cache, output with reasoning."""
    input_tokens, output, cached, written, reasoning = [_count(usage, rows) for rows in _rows(tuple(usage))]
    if reasoning and input_tokens is not None and output is not None:
        total = int_of(usage.get("total_tokens"))
        if reasoning > output or total == input_tokens + output + reasoning:  # REASONING_OUTSIDE
            output += reasoning
    if input_tokens is not None and (cached or written):
        about_cache = (cached or 0) + (written or 0)
        if about_cache > input_tokens:  # CACHE_OUTSIDE
            input_tokens += about_cache
    return Tokens(
        input=input_tokens,
        cached=cached,
        cache_write=written,
        output=output,
        reasoning=reasoning,
        total=None if input_tokens is None or output is None else input_tokens + output,
    )


def _count(usage: Mapping[str, Any], rows: _Rows) -> int | None:
    """The count that the first row yields that yields any."""
    for key, within, plus in rows:
        value = usage[key]
        if within:
            value = value.get(within) if isinstance(value, dict) else None
        if value is None:  # often
            continue
        count = int_of(value)
        if plus is not None:
            more = int_of(_value_at(usage, plus))
            count = None if count is None or more is None else count + more
        if count is not None and count >= 0:
            return count
    return None


def _value_at(usage: Mapping[str, Any], path: _Path) -> object:
    key, within = path
    value: object = usage.get(key)
    if within:
        return value.get(within) if isinstance(value, dict) else None
    return value


def cost_of(usage: Mapping[str, Any]) -> Decimal | None:
    """What the endpoint says the call cost, in US dollars."""
    for path, plus, row in _COSTS:
        if path[0] not in usage or (row.only_if and usage.get(row.only_if) is not True):
            continue
        cost = _usd(_value_at(usage, path), row.unit_usd)
        if plus is not None:
            more = _usd(_value_at(usage, plus), row.unit_usd)
            cost = None if cost is None or more is None else cost + more
        if cost is not None:
            return cost
    return None


def _usd(amount: object, unit_usd: Decimal) -> Decimal | None:
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        return None
    text = str(amount)
    try:
        value = Decimal(text) if len(text) <= 64 else None
    except InvalidOperation:
        return None
    if value is None or not value.is_finite() or not 0 <= value < _MOST:
        return None
    if not value:
        return Decimal(0)
    if value > _LEAST_USD and unit_usd != 1:  # every digit of dollars is kept
        value *= unit_usd
    return value if _LEAST_USD < value < 10**9 else None
