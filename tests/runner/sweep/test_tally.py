from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.sweep.events import EndpointLimit, Event, Stopping, TaskSuspended
from cab_runner.sweep.progress import Progress
from cab_runner.sweep.tally import RATE_ATTEMPTS, RATE_WINDOW_S, Tally
from fakes.sweep_events import (
    at,
    attempt_ended,
    attempt_lost,
    attempt_started,
    attempt_void,
    sweep_ended,
    sweep_started,
)


def progress(*events: Event, now_s: float = 60, at_work: bool = True) -> Progress:
    return Tally(events).progress(at(now_s), at_work=at_work)


def completed(*seconds: float, prefix: str = "r") -> list[Event]:
    """An attempt ended at each of these times."""
    return [attempt_ended(f"{prefix}{number}", second) for number, second in enumerate(seconds)]


def test_nothing_has_happened() -> None:
    empty = progress()
    assert (empty.state, empty.sweep_id, empty.total.wanted, empty.total.complete) == (
        "not started", None, None, 0,
    )  # fmt: skip
    assert empty.rate_per_min is None
    assert empty.eta_s is None
    assert empty.lines == ()


def test_what_is_wanted_is_known_at_the_start() -> None:
    found = progress(sweep_started())
    assert found.total.wanted == 90
    assert [(line.agent, line.figures.wanted, line.figures.complete) for line in found.lines] == [
        ("bash-loop", 60, 0),
        ("aider", 30, 0),
    ]
    assert found.lines[0].figures.counted.pass_rate is None


def test_passes_failures_and_void_attempts() -> None:
    found = progress(
        sweep_started(),
        attempt_ended("r1"),
        attempt_ended("r2", pass_=0, cause="agent_timeout"),
        attempt_ended("r3", pass_=None, cause="grader_error", counted=False),
        attempt_void("r4"),
        attempt_ended("r5", agent="aider", simulated=True),
    )
    bash_loop, aider = found.lines
    assert found.total.complete == 3
    assert (bash_loop.figures.complete, bash_loop.figures.counted.passed) == (2, 1)
    assert bash_loop.figures.counted.pass_rate == 0.5
    assert bash_loop.figures.void == {"grader_error": 1, "rate_limited": 1}
    assert bash_loop.figures.failed == {"agent_timeout": 1}
    assert (bash_loop.simulated, aider.simulated) == (False, True)
    assert (found.waiting, found.given_up, found.tries_again) == (1, 1, 1)


def test_tokens_of_void_attempts_are_spent_and_in_no_ratio() -> None:
    found = progress(sweep_started(), attempt_ended("r1"), attempt_void("r2"))
    assert found.total.spent.tokens == 1010
    assert found.total.counted.tokens_per_correct_task == 1000


def test_unknown_is_null_and_makes_sums_incomplete() -> None:
    unknown: dict[str, Any] = {"tokens": None, "tokens_complete": False}
    found = progress(
        sweep_started(),
        attempt_ended("r1", cost_usd=Decimal("0.1"), cost_complete=True),
        attempt_ended("r2", **unknown),
        attempt_ended("r3", agent="aider", **unknown),
    )
    assert (found.total.spent.tokens, found.total.tokens_complete) == (1000, False)
    assert (found.total.spent.cost_usd, found.total.cost_complete) == (Decimal("0.1"), False)
    aider = found.lines[1].figures
    assert (aider.spent.tokens, aider.spent.cost_usd) == (None, None)
    complete = progress(sweep_started(), attempt_ended("r1", cost_usd=Decimal(1), cost_complete=True))
    assert complete.total.tokens_complete
    assert complete.total.cost_complete


def test_an_estimate_marks_its_sums() -> None:
    found = progress(
        sweep_started(), attempt_ended("r1", tokens_estimated=True), attempt_ended("r2", agent="aider")
    )
    assert [line.figures.estimated for line in found.lines] == [True, False]
    assert found.total.estimated


def test_what_runs_now_since_when() -> None:
    found = progress(
        sweep_started(),
        attempt_started("r2", 7),
        attempt_started("r1", 3),
        attempt_started("r3", 1),
        attempt_ended("r3", 5),
    )
    assert [(each.run_id, each.at) for each in found.running] == [("r1", at(3)), ("r2", at(7))]


