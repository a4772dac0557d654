"""The axis ``latency``: wall time, and how it divides between model and agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cab_proxy.records import Record, call_time_ms, model_time_ms, parse_time
from cab_scoring.evidence import AgentRun

_KEYS: Final = (
    *("wall_clock_ms", "container_active_ms", "model_call_ms"),
    *("model_call_coverage", "model_time_ms", "agent_ms", "agent_cpu_ms"),
)


def latency_axis(run: AgentRun | None, calls: Sequence[Record]) -> dict[str, Any]:
    """``scores.latency``; all None when the agent was never run.

    ``model_call_ms`` is the union of the calls' intervals without the client's back-pressure. A call
    that never ended adds nothing to it, and ``model_call_coverage`` tells. ``model_time_ms`` is what the
    agent waited up to its end, back-off and calls then open included: what a limit on its own time leaves
    out. ``agent_ms`` is the rest of the time in which the container was active; the clocks of the two are
    not one clock, so a difference below zero is zero.
    """
    if run is None:
        return dict.fromkeys(_KEYS)
    model_ms = model_time_ms(calls, until=parse_time(run.ended_at))
    active_ms = run.container_active_ms
    timed = sum(call.duration_ms is not None for call in calls)
    return {
        "wall_clock_ms": run.wall_clock_ms,
        "container_active_ms": active_ms,
        "model_call_ms": call_time_ms(calls),
        "model_call_coverage": timed / len(calls) if calls else None,
        "model_time_ms": model_ms,
        "agent_ms": None if active_ms is None else max(0.0, active_ms - model_ms),
        "agent_cpu_ms": run.agent_cpu_ms,
    }
