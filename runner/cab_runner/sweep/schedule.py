"""Which attempt is next, and what becomes of one that has ended. Pure: the caller tells the time.

Invariants
----------
* A slot that is complete is never taken again; one that is taken is taken by nobody else until it has ended.
* What decides whether an attempt is tried again is the failure table alone, never its verdict.
* An endpoint's limit falls when the endpoint is overloaded, once for all attempts that were under way then,
  and rises by one for every limit's worth of attempts that saw no overload: additive increase,
  multiplicative decrease, as TCP does it.
"""

from __future__ import annotations

import random
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from cab_scoring.aggregate import Attempt
from cab_scoring.failure import FAILURES

FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 300.0
"""Between two tries of a slot, unless the endpoint's Retry-After is longer."""
LONGEST_RETRY_AFTER_S: Final = 3600.0
"""An endpoint that asks for more is not waited for: the slot is given up."""
DECREASE: Final = 0.5
OVERLOADED: Final = frozenset({"rate_limited", "endpoint_down"})
"""Causes that say that an endpoint has too much to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One wanted attempt."""

    agent: str
    model: str
    task: str
    endpoint: str
    """Name of the endpoint that serves the model."""
    number: int
    """Which of the cell's attempts, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What the schedule needs of an attempt that has ended."""

    cause: str
    """Of the failure table."""
    throttled: bool = False
    """The endpoint answered 429 in the course of it."""
    retry_after_s: float | None = None
    """What the endpoint asked for last."""
    spent: Attempt | None = None
    """Its tokens and money; ``None`` when there is no record of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a slot."""

    complete: bool
    retry_in_s: float | None = None
    """Tried again after this; ``None``: it is complete, or given up."""
    stop: str | None = None
    """Why the whole sweep has to stop."""
    suspended: str | None = None
    """The task that is suspended now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a sweep may spend in all, void attempts included; ``None`` is no limit."""

    max_tokens: int | None = None
    max_cost_usd: Decimal | None = None
    attempt_tokens: int | None = None
    """What one attempt may spend at most, where its own budget says so: the sweep's is a hard limit then."""
    attempt_cost_usd: Decimal | None = None

    @property
    def allows_one(self) -> bool:
        """Whether one attempt fits at all."""
        tokens = self.max_tokens is None or (self.attempt_tokens or 0) <= self.max_tokens
        return tokens and (self.max_cost_usd is None or (self.attempt_cost_usd or 0) <= self.max_cost_usd)


@dataclass(slots=True)
class _Waiting:
    slot: Slot
    place: int
    tries: int = 0
    not_before_s: float = 0.0


