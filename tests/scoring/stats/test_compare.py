from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cab_scoring.stats.compare import Difference, holm, paired, ranks
from cab_scoring.stats.intervals import UNKNOWN, Scope, Tally

Arm = dict[str, Tally]

SCOPES: tuple[Scope, ...] = ("such tasks", "these tasks")
tallies = st.integers(2, 5).flatmap(lambda n: st.builds(Tally, st.just(n), st.integers(0, n)))
arms = st.dictionaries(st.sampled_from("abcdefgh"), tallies, min_size=1)


def arm(*passed: int, attempts: int = 3) -> Arm:
    return {f"task-{place}": Tally(attempts, int(each)) for place, each in enumerate(passed)}


def bounds(difference: Difference) -> tuple[float, float]:
    assert difference.interval.low is not None
    assert difference.interval.high is not None
    return difference.interval.low, difference.interval.high


# Two arms


def test_such_tasks_are_compared_by_students_paired_t() -> None:
    a, b = (3, 2, 3, 1, 0, 3, 2, 3, 1, 3), (1, 2, 1, 1, 0, 2, 0, 3, 2, 1)
    known = stats.ttest_rel(np.array(a) / 3, np.array(b) / 3)
    interval = known.confidence_interval(0.95)
    found = paired(arm(*a), arm(*b))
    assert found.tasks == 10
    assert found.difference == pytest.approx((sum(a) - sum(b)) / 30)
    assert found.p_value == pytest.approx(known.pvalue)
    assert bounds(found) == pytest.approx((interval.low, interval.high))


def test_the_smallest_detectable_difference_is_detected_four_times_in_five() -> None:
    differences = np.array([3, 0, 2, 0, 0, 1, 2, 0, -1, 2] * 3) / 3
    found = paired(arm(*[3, 1, 2, 0, 0, 1, 2, 1, 0, 2] * 3), arm(*[0, 1, 0, 0, 0, 0, 0, 1, 1, 0] * 3))
    assert found.smallest_detectable is not None
    error = stats.sem(differences)
    power = stats.nct.sf(stats.t.ppf(0.975, 29), 29, found.smallest_detectable / error)
    assert power == pytest.approx(0.80, abs=0.01)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (2, 2)])
def test_equal_arms_are_told_apart_one_time_in_twenty(scope: Scope, a: float, b: float) -> None:
    """30 tasks × 3 attempts of arms that are equally good, on such tasks or on each of these."""
    rng = np.random.default_rng(11)
    chances = rng.beta(a, b, (2, 2_000, 30))
    if scope == "these tasks":
        chances[1] = chances[0]
    one, other = rng.binomial(3, chances)
    p_values = [paired(arm(*x), arm(*y), scope).p_value for x, y in zip(one, other, strict=True)]
    assert 0.035 <= np.mean([p is not None and p < 0.05 for p in p_values]) <= 0.065


def test_these_tasks_are_compared_as_independent_proportions() -> None:
    # Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10
    found = paired({"task": Tally(70, 56)}, {"task": Tally(80, 48)}, "these tasks")
    assert found.difference == pytest.approx(0.2)
    assert bounds(found) == pytest.approx((0.0524, 0.3339), abs=0.005)
    assert found.p_value is not None
    assert 0 < found.p_value < 0.05


def test_only_tasks_that_both_have_are_compared() -> None:
    a, b = arm(3, 2, 1, 3), arm(1, 1, 0, 0)
    assert paired(a | {"own": Tally(3, 3)}, b | {"other": Tally(3, 0)}) == paired(a, b)
    none = paired({"own": Tally(3, 3)}, {"other": Tally(3, 0)})
    assert (none.tasks, none.difference, none.interval, none.p_value) == (0, None, UNKNOWN, None)


def test_one_task_says_nothing_of_such_tasks() -> None:
    found = paired(arm(3), arm(0))
    assert found.difference == 1
    assert (found.interval, found.p_value, found.smallest_detectable) == (UNKNOWN, None, None)


def test_one_attempt_says_nothing_of_these_tasks() -> None:
    found = paired(arm(1, 0, attempts=1), arm(0, 0, attempts=1), "these tasks")
    assert found.difference == 0.5
    assert (found.interval, found.p_value, found.smallest_detectable) == (UNKNOWN, None, None)


