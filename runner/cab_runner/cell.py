"""The cell record: identity, timing, scores, meter, failure, provenance, and what was locked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cab_runner import __version__
from cab_runner.agents.base import Claim, Wiring
from cab_runner.endpoints import Endpoint
from cab_runner.plan import Plan
from cab_runner.sandbox.base import Outcome
from cab_scoring.evidence import Evidence
from cab_scoring.score import Scored

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one attempt came to."""

    evidence: Evidence
    scored: Scored
    outcome: Outcome | None
    claim: Claim | None
    """The agent's own token report."""
    ledger_head: str | None
    left_in_home: dict[str, Any] | None
    """What the agent left in its HOME, as :func:`cab_runner.workspace.inventory` has it."""


def record(plan: Plan, endpoint: Endpoint, measured: Measured) -> dict[str, Any]:
    """``cell.json`` of one attempt."""
    scored, outcome, claim = measured.scored, measured.outcome, measured.claim
    tokens = scored.scores["tokens"]
    return {
        "schema_version": SCHEMA_VERSION,
        "identity": {
            "cell_id": plan.key.cell_id,
            "sweep_id": plan.key.sweep_id,
            "attempt": plan.attempt,
            "run_id": plan.run_id,
            "agent": plan.key.agent,
            "agent_version": plan.adapter.version,
            "model": plan.key.model,
            "model_build_id": _model_build_id(measured.evidence),
            "task": plan.task.id,
            "endpoint": endpoint.shown,
            "sandbox": plan.sandbox.name,
            "simulated": endpoint.simulated,
            "behavior_mode": plan.behavior_mode,
            "container_image": plan.image,
            "image_digest": outcome.image_digest if outcome else None,
            "grader_image": plan.grader_image,
            "exit_code": outcome.exit_code if outcome else None,
        },
        "timing": {
            "started_at": outcome.started_at if outcome else None,
            "ended_at": outcome.ended_at if outcome else None,
            "wall_clock_ms": scored.scores["latency"]["wall_clock_ms"],
            "timeout_on": plan.settings.timeout_on,
            "prompt_tokens": tokens["prompt_tokens"],
            "completion_tokens": tokens["completion_tokens"],
            "tokens_source": scored.meter["sources"]["total"],
        },
        "scores": scored.scores,
        "meter": scored.meter,
        "grading": {
            "own_image": plan.ground is not None,
            "carried_over": [plan.ground.workdir if plan.ground else "/workspace"],
            "internet": plan.ground is not None and plan.settings.grader_internet,
        },
        "not_isolated": list(plan.sandbox.not_isolated),
        "network": {"hosts_tried": outcome.hosts_tried if outcome else None},
        "failure": scored.failure.to_json(),
        "claim": claim.to_json() if claim else None,
        "left_in_home": measured.left_in_home,
        "provenance": {
            "methodology_version": plan.settings.methodology,
            "task_hash": plan.task.content_hash,
            "prompt_hash": hashlib.sha256(plan.task.instruction.encode()).hexdigest(),
            "agent_stdout_hash": _file_hash(plan.partial / "agent.stdout"),
            "ledger_head": measured.ledger_head,
            "proxy_version": __version__,
            "price_snapshot": _price_snapshot(measured.evidence),
        },
        "provisional": plan.settings.provisional,
    }


def lock(plan: Plan, endpoint: Endpoint, wiring: Wiring, outcome: Outcome | None) -> dict[str, Any]:
    """``lock.json``: what was fixed before the run, enough to run it again and to score it again."""
    limits = plan.limits
    return {
        "schema_version": SCHEMA_VERSION,
        "task": {"facts": plan.task.facts.to_json(), "hash": plan.task.content_hash},
        "agent": {
            "name": plan.key.agent,
            "version": plan.adapter.version,
            "own_files": list(plan.adapter.own_files),
            "protocol": plan.adapter.protocol,
            "deviation": plan.deviation,
            "env_keys": sorted(wiring.env),
        },
        "plugins": [
            {"name": plugin.name, "sha256": plugin.sha256, "applied": plugin in plan.plugins}
            for plugin in plan.settings.plugins
        ],
        "images": {
            "agent": plan.image,
            "agent_digest": outcome.image_digest if outcome else None,
            "grader": plan.grader_image,
        },
        "endpoint": endpoint.shown,
        "model": plan.key.model,
        "allow": list(plan.settings.allow),
        "include_usage": plan.settings.include_usage,
        "budget": plan.settings.budget.to_json(),
        "context_window_tokens": plan.settings.context_window_tokens,
        "max_output_tokens": plan.settings.max_output_tokens,
        "limits": {
            name: {
                "value": getattr(limits, field),
                "mechanism": (outcome.limits if outcome else {}).get(name),
            }
            for name, field in (
                ("wall", "wall_s"),
                ("agent", "agent_s"),
                ("memory", "memory_bytes"),
                ("processes", "processes"),
                ("cpus", "cpus"),
                ("disk", "disk_bytes"),
                ("output", "output_bytes"),
            )
        },
        "proxy_version": __version__,
        "methodology_version": plan.settings.methodology,
    }


def _model_build_id(evidence: Evidence) -> str | None:
    """What the endpoint says it served: model and fingerprint, where all calls agree."""
    builds = {
        "@".join(part for part in (call.model_returned, call.system_fingerprint) if part)
        for call in evidence.calls
        if call.model_returned
    }
    return builds.pop() if len(builds) == 1 else None


def _price_snapshot(evidence: Evidence) -> str | None:
    """Where computed costs, and cache-neutral ones, are from; all calls have the same proxy's."""
    return next((call.price_snapshot for call in evidence.calls if call.price_snapshot), None)


def _file_hash(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
