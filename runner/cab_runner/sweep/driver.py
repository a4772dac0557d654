"""A sweep from its first attempt to its last: takes slots, starts them, notes what became of them.

One thread. What it knows it writes as events; what has to survive it is in the records.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as Flag
from typing import Final

from cab_proxy.ids import ulid
from cab_runner.sweep import events
from cab_runner.sweep.config import SweepConfig
from cab_runner.sweep.engine import Engine
from cab_runner.sweep.node import Finished, Order
from cab_runner.sweep.schedule import Schedule, Taken, missing
from cab_runner.sweep.store import Standing

_LONGEST_WAIT_S: Final = 0.5
"""A signal, or a change of the schedule, waits no longer than this."""

Tell = Callable[[events.Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How a sweep stands when its runner leaves it."""

    complete: int
    missing: int
    why: str | None
    """Why it ended before all was complete; ``None`` when all that could be was tried."""


class Driver:
    """See the module."""

    def __init__(self, config: SweepConfig, standing: Standing, engine: Engine, tell: Tell) -> None:
        self._config, self._engine, self._tell = config, engine, tell
        slots = config.slots
        self._shares = Counter((slot.agent, slot.model) for slot in slots)
        wanted = missing(slots, standing.attempts)
        self._schedule = Schedule(
            wanted,
            endpoints={name: each.n_concurrent for name, each in config.endpoints.items()},
            n_concurrent=config.n_concurrent,
            max_retries=config.max_retries,
            spending=config.spending,
            spent=standing.spent,
            seed=config.seed,
        )
        self._taken: dict[str, Taken] = {}
        self._complete = len(slots) - len(wanted)
        self._missing = len(wanted)
        self._why: str | None = None

    def run(self, finish: Flag, *, resumed: bool) -> Summary:
        """Run until all is tried, or ``finish`` is set and what was under way has ended."""
        cpu_s = time.thread_time(), time.process_time()
        self._tell(
            events.SweepStarted(
                sweep_id=self._config.sweep_id,
                attempts=self._complete + self._missing,
                complete=self._complete,
                resumed=resumed,
                n_concurrent=self._engine.n_concurrent,
                shares=tuple(
                    events.Share(agent=agent, model=model, attempts=attempts)
                    for (agent, model), attempts in sorted(self._shares.items())
                ),
            )
        )
        while self._taken or not (self._schedule.finished or self._why):
            if finish.is_set():
                self._stop("interrupted")
            self._resize()
            if not self._why:
                self._start_all()
            for finished in self._engine.wait(self._patience_s()):
                self._note(finished)
        if self._why is None and self._schedule.exhausted:
            self._stop("the sweep's budget (--sweep-max-…) is spent, or what an attempt cost is not known")
        summary = Summary(complete=self._complete, missing=self._missing, why=self._why)
        self._tell(
            events.SweepEnded(
                complete=summary.complete,
                missing=summary.missing,
                why=summary.why,
                driver_cpu_s=time.thread_time() - cpu_s[0],
                runner_cpu_s=time.process_time() - cpu_s[1],
            )
        )
        return summary

    def _resize(self) -> None:
        engine, config = self._engine, self._config
        self._schedule.resize(
            engine.n_concurrent,
            {
                name: min(each.n_concurrent, engine.at_endpoint(name))
                for name, each in config.endpoints.items()
            },
        )

    def _patience_s(self) -> float:
        now = time.monotonic()
        change = self._schedule.next_change_s(now)
        return _LONGEST_WAIT_S if change is None else min(_LONGEST_WAIT_S, change - now)

    def _start_all(self) -> None:
        while taken := self._schedule.take(time.monotonic()):
            slot = taken.slot
            order = Order(run_id=ulid(time.time_ns() // 1_000_000), slot=slot, tries=taken.tries)
            self._taken[order.run_id] = taken
            # told first: whoever resumes looks for what was started
            self._tell(
                events.AttemptStarted(
                    run_id=order.run_id,
                    agent=slot.agent,
                    model=slot.model,
                    task=slot.task,
                    endpoint=slot.endpoint,
                    slot=slot.number,
                    try_=taken.tries,
                )
            )
            self._engine.start(order)

    def _note(self, finished: Finished) -> None:
        taken = self._taken.pop(finished.order.run_id)
        limit = self._schedule.limit_of(taken.slot.endpoint)
        verdict = self._schedule.ended(taken, finished.ended, time.monotonic())
        retry_in_s = None if self._why else verdict.retry_in_s
        if verdict.complete:
            self._complete += 1
            self._missing -= 1
        if finished.cell:
            self._tell(
                events.AttemptEnded.from_cell(
                    finished.cell, slot=taken.slot.number, try_=taken.tries, retry_in_s=retry_in_s
                )
            )
        else:
            self._tell(
                events.AttemptLost(
                    run_id=finished.order.run_id,
                    cause=finished.ended.cause,
                    detail=finished.detail,
                    retry_in_s=retry_in_s,
                )
            )
        if (now := self._schedule.limit_of(taken.slot.endpoint)) != limit:
            why = "the endpoint has too much to do" if now < limit else "no overload since"
            self._tell(events.EndpointLimit(endpoint=taken.slot.endpoint, limit=now, why=why))
        if verdict.suspended:
            why = finished.detail or finished.ended.cause
            self._tell(events.TaskSuspended(task=verdict.suspended, why=why))
        if verdict.stop:
            self._stop(f"{verdict.stop} ({finished.detail})" if finished.detail else verdict.stop)

    def _stop(self, why: str) -> None:
        if self._why is None:
            self._why = why
            self._tell(events.Stopping(why=why))
