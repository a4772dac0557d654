"""The schedule alone, with a clock of the test's own."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.sweep.schedule import (
    FIRST_WAIT_S,
    LONGEST_RETRY_AFTER_S,
    LONGEST_WAIT_S,
    Ended,
    Schedule,
    Slot,
    Spending,
    Taken,
    in_turns,
    missing,
    stands,
)
from cab_scoring.aggregate import Attempt
from cab_scoring.failure import FAILURES

FINE = Ended(cause="none")
LIMITED = Ended(cause="rate_limited", throttled=True)


def slots(n: int, endpoint: str = "e") -> list[Slot]:
    return [Slot(agent="a", model="m", task=f"c/t{i}", endpoint=endpoint, number=1) for i in range(n)]


def schedule(wanted: list[Slot], **options: Any) -> Schedule:
    return Schedule(wanted, **{"endpoints": {"e": 8}, "n_concurrent": 8, "max_retries": 2, **options})


def take_all(of: Schedule, now_s: float = 0.0) -> list[Taken]:
    return list(iter(lambda: of.take(now_s), None))


def spent(tokens: int | None = 0, cost: str | None = None) -> Attempt:
    return Attempt(
        passed=1,
        counted=True,
        tokens=tokens,
        tokens_complete=tokens is not None,
        cost_usd=None if cost is None else Decimal(cost),
        cost_complete=cost is not None,
    )


def test_slots_are_taken_in_order_as_many_as_fit() -> None:
    wanted = slots(5)
    of = schedule(wanted, n_concurrent=3)
    first = take_all(of)
    assert [taken.slot for taken in first] == wanted[:3]
    assert of.ended(first[1], FINE, 1.0).complete
    assert [taken.slot for taken in take_all(of)] == wanted[3:4]


def test_endpoints_have_limits_of_their_own() -> None:
    """The second endpoint's slots don't wait behind those of the first."""
    of = schedule([*slots(4, "one"), *slots(2, "two")], endpoints={"one": 2, "two": 5})
    assert [taken.slot.endpoint for taken in take_all(of)] == ["one", "one", "two", "two"]


@pytest.mark.parametrize("cause", [rule.cause for rule in FAILURES.values()])
def test_the_failure_table_decides_what_becomes_of_a_slot(cause: str) -> None:
    rule = FAILURES[cause]
    of = schedule(slots(1))
    verdict = of.ended(take_all(of)[0], Ended(cause=cause), 10.0)
    assert verdict.complete is rule.counted
    assert (verdict.retry_in_s is not None) is (not rule.counted and rule.retried != "no")
    assert (verdict.stop is not None) is (rule.then == "stop the sweep")
    assert (verdict.suspended is not None) is (rule.then == "suspend the task")
    assert of.finished is (verdict.retry_in_s is None)


def test_a_void_attempt_waits_longer_each_time_and_is_given_up_in_the_end() -> None:
    of, now, waits = schedule(slots(1), max_retries=20), 0.0, []
    for tries in range(1, 21):
        taken = of.take(now)
        assert taken is not None
        assert taken.tries == tries
        wait = of.ended(taken, LIMITED, now).retry_in_s
        assert wait is not None
        assert of.take(now + wait * 0.99) is None
        waits.append(wait)
        now += wait
    assert FIRST_WAIT_S / 2 <= waits[0] <= FIRST_WAIT_S
    assert all(LONGEST_WAIT_S / 2 <= wait <= LONGEST_WAIT_S for wait in waits[10:])
    last = of.take(now)
    assert last is not None
    assert of.ended(last, LIMITED, now).retry_in_s is None
    assert of.finished


def test_retry_after_is_heeded_by_the_slot_and_by_all_who_would_go_there() -> None:
    of = schedule(slots(3), n_concurrent=2)
    first, second = take_all(of)
    asked = Ended(cause="rate_limited", throttled=True, retry_after_s=700.0)
    assert of.ended(first, asked, 10.0).retry_in_s == 700.0
    assert of.take(709.0) is None
    assert of.next_change_s(20.0) == 710.0
    assert of.ended(second, FINE, 20.0).complete
    assert of.take(710.0) is not None


def test_nobody_waits_a_year() -> None:
    of = schedule(slots(2), n_concurrent=1)
    taken = of.take(0.0)
    assert taken is not None
    year = Ended(cause="rate_limited", throttled=True, retry_after_s=31_536_000.0)
    assert of.ended(taken, year, 0.0).retry_in_s is None
    assert of.take(LONGEST_RETRY_AFTER_S) is not None


def test_what_cost_nobody_knows_what_ends_a_budget_of_money() -> None:
    of = schedule(slots(2), n_concurrent=1, spending=Spending(max_cost_usd=Decimal(5)))
    taken = of.take(0.0)
    assert taken is not None
    of.ended(taken, Ended(cause="none", spent=spent(100)), 0.0)
    assert of.exhausted


def test_an_endpoints_limit_falls_once_for_all_that_were_under_way_and_rises_slowly() -> None:
    of = schedule(slots(100))
    under_way = take_all(of)
    assert len(under_way) == 8
    for taken in under_way:
        of.ended(taken, LIMITED, 0.0)
    assert of.limit_of("e") == 4
    now, ended = 0.0, 0
    while of.limit_of("e") < 8:
        now += LONGEST_WAIT_S
        under_way = take_all(of, now)
        assert len(under_way) == of.limit_of("e")
        of.ended(under_way[0], FINE, now)
        ended += 1
        for taken in under_way[1:]:
            of.ended(taken, FINE, now)
            ended += 1
    assert 4 + 5 + 6 + 7 <= ended <= 4 + 5 + 6 + 7 + 8


def test_an_attempt_that_got_over_its_429_lowers_the_limit_and_is_complete() -> None:
    of = schedule(slots(9))
    assert of.ended(take_all(of)[0], Ended(cause="none", throttled=True), 0.0).complete
    assert of.limit_of("e") == 4


def test_the_limit_never_falls_below_one() -> None:
    of, now = schedule(slots(1), max_retries=50), 0.0
    for _ in range(20):
        now += 2 * LONGEST_WAIT_S
        taken = of.take(now)
        assert taken is not None
        of.ended(taken, LIMITED, now)
    assert of.limit_of("e") == 1


def test_more_machines_take_more_and_fewer_take_fewer() -> None:
    of = schedule(slots(9), n_concurrent=2, endpoints={"e": 2})
    under_way = take_all(of)
    of.resize(5, {"e": 4})
    under_way += take_all(of)
    assert len(under_way) == 4
    of.resize(0, {"e": 0})
    while under_way:
        assert of.take(0.0) is None
        of.ended(under_way.pop(), FINE, 0.0)
    assert of.take(0.0) is None
    assert not of.finished
    of.resize(3, {"e": 9})
    assert len(take_all(of)) == 3


def test_an_overloaded_endpoint_stays_lowered_when_machines_come() -> None:
    of = schedule(slots(99))
    of.ended(take_all(of)[0], LIMITED, 0.0)
    of.resize(40, {"e": 40})
    assert of.limit_of("e") == 4
    of.resize(3, {"e": 3})
    assert of.limit_of("e") == 3


def test_a_suspended_task_gets_no_further_attempts_and_others_do() -> None:
    wanted = [*slots(2), *slots(2)]
    of = schedule(wanted, n_concurrent=2)
    first, second = take_all(of)
    assert of.ended(first, Ended(cause="grader_error"), 0.0).suspended == "c/t0"
    assert of.ended(second, FINE, 0.0).complete
    assert [taken.slot.task for taken in take_all(of)] == ["c/t1"]


@pytest.mark.parametrize(
    ("spending", "each", "started"),
    [
        (Spending(max_tokens=1000, attempt_tokens=300), spent(100), 3),
        (Spending(max_tokens=1000), spent(100), 8),
        (Spending(max_cost_usd=Decimal("1.00"), attempt_cost_usd=Decimal("0.40")), spent(0, "0.10"), 2),
        (Spending(max_cost_usd=Decimal(0)), spent(0, "0.10"), 0),
    ],
)
def test_a_sweeps_budget_holds_back_what_is_under_way(
    spending: Spending, each: Attempt, started: int
) -> None:
    of = schedule(slots(50), spending=spending)
    under_way = take_all(of)
    assert len(under_way) == started
    tokens, cost = 0, Decimal(0)
    while under_way:
        of.ended(under_way.pop(), Ended(cause="none", spent=each), 0.0)
        tokens, cost = tokens + (each.tokens or 0), cost + (each.cost_usd or 0)
        under_way += take_all(of)
    assert of.finished
    assert of.exhausted
    if spending.attempt_tokens:
        assert tokens <= 1000
    if spending.attempt_cost_usd:
        assert cost <= 1


def test_what_was_spent_before_counts() -> None:
    of = schedule(slots(1), spending=Spending(max_tokens=100), spent=[spent(60), spent(None), spent(40)])
    assert of.take(0.0) is None
    assert of.finished


@given(
    n=st.integers(0, 12),
    n_concurrent=st.integers(1, 5),
    limit=st.integers(1, 5),
    causes=st.lists(st.sampled_from(sorted(FAILURES)), min_size=1, max_size=60),
)
def test_each_slot_ends_once_and_no_limit_is_passed(
    n: int, n_concurrent: int, limit: int, causes: list[str]
) -> None:
    of = schedule(slots(n), n_concurrent=n_concurrent, endpoints={"e": limit}, max_retries=1)
    under_way: list[Taken] = []
    complete: Counter[str] = Counter()
    now = 0.0
    for turn in range(10 * n + 1):
        under_way += take_all(of, now)
        assert len(under_way) <= min(n_concurrent, limit)
        assert len({taken.slot.task for taken in under_way}) == len(under_way)
        if under_way:
            taken = under_way.pop(turn % len(under_way))
            verdict = of.ended(taken, Ended(cause=causes[turn % len(causes)]), now)
            complete[taken.slot.task] += verdict.complete
        now += LONGEST_WAIT_S
    assert of.finished
    assert all(times <= 1 for times in complete.values())


@given(
    agents=st.integers(1, 4), models=st.integers(1, 3), tasks=st.integers(1, 6), k=st.integers(1, 4),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_everybody_has_a_turn_at_a_task_before_the_next_one(
    agents: int, models: int, tasks: int, k: int, seed: int
) -> None:
    cells = [(f"a{a}", f"m{m}", f"t{t}") for a in range(agents) for m in range(models) for t in range(tasks)]
    order = in_turns(cells, k, seed)
    assert sorted(order) == sorted((*cell, number) for cell in cells for number in range(1, k + 1))
    arms = agents * models
    for start in range(0, len(order), arms):
        assert len({(task, number) for _, _, task, number in order[start : start + arms]}) == 1
    assert [number for *_, number in order] == sorted(number for *_, number in order)
    assert order == in_turns(cells, k, seed)


def test_what_stands_is_not_wanted_again() -> None:
    wanted = [Slot(agent="a", model="m", task="t", endpoint="e", number=number) for number in (1, 2, 3)]
    assert missing(wanted, Counter({("a", "m", "t"): 2})) == wanted[2:]
    assert missing(wanted, Counter({("a", "m", "u"): 2})) == wanted


@pytest.mark.parametrize(
    ("failure", "complete"), [(None, True), ({"counted": True}, True), ({"counted": False}, False)]
)
def test_a_void_record_completes_nothing(failure: dict[str, bool] | None, complete: bool) -> None:
    assert stands({"failure": failure}) is complete
