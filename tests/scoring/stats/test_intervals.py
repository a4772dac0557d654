from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cab_scoring.stats.intervals import (
    UNKNOWN,
    Interval,
    Scope,
    Tally,
    pass_at_k,
    pass_at_k_interval,
    pass_hat_k,
    pass_hat_k_interval,
    pass_interval,
    pass_rate,
    ratio_interval,
    stability,
    stability_interval,
)

SCOPES: tuple[Scope, ...] = ("such tasks", "these tasks")
tallies = st.integers(1, 6).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n)))
several = st.integers(2, 6).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n)))


def once(passed: int, tasks: int) -> list[Tally]:
    return [Tally(1, 1)] * passed + [Tally(1, 0)] * (tasks - passed)


def bounds(interval: Interval) -> tuple[float, float]:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


def holds(interval: Interval, truth: float) -> bool:
    assert interval.low is not None
    return interval.low <= truth and (interval.high is None or truth <= interval.high)


def sampled(passed: Sequence[int], attempts: int) -> list[Tally]:
    return [Tally(attempts, int(each)) for each in passed]


@cache
def plain_wilson(passed: int, attempts: int) -> Interval:
    """Every attempt taken for a task of its own."""
    return pass_interval(once(passed, attempts))


# One attempt a task: Wilson


@pytest.mark.parametrize(
    ("passed", "tasks", "low", "high"),
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(passed: int, tasks: int, low: float, high: float) -> None:
    assert bounds(pass_interval(once(passed, tasks))) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(2, 200), st.data())
def test_one_attempt_a_task_is_plain_wilson(tasks: int, data: st.DataObject) -> None:
    passed = data.draw(st.integers(0, tasks))
    known = stats.binomtest(passed, tasks).proportion_ci(0.95, "wilson")
    assert bounds(pass_interval(once(passed, tasks))) == pytest.approx((known.low, known.high), abs=1e-12)


def test_more_passes_raise_both_bounds() -> None:
    every = [bounds(pass_interval(once(passed, 20))) for passed in range(21)]
    assert all(less[0] < more[0] and less[1] < more[1] for less, more in pairwise(every))


# Several attempts: clustered


def test_attempts_that_always_agree_add_nothing() -> None:
    agreeing = [Tally(3, 3)] * 12 + [Tally(3, 0)] * 18
    assert pass_interval(agreeing) == pass_interval(once(12, 30))


def test_attempts_that_differ_add_something_but_no_more_than_their_number() -> None:
    low, high = bounds(pass_interval([Tally(3, 2), Tally(3, 1)] * 15))
    most, least = bounds(plain_wilson(45, 90)), bounds(plain_wilson(15, 30))
    assert least[0] < low < most[0]
    assert most[1] < high < least[1]


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.3, 1.2), (0.1, 0.1), (2, 2)])
def test_coverage_on_clustered_data(a: float, b: float) -> None:
    """30 tasks × 3 attempts; tasks' chances are beta distributed, from bimodal to bell-shaped."""
    rng = np.random.default_rng(7)
    samples = rng.binomial(3, rng.beta(a, b, (4_000, 30)))
    truth = a / (a + b)
    covered = np.mean([holds(pass_interval(sampled(passed, 3)), truth) for passed in samples])
    plain = np.mean([holds(plain_wilson(int(passed.sum()), 90), truth) for passed in samples])
    assert 0.93 <= covered <= 0.97
    assert plain < (0.90 if a < 2 else 0.93)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.3, 1.2), (2, 2)])
def test_coverage_for_exactly_these_tasks(a: float, b: float) -> None:
    rng = np.random.default_rng(7)
    tasks = rng.beta(a, b, (20, 30))
    samples = rng.binomial(3, np.repeat(tasks, 100, axis=0))
    truths = np.repeat(tasks.mean(axis=1), 100)
    every = [
        (pass_interval(sampled(passed, 3), "these tasks"), truth)
        for passed, truth in zip(samples, truths, strict=True)
    ]
    assert 0.94 <= np.mean([holds(interval, truth) for interval, truth in every]) <= 0.98


