from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given

from cab_proxy.records import Tokens
from cab_report.exports.inspect_log import logs
from cab_scoring.evidence import Evidence
from fakes.evidence import FAILED_GRADE, call, evidence, evidences, failed_call, open_call
from fakes.recorded import recorded

NOW = datetime(2026, 7, 2, 8, 30, tzinfo=UTC)
VOID = evidence(calls=(call(), failed_call(429, at_s=2)))
FAILED = evidence(grade=FAILED_GRADE)
NEVER_RUN = evidence(run=None, workspace=None, grade=None, calls=(), runner_fault="image_missing")


def log(*cells: dict[str, Any]) -> dict[str, Any]:
    [(_, document)] = logs(cells, NOW)
    return document


def sample(given_evidence: Evidence) -> dict[str, Any]:
    return log(recorded(given_evidence))["samples"][0]  # type: ignore[no-any-return]  # JSON


def test_a_log_for_each_agent_and_model() -> None:
    cells = [
        recorded(agent="a"),
        recorded(agent="b", model="m/x_1"),
        recorded(agent="a", task="mutations/other"),
    ]
    found = dict(logs(cells, NOW))
    assert [(doc["eval"]["solver"], doc["eval"]["model"]) for doc in found.values()] == [
        ("a", "small-1"),
        ("b", "m/x_1"),
    ]
    names = [name.rsplit("_", 1)[0] for name in found]
    assert names == ["2026-07-01T12-00-00+00-00_s_a-small-1", "2026-07-01T12-00-00+00-00_s_b-m-x-1"]
    assert len({doc["eval"]["task_id"] for doc in found.values()}) == 2


def test_a_sample_is_a_task_and_an_epoch_an_attempt() -> None:
    found = log(recorded(attempt=2), recorded(task="mutations/other"), recorded(FAILED))
    assert [(s["id"], s["epoch"], s["scores"]["pass"]["value"]) for s in found["samples"]] == [
        ("mutations/other", 1, "C"),
        ("mutations/swap", 1, "I"),
        ("mutations/swap", 2, "C"),
    ]
    assert found["eval"]["dataset"]["sample_ids"] == ["mutations/other", "mutations/swap"]
    assert found["eval"]["config"]["epochs"] == 2
    [results] = found["results"]["scores"]
    assert results["metrics"]["accuracy"]["value"] == 0.75


def test_a_void_attempt_is_an_error_and_in_no_mean() -> None:
    found = log(recorded(), recorded(VOID, attempt=2), recorded(NEVER_RUN, task="mutations/other"))
    void = found["samples"][2]
    assert void["error"]["message"] == "rate_limited: the endpoint's last word was 429"
    assert "scores" not in void
    [results] = found["results"]["scores"]
    assert results["metrics"]["accuracy"]["value"] == 1
    assert (results["scored_samples"], results["unscored_samples"]) == (1, 1)
    assert (found["results"]["total_samples"], found["results"]["completed_samples"]) == (3, 1)
    assert found["eval"]["metadata"]["void_attempts"] == 2


def test_without_a_verdict_there_is_no_accuracy() -> None:
    found = log(recorded(NEVER_RUN))
    assert found["results"]["scores"][0]["metrics"] == {}
    assert found["eval"]["created"] == NOW.isoformat()
    assert found["stats"] == {}


def test_a_fail_says_why() -> None:
    explanation = sample(FAILED)["scores"]["pass"]["explanation"]
    assert explanation == "reward is 0; 1 tests failed; expected tests did not pass: t::two"
    assert "explanation" not in sample(evidence())["scores"]["pass"]


def test_input_is_without_what_the_cache_served() -> None:
    tokens = Tokens(input=1000, cached=700, cache_write=200, output=50, reasoning=20, total=1050)
    cached = replace(call(cost_usd=Decimal("0.5")), tokens=tokens)
    assert sample(evidence(calls=(cached,)))["model_usage"] == {
        "small-1": {
            "input_tokens": 100,
            "output_tokens": 50,
            "total_tokens": 1050,
            "input_tokens_cache_write": 200,
            "input_tokens_cache_read": 700,
            "reasoning_tokens": 20,
            "total_cost": 0.5,
        }
    }


def test_usage_adds_up_over_the_attempts_where_it_is_known() -> None:
    unknown = evidence(calls=(call(tokens=(1000, None)),))
    found = log(recorded(), recorded(attempt=2), recorded(unknown, attempt=3))
    assert "model_usage" not in found["samples"][2]
    assert found["stats"]["model_usage"]["small-1"] == {
        "input_tokens": 2000,
        "output_tokens": 200,
        "total_tokens": 2200,
    }
    assert found["eval"]["metadata"]["usage_complete"] is False


def test_a_usage_of_some_calls_says_so() -> None:
    found = log(recorded(evidence(calls=(call(), open_call(at_s=2)))))
    assert found["samples"][0]["metadata"]["coverage"] == 0.5
    assert found["eval"]["metadata"]["usage_complete"] is False


def test_times_and_identity_are_the_records() -> None:
    found = sample(evidence())
    assert (found["started_at"], found["completed_at"]) == (
        "2026-07-01T12:00:00.000000Z",
        "2026-07-01T12:00:10.000000Z",
    )
    assert found["total_time"] == 10
    assert found["metadata"]["cell_id"] == "s/bash-loop/small-1/mutations/swap"
    assert found["metadata"]["task_hash"] == "a1"


def test_a_simulated_log_is_tagged() -> None:
    assert log(recorded(simulated=True))["eval"]["tags"] == ["simulated"]
    assert log(recorded())["eval"]["tags"] == []


@given(evidences())
def test_any_attempt_is_plain_json_without_made_up_figures(given_evidence: Evidence) -> None:
    cell = recorded(given_evidence)
    found = log(cell)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    [made] = found["samples"]
    passed, tokens = cell["scores"]["pass_rate"]["pass"], cell["scores"]["tokens"]
    assert made.get("scores", {}).get("pass", {}).get("value") == {1: "C", 0: "I", None: None}[passed]
    void = cell["failure"] is not None and not cell["failure"]["counted"]
    assert ("error" in made) is void
    usage = made.get("model_usage", {}).get("small-1", {})
    assert usage.get("total_tokens") == tokens["total_tokens"]
    assert None not in usage.values()
