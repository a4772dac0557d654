"""How far a sweep is: a pure fold of its events.

Which attempts are complete
---------------------------
A slot (agent, model, task, and which of the k attempts) is complete by an ``attempt_ended`` that is
``counted``; such a one is never tried again. With a void one it waits for its next try where ``retry_in_s``
says when; else (a wrong key, a suspended task, no tries left) it is given up until a ``--resume``. Since a
runner may be killed between an attempt and its line, ``sweep_started.complete`` says what was there before;
the slots completed after it are added to that.

Invariants
----------
* Each try is in the sums once, by run id and number, however often it is told.
* ``spent`` is all that was spent, on void attempts too; ratios are of counted attempts alone.
* A try without a record (lost, or cut off with its runner) spent nobody knows what: sums are incomplete then.
* An attempt runs no longer than its runner: none is under way after the next ``sweep_started``, nor where no
  runner is at work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from cab_runner.sweep.events import (
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    EndpointLimit,
    Event,
    Stopping,
    SweepEnded,
    SweepStarted,
    TaskSuspended,
)
from cab_runner.sweep.progress import Figures, Line, Progress, State
from cab_scoring.aggregate import Attempt, aggregate

RATE_WINDOW_S: Final = 300
RATE_ATTEMPTS: Final = 10
"""The rate is that of the last :data:`RATE_WINDOW_S`; where fewer attempts were completed in it, that of the
last so many."""

_UNKNOWN: Final = Attempt(
    passed=None, counted=False, tokens=None, tokens_complete=False, cost_usd=None, cost_complete=False
)
_Slot = tuple[str, str, str, int]
_Try = tuple[str, int]


@dataclass(slots=True)
class _Group:
    """What is known of an agent with a model."""

    wanted: int | None = None
    tries: dict[_Try, Attempt] = field(default_factory=dict)
    failed: dict[_Try, str] = field(default_factory=dict)
    void: dict[_Try, str] = field(default_factory=dict)
    simulated: bool = False
    estimated: bool = False


@dataclass(slots=True)
class _Sitting:
    """What one runner did; over when another takes the sweep up."""

    started: SweepStarted | None = None
    running: dict[str, AttemptStarted] = field(default_factory=dict)
    """By run id."""
    completed: dict[_Slot, datetime] = field(default_factory=dict)
    waiting: dict[_Slot, float] = field(default_factory=dict)
    """Until when, in seconds since the epoch."""
    given_up: set[_Slot] = field(default_factory=set)
    limits: dict[str, EndpointLimit] = field(default_factory=dict)
    suspended: dict[str, str] = field(default_factory=dict)
    stopping: Stopping | None = None
    ended: SweepEnded | None = None


class Tally:
    """Takes a sweep's events as they come, and says how far it is."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._groups: dict[tuple[str, str], _Group] = {}
        self._cut_off: dict[str, AttemptStarted] = {}
        self._again: set[_Try] = set()
        self._now = _Sitting()
        self._last: datetime | None = None
        for event in events:
            self.add(event)

    @property
    def wanted(self) -> int | None:
        """Attempts wanted in all."""
        return self._now.started.attempts if self._now.started else None

    @property
    def complete(self) -> int:
        """Of these, how many are complete."""
        return (self._now.started.complete if self._now.started else 0) + len(self._now.completed)

    def add(self, event: Event) -> None:
        """Take note of the next event. Never raises."""
        self._last = max(self._last or event.at, event.at)
        now = self._now
        match event:
            case SweepStarted():
                self._cut_off |= now.running
                self._now = _Sitting(started=event)
                for share in event.shares:
                    self._group(share.agent, share.model).wanted = share.attempts
            case AttemptStarted():
                self._group(event.agent, event.model)
                now.running[event.run_id] = event
                now.waiting.pop(_slot(event), None)
                now.given_up.discard(_slot(event))
            case AttemptEnded():
                self._forget(event.run_id)
                self._ended(event)
            case AttemptLost():
                self._lost(event)
            case EndpointLimit():
                now.limits[event.endpoint] = event
            case TaskSuspended():
                now.suspended[event.task] = event.why
            case Stopping():
                now.stopping = event
            case SweepEnded():
                now.ended = event

    def _group(self, agent: str, model: str) -> _Group:
        return self._groups.setdefault((agent, model), _Group())

    def _forget(self, run_id: str) -> AttemptStarted | None:
        """The start of a try that is no longer under way."""
        return self._now.running.pop(run_id, None) or self._cut_off.pop(run_id, None)

    def _ended(self, event: AttemptEnded) -> None:
        group, this = self._group(event.agent, event.model), (event.run_id, event.try_)
        if group.tries.get(this, _UNKNOWN) is not _UNKNOWN:
            return
        group.tries[this] = Attempt(
            passed=event.pass_,
            counted=event.counted,
            tokens=event.tokens,
            tokens_complete=event.tokens_complete,
            cost_usd=event.cost_usd,
            cost_complete=event.cost_complete,
        )
        group.simulated |= event.simulated
        group.estimated |= event.tokens_estimated
        group.void.pop(this, None)
        if event.counted:
            if event.cause is not None:
                group.failed[this] = event.cause
            self._now.completed.setdefault(_slot(event), event.at)
            self._now.waiting.pop(_slot(event), None)
        else:
            group.void[this] = event.cause or "unknown"
            self._next_try(event, this, event.at, event.retry_in_s)

    def _lost(self, event: AttemptLost) -> None:
        of_this_runner = event.run_id in self._now.running
        started = self._forget(event.run_id)
        if started is None:
            return
        group, this = self._group(started.agent, started.model), (started.run_id, started.try_)
        group.tries[this], group.void[this] = _UNKNOWN, event.cause
        if of_this_runner:  # an earlier one's slots have other numbers
            self._next_try(started, this, event.at, event.retry_in_s)

    def _next_try(
        self, of: AttemptStarted | AttemptEnded, this: _Try, ended: datetime, retry_in_s: float | None
    ) -> None:
        """What becomes of the slot of a void try."""
        if retry_in_s is None:
            self._now.given_up.add(_slot(of))
        else:
            self._again.add(this)
            self._now.waiting[_slot(of)] = ended.timestamp() + retry_in_s

    def progress(self, now: datetime, *, at_work: bool = True) -> Progress:
        """How far the sweep is. ``at_work``: whether a runner is."""
        sitting, state = self._now, self._state(at_work=at_work)
        alive = state in {"running", "stopping"}
        cut_off = [*self._cut_off.values(), *(() if alive else sitting.running.values())]
        rate, eta_s = self._pace(max(now, self._last or now)) if alive else (None, None)
        unrecorded = Counter((each.agent, each.model) for each in cut_off)
        started, last_word = sitting.started, sitting.ended or sitting.stopping
        return Progress(
            sweep_id=started.sweep_id if started else None,
            state=state,
            resumed=started is not None and started.resumed,
            n_concurrent=started.n_concurrent if started else None,
            running=tuple(sorted(sitting.running.values(), key=lambda each: each.at)) if alive else (),
            waiting=len(sitting.waiting) if alive else 0,
            given_up=len(sitting.given_up),
            cut_off=len(cut_off),
            tries_again=len(self._again),
            rate_per_min=rate,
            eta_s=eta_s,
            limits=dict(sitting.limits),
            suspended=dict(sitting.suspended),
            why=last_word.why if last_word else None,
            total=_figures(list(self._groups.values()), self.wanted, self.complete, len(cut_off)),
            lines=tuple(
                Line(
                    agent=agent,
                    model=model,
                    simulated=group.simulated,
                    figures=_figures([group], group.wanted, None, unrecorded[agent, model]),
                )
                for (agent, model), group in self._groups.items()
            ),
        )

    def _state(self, *, at_work: bool) -> State:
        if self._now.started is None:
            return "not started"
        if self._now.ended:
            return "ended"
        if not at_work:
            return "killed"
        return "stopping" if self._now.stopping else "running"

    def _pace(self, now: datetime) -> tuple[float | None, float | None]:
        """Attempts completed a minute, and seconds until all are."""
        sitting = self._now
        if sitting.started is None or not sitting.completed:
            return None, None
        rate = _rate(sorted(sitting.completed.values()), sitting.started.at, now)
        if rate is None:
            return None, None
        left = sitting.started.attempts - self.complete - len(sitting.given_up)
        last_due_s = max(sitting.waiting.values(), default=0.0) - now.timestamp()
        return rate, None if sitting.stopping else max(0.0, left / rate * 60, last_due_s)