def test_a_slot_waits_until_its_next_try() -> None:
    slot: dict[str, Any] = {"task": "polyglot/x"}
    waiting = [sweep_started(), attempt_started("r1", **slot), attempt_void("r1", 1, **slot)]
    assert progress(*waiting).waiting == 1
    again = [*waiting, attempt_started("r2", 22, try_=2, **slot)]
    assert progress(*again).waiting == 0
    done = progress(*again, attempt_ended("r2", 25, try_=2, **slot))
    assert (done.total.complete, done.tries_again, done.total.counted.attempts) == (1, 1, 2)


def test_a_lost_attempt_is_tried_again_and_spent_nobody_knows_what() -> None:
    found = progress(sweep_started(), attempt_ended("r1"), attempt_started("r2"), attempt_lost("r2", 9))
    assert found.running == ()
    assert found.tries_again == 1
    assert found.total.void == {"sandbox_error": 1}
    assert (found.total.spent.tokens, found.total.tokens_complete) == (1000, False)


def test_a_lost_attempt_may_be_the_last_of_its_slot() -> None:
    lost = [sweep_started(), attempt_started("r1"), attempt_lost("r1", 9, retry_in_s=None)]
    assert (progress(*lost).waiting, progress(*lost).given_up, progress(*lost).tries_again) == (0, 1, 0)
    again = progress(*lost[:2], attempt_lost("r1", 9, retry_in_s=20.0))
    assert (again.waiting, again.given_up, again.tries_again) == (1, 0, 1)


def test_a_lost_attempt_that_comes_in_after_all() -> None:
    late = [sweep_started(), attempt_started("r1"), attempt_lost("r1", 9), attempt_ended("r1", 12)]
    found = progress(*late)
    assert found.total.void == {}
    assert (found.total.complete, found.total.spent.tokens, found.total.tokens_complete) == (1, 1000, True)
    early = progress(sweep_started(), attempt_started("r1"), attempt_ended("r1", 9), attempt_lost("r1", 12))
    assert (early.total.void, early.tries_again) == ({}, 0)


def test_what_is_told_twice_counts_once() -> None:
    twice = [
        attempt_ended("r1", 1),
        attempt_void("r2", 2),
        attempt_started("r3", 3, task="polyglot/r2", try_=2),
    ]
    found = progress(sweep_started(), *twice, attempt_ended("r1", 4), attempt_void("r2", 5))
    assert (found.total.complete, found.total.spent.tokens, found.tries_again, found.waiting) == (
        1,
        1010,
        1,
        0,
    )


def test_limits_suspended_tasks_and_why_it_stops() -> None:
    found = progress(
        sweep_started(),
        EndpointLimit(at=at(1), endpoint="sim", limit=4, why="429"),
        EndpointLimit(at=at(2), endpoint="sim", limit=2, why="429"),
        TaskSuspended(at=at(3), task="polyglot/x", why="grader_error"),
        Stopping(at=at(4), why="Ctrl-C"),
    )
    assert {name: each.limit for name, each in found.limits.items()} == {"sim": 2}
    assert found.suspended == {"polyglot/x": "grader_error"}
    assert (found.state, found.why) == ("stopping", "Ctrl-C")


def test_ended() -> None:
    found = progress(sweep_started(), *completed(1, 2), attempt_started("r9"), sweep_ended(9, why="budget"))
    assert (found.state, found.why, found.running, found.rate_per_min) == ("ended", "budget", (), None)


KILLED = [sweep_started(), *completed(1, 2), attempt_void("v", 3), attempt_started("r9", 4)]


def test_a_killed_runner_has_nothing_under_way() -> None:
    alive, killed = progress(*KILLED), progress(*KILLED, at_work=False)
    assert (alive.state, len(alive.running), alive.cut_off, alive.waiting) == ("running", 1, 0, 1)
    assert (killed.state, killed.running, killed.cut_off, killed.waiting) == ("killed", (), 1, 0)
    assert (killed.rate_per_min, killed.eta_s) == (None, None)
    assert alive.total.tokens_complete
    assert not killed.total.tokens_complete
    assert not killed.lines[0].figures.tokens_complete


def test_a_resumed_sweep_goes_on_with_what_was_there() -> None:
    resumed = [
        *KILLED,
        EndpointLimit(at=at(5), endpoint="sim", limit=1, why="429"),
        TaskSuspended(at=at(6), task="polyglot/x", why="grader_error"),
        # one more than the events tell: the runner was killed before the line
        sweep_started(100, complete=3, resumed=True),
        attempt_started("s1", 101),
    ]
    found = progress(*resumed, now_s=102)
    assert (found.resumed, found.state, found.total.complete) == (True, "running", 3)
    assert [each.run_id for each in found.running] == ["s1"]
    assert (found.cut_off, found.waiting, found.limits, found.suspended) == (1, 0, {}, {})
    assert found.total.spent.tokens == 2010
    again = progress(*resumed, attempt_lost("r9", 102), attempt_ended("s1", 103))
    assert (again.cut_off, again.total.complete, again.total.void) == (
        0,
        4,
        {"sandbox_error": 1, "rate_limited": 1},
    )


