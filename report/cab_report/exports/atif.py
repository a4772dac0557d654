"""One attempt as a trajectory of Harbor's ATIF (Agent Trajectory Interchange Format).

Contract: :func:`trajectory` takes a cell record and its ledger. The first step is the task's, then each
model call that reached the endpoint is an agent's step with the call's own metrics, failed ones and retries
included. The ledger has no bodies, so no step has text, tools or observations: every ``message`` says so, as
do ``notes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cab_proxy.records import Record, succeeded
from cab_report.exports import dollars, facts, known
from cab_scoring.wire import model_calls

SCHEMA_VERSION: Final = "ATIF-v1.7"
"""The first with ``llm_call_count``; readers of later ones take it."""

NOT_RECORDED: Final = "(not recorded)"
NOTES: Final = (
    "Made from metered calls: a step is one call on the wire, failed ones and retries included. "
    "Messages, tools and observations were not recorded. Unknown figures are left out; totals cover the "
    "calls whose figures are known, and final_metrics.extra says which share that is."
)


def trajectory(cell: Mapping[str, Any], ledger: Iterable[Record]) -> dict[str, Any]:
    """The document of one attempt."""
    identity, tokens = cell["identity"], cell["scores"]["tokens"]
    steps = [_task_step(cell), *map(_call_step, model_calls(ledger))]
    totals = {
        "total_prompt_tokens": tokens["prompt_tokens"],
        "total_completion_tokens": tokens["completion_tokens"],
        "total_cached_tokens": tokens["cached_tokens"],
        "total_cost_usd": dollars(tokens["cost_usd"]),
        "total_steps": len(steps),
        "extra": known(
            {
                "coverage": tokens["coverage"],
                "cost_coverage": tokens["cost_coverage"],
                "cache_write_tokens": tokens["cache_write_tokens"],
                "reasoning_tokens": tokens["reasoning_tokens"],
                "wall_clock_ms": cell["scores"]["latency"]["wall_clock_ms"],
            }
        ),
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "session_id": identity["run_id"],
        "agent": {
            "name": identity["agent"],
            "version": identity["agent_version"] or "unknown",
            "model_name": identity["model"],
        },
        "steps": [{"step_id": number, **step} for number, step in enumerate(steps, start=1)],
        "notes": NOTES,
        "final_metrics": known(totals),
        "extra": facts(cell),
    }


def _task_step(cell: Mapping[str, Any]) -> dict[str, Any]:
    return known(
        {
            "timestamp": cell["timing"]["started_at"],
            "source": "user",
            "message": NOT_RECORDED,
            "extra": {"task": cell["identity"]["task"], "prompt_hash": cell["provenance"]["prompt_hash"]},
        }
    )


def _call_step(call: Record) -> dict[str, Any]:
    tokens = call.tokens
    metrics = {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "cached_tokens": tokens.cached,
        "cost_usd": dollars(call.cost_usd),
        "extra": known({"cache_write_tokens": tokens.cache_write, "reasoning_tokens": tokens.reasoning}),
    }
    extra = {
        name: getattr(call, name)
        for name in ("call_id", "operation_id", "attempt", "retry_of", "purpose", "status", "error_type")
    }
    extra |= {"finish_reasons": list(call.finish_reasons), "in_flight": call.kind == "open" or None}
    extra |= {"duration_ms": call.duration_ms, "ttft_ms": call.ttft_ms, "request_hash": call.request_hash}
    if metrics := known(metrics):
        extra["input_source"], extra["output_source"] = call.tokens_source.input, call.tokens_source.output
    return known(
        {
            "timestamp": call.started_at,
            "source": "agent",
            "model_name": call.model_returned or call.model_requested,
            "reasoning_effort": call.params.reasoning_effort,
            "message": NOT_RECORDED,
            "metrics": metrics,
            "llm_call_count": 1 if succeeded(call) else None,
            "extra": known(extra),
        }
    )
