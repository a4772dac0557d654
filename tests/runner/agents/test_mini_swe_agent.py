from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import WireContext
from cab_runner.agents.mini_swe_agent import CONFIG_FILE, REPORT_FILE, claim, wire

# As mini-swe-agent 2.4.6 left it; all but roles and usages left out. The last response had no tool call.
TRAJECTORY = """\
{
  "info": {"model_stats": {"instance_cost": 0.0, "api_calls": 2}, "exit_status": "RepeatedFormatError"},
  "messages": [
    {"role": "system", "content": "You are a helpful assistant that can interact with a computer."},
    {"role": "user", "content": "Please solve this issue"},
    {"role": "assistant", "content": null, "extra": {"actions": [], "response": {"usage": {
      "completion_tokens": 32, "prompt_tokens": 738, "total_tokens": 770,
      "completion_tokens_details": {"reasoning_tokens": 20},
      "prompt_tokens_details": {"cached_tokens": 100}}}}},
    {"role": "tool", "content": "{}", "extra": {"raw_output": "", "returncode": 0}},
    {"role": "user", "content": "Tool call error:", "extra": {"interrupt_type": "FormatError",
      "response": {"usage": {"completion_tokens": 2, "prompt_tokens": 787, "total_tokens": 789,
      "completion_tokens_details": null, "prompt_tokens_details": null}}}},
    {"role": "exit", "content": "RepeatedFormatError", "extra": {"exit_status": "RepeatedFormatError"}}
  ]
}
"""


def report(home: Path, text: str | bytes) -> None:
    path = home / REPORT_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_wiring(context: Callable[..., WireContext]) -> None:
    wiring = wire(context())
    assert wiring.command == (
        "mini",
        "--config=mini.yaml",
        "--config=/home/cab/cab-mini.yaml",
        "--yolo",
        "--exit-immediately",
        '--task=Fix "it".\nThen stop.',
    )
    assert wiring.env == {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "MSWEA_CONFIGURED": "true",
        "MSWEA_COST_TRACKING": "ignore_errors",
        "OPENAI_API_KEY": "cab-token",
    }
    assert json.loads(wiring.files[CONFIG_FILE]) == {
        "model": {
            "model_name": "openai/vendor/m-1",
            "model_kwargs": {"api_base": "http://127.0.0.1:8080/v1", "max_tokens": 2_000},
        },
        "agent": {"step_limit": 7},
    }


def test_without_a_bound_on_turns_it_has_its_own(context: Callable[..., WireContext]) -> None:
    assert "agent" not in json.loads(wire(context(max_turns=None)).files[CONFIG_FILE])


def test_its_claim_is_every_response_in_its_trajectory(tmp_path: Path) -> None:
    report(tmp_path, TRAJECTORY)
    found = claim("", tmp_path)
    assert found
    assert found.tokens == Tokens(input=1525, output=34, total=1559)
    assert found.raw_input_includes_cache
    assert [item["prompt_tokens"] for item in found.raw] == [738, 787]


def test_what_each_response_says_of_cache_and_reasoning_is_claimed(tmp_path: Path) -> None:
    messages = json.loads(TRAJECTORY)["messages"][:3]
    report(tmp_path, json.dumps({"messages": messages}))
    found = claim("", tmp_path)
    assert found
    assert found.tokens == Tokens(input=738, cached=100, output=32, reasoning=20, total=770)


def test_without_a_response_there_is_no_claim(tmp_path: Path) -> None:
    assert claim(TRAJECTORY, tmp_path) is None
    report(tmp_path, json.dumps({"messages": json.loads(TRAJECTORY)["messages"][:2]}))
    assert claim("", tmp_path) is None


def test_a_response_that_was_kept_as_a_text_is_passed_over(tmp_path: Path) -> None:
    report(tmp_path, '{"messages": [{"extra": {"response": "ModelResponse()"}}, 7]}')
    assert claim("", tmp_path) is None


@given(st.binary())
def test_any_trajectory_is_read(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), data)
        assert claim("", Path(folder)) is None
