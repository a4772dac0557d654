"""Events of a sweep, at seconds since it began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cab_runner.sweep.events import AttemptEnded, AttemptLost, AttemptStarted, Share, SweepEnded, SweepStarted

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def sweep_started(seconds: float = 0, **changed: Any) -> SweepStarted:
    """Of 90 attempts, 60 of them bash-loop's."""
    values: dict[str, Any] = {
        "sweep_id": "nightly",
        "attempts": 90,
        "complete": 0,
        "resumed": False,
        "n_concurrent": 4,
        "shares": (
            Share(agent="bash-loop", model="oracle", attempts=60),
            Share(agent="aider", model="oracle", attempts=30),
        ),
    }
    return SweepStarted(at=at(seconds), **(values | changed))


def attempt_started(run_id: str, seconds: float = 0, **changed: Any) -> AttemptStarted:
    """The first try of bash-loop on a task that is named as the run is."""
    values: dict[str, Any] = {
        "agent": "bash-loop",
        "model": "oracle",
        "task": f"polyglot/{run_id}",
        "endpoint": "sim",
        "slot": 1,
        "try_": 1,
    }
    return AttemptStarted(at=at(seconds), run_id=run_id, **(values | changed))


def attempt_ended(run_id: str, seconds: float = 0, **changed: Any) -> AttemptEnded:
    """A pass, with all figures known, of what :func:`attempt_started` started."""
    values: dict[str, Any] = {
        "agent": "bash-loop",
        "model": "oracle",
        "task": f"polyglot/{run_id}",
        "slot": 1,
        "try_": 1,
        "attempt": 1,
        "pass_": 1,
        "cause": None,
        "counted": True,
        "tokens": 1000,
        "tokens_complete": True,
        "cost_usd": None,
        "cost_complete": False,
        "wall_s": 3.14,
        "simulated": False,
        "retry_in_s": None,
    }
    return AttemptEnded(at=at(seconds), run_id=run_id, **(values | changed))


def attempt_void(run_id: str, seconds: float = 0, **changed: Any) -> AttemptEnded:
    """The endpoint answered 429; tried again after 20 s."""
    void = {"pass_": None, "cause": "rate_limited", "counted": False, "tokens": 10, "retry_in_s": 20.0}
    return attempt_ended(run_id, seconds, **(void | changed))


def attempt_lost(run_id: str, seconds: float = 0, **changed: Any) -> AttemptLost:
    return AttemptLost(at=at(seconds), run_id=run_id, **({"cause": "sandbox_error"} | changed))


def sweep_ended(seconds: float = 0, **changed: Any) -> SweepEnded:
    values: dict[str, Any] = {"complete": 90, "missing": 0, "why": None}
    return SweepEnded(at=at(seconds), **(values | changed))
