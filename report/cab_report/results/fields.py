"""Fields of a cell record, which anyone may have written: each is of its type and within reason, or an error.

One record's ``1e308`` tokens would else be everyone's sum. Unknown, and what an older record lacks, is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final

LARGEST: Final = 10**15
"""Of tokens, milliseconds and anything else that is counted."""


def text(record: Mapping[str, Any], key: str) -> str | None:
    """A text. Raises TypeError."""
    value = record.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def name(record: Mapping[str, Any], key: str) -> str:
    """A text that has to be there. Raises KeyError or TypeError."""
    value = record[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def flag(record: Mapping[str, Any], key: str) -> bool:
    """True or false. Raises KeyError or TypeError."""
    value = record[key]
    if not isinstance(value, bool):
        raise TypeError(f"{key} is neither true nor false")
    return value


def number(record: Mapping[str, Any], key: str, *, least: float = 0) -> Any:
    """A number from ``least`` to :data:`LARGEST`. Raises TypeError or ValueError."""
    value = record.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{key} is no number")
    if not (isfinite(value) and least <= value <= LARGEST):
        raise ValueError(f"{key} is {value:.3g}, which can't be")
    return value


def check_usd(amount: Decimal | None) -> None:
    """Raises ValueError for an amount that nobody was ever billed."""
    if amount is not None and not (amount.is_finite() and 0 <= amount <= LARGEST):
        raise ValueError(f"a cost of {amount:.3g} USD can't be")