def test_a_slot_number_may_be_taken_again_after_a_resume() -> None:
    """Slots are numbered by how many attempts stand: one that was complete may get another's number."""
    slot: dict[str, Any] = {"task": "polyglot/x", "slot": 2}
    found = progress(
        sweep_started(),
        attempt_ended("r1", 1, **slot),
        sweep_started(10, complete=1, resumed=True),
        attempt_ended("r2", 11, **slot),
    )
    assert found.total.complete == found.lines[0].figures.complete == 2


def test_no_rate_before_the_first_attempt() -> None:
    found = progress(sweep_started(), attempt_void("r1", 5))
    assert (found.rate_per_min, found.eta_s) == (None, None)


def test_no_rate_without_time() -> None:
    assert progress(sweep_started(), *completed(0), now_s=0).rate_per_min is None


def test_rate_and_eta() -> None:
    found = progress(sweep_started(), *completed(*range(6, 61, 6)), now_s=60)
    assert found.rate_per_min == 10
    assert found.eta_s == 80 / 10 * 60


def test_the_rate_is_that_of_late() -> None:
    slow = [10_000.0 * n for n in range(1, 4)]
    fast = [40_000.0 + 2 * n for n in range(1, 1 + RATE_WINDOW_S)]
    found = progress(sweep_started(attempts=1000), *completed(*slow, *fast), now_s=fast[-1])
    assert found.rate_per_min == 30


def test_the_rate_of_long_attempts_is_that_of_the_last_few() -> None:
    hours = [3600.0 * n for n in range(1, 21)]
    found = progress(sweep_started(), *completed(*hours), now_s=hours[-1] + 1800)
    assert found.rate_per_min == pytest.approx(RATE_ATTEMPTS / (60 * (RATE_ATTEMPTS + 0.5)))


def test_the_rate_falls_while_nothing_comes() -> None:
    events = [sweep_started(), *completed(10, 20)]
    rates = [progress(*events, now_s=now_s).rate_per_min or 0 for now_s in (20, 60, 600)]
    assert rates == sorted(rates, reverse=True)
    assert len(set(rates)) == 3


def test_the_rate_is_not_that_of_an_earlier_runner() -> None:
    events = [sweep_started(), *completed(1, 2, 3), sweep_started(1000, complete=3, resumed=True)]
    assert progress(*events, now_s=1010).rate_per_min is None
    assert progress(*events, *completed(1030, prefix="s"), now_s=1060).rate_per_min == 1


def test_tries_that_complete_nothing_slow_it() -> None:
    void = [attempt_void(f"v{n}", n) for n in range(1, 31)]
    assert progress(sweep_started(), *completed(30, 60), *void).rate_per_min == 2


def test_the_end_is_not_before_the_last_one_waiting_is_due() -> None:
    events = [
        sweep_started(attempts=11),
        *completed(*range(6, 61, 6)),
        attempt_void("v", 60, retry_in_s=300.0),
    ]
    assert progress(*events, now_s=60).eta_s == 300
    assert progress(*events, now_s=150).eta_s == 210


def test_what_is_given_up_is_not_waited_for() -> None:
    bad_key = attempt_ended("v", 60, pass_=None, cause="bad_key", counted=False)
    found = progress(sweep_started(attempts=11), *completed(*range(6, 61, 6)), bad_key)
    assert found.eta_s == 0


def test_a_sweep_that_stops_has_no_eta() -> None:
    found = progress(sweep_started(), *completed(30, 60), Stopping(at=at(60), why="Ctrl-C"))
    assert (found.rate_per_min, found.eta_s) == (2, None)


def test_a_clock_that_is_behind() -> None:
    assert progress(sweep_started(), *completed(30, 60), now_s=-1000).rate_per_min == 2


