"""Real agent CLIs in their images against the simulator: they pass, and the meter counts what was served.

The smokes run one task an agent; the whole matrix is ``make acceptance``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cab_proxy import records
from cab_runner import agents, tasks
from cab_runner.resources import tasks_dir

AGENTS = tuple(
    adapter.name
    for adapter in agents.all_adapters()
    if adapter.install is None or adapter.install.source != "binary"
)
TASKS = tuple(tasks.find(tasks_dir()))

pytestmark = [pytest.mark.docker, pytest.mark.agents]


def run_cell(folder: Path, *arguments: str) -> tuple[dict, Path]:  # type: ignore[type-arg]  # a cell record
    """``cab run-cell`` in docker, as its user runs it."""
    command = [
        sys.executable,
        "-m",
        "cab_runner.cli",
        "run-cell",
        "--sandbox",
        "docker",
        "--json",
        *arguments,
    ]
    done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [shown] = json.loads(done.stdout)
    return shown["cell"], folder / shown["folder"]


def assert_oracle_passes(folder: Path, agent: str, task: str) -> None:
    cell, attempt = run_cell(folder, "-a", agent, "-m", "oracle", "-t", task, "--endpoint", "sim")
    assert cell["failure"] is None
    assert cell["scores"]["pass_rate"]["pass"] == 1, (attempt / "grade.stdout").read_text()
    served = [json.loads(line) for line in (attempt / "sim-calls.jsonl").read_text().splitlines()]
    metered = records.calls_of(records.verify((attempt / "calls.jsonl").read_bytes()).records)
    assert metered
    assert {call.tokens_source.total for call in metered} == {"reported"}
    assert sorted((c.tokens.input, c.tokens.output) for c in metered) == sorted(
        (s["prompt_tokens"], s["completion_tokens"]) for s in served
    )
    assert cell["scores"]["tokens"]["total_tokens"] == sum(s["total_tokens"] for s in served)


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
