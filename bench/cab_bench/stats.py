"""Figures from samples. Pure; an empty sample has no figure: ``None``, never 0."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

Round = Mapping[str, float]
"""One round: a figure for each target that took part."""


def percentile(samples: Iterable[float], q: float) -> float | None:
    """The smallest sample that ``q`` percent of all don't exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(q / 100 * len(ordered)) - 1)] if ordered else None


def median(samples: Iterable[float]) -> float | None:
    """The middle one, or the mean of the two in the middle."""
    ordered = list(samples)
    return statistics.median(ordered) if ordered else None


def of(rounds: Sequence[Round], name: str) -> list[float]:
    """What one target had, round by round."""
    return [each[name] for each in rounds if name in each]


def differences(rounds: Sequence[Round], name: str, base: str) -> list[float]:
    """What one target had over another, in the rounds that both took part in."""
    return [each[name] - each[base] for each in rounds if name in each and base in each]


def ratios(rounds: Sequence[Round], name: str, base: str) -> list[float]:
    """How many times another's figure one target had, in the rounds that both took part in."""
    return [each[name] / each[base] for each in rounds if name in each and each.get(base)]