def test_json() -> None:
    found = progress(
        sweep_started(),
        attempt_ended("r1", cost_usd=Decimal("0.50"), cost_complete=True),
        attempt_started("r2", 2),
        EndpointLimit(at=at(1), endpoint="sim", limit=4, why="429"),
    ).to_json()
    assert json.loads(json.dumps(found)) == found
    assert found["running"][0]["run_id"] == "r2"
    assert found["running"][0]["at"] == "2026-03-01T12:00:02.000000Z"
    assert found["limits"] == {"sim": {"limit": 4, "why": "429"}}
    assert {key: found[key] for key in ("sweep_id", "state", "resumed", "n_concurrent", "rate_per_min")} == {
        "sweep_id": "nightly",
        "state": "running",
        "resumed": False,
        "n_concurrent": 4,
        "rate_per_min": 1,
    }
    assert found["lines"][0] == {
        "agent": "bash-loop",
        "model": "oracle",
        "simulated": False,
        "wanted": 60,
        "complete": 1,
        "counted": 1,
        "graded": 1,
        "passed": 1,
        "failed": 0,
        "pass_rate": 1,
        "tokens_per_correct_task": 1000,
        "usd_per_correct_task": "0.50",
        "tokens_coverage": 1,
        "cost_coverage": 1,
        "tokens_spent": 1000,
        "tokens_complete": True,
        "tokens_estimated": False,
        "usd_spent": "0.50",
        "cost_complete": True,
        "failures": {},
        "void": {},
    }


def one_slot(number: int, draw: st.DrawFn) -> list[Event]:
    """All events of a slot: some tries that are void or lost, then perhaps one that counts."""
    names = {"task": f"polyglot/{number}", "agent": draw(st.sampled_from(["bash-loop", "aider", "codex"]))}
    events: list[Event] = []
    ends = draw(st.lists(st.sampled_from(["void", "lost"]), max_size=3))
    last = draw(st.sampled_from(["counted", "given up", "running"]))
    for try_, end in enumerate([*ends, last], start=1):
        run_id, seconds = f"{number}.{try_}", draw(st.integers(0, 500))
        figures = {
            "tokens": draw(st.none() | st.integers(0, 10**6)),
            "tokens_complete": draw(st.booleans()),
            "cost_usd": draw(st.none() | st.decimals(0, 100, places=4)),
            "cost_complete": draw(st.booleans()),
            "try_": try_,
            **names,
        }
        events.append(attempt_started(run_id, seconds, try_=try_, **names))
        match end:
            case "void":
                events.append(attempt_void(run_id, seconds, **figures))
            case "lost":
                events.append(attempt_lost(run_id, seconds))
            case "counted":
                events.append(attempt_ended(run_id, seconds, pass_=draw(st.integers(0, 1)), **figures))
            case "given up":
                events.append(attempt_void(run_id, seconds, retry_in_s=None, **figures))
    return events


@st.composite
def interleavings(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """The same slots' events, in two orders; each slot's own are in order."""
    slots = [one_slot(number, draw) for number in range(draw(st.integers(0, 8)))]
    left, right = (interleaved(slots, draw(st.randoms(use_true_random=False))) for _ in range(2))
    return left, right


def interleaved(slots: Sequence[Sequence[Event]], random: Any) -> list[Event]:
    turns = [number for number, events in enumerate(slots) for _ in events]
    random.shuffle(turns)
    queues = [iter(events) for events in slots]
    return [next(queues[turn]) for turn in turns]


def sums(found: Progress) -> dict[str, Any]:
    """Without what tells the order: the first line is that of the first attempt."""
    told = found.to_json()
    return {
        **told,
        "lines": sorted(told["lines"], key=lambda line: str(line["agent"])),
        "running": sorted(each["run_id"] for each in told["running"]),
    }


@given(interleavings(), st.booleans())
def test_the_order_of_interleaved_attempts_does_not_matter(
    orders: tuple[list[Event], list[Event]], at_work: bool
) -> None:
    left, right = (progress(sweep_started(), *order, now_s=600, at_work=at_work) for order in orders)
    assert sums(left) == sums(right)
    total, lines = left.total, [line.figures for line in left.lines]
    assert total.complete == sum(figures.complete for figures in lines)
    assert sum(total.void.values()) == sum(sum(figures.void.values()) for figures in lines)
    assert (total.spent.tokens or 0) == sum(figures.spent.tokens or 0 for figures in lines)


@given(
    st.permutations(KILLED * 2 + [sweep_ended(), sweep_started(50), attempt_lost("r9"), attempt_lost("?")])
)
def test_no_order_of_events_raises(events: list[Event]) -> None:
    assert progress(*events).to_json()
    assert progress(*events, at_work=False).to_json()
