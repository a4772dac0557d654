from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cab_scoring.stats.frontier import front

Point = tuple[float | None, float | None]
points = st.dictionaries(
    st.integers(), st.tuples(st.none() | st.integers(0, 4), st.none() | st.integers(0, 4)), max_size=8
)


def test_neither_cheaper_nor_better_is_beaten() -> None:
    assert front({"cheap": (0.2, 1), "both": (0.5, 2), "good": (0.9, 9), "beaten": (0.4, 3)}) == {
        "cheap", "both", "good",
    }  # fmt: skip


def test_as_good_at_a_higher_cost_is_beaten_and_the_same_is_not() -> None:
    assert front({"a": (0.5, 1), "dearer": (0.5, 2), "worse": (0.4, 1), "same": (0.5, 1)}) == {"a", "same"}


def test_unknown_is_not_on_the_front_and_beats_nobody() -> None:
    assert front({"free?": (1.0, None), "good?": (None, 0), "known": (0.1, 9)}) == {"known"}
    assert front({"free?": (1.0, None)}) == front({}) == frozenset()


def test_costs_may_be_exact() -> None:
    assert front({"a": (0.5, Decimal("0.10")), "b": (0.5, Decimal("0.11"))}) == {"a"}


@given(points)
def test_whoever_is_not_on_the_front_is_beaten_by_one_who_is(every: dict[int, Point]) -> None:
    best = front(every)
    known = {arm for arm, point in every.items() if None not in point}
    assert best <= known
    assert bool(best) == bool(known)

    def beats(one: int, other: int) -> bool:
        (passed, cost), (other_passed, other_cost) = every[one], every[other]
        assert passed is not None
        assert cost is not None
        assert other_passed is not None
        assert other_cost is not None
        return passed >= other_passed and cost <= other_cost and every[one] != every[other]

    assert all(any(beats(one, arm) for one in best) != (arm in best) for arm in known)