def test_these_tasks_are_known_better_than_such_tasks() -> None:
    mixed = [Tally(3, 3)] * 10 + [Tally(3, 2)] * 10 + [Tally(3, 0)] * 10
    these, such = bounds(pass_interval(mixed, "these tasks")), bounds(pass_interval(mixed))
    assert such[0] < these[0] < these[1] < such[1]


def test_variance_seen_at_one_task_is_known_from_its_attempts_alone() -> None:
    interval = pass_interval([Tally(3, 3)] * 15 + [Tally(3, 2)] + [Tally(3, 0)] * 14, "these tasks")
    low, high = bounds(interval)
    error = (2 / 9 / 2) ** 0.5 / 30
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, 2) * error, rel=0.02)


def test_these_tasks_are_known_as_well_as_if_they_were_alike() -> None:
    (low, high), plain = (
        bounds(pass_interval([Tally(2, 1)] * 30, "these tasks")),
        bounds(plain_wilson(30, 60)),
    )
    assert high - low == pytest.approx(plain[1] - plain[0], rel=0.05)


def test_too_little_is_unknown() -> None:
    assert pass_rate([]) is None
    assert pass_interval([]) == pass_interval([], "these tasks") == UNKNOWN
    assert pass_interval([Tally(5, 3)]) == UNKNOWN
    assert pass_interval([Tally(3, 1), Tally(1, 1)], "these tasks") == UNKNOWN
    assert holds(pass_interval([Tally(5, 3)], "these tasks"), 0.6)


def test_a_task_weighs_one_however_many_its_attempts() -> None:
    assert pass_rate([Tally(1, 1), Tally(9, 0)]) == 0.5


@given(st.lists(several, min_size=2, max_size=12), st.sampled_from(SCOPES))
def test_a_rate_lies_in_its_interval_in_whatever_order(every: list[Tally], scope: Scope) -> None:
    rate, (low, high) = pass_rate(every), bounds(pass_interval(every, scope))
    assert rate is not None
    assert 0 <= low <= rate <= high <= 1
    assert low < high
    assert pass_interval(every[::-1], scope) == Interval(low, high)


@given(st.lists(several, min_size=2, max_size=12), st.sampled_from(SCOPES))
def test_twice_the_tasks_narrow_an_interval(every: list[Tally], scope: Scope) -> None:
    (low, high), twice = bounds(pass_interval(every, scope)), bounds(pass_interval(every * 2, scope))
    assert twice[1] - twice[0] < high - low


# pass@k, pass^k, stability


@given(st.lists(tallies, min_size=1, max_size=8), st.integers(1, 6))
def test_pass_at_k_as_chen_et_al_compute_it(every: list[Tally], k: int) -> None:
    def closed_form(n: int, c: int) -> float:
        return 1.0 if n - c < k else 1.0 - float(np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))

    if any(tally.attempts < k for tally in every):
        assert pass_at_k(every, k) is None
        assert pass_hat_k(every, k) is None
    else:
        known = np.mean([closed_form(tally.attempts, tally.passed) for tally in every])
        assert pass_at_k(every, k) == pytest.approx(known)


def test_pass_hat_k_counts_the_draws_that_all_pass() -> None:
    assert pass_hat_k([Tally(4, 3)], 2) == 3 / 6
    assert pass_hat_k([Tally(4, 3), Tally(4, 1)], 2) == 3 / 12


@given(st.lists(st.builds(Tally, st.just(5), st.integers(0, 5)), min_size=1, max_size=8))
def test_one_of_more_is_likelier_and_all_of_more_less_likely(every: list[Tally]) -> None:
    at = [pass_at_k(every, k) or 0.0 for k in range(1, 6)]
    hat = [pass_hat_k(every, k) or 0.0 for k in range(1, 6)]
    assert at[0] == pytest.approx(hat[0])
    assert at[0] == pytest.approx(pass_rate(every))
    assert at == pytest.approx(sorted(at))
    assert hat == pytest.approx(sorted(hat, reverse=True))


