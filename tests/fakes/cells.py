"""Cell records with what a report reads, made by scoring real evidence."""

from __future__ import annotations

from typing import Any

from cab_scoring.evidence import Evidence
from cab_scoring.score import score
from fakes.evidence import evidence


def cell(
    given: Evidence | None = None,
    *,
    agent: str = "bash-loop",
    model: str = "small-1",
    task: str = "mutations/swap",
    simulated: bool = False,
    provisional: bool = False,
) -> dict[str, Any]:
    """A cell record; by default of a clean pass."""
    scored = score(given or evidence())
    return {
        "identity": {"agent": agent, "model": model, "task": task, "simulated": simulated},
        "scores": scored.scores,
        "meter": scored.meter,
        "failure": scored.failure.to_json(),
        "provisional": provisional,
    }
