"""The account of one run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cab_proxy.budget import NOTHING, UNBOUNDED, Account, Need, Over, Reservation, Spent, spent_by
from cab_proxy.control import Budget
from cab_proxy.records import Record, Tokens, TokensSource

T = TypeVar("T")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def account(clock: Callable[[], float] | None = None, **limits: Any) -> Account:
    return Account(Budget(**limits), clock or Clock())


def tokens(count: int) -> Need:
    return Need(input_tokens=count - count // 2, output_tokens=count // 2)


def at_once(asked: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    with pytest.raises(StopIteration) as ended:
        asked.send(None)
    result: T = ended.value.value
    return result


def begun(of: Account, need: Need = UNBOUNDED) -> Reservation:
    answer = at_once(of.reserve(need))
    assert isinstance(answer, Reservation)
    return answer


def refused(of: Account, need: Need = UNBOUNDED) -> dict[str, Any]:
    answer = at_once(of.reserve(need))
    assert isinstance(answer, Over)
    return answer.facts


async def turn() -> None:
    """Let everything happen that can."""
    for _ in range(4):
        await asyncio.sleep(0)


class Calls:
    """Calls that ask one account, in their order."""

    def __init__(self, of: Account, *needs: Need) -> None:
        self._account = of
        self.tasks = [asyncio.create_task(of.reserve(need)) for need in needs]

    async def state(self) -> str:
        """Of each call: begun, refused, waiting, cancelled."""
        await turn()
        return "".join(map(self._state, self.tasks))

    def _state(self, task: asyncio.Task[Reservation | Over]) -> str:
        if task.cancelled():
            return "c"
        return "w" if not task.done() else "b" if isinstance(task.result(), Reservation) else "r"

    def __getitem__(self, index: int) -> Reservation:
        answer = self.tasks[index].result()
        assert isinstance(answer, Reservation)
        return answer

    def facts(self, index: int) -> dict[str, Any]:
        answer = self.tasks[index].result()
        assert isinstance(answer, Over)
        return answer.facts

    def end(self, index: int, spent: Spent) -> None:
        self._account.settle(self[index], spent)


# --- without tokens or money ----------------------------------------------------------------------


def test_an_account_without_limits_asks_for_nothing() -> None:
    one = account()
    assert not one.bounded
    calls = [begun(one) for _ in range(3)]
    assert [call.to_json() for call in calls] == [None] * 3
    for call in calls:
        one.settle(call, Spent(tokens=2, more=True))
    assert (one.calls, one.tokens, one.usd) == (3, 6, Decimal(0))


def test_max_calls_counts_what_is_in_flight_and_never_waits() -> None:
    one = account(max_calls=2)
    assert not one.bounded
    first, _ = begun(one), begun(one)
    assert refused(one) == {"max_calls": 2, "calls": 2}
    one.settle(first, NOTHING)
    assert refused(one) == {"max_calls": 2, "calls": 2}


def test_no_call_begins_after_max_seconds() -> None:
    clock = Clock()
    one = account(clock, max_seconds=1.5)
    assert not one.bounded
    clock.now += 1.4
    begun(one)
    clock.now += 0.1
    assert refused(one) == {"max_seconds": 1.5, "seconds": 1.5}


def test_a_budget_of_nothing_lets_nothing_pass() -> None:
    assert refused(account(max_calls=0)) == {"max_calls": 0, "calls": 0}
    assert refused(account(max_total_tokens=0), tokens(0)) == {"max_total_tokens": 0, "total_tokens": 0}
    assert refused(account(max_cost_usd=Decimal(0))) == {"max_cost_usd": "0", "cost_usd": "0"}
    assert refused(account(max_seconds=0)) == {"max_seconds": 0, "seconds": 0.0}


def test_a_refusal_names_the_limit_and_what_was_spent() -> None:
    answer = at_once(account(max_calls=0).reserve())
    assert isinstance(answer, Over)
    assert answer.message == "this run's budget is spent: max_calls 0, calls 0"


# --- who waits, and until when --------------------------------------------------------------------


def test_calls_that_fit_together_go_together() -> None:
    async def main() -> None:
        one = account(max_total_tokens=10)
        assert one.bounded
        assert await Calls(one, tokens(4), tokens(6), tokens(1)).state() == "bbw"

    asyncio.run(main())


def test_a_small_call_does_not_overtake() -> None:
    async def main() -> None:
        one = account(max_total_tokens=10)
        calls = Calls(one, tokens(4), tokens(4), tokens(8), tokens(1))
        assert await calls.state() == "bbww"
        calls.end(0, NOTHING)
        assert await calls.state() == "bbww"
        calls.end(1, Spent(tokens=1))
        assert await calls.state() == "bbbb"
        assert calls[2].alone is False

    asyncio.run(main())


@pytest.mark.parametrize("need", [tokens(11), Need(input_tokens=1), Need(output_tokens=1), UNBOUNDED])
def test_what_does_not_fit_goes_alone(need: Need) -> None:
    async def main() -> None:
        one = account(max_total_tokens=10)
        calls = Calls(one, tokens(1), need, tokens(1))
        assert await calls.state() == "bww"
        calls.end(0, Spent(tokens=1))
        assert await calls.state() == "bbw"
        assert calls[1].alone
        calls.end(1, Spent(tokens=8))
        assert await calls.state() == "bbb"

    asyncio.run(main())


def test_those_that_wait_are_refused_when_nothing_is_left() -> None:
    async def main() -> None:
        one = account(max_total_tokens=10)
        calls = Calls(one, tokens(10), tokens(1), UNBOUNDED)
        assert await calls.state() == "bww"
        calls.end(0, Spent(tokens=12))
        assert await calls.state() == "brr"
        assert calls.facts(1) == {"max_total_tokens": 10, "total_tokens": 12}
        assert one.calls == 1

    asyncio.run(main())


def test_max_calls_is_kept_among_those_that_wait() -> None:
    async def main() -> None:
        one = account(max_total_tokens=10, max_calls=2)
        calls = Calls(one, tokens(10), tokens(5), tokens(5))
        assert await calls.state() == "bww"
        calls.end(0, NOTHING)
        assert await calls.state() == "bbr"

    asyncio.run(main())


def test_money_is_reserved_like_tokens() -> None:
    async def main() -> None:
        one = account(max_cost_usd=Decimal("0.3"))
        cheap, dear, unknown = Need(usd=Decimal("0.1")), Need(usd=Decimal("0.2")), UNBOUNDED
        calls = Calls(one, cheap, dear, cheap, unknown, cheap)
        assert await calls.state() == "bbwww"
        calls.end(1, Spent(usd=Decimal("0.05")))
        assert await calls.state() == "bbbww"
        calls.end(0, Spent(usd=Decimal("0.05")))
        calls.end(2, Spent(usd=Decimal(0)))
        assert await calls.state() == "bbbbw"
        assert calls[3].usd == Decimal("0.2")
        calls.end(3, Spent(usd=None))
        assert await calls.state() == "bbbbr"
        assert calls.facts(4) == {"max_cost_usd": "0.3", "cost_usd": "0.30", "assumed_usd": "0.20"}

    asyncio.run(main())


def test_either_limit_makes_a_call_wait() -> None:
    async def main() -> None:
        one = account(max_total_tokens=10, max_cost_usd=Decimal(1))
        free, dear = replace(tokens(6), usd=Decimal(0)), replace(tokens(1), usd=Decimal("0.6"))
        assert await Calls(one, free, dear, free).state() == "bbw"
        two = account(max_total_tokens=10, max_cost_usd=Decimal(1))
        assert await Calls(two, free, dear, dear).state() == "bbw"

    asyncio.run(main())


# --- time and cancelling --------------------------------------------------------------------------


def test_a_call_that_waited_too_long_is_refused_when_its_turn_comes() -> None:
    async def main() -> None:
        clock = Clock()
        one = account(clock, max_total_tokens=10, max_seconds=60)
        calls = Calls(one, tokens(10), tokens(10))
        assert await calls.state() == "bw"
        clock.now += 60
        calls.end(0, NOTHING)
        assert await calls.state() == "br"
        assert calls.facts(1) == {"max_seconds": 60, "seconds": 60.0}

    asyncio.run(main())


def test_the_end_of_time_comes_to_those_that_wait() -> None:
    async def main() -> None:
        one = account(time.monotonic, max_total_tokens=10, max_seconds=0.05)
        begun(one, tokens(10))
        answer = await one.reserve(tokens(10))  # nothing but the time will ever wake it
        assert isinstance(answer, Over)
        assert answer.facts.keys() == {"max_seconds", "seconds"}

    asyncio.run(main())


def test_one_that_gives_up_waiting_lets_the_next_pass() -> None:
    async def main() -> None:
        one = account(max_total_tokens=10)
        calls = Calls(one, tokens(5), tokens(10), tokens(5))
        assert await calls.state() == "bww"
        calls.tasks[1].cancel()
        assert await calls.state() == "bcb"
        assert one.calls == 2

    asyncio.run(main())


def test_one_that_gives_up_in_the_moment_of_its_turn_leaves_no_trace() -> None:
    async def main() -> None:
        one = account(max_total_tokens=10, max_cost_usd=Decimal(1))
        calls = Calls(one, *[replace(tokens(10), usd=Decimal(1))] * 3)
        assert await calls.state() == "bww"
        calls.end(0, NOTHING)
        calls.tasks[1].cancel()
        assert await calls.state() == "bcb"
        assert not calls[2].alone  # nothing of what the second had is held any more
        assert one.calls == 2

    asyncio.run(main())


def test_one_that_gives_up_just_before_its_turn() -> None:
    async def main() -> None:
        one = account(max_total_tokens=10)
        calls = Calls(one, tokens(10), tokens(10), tokens(10))
        assert await calls.state() == "bww"
        calls.tasks[1].cancel()
        calls.end(0, NOTHING)
        assert await calls.state() == "bcb"
        assert one.calls == 2

    asyncio.run(main())


def test_one_that_gives_up_before_it_hears_its_refusal() -> None:
    async def main() -> None:
        one = account(max_total_tokens=10)
        calls = Calls(one, tokens(10), tokens(10))
        assert await calls.state() == "bw"
        calls.end(0, Spent(tokens=10))
        calls.tasks[1].cancel()
        assert await calls.state() == "bc"
        assert one.calls == 1

    asyncio.run(main())


# --- what a call is charged -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent", "charged", "assumed"),
    [
        (Spent(tokens=3), 3, 0),
        (Spent(tokens=9), 9, 0),
        (NOTHING, 0, 0),
        (Spent(), 8, 8),
        (Spent(tokens=3, more=True), 8, 5),
        (Spent(tokens=9, more=True), 9, 0),
    ],
)
def test_unknown_usage_costs_what_was_reserved(spent: Spent, charged: int, assumed: int) -> None:
    one = account(max_total_tokens=10)
    one.settle(begun(one, tokens(8)), spent)
    assert one.tokens == charged
    one.settle(begun(one), Spent(tokens=10))
    facts = {"max_total_tokens": 10, "total_tokens": charged + 10}
    assert refused(one) == (facts | {"assumed_tokens": assumed} if assumed else facts)


def test_unknown_usage_of_an_unbounded_call_costs_all_that_was_left() -> None:
    one = account(max_total_tokens=10)
    one.settle(begun(one, tokens(5)), Spent(tokens=4))
    one.settle(begun(one), Spent())
    assert refused(one) == {"max_total_tokens": 10, "total_tokens": 10, "assumed_tokens": 6}


def test_a_call_is_settled_once() -> None:
    one = account(max_total_tokens=10)
    call = begun(one, tokens(5))
    one.settle(call, NOTHING)
    with pytest.raises(KeyError):
        one.settle(call, NOTHING)


CALL = Record(
    kind="call", call_id="A", started_at="", method="POST", path="/", protocol="chat", status=200, ttfb_ms=1.0
)
BOTH = Tokens(input=3, output=4, total=7)
REPORTED = TokensSource(input="reported", output="reported", total="reported")
ESTIMATED = TokensSource(input="estimated", output="estimated", total="estimated")
PARTIAL = TokensSource(input="partial", output="partial", total="partial")
UNANSWERED = replace(CALL, status=502, ttfb_ms=None)


@pytest.mark.parametrize(
    ("record", "spent"),
    [
        (replace(CALL, tokens=BOTH, tokens_source=REPORTED), Spent(tokens=7)),
        (replace(CALL, tokens=BOTH, cost_usd=Decimal(1)), Spent(tokens=7, usd=Decimal(1))),
        (replace(CALL, tokens=BOTH, tokens_source=ESTIMATED), Spent(tokens=7)),
        (CALL, Spent(more=True)),
        (replace(CALL, tokens=Tokens(input=3)), Spent(tokens=3, more=True)),
        (
            replace(CALL, tokens=BOTH, tokens_source=REPORTED, error_type="client_disconnect"),
            Spent(tokens=7),
        ),
        (
            replace(CALL, tokens=BOTH, tokens_source=ESTIMATED, error_type="client_disconnect"),
            Spent(tokens=7, more=True),
        ),
        (
            replace(CALL, tokens=BOTH, tokens_source=PARTIAL, error_type="truncated"),
            Spent(tokens=7, more=True),
        ),
        (replace(CALL, error_type="in_band_error"), NOTHING),
        (
            replace(CALL, error_type="in_band_error", tokens=BOTH, tokens_source=PARTIAL),
            Spent(tokens=7, usd=Decimal(0)),
        ),
        (replace(CALL, status=400, error_type="upstream_error"), NOTHING),
        (replace(CALL, status=529, error_type="upstream_error"), NOTHING),
        (replace(CALL, status=500, error_type="client_disconnect"), NOTHING),
        (replace(UNANSWERED, error_type="upstream_error"), Spent(more=True)),
        (replace(UNANSWERED, status=None, error_type="client_disconnect"), Spent(more=True)),
    ],
)
def test_what_a_record_says_was_spent(record: Record, spent: Spent) -> None:
    assert spent_by(record, sent=True) == spent


@pytest.mark.parametrize(("status", "error"), [(502, "upstream_error"), (None, "client_disconnect")])
def test_what_was_never_sent_costs_nothing(status: int | None, error: Any) -> None:
    assert spent_by(replace(UNANSWERED, status=status, error_type=error), sent=False) == NOTHING


# --- what is recorded -----------------------------------------------------------------------------


def test_what_a_reservation_says() -> None:
    async def main() -> None:
        clock = Clock()
        one = account(clock, max_total_tokens=10, max_cost_usd=Decimal("0.01"))
        first = begun(one, Need(input_tokens=3, output_tokens=4, usd=Decimal("0.00000007")))
        assert first.to_json() == {
            "estimated_input_tokens": 3,
            "reserved_tokens": 7,
            "reserved_usd": "0.00000007",
            "alone": False,
            "waited_ms": 0.0,
        }
        calls = Calls(one, Need(input_tokens=3))
        assert await calls.state() == "w"
        clock.now += 0.25
        one.settle(first, Spent(tokens=4, usd=Decimal("0.005")))
        assert await calls.state() == "b"
        assert calls[0].to_json() == {
            "estimated_input_tokens": 3,
            "reserved_tokens": 6,
            "reserved_usd": "0.005",
            "alone": True,
            "waited_ms": 250.0,
        }

    asyncio.run(main())


# --- the bound ------------------------------------------------------------------------------------

Pair = tuple[Decimal, Decimal]
"""Tokens and US dollars."""


@dataclass(eq=False, kw_only=True)
class Made:
    """A call of a schedule: what it needs, what it takes, what anybody learns of that."""

    need: Need
    takes: Pair
    learnt: Spent
    task: asyncio.Task[Reservation | Over]
    begun: Reservation | None = None
    ended: bool = False

    @property
    def reserved(self) -> Pair:
        assert self.begun is not None
        return Decimal(self.begun.tokens or 0), self.begun.usd or Decimal(0)


class Schedule:
    """Calls of one run, and what the account promises, tried after every step."""

    def __init__(self, limits: tuple[int | None, int | None]) -> None:
        self.limits = [None if limit is None else Decimal(limit) for limit in limits]
        self.account = account(max_total_tokens=limits[0], max_cost_usd=self.limits[1])
        self.made: list[Made] = []
        self.last: Made | None = None
        """The call that began last."""
        self.erring: list[Made] = []
        """Those whose errors count since it began."""

    def make(self, need: Need, takes: Pair, learnt: Spent) -> None:
        task = asyncio.create_task(self.account.reserve(need))
        self.made.append(Made(need=need, takes=takes, learnt=learnt, task=task))

    def waiting(self) -> list[Made]:
        return [call for call in self.made if not call.task.done()]

    def in_flight(self) -> list[Made]:
        return [call for call in self.made if call.begun and not call.ended]

    def end(self, call: Made) -> None:
        assert call.begun is not None
        call.ended = True
        self.account.settle(call.begun, call.learnt)

    def drop(self, call: Made) -> None:
        call.task.cancel()

    async def check(self) -> None:
        await turn()
        new = [c for c in self.made if c.task.done() and not c.task.cancelled() and not c.begun]
        for call in new:
            answer = call.task.result()
            if isinstance(answer, Reservation):
                call.begun, self.last = answer, call
                unknown = [c for c in self.made if c.ended and c.learnt.more]
                self.erring = unknown + [c for c in self.in_flight() if c is not call or not answer.alone]
        spent = (Decimal(self.account.tokens), self.account.usd)
        left = all(limit is None or spent[kind] < limit for kind, limit in enumerate(self.limits))
        assert left or not self.waiting()
        assert not left or all(call.begun for call in new), "refused while something was left"
        if waiting := self.waiting():
            self.check_waiting(waiting[0], spent)
        for kind, limit in enumerate(self.limits):
            if limit is not None and self.last is not None and self.last.begun is not None:
                taken = sum((call.takes[kind] for call in self.made if call.begun), Decimal(0))
                over = (call.takes[kind] - call.reserved[kind] for call in self.erring)
                errors = sum((error for error in over if error > 0), Decimal(0))
                if self.last.begun.alone:
                    assert taken < limit + self.last.takes[kind] + errors
                else:
                    assert taken <= limit + errors

    def check_waiting(self, first: Made, spent: Pair) -> None:
        """It waits for somebody, could not have begun, and nobody has overtaken it."""
        held = self.in_flight()
        assert held
        assert not any(call.begun for call in self.made[self.made.index(first) :])
        fits = []
        for kind, need in enumerate((first.need.tokens, first.need.usd)):
            limit = self.limits[kind]
            reserved = sum((call.reserved[kind] for call in held), Decimal(0))
            fits.append(
                limit is None or (need is not None and spent[kind] + reserved + Decimal(need) <= limit)
            )
        assert not all(fits)


amounts = st.integers(0, 60)


def mostly(*values: Any) -> st.SearchStrategy[Any]:
    """The first three times out of four."""
    return st.sampled_from((values[0],) * (3 * (len(values) - 1)) + values[1:])


asked = st.builds(
    lambda bounded, given, most, usd: Need(
        input_tokens=given,
        output_tokens=most if bounded != "usd" else None,
        usd=Decimal(usd) if bounded != "tokens" else None,
    ),
    mostly("both", "tokens", "usd"),
    amounts,
    amounts,
    amounts,
)
steps = st.lists(
    st.tuples(
        asked,
        st.tuples(st.just(60) | amounts, st.integers(-20, 20), st.integers(-20, 20)),
        mostly("whole", "broken", "lost", "failed"),
    )
    | st.tuples(mostly("end", "drop", "drop and end", "end and drop"), st.integers(0, 20)),
    min_size=8,
    max_size=40,
)
limits = st.tuples(*[mostly(st.integers(1, 300), st.none()).flatmap(lambda limit: limit)] * 2)


def outcome(need: Need, drawn: tuple[int, int, int], fate: str) -> tuple[Pair, Spent]:
    """What a call takes, and what anybody learns of it: about as estimated, anything if unbounded."""
    share, error, dearer = drawn
    took = max(0, share if need.tokens is None else need.tokens * share // 60 + error)
    cost = max(Decimal(0), Decimal(share) if need.usd is None else need.usd * share / 60 + dearer)
    if fate == "failed":
        return (Decimal(0), Decimal(0)), NOTHING
    if fate == "lost":
        return (Decimal(took), cost), Spent(more=True)
    if fate == "broken":
        return (Decimal(took), cost), Spent(tokens=took // 2, usd=cost / 2, more=True)
    return (Decimal(took), cost), Spent(tokens=took, usd=cost)


@settings(max_examples=400)
@given(limits=limits, steps=steps)
def test_the_bound(limits: tuple[int | None, int | None], steps: list[tuple[Any, ...]]) -> None:
    async def main() -> None:
        schedule = Schedule(limits)
        for step in steps:
            if isinstance(step[0], Need):
                schedule.make(step[0], *outcome(*step))
            else:
                for act in step[0].split(" and "):
                    calls = schedule.in_flight() if act == "end" else schedule.waiting()
                    if calls:
                        getattr(schedule, act)(calls[step[1] % len(calls)])
            await schedule.check()
        while held := schedule.in_flight():
            schedule.end(held[0])
            await schedule.check()
        assert not schedule.waiting()

    asyncio.run(main())
