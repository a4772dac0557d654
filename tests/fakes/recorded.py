"""Whole cell records, with what exports read of them beside the scores."""

from __future__ import annotations

from typing import Any

from cab_scoring.evidence import Evidence
from fakes.cells import cell
from fakes.evidence import evidence


def recorded(given: Evidence | None = None, *, attempt: int = 1, **named: Any) -> dict[str, Any]:
    """The record of an attempt; by default of a clean pass. ``named`` is as in :func:`fakes.cells.cell`."""
    given = given or evidence()
    made, run = cell(given, **named), given.run
    identity = made["identity"]
    return {
        "schema_version": 1,
        **made,
        "identity": {
            **identity,
            "cell_id": f"s/{identity['agent']}/{identity['model']}/{identity['task']}",
            "sweep_id": "s",
            "attempt": attempt,
            "run_id": f"run-{attempt}",
            "agent_version": None,
        },
        "timing": {
            "started_at": run and run.started_at,
            "ended_at": run and run.ended_at,
            "wall_clock_ms": made["scores"]["latency"]["wall_clock_ms"],
        },
        "provenance": {"task_hash": "a1", "prompt_hash": "b2"},
    }
