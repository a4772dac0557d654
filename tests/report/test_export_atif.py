from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given

from cab_proxy.records import Record, Tokens
from cab_report.exports.atif import NOT_RECORDED, trajectory
from cab_scoring.evidence import Evidence
from fakes.evidence import call, evidence, evidences, failed_call, open_call
from fakes.recorded import recorded


def made(*calls: Record) -> dict[str, Any]:
    given_evidence = evidence(calls=calls)
    return trajectory(recorded(given_evidence), given_evidence.calls)


def test_the_first_step_is_the_task_and_each_call_is_a_step() -> None:
    steps = made(call(), call(at_s=1, model_returned="small-1@7"))["steps"]
    assert [(step["step_id"], step["source"], step["message"]) for step in steps] == [
        (1, "user", NOT_RECORDED),
        (2, "agent", NOT_RECORDED),
        (3, "agent", NOT_RECORDED),
    ]
    assert steps[0]["extra"] == {"task": "mutations/swap", "prompt_hash": "b2"}
    assert steps[2]["model_name"] == "small-1@7"


def test_a_call_has_its_own_metrics_and_the_end_has_their_sums() -> None:
    tokens = Tokens(input=1000, cached=800, output=100, reasoning=60, total=1100)
    cached = replace(call(at_s=1, cost_usd=Decimal("0.25")), tokens=tokens)
    found = made(call(tokens=(10, 1), cost_usd=Decimal("0.1")), cached)
    assert found["steps"][2]["metrics"] == {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "cached_tokens": 800,
        "cost_usd": 0.25,
        "extra": {"reasoning_tokens": 60},
    }
    final = found["final_metrics"]
    assert (final["total_prompt_tokens"], final["total_completion_tokens"]) == (1010, 101)
    assert (final["total_cached_tokens"], final["total_cost_usd"], final["total_steps"]) == (800, 0.35, 3)


def test_what_failed_is_a_step_without_metrics_and_is_no_inference() -> None:
    found = made(failed_call(429), call(at_s=1), open_call(at_s=2))
    refused, answered, in_flight = found["steps"][1:]
    assert "metrics" not in refused
    assert "metrics" not in in_flight
    assert refused["extra"]["status"] == 429
    assert in_flight["extra"]["in_flight"] is True
    assert [step.get("llm_call_count") for step in (refused, answered, in_flight)] == [None, 1, None]
    assert found["final_metrics"]["extra"]["coverage"] == 0.5


def test_calls_that_the_proxy_refused_are_no_steps() -> None:
    assert len(made(call(), call(at_s=1, status=403, error_type="refused"))["steps"]) == 2


def test_an_attempt_without_calls_is_a_trajectory_too() -> None:
    never_run = evidence(run=None, workspace=None, grade=None, calls=(), runner_fault="image_missing")
    found = trajectory(recorded(never_run), ())
    assert [step["source"] for step in found["steps"]] == ["user"]
    assert found["final_metrics"] == {"total_steps": 1}
    assert found["extra"]["failure"]["cause"] == "image_missing"
    assert found["agent"]["version"] == "unknown"


@given(evidences())
def test_unknown_is_left_out_and_never_0(given_evidence: Evidence) -> None:
    found = trajectory(recorded(given_evidence), given_evidence.calls)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    by_id = {record.call_id: record for record in given_evidence.calls}
    for step in found["steps"][1:]:
        assert None not in step.values()
        counted = step.get("metrics", {})
        tokens = by_id[step["extra"]["call_id"]].tokens
        assert (counted.get("prompt_tokens"), counted.get("completion_tokens")) == (
            tokens.input,
            tokens.output,
        )
    assert None not in found["final_metrics"].values()
