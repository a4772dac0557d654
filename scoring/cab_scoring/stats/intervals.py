"""Rates and ratios over many attempts, with 95 % intervals.

Attempts at one task are alike, so everything is clustered by task: three attempts at thirty tasks are thirty
observations that are known better, not ninety. A figure estimates one of two things:

* ``such tasks``: how an agent does on tasks such as these; the tasks are a sample.
* ``these tasks``: how it does on exactly these; only its attempts vary. Nothing is known of that from one
  attempt a task.

Invariants
----------
* A task weighs as much as any other, however many of its attempts were graded.
* A figure lies within its interval, and a rate's interval within [0, 1].
* Neither depends on the order of the tasks; the same records give the same figures.
* Unknown is None. Void attempts are not here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import ceil, comb, floor, fsum, inf, isfinite, sqrt
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special  # not scipy.stats, whose import alone takes as long as everything else

Scope = Literal["such tasks", "these tasks"]

CONFIDENCE: Final = 0.95
UPPER: Final = (1 + CONFIDENCE) / 2
"""The quantile that an interval's upper bound is."""
Z: Final = float(special.ndtri(UPPER))

RESAMPLES: Final = 2_000
SEED: Final = 1
FEWEST_RESAMPLED: Final = 5
"""Tasks below which resampling them says nothing: three have ten distinct resamples."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval. A bound that is None is unknown, or there is none."""

    low: float | None
    high: float | None


UNKNOWN: Final = Interval(None, None)


@dataclass(frozen=True, slots=True)
class Tally:
    """The counted and graded attempts at one task: at least one, a task without any has no tally."""

    attempts: int
    passed: int

    @property
    def rate(self) -> float:
        """Share that passed."""
        return self.passed / self.attempts


def pass_rate(tallies: Collection[Tally]) -> float | None:
    """pass@1: the mean over tasks of the share that passed; None without any."""
    return _mean([tally.rate for tally in tallies])


def pass_interval(tallies: Collection[Tally], scope: Scope = "such tasks") -> Interval:
    """Interval of :func:`pass_rate`; unknown for such tasks from a single one."""
    if scope == "these tasks":
        return _within_tasks(tallies)
    return _over_tasks([tally.rate for tally in tallies], sum(tally.attempts for tally in tallies))


def pass_at_k(tallies: Collection[Tally], k: int) -> float | None:
    """Chance that one of ``k`` attempts passes, unbiased (Chen et al. 2021).

    None unless every task has ``k`` attempts.
    """
    return _mean(_chances(tallies, k, _any_passes))


def pass_at_k_interval(tallies: Collection[Tally], k: int) -> Interval:
    """Interval of :func:`pass_at_k`, for such tasks."""
    return _over_tasks(_chances(tallies, k, _any_passes), sum(tally.attempts for tally in tallies) / k)


def pass_hat_k(tallies: Collection[Tally], k: int) -> float | None:
    """pass^k, the chance that all of ``k`` attempts pass, unbiased (Yao et al. 2024).

    None unless every task has ``k`` attempts.
    """
    return _mean(_chances(tallies, k, _all_pass))


def pass_hat_k_interval(tallies: Collection[Tally], k: int) -> Interval:
    """Interval of :func:`pass_hat_k`, for such tasks."""
    return _over_tasks(_chances(tallies, k, _all_pass), sum(tally.attempts for tally in tallies) / k)


def stability(tallies: Collection[Tally]) -> float | None:
    """Chance that two attempts at one task end alike. Over tasks with two or more; None without one."""
    return _mean(_chances(_several(tallies), 2, _all_agree))


def stability_interval(tallies: Collection[Tally]) -> Interval:
    """Interval of :func:`stability`, for such tasks."""
    several = _several(tallies)
    return _over_tasks(_chances(several, 2, _all_agree), sum(tally.attempts for tally in several) / 2)


def ratio_interval(spent_by_task: Sequence[float | Decimal], passed_by_task: Sequence[float]) -> Interval:
    """Interval of Σ spent / Σ passed, for such tasks. Both have one item a task, in the same order, not below
    0; the second may also be what another arm has spent.

    Bootstrap over tasks, percentiles widened to what Student's t needs for so few (Hesterberg 2015).
    ``high`` is None where passes are so few that a resample may have none; both are, below five tasks.
    """
    pairs = sorted(
        (float(spent), passed) for spent, passed in zip(spent_by_task, passed_by_task, strict=True)
    )
    tasks = len(pairs)
    if tasks < FEWEST_RESAMPLED or not any(passed for _, passed in pairs):
        return UNKNOWN
    sums = _resamples(tasks) @ np.array(pairs)
    ratios = np.full(RESAMPLES, inf)
    np.divide(sums[:, 0], sums[:, 1], out=ratios, where=sums[:, 1] > 0)
    ratios.sort()
    level = float(special.ndtr(-sqrt(tasks / (tasks - 1)) * student(tasks - 1)))
    low, high = (
        float(ratios[floor(level * (RESAMPLES - 1))]),
        float(ratios[ceil((1 - level) * (RESAMPLES - 1))]),
    )
    return Interval(low if isfinite(low) else None, high if isfinite(high) else None)