def test_stability_is_of_pairs_of_attempts() -> None:
    assert stability([Tally(3, 3), Tally(3, 0)]) == 1
    assert stability([Tally(4, 2)]) == 2 / 6
    assert stability([Tally(4, 2), Tally(1, 1)]) == 2 / 6
    assert stability([Tally(1, 1)]) is None
    assert stability_interval([Tally(1, 1)] * 9) == UNKNOWN


@pytest.mark.parametrize(
    ("interval", "truth"),
    [
        (lambda every: pass_at_k_interval(every, 2), lambda p: 1 - (1 - p) ** 2),
        (lambda every: pass_hat_k_interval(every, 2), lambda p: p**2),
        (stability_interval, lambda p: p**2 + (1 - p) ** 2),
    ],
    ids=["pass@2", "pass^2", "stability"],
)
def test_coverage_of_chances_over_attempts(
    interval: Callable[[Collection[Tally]], Interval], truth: Callable[[float], float]
) -> None:
    rng = np.random.default_rng(7)
    samples = rng.binomial(4, rng.beta(0.5, 0.5, (2_000, 30)))
    known = float(np.mean([truth(p) for p in rng.beta(0.5, 0.5, 200_000)]))
    assert 0.93 <= np.mean([holds(interval(sampled(passed, 4)), known) for passed in samples]) <= 0.98


# Tokens and USD per correct task


def spending(rng: np.random.Generator, tasks: int) -> tuple[list[float], list[int]]:
    """Three attempts a task; the harder a task, the more is spent on it."""
    chances = rng.beta(1, 1, tasks)
    spent = np.exp(10 - chances + rng.normal(0, 0.5, tasks)) * rng.gamma(9, 1 / 3, tasks)
    return spent.tolist(), rng.binomial(3, chances).tolist()


def test_ratio_agrees_with_scipys_bootstrap() -> None:
    spent, passed = spending(np.random.default_rng(1), 200)
    known = stats.bootstrap(
        (spent, passed),
        lambda spent, passed, axis: spent.sum(axis=axis) / passed.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert bounds(ratio_interval(spent, passed)) == pytest.approx((known.low, known.high), rel=0.02)


@pytest.mark.parametrize("tasks", [8, 30])
def test_coverage_of_a_ratio(tasks: int) -> None:
    rng = np.random.default_rng(7)
    spent, passed = spending(rng, 500_000)
    truth = sum(spent) / sum(passed)
    covered = [holds(ratio_interval(*spending(rng, tasks)), truth) for _ in range(2_000)]
    assert 0.93 <= np.mean(covered) <= 0.97


def test_a_ratio_over_few_passes_has_no_upper_bound() -> None:
    interval = ratio_interval([100.0] * 20, [1] + [0] * 19)
    assert interval.high is None
    assert interval.low is not None
    assert 0 < interval.low < 2_000


def test_a_ratio_over_no_passes_or_hardly_a_task_is_unknown() -> None:
    assert ratio_interval([100.0] * 20, [0] * 20) == UNKNOWN
    assert ratio_interval([100.0] * 4, [1] * 4) == UNKNOWN


@given(st.lists(st.tuples(st.decimals(0, 1000, places=4), st.integers(1, 3)), min_size=5, max_size=12))
def test_a_ratio_lies_in_its_interval_in_whatever_order(every: list[tuple[Decimal, int]]) -> None:
    interval = ratio_interval([spent for spent, _ in every], [passed for _, passed in every])
    ratio = float(sum(spent for spent, _ in every)) / sum(passed for _, passed in every)
    low, high = bounds(interval)
    assert low - 1e-9 <= ratio <= high + 1e-9
    assert ratio_interval([s for s, _ in every[::-1]], [p for _, p in every[::-1]]) == interval