def test_no_variance_is_no_certainty() -> None:
    same = paired(arm(*[3] * 10), arm(*[3] * 10))
    assert (same.difference, same.p_value) == (0, 1)
    assert bounds(same) == pytest.approx((-0.3085, 0.3085), abs=1e-4)  # Clopper and Pearson's 0 of 10
    assert same.smallest_detectable is None
    opposite = paired(arm(*[3] * 6), arm(*[0] * 6))
    assert opposite.p_value == pytest.approx(2**-5)  # the sign test's
    assert bounds(opposite)[0] < 0.1
    assert bounds(opposite)[1] == 1


def test_rounding_errors_are_no_variance() -> None:
    assert 2 / 3 - 1 / 3 != 1 - 2 / 3
    found = paired(arm(2, 3), arm(1, 2))
    assert found.smallest_detectable is None
    assert found.p_value is not None
    assert found.p_value > 0.5


@given(arms, arms, st.sampled_from(SCOPES))
def test_the_other_way_round_is_the_same_comparison(a: Arm, b: Arm, scope: Scope) -> None:
    one, other = paired(a, b, scope), paired(b, a, scope)
    assert one.tasks == other.tasks
    assert one.p_value == pytest.approx(other.p_value)
    assert one.smallest_detectable == pytest.approx(other.smallest_detectable)
    if one.interval != UNKNOWN:
        assert one.difference == pytest.approx(-(other.difference or 0))
        assert bounds(one) == pytest.approx((-bounds(other)[1], -bounds(other)[0]))


@given(arms, arms, st.sampled_from(SCOPES))
def test_the_interval_and_the_p_value_say_the_same(a: Arm, b: Arm, scope: Scope) -> None:
    found = paired(a, b, scope)
    if found.p_value is None:
        assert found.interval == UNKNOWN
        return
    low, high = bounds(found)
    assert found.difference is not None
    assert -1 <= low <= found.difference <= high <= 1
    assert 0 <= found.p_value <= 1
    assert (found.p_value < 0.05) == (not low <= 0 <= high)


# Many comparisons


def test_holms_correction_worked_out() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.4]) == [0.8, 0.8]
    assert holm([0.7, 0.9]) == [1, 1]
    assert holm([]) == []


def test_a_comparison_that_was_not_made_is_not_counted() -> None:
    assert holm([None, 0.01, None, 0.04]) == [None, 0.02, None, 0.04]


@given(st.lists(st.floats(0, 1), max_size=10))
def test_holm_only_raises_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = [each for each in holm(p_values) if each is not None]
    assert all(p <= each <= 1 for p, each in zip(p_values, adjusted, strict=True))
    assert holm(p_values[::-1]) == adjusted[::-1]
    by_p = [each for _, each in sorted(zip(p_values, adjusted, strict=True))]
    assert by_p == sorted(adjusted)


# Ranks


def test_ranks_of_arms_that_are_apart_and_of_those_that_are_not() -> None:
    every = {
        "low": arm(*[0] * 12),
        "high": arm(*[3] * 11, 2),
        "also high": arm(2, *[3] * 11),
        "elsewhere": {"another task": Tally(3, 3)},
    }
    assert ranks(every) == {"high": (1, 3), "also high": (1, 3), "low": (3, 4), "elsewhere": (1, 4)}


def test_ranks_are_corrected_for_the_number_of_pairs() -> None:
    better, worse = arm(*[1] * 5, *[0] * 15), arm(*[0] * 20)
    p_value = paired(better, worse).p_value
    assert p_value is not None
    assert 0.05 / 3 < p_value < 0.05
    assert ranks({"better": better, "worse": worse}) == {"better": (1, 1), "worse": (2, 2)}
    assert set(ranks({"better": better, "worse": worse, "third": worse}).values()) == {(1, 3)}


def test_ranks_say_what_they_are_about() -> None:
    every = {"a": arm(9, 9, 9, attempts=10), "b": arm(3, 3, 3, attempts=10)}
    assert ranks(every, "these tasks") == {"a": (1, 1), "b": (2, 2)}
    assert ranks(every) == {"a": (1, 2), "b": (1, 2)}


def test_ranks_of_few() -> None:
    assert ranks({}) == {}
    assert ranks({"only": arm(3, 2)}) == {"only": (1, 1)}