@dataclass(slots=True)
class _Endpoint:
    most: int
    limit: float = 0.0
    running: int = 0
    paused_until_s: float = 0.0
    started: int = 0
    lowered_at: int = 0
    """How many attempts had been started when the limit fell last: the older ones can't lower it again."""

    def __post_init__(self) -> None:
        self.limit = float(self.most)

    def resize(self, most: int) -> None:
        if most != self.most:
            # one that was never lowered, or has recovered, is as high as may be
            self.limit = max(1.0, float(most) if self.limit >= self.most else min(self.limit, most))
            self.most = most

    def has_room(self, now_s: float) -> bool:
        return self.running < min(int(self.limit), self.most) and self.paused_until_s <= now_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A slot under way."""

    slot: Slot
    tries: int
    """Which try this is, from 1."""
    place: int = field(repr=False)
    nth: int = field(repr=False)


class Schedule:
    """The slots of a sweep that are still wanted, in the order in which they are to be taken."""

    def __init__(
        self,
        slots: Sequence[Slot],
        *,
        endpoints: Mapping[str, int],
        n_concurrent: int,
        max_retries: int,
        spending: Spending | None = None,
        spent: Iterable[Attempt] = (),
        seed: int = 0,
    ) -> None:
        self._waiting = [_Waiting(slot, place) for place, slot in enumerate(slots)]
        self._running: dict[int, Taken] = {}
        self._endpoints = {name: _Endpoint(most) for name, most in endpoints.items()}
        self._n_concurrent = n_concurrent
        self._max_retries = max_retries
        self._spending = spending or Spending()
        self._tokens, self._cost_usd, self._cost_known = 0, Decimal(0), True
        self._largest_tokens, self._largest_cost_usd = 0, Decimal(0)
        self._seed = seed
        self._suspended: set[str] = set()
        for attempt in spent:
            self._spend(attempt)

    @property
    def running(self) -> int:
        """Attempts under way."""
        return len(self._running)

    @property
    def exhausted(self) -> bool:
        """Whether the budget allows no further attempt, though some are still wanted."""
        return bool(self._waiting) and not self._running and not self._affordable()

    @property
    def finished(self) -> bool:
        """Whether nothing is under way and nothing will be taken any more."""
        return not self._running and (not self._waiting or not self._affordable())

    def resize(self, n_concurrent: int, endpoints: Mapping[str, int]) -> None:
        """From now on so many at once, and at each endpoint so many at most. What is under way stays so."""
        self._n_concurrent = n_concurrent
        for name, most in endpoints.items():
            self._endpoints[name].resize(most)

    def limit_of(self, endpoint: str) -> int:
        """How many attempts may be under way at an endpoint now."""
        return int(self._endpoints[endpoint].limit)

    def take(self, now_s: float) -> Taken | None:
        """The next slot, which is under way from now on; ``None`` when none may start now."""
        if len(self._running) >= self._n_concurrent or not self._affordable():
            return None
        for index, waiting in enumerate(self._waiting):
            endpoint = self._endpoints[waiting.slot.endpoint]
            if waiting.not_before_s <= now_s and endpoint.has_room(now_s):
                del self._waiting[index]
                endpoint.running += 1
                endpoint.started += 1
                taken = Taken(
                    slot=waiting.slot, tries=waiting.tries + 1, place=waiting.place, nth=endpoint.started
                )
                self._running[taken.place] = taken
                return taken
        return None

    def next_change_s(self, now_s: float) -> float | None:
        """When a slot may be taken that may not now, if nothing ends first; ``None``: none waits for that."""
        if len(self._running) >= self._n_concurrent:
            return None
        times = [
            max(waiting.not_before_s, self._endpoints[waiting.slot.endpoint].paused_until_s)
            for waiting in self._waiting
        ]
        return min((time for time in times if time > now_s), default=None)

    def ended(self, taken: Taken, ended: Ended, now_s: float) -> Verdict:
        """Note how an attempt ended."""
        del self._running[taken.place]
        if ended.spent:
            self._spend(ended.spent)
        self._adapt(taken, ended, now_s)
        rule = FAILURES[ended.cause]
        if rule.counted:
            return Verdict(complete=True)
        if rule.then == "stop the sweep":
            return Verdict(complete=False, stop=f"{ended.cause}: {rule.evidence}")
        if rule.then == "suspend the task":
            return Verdict(complete=False, suspended=self._suspend(taken.slot.task))
        too_long = (ended.retry_after_s or 0.0) > LONGEST_RETRY_AFTER_S
        out_of_tries = taken.tries > self._max_retries
        if rule.retried == "no" or out_of_tries or too_long or taken.slot.task in self._suspended:
            return Verdict(complete=False)
        wait_s = self._wait_s(taken, ended)
        again = _Waiting(taken.slot, taken.place, taken.tries, now_s + wait_s)
        insort(self._waiting, again, key=lambda waiting: waiting.place)
        return Verdict(complete=False, retry_in_s=wait_s)

    def _wait_s(self, taken: Taken, ended: Ended) -> float:
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(taken.tries - 1, 10))
        # from half of it up, so that those that failed together don't come back together
        draw = random.Random(f"{self._seed}/{taken.place}/{taken.tries}").uniform(0.5, 1.0)  # noqa: S311  # no secret
        return max(longest * draw, ended.retry_after_s or 0.0)

    def _adapt(self, taken: Taken, ended: Ended, now_s: float) -> None:
        endpoint = self._endpoints[taken.slot.endpoint]
        endpoint.running -= 1
        if not ended.throttled and ended.cause not in OVERLOADED:
            endpoint.limit = max(1.0, min(endpoint.most, endpoint.limit + 1.0 / endpoint.limit))
            return
        if taken.nth > endpoint.lowered_at:
            endpoint.limit = max(1.0, endpoint.limit * DECREASE)
            endpoint.lowered_at = endpoint.started
        if ended.retry_after_s is not None and ended.cause in OVERLOADED:
            pause_s = min(ended.retry_after_s, LONGEST_RETRY_AFTER_S)
            endpoint.paused_until_s = max(endpoint.paused_until_s, now_s + pause_s)

    def _suspend(self, task: str) -> str:
        self._suspended.add(task)
        self._waiting = [waiting for waiting in self._waiting if waiting.slot.task != task]
        return task

    def _spend(self, attempt: Attempt) -> None:
        tokens, cost_usd = attempt.tokens or 0, attempt.cost_usd or Decimal(0)
        self._tokens += tokens
        self._cost_usd += cost_usd
        self._largest_tokens = max(self._largest_tokens, tokens)
        self._largest_cost_usd = max(self._largest_cost_usd, cost_usd)
        self._cost_known &= attempt.cost_usd is not None or not tokens

    def _affordable(self) -> bool:
        """Whether one more may start: each one under way is taken to spend what it may, or what any did."""
        held, limit = len(self._running) + 1, self._spending
        if limit.max_tokens is not None:
            each = self._largest_tokens if limit.attempt_tokens is None else limit.attempt_tokens
            if self._tokens + max(1, held * each) > limit.max_tokens:
                return False
        if limit.max_cost_usd is not None:
            if not self._cost_known:
                return False  # as with an attempt's budget: what is unknown counts as all that was left
            cost = self._largest_cost_usd if limit.attempt_cost_usd is None else limit.attempt_cost_usd
            if self._cost_usd + held * cost > limit.max_cost_usd or self._cost_usd >= limit.max_cost_usd:
                return False
        return True


def in_turns(cells: Sequence[tuple[str, str, str]], k: int, seed: int) -> list[tuple[str, str, str, int]]:
    """Cells (agent, model, task) × attempts in the order in which they are taken.

    All first attempts come before the second ones. Tasks are in drawn order, anew each time, and a task's
    agents and models follow each other directly, in drawn order too: so what changes from hour to hour
    (an endpoint's load, a machine's) is the same for all of them.
    """
    drawn = random.Random(seed)  # noqa: S311  # no secret: the order is in lock.json
    arms_of: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for agent, model, task in sorted(cells):
        arms_of[task].append((agent, model))
    order: list[tuple[str, str, str, int]] = []
    for number in range(1, k + 1):
        tasks = sorted(arms_of)
        drawn.shuffle(tasks)
        for task in tasks:
            arms = list(arms_of[task])
            drawn.shuffle(arms)
            order += [(agent, model, task, number) for agent, model in arms]
    return order


def missing(slots: Iterable[Slot], standing: Counter[tuple[str, str, str]]) -> list[Slot]:
    """The slots that are still wanted, where so many attempts of (agent, model, task) stand already."""
    return [slot for slot in slots if slot.number > standing[slot.agent, slot.model, slot.task]]


def stands(cell: Mapping[str, Any]) -> bool:
    """Whether a recorded attempt completes a slot: void ones never do."""
    failure = cell["failure"]
    return failure is None or bool(failure["counted"])