def share_interval(by_task: Sequence[float]) -> Interval:
    """Interval of the mean of shares in [0, 1], one a task, for such tasks; unknown from a single task."""
    return _over_tasks(by_task, len(by_task))


def mean_interval(by_task: Sequence[float]) -> Interval:
    """Interval of the mean of amounts that are not below 0, one a task, for such tasks: Student's t."""
    tasks = len(by_task)
    if tasks < 2:
        return UNKNOWN
    mean = fsum(by_task) / tasks
    variance = fsum((value - mean) ** 2 for value in by_task) / (tasks - 1)
    half = student(tasks - 1) * sqrt(variance / tasks)
    return Interval(max(0.0, mean - half), mean + half)


def student(freedom: float, quantile: float = UPPER) -> float:
    """Quantile of Student's t."""
    return float(special.stdtrit(freedom, quantile))


def _over_tasks(values: Sequence[float], most: float) -> Interval:
    """Interval of the mean of ``values`` in [0, 1], one a task, the tasks being a sample.

    Wilson's score interval over the effective number of observations: as many independent ones as would
    have the variance seen between tasks, at most ``most``, and fewer by Student's t where the variance is
    known from few tasks (Korn and Graubard 1998). Where every value is 0 or 1 tasks are draws, as in
    Wilson's own.
    """
    tasks = len(values)
    if tasks < 2:
        return UNKNOWN
    mean = fsum(values) / tasks
    if all(value in {0, 1} for value in values):
        return _wilson(mean, tasks)
    variance = fsum((value - mean) ** 2 for value in values) / (tasks - 1) / tasks
    single = mean * (1 - mean)
    return _wilson(mean, single / max(variance, single / most) * _shrink(tasks - 1))


def _within_tasks(tallies: Collection[Tally]) -> Interval:
    """Interval of the pass rate on exactly these tasks: as :func:`_over_tasks`, by the variance within them.

    Its degrees of freedom are Satterthwaite's. It is no wider than it would be if tasks were all alike.
    """
    if not tallies or any(tally.attempts < 2 for tally in tallies):
        return UNKNOWN
    tasks, attempts = len(tallies), sum(tally.attempts for tally in tallies)
    mean = fsum(tally.rate for tally in tallies) / tasks
    variances = [tally.rate * (1 - tally.rate) / (tally.attempts - 1) for tally in tallies]
    variance = fsum(variances)
    if variance == 0:
        return _wilson(mean, attempts)
    freedom = variance**2 / fsum(
        own**2 / (tally.attempts - 1) for own, tally in zip(variances, tallies, strict=True)
    )
    size = mean * (1 - mean) / variance * tasks**2 * _shrink(freedom)
    return _wilson(mean, max(size, attempts * _shrink(attempts - tasks)))


def _shrink(freedom: float) -> float:
    return (Z / student(freedom)) ** 2


def _wilson(rate: float, size: float) -> Interval:
    """Wilson's score interval (1927); rounding may not push a bound past the rate."""
    scale = 1 + Z**2 / size
    middle = (rate + Z**2 / (2 * size)) / scale
    half = Z * sqrt(rate * (1 - rate) / size + Z**2 / (4 * size**2)) / scale
    return Interval(max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half)))


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None


def _chances(tallies: Collection[Tally], k: int, chance: Callable[[Tally, int], float]) -> list[float]:
    """By task; empty unless every task has ``k`` attempts."""
    return [] if any(tally.attempts < k for tally in tallies) else [chance(tally, k) for tally in tallies]


def _several(tallies: Iterable[Tally]) -> list[Tally]:
    return [tally for tally in tallies if tally.attempts >= 2]


def _all_pass(tally: Tally, k: int) -> float:
    return comb(tally.passed, k) / comb(tally.attempts, k)


def _all_fail(tally: Tally, k: int) -> float:
    return comb(tally.attempts - tally.passed, k) / comb(tally.attempts, k)


def _any_passes(tally: Tally, k: int) -> float:
    return 1 - _all_fail(tally, k)


def _all_agree(tally: Tally, k: int) -> float:
    return _all_pass(tally, k) + _all_fail(tally, k)


@lru_cache(maxsize=8)
def _resamples(tasks: int) -> NDArray[np.floating[Any]]:
    """How often each task is in each resample: the same for all ratios over as many tasks."""
    drawn = np.random.default_rng(SEED).multinomial(tasks, [1 / tasks] * tasks, size=RESAMPLES)
    return drawn.astype(float)
