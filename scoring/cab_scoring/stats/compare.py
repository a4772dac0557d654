"""Two arms on the same tasks, or many: differences, Holm's correction, ranks.

An arm is whatever was tried on tasks: an agent with a model, mostly. Only tasks that both arms have are
compared, each with itself: that tasks differ in difficulty is then no part of the noise.

Invariants
----------
* An interval leaves 0 out exactly when the p-value is below 0.05.
* ``paired(b, a)`` is ``paired(a, b)`` with the sign changed.
* No variance between tasks is not taken for certainty: see :func:`_alike`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, hypot, sqrt
from typing import Final, TypeVar

from scipy import special

from cab_scoring.stats.intervals import (
    CONFIDENCE,
    UNKNOWN,
    UPPER,
    Interval,
    Scope,
    Tally,
    Z,
    pass_interval,
    student,
)

POWER: Final = 0.80
"""With which the smallest detectable difference would have been detected."""
DIGITS: Final = 12
"""Of a difference of two rates: below are rounding errors, which would pass for variance."""

Arm = TypeVar("Arm", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Pass rate of one arm less that of another, over the tasks that both have."""

    tasks: int
    """That both have."""
    difference: float | None
    """None without a task in common."""
    interval: Interval
    p_value: float | None
    """Of there being no difference; two-sided, for this comparison alone. None where it is unknown, as for
    such tasks from a single one.
    """
    smallest_detectable: float | None
    """The true difference that four in five such comparisons would find (p < 0.05); none would if it is above
    1. None where it is unknown: there was no variance between tasks.
    """


def paired(a: Mapping[str, Tally], b: Mapping[str, Tally], scope: Scope = "such tasks") -> Difference:
    """Compare two arms, given by task."""
    shared = a.keys() & b.keys()
    differences = [round(a[task].rate - b[task].rate, DIGITS) for task in shared]
    if not differences:
        return _unknown(0, None)
    if scope == "these tasks":
        return _these([a[task] for task in shared], [b[task] for task in shared])
    return _alike(differences[0], len(shared)) if len(set(differences)) == 1 else _such(differences)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values adjusted for how many there are (Holm 1979), in the order given.

    None, a comparison that could not be made, stays None and is not counted.
    """
    adjusted: list[float | None] = [None] * len(p_values)
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    least = 0.0
    for done, (p, place) in enumerate(known):
        least = max(least, min(1.0, p * (len(known) - done)))
        adjusted[place] = least
    return adjusted


def ranks(arms: Mapping[Arm, Mapping[str, Tally]], scope: Scope = "such tasks") -> dict[Arm, tuple[int, int]]:
    """Best and worst rank of each arm: 1 + how many are better, and the number of arms − how many are worse.

    Better and worse by 5 % level after Holm's correction over all pairs; 1 is the highest pass rate.
    """
    pairs = list(combinations(arms, 2))
    found = [paired(arms[one], arms[other], scope) for one, other in pairs]
    better, worse = dict.fromkeys(arms, 0), dict.fromkeys(arms, 0)
    for (one, other), each, p in zip(pairs, found, holm([each.p_value for each in found]), strict=True):
        if p is not None and p < 1 - CONFIDENCE and each.difference:
            winner, loser = (one, other) if each.difference > 0 else (other, one)
            worse[winner] += 1
            better[loser] += 1
    return {arm: (1 + better[arm], len(arms) - worse[arm]) for arm in arms}


def _such(differences: Sequence[float]) -> Difference:
    """Student's paired t over the differences by task."""
    tasks = len(differences)
    mean = fsum(differences) / tasks
    error = sqrt(fsum((own - mean) ** 2 for own in differences) / (tasks - 1) / tasks)
    quantile = student(tasks - 1)
    return Difference(
        tasks=tasks,
        difference=mean,
        interval=_clipped(mean - quantile * error, mean + quantile * error),
        p_value=2 * float(special.stdtr(tasks - 1, -abs(mean) / error)),
        smallest_detectable=(quantile + student(tasks - 1, POWER)) * error,
    )


def _alike(difference: float, tasks: int) -> Difference:
    """The same difference at every task, which has no t.

    Were a share q of such tasks different, none of them would be among these with chance (1 − q)ⁿ; that is
    below 2.5 % from q = 1 − 0.025^(1/n) on. Such tasks may differ by anything from −1 to 1.
    """
    if tasks == 1:
        return _unknown(tasks, difference)
    others = 1 - (1 - UPPER) ** (1 / tasks)
    return Difference(
        tasks=tasks,
        difference=difference,
        interval=_clipped(difference - others * (1 + difference), difference + others * (1 - difference)),
        p_value=min(1.0, 2 * (1 + abs(difference)) ** -tasks),
        smallest_detectable=None,
    )


def _these(a: Sequence[Tally], b: Sequence[Tally]) -> Difference:
    """On exactly these tasks the arms vary independently: the interval of the difference comes of theirs
    (Newcombe 1998), and the p-value of that.
    """
    rate_a, rate_b = (fsum(tally.rate for tally in arm) / len(arm) for arm in (a, b))
    difference = rate_a - rate_b
    of_a, of_b = pass_interval(a, "these tasks"), pass_interval(b, "these tasks")
    if of_a.low is None or of_a.high is None or of_b.low is None or of_b.high is None:
        return _unknown(len(a), difference)
    down, up = hypot(rate_a - of_a.low, of_b.high - rate_b), hypot(of_a.high - rate_a, rate_b - of_b.low)
    return Difference(
        tasks=len(a),
        difference=difference,
        interval=_clipped(difference - down, difference + up),
        p_value=2 * float(special.ndtr(-Z * abs(difference) / (down if difference >= 0 else up))),
        smallest_detectable=(1 + float(special.ndtri(POWER)) / Z) * (down + up) / 2,
    )


def _unknown(tasks: int, difference: float | None) -> Difference:
    return Difference(
        tasks=tasks, difference=difference, interval=UNKNOWN, p_value=None, smallest_detectable=None
    )


def _clipped(low: float, high: float) -> Interval:
    return Interval(max(-1.0, low), min(1.0, high))
