"""Real agent CLIs in their images against the simulator: they pass, and the meter counts what was served.

The smokes run one task an agent; the whole matrix is ``make acceptance``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cab_runner import agents, tasks
from cab_runner.resources import tasks_dir
from fakes.attempts_in_docker import assert_passed_and_metered, run_cell

AGENTS = tuple(adapter.name for adapter in agents.installable())
TASKS = tuple(tasks.find(tasks_dir()))

pytestmark = [pytest.mark.docker, pytest.mark.agents]


def assert_oracle_passes(folder: Path, agent: str, task: str) -> None:
    assert_passed_and_metered(*run_cell(folder, "-a", agent, "-m", "oracle", "-t", task, "--endpoint", "sim"))


@pytest.mark.parametrize("agent", AGENTS)
def test_each_agent_solves_a_task(tmp_path: Path, agent: str) -> None:
    assert_oracle_passes(tmp_path, agent, "polyglot/go-http-handler-fix")


@pytest.mark.acceptance
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("agent", AGENTS)
def test_each_agent_solves_every_task(tmp_path: Path, agent: str, task: str) -> None:
    assert_oracle_passes(tmp_path, agent, task)


@pytest.mark.local_model
@pytest.mark.acceptance
def test_a_real_model_is_metered_and_fails_honestly(tmp_path: Path) -> None:
    cell, attempt = run_cell(
        tmp_path,
        "-a",
        "opencode",
        "-m",
        "smollm2-135m",
        "-t",
        "polyglot/go-http-handler-fix",
        "--endpoint",
        "local",
    )
    assert cell["scores"]["tokens"]["model_calls"] >= 1
    assert cell["timing"]["tokens_source"] == "reported"
    assert cell["scores"]["pass_rate"]["pass"] == 0
    assert cell["identity"]["simulated"] is False
    spans = [json.loads(line) for line in (attempt / "trace.jsonl").read_text().splitlines()]
    [container] = [span for span in spans if span["kind"] == "container"]
    calls = [span for span in spans if span["kind"] == "model_call"]
    assert {span["parent_id"] for span in calls} == {container["span_id"]}