def _rate(times: Sequence[datetime], since: datetime, now: datetime) -> float | None:
    """Times a minute, of late."""
    start = max(since, now - timedelta(seconds=RATE_WINDOW_S))
    count = sum(time > start for time in times)
    if count < RATE_ATTEMPTS:
        count = min(len(times), RATE_ATTEMPTS)
        start = times[-count - 1] if len(times) > count else since
    minutes = (now - start).total_seconds() / 60
    return count / minutes if minutes > 0 else None


def _figures(groups: Sequence[_Group], wanted: int | None, complete: int | None, unrecorded: int) -> Figures:
    """``complete``: None for what the events say. ``unrecorded``: tries of these that were cut off."""
    tries = [each for group in groups for each in group.tries.values()] + [_UNKNOWN] * unrecorded
    counted = aggregate(tries)
    spent = counted
    if counted.counted < counted.attempts:
        spent = aggregate(replace(each, counted=True) for each in tries)
    return Figures(
        wanted=wanted,
        complete=counted.counted if complete is None else complete,
        counted=counted,
        spent=spent,
        estimated=any(group.estimated for group in groups),
        failed=_counts(cause for group in groups for cause in group.failed.values()),
        void=_counts(cause for group in groups for cause in group.void.values()),
    )


def _counts(causes: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(causes).items()))


def _slot(event: AttemptStarted | AttemptEnded) -> _Slot:
    return event.agent, event.model, event.task, event.slot
