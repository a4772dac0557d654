"""Many attempts added up: ratios of sums, with void attempts apart.

All tokens of counted attempts, failed ones included, over the number that passed: an average of
ratios would let an agent that fails expensively look cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What an aggregate needs of one attempt."""

    passed: int | None
    counted: bool
    tokens: int | None
    tokens_complete: bool
    cost_usd: Decimal | None
    cost_complete: bool
    cost_neutral_usd: Decimal | None = None
    """From list prices, as if there were no cache; older records lack it."""
    cost_neutral_complete: bool = False

    @classmethod
    def from_cell(cls, cell: Mapping[str, Any]) -> Self:
        """Read a cell record (or anything with its ``scores`` and ``failure``)."""
        tokens, failure = cell["scores"]["tokens"], cell["failure"]
        cost, neutral = tokens["cost_usd"], tokens.get("cost_neutral_usd")
        return cls(
            passed=cell["scores"]["pass_rate"]["pass"],
            counted=failure is None or failure["counted"],
            tokens=tokens["total_tokens"],
            tokens_complete=tokens["total_tokens"] is not None and tokens["coverage"] in {None, 1},
            cost_usd=None if cost is None else Decimal(cost),
            cost_complete=cost is not None and tokens["cost_coverage"] in {None, 1},
            cost_neutral_usd=None if neutral is None else Decimal(neutral),
            cost_neutral_complete=neutral is not None and tokens["cost_neutral_coverage"] in {None, 1},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """The sums, and the ratios of them."""

    attempts: int
    counted: int
    graded: int
    """Counted attempts whose ``pass`` is known."""
    passed: int
    tokens: int | None
    """Of counted attempts; a lower bound when ``tokens_coverage`` is below 1."""
    tokens_coverage: float | None
    """Share of counted attempts all of whose tokens are known; None without any."""
    cost_usd: Decimal | None
    cost_coverage: float | None
    cost_neutral_usd: Decimal | None
    cost_neutral_coverage: float | None
    void_tokens: int | None
    """Of void attempts, which enter no ratio."""

    @property
    def pass_rate(self) -> float | None:
        """Passed over graded; None when nothing was graded."""
        return self.passed / self.graded if self.graded else None

    @property
    def tokens_per_correct_task(self) -> float | None:
        """None when nothing passed, and while an attempt has no verdict: it may have."""
        return None if self.tokens is None or self._open else self.tokens / self.passed

    @property
    def usd_per_correct_task(self) -> Decimal | None:
        """The same in US dollars."""
        return None if self.cost_usd is None or self._open else self.cost_usd / self.passed

    @property
    def usd_neutral_per_correct_task(self) -> Decimal | None:
        """And from list prices, as if there were no cache."""
        neutral = self.cost_neutral_usd
        return None if neutral is None or self._open else neutral / self.passed

    @property
    def _open(self) -> bool:
        """Whether nothing passed, or is known to have."""
        return not self.passed or self.graded < self.counted


def aggregate(attempts: Iterable[Attempt]) -> Aggregate:
    """Add up attempts. No attempts at all have used no tokens."""
    everything = list(attempts)
    counted = [attempt for attempt in everything if attempt.counted]
    graded = [attempt.passed for attempt in counted if attempt.passed is not None]
    return Aggregate(
        attempts=len(everything),
        counted=len(counted),
        graded=len(graded),
        passed=sum(graded),
        tokens=_sum([attempt.tokens for attempt in counted]),
        tokens_coverage=_share([attempt.tokens_complete for attempt in counted]),
        cost_usd=_usd([attempt.cost_usd for attempt in counted]),
        cost_coverage=_share([attempt.cost_complete for attempt in counted]),
        cost_neutral_usd=_usd([attempt.cost_neutral_usd for attempt in counted]),
        cost_neutral_coverage=_share([attempt.cost_neutral_complete for attempt in counted]),
        void_tokens=_sum([attempt.tokens for attempt in everything if not attempt.counted]),
    )


def _sum(values: list[int | None]) -> int | None:
    """Sum of what is known; None when there are values and none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known or not values else None


def _usd(amounts: list[Decimal | None]) -> Decimal | None:
    """The same of money."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known or not amounts else None


def _share(flags: list[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None
