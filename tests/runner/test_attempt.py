"""Whole attempts: the reference agent, the simulator, the meter, and both sandboxes, all real."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cab_proxy import records
from cab_proxy.control import Budget
from cab_runner import evidence_store, oracle, sandbox, tasks
from cab_runner.agents.base import Adapter, WireContext, Wiring
from cab_runner.resources import tasks_dir
from cab_runner.sandbox.base import Sandbox
from cab_scoring.score import score
from fakes.attempts import PYTHON_TASK, REFUSAL_TASK, run

SANDBOXES = [
    pytest.param("process"),
    pytest.param("bwrap", marks=pytest.mark.bwrap),
    pytest.param("docker", marks=[pytest.mark.docker, pytest.mark.agents]),
]


def spans(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "trace.jsonl").read_text().splitlines()]


def sim_calls(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "sim-calls.jsonl").read_text().splitlines()]


@pytest.fixture(params=SANDBOXES)
def chosen(request: pytest.FixtureRequest) -> Sandbox:
    return sandbox.choose(request.param, simulated=True)


@pytest.mark.parametrize("task_id", [PYTHON_TASK, REFUSAL_TASK])
def test_the_oracle_passes_and_every_number_leads_back_to_evidence(
    tmp_path: Path, chosen: Sandbox, task_id: str
) -> None:
    done = run(tmp_path, chosen, task_id)
    cell, folder = done.cell, done.folder
    assert cell["failure"] is None, (cell["failure"], done.fault_detail)
    assert cell["scores"]["pass_rate"]["pass"] == 1, cell["scores"]["pass_rate"]
    assert cell["scores"]["integrity"]["integrity"] == 1
    assert cell["identity"]["simulated"] is True
    assert cell["identity"]["sandbox"] == chosen.name

    ledger = records.verify((folder / "calls.jsonl").read_bytes())
    calls = records.calls_of(ledger.records)
    assert ledger.ok
    assert ledger.head == cell["provenance"]["ledger_head"]
    served = sim_calls(folder)
    assert [(c.tokens.input, c.tokens.output) for c in calls] == [
        (s["prompt_tokens"], s["completion_tokens"]) for s in served
    ]
    assert {c.tokens_source.total for c in calls} == {"reported"}
    total = sum(s["total_tokens"] for s in served)
    assert (
        cell["scores"]["tokens"]["total_tokens"]
        == total
        == cell["scores"]["tokens"]["tokens_per_correct_task"]
    )

    by_kind: dict[str, list[dict[str, Any]]] = {}
    for span in spans(folder):
        by_kind.setdefault(span["kind"], []).append(span)
    [container] = by_kind["container"]
    assert len(by_kind["model_call"]) == len(calls)
    assert {span["parent_id"] for span in by_kind["model_call"]} == {container["span_id"]}
    start = records.parse_time(container["started_at"])
    assert all(records.parse_time(span["started_at"]) >= start for span in by_kind["model_call"])

    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "cell.json", "calls.jsonl", "trace.jsonl", "agent.stdout", "agent.stderr", "terminal.cast",
        "workspace.patch", "grade.json", "grade.stdout", "grade.stderr", "junit.xml", "lock.json",
    }  # fmt: skip
    assert score(evidence_store.read(folder)).scores == cell["scores"]
    assert cell["scores"]["self_report_error"]["total"] == 0
    assert 0 < cell["scores"]["harness_tax"]["harness_tax"] < 1
    checkout = str(Path(__file__).parents[2])
    host = [str(Path.home()), sys.prefix, sys.base_prefix, checkout, tempfile.gettempdir()]
    for path in (folder / "cell.json", folder / "trace.jsonl", folder / "lock.json", folder / "grade.json"):
        assert [place for place in host if f"{place}/" in path.read_text()] == [], path.name
    tried: list[str] | None = [] if chosen.name == "docker" else None
    assert cell["network"]["hosts_tried"] == container["attrs"]["hosts_tried"] == tried
    assert container["attrs"]["command"][1] == "/opt/cab/inside/bash_loop.py"


def test_what_the_agent_leaves_in_its_home_is_listed_and_no_body_is_kept(tmp_path: Path) -> None:
    def wire(context: WireContext) -> Wiring:
        command = ("sh", "-c", 'echo 12345 > "$HOME/.state"; echo 1 >> "$HOME/ours"')
        return Wiring(command=command, env={}, files={"ours": "configuration"})

    agent = Adapter(name="bash-loop", version="1", protocol="chat", wire=wire)
    done = run(tmp_path, process(), PYTHON_TASK, adapter=agent)
    left = {"files": 1, "bytes": 6, "entries": [{"name": ".state", "files": 1, "bytes": 6}]}
    assert done.cell["left_in_home"] == left
    assert not (done.folder / "bodies").exists()


def test_the_null_model_scores_nothing(tmp_path: Path, chosen: Sandbox) -> None:
    for task_id in (PYTHON_TASK, REFUSAL_TASK):
        cell = run(tmp_path, chosen, task_id, "null").cell
        assert cell["scores"]["pass_rate"]["pass"] == 0
        assert cell["scores"]["composite"]["composite"] == 0


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.bwrap
def test_no_cheat_passes(tmp_path: Path, number: int) -> None:
    for task_id in (PYTHON_TASK, REFUSAL_TASK):
        cell = run(tmp_path, sandbox.choose("bwrap", simulated=True), task_id, f"cheat:{number}").cell
        assert cell["scores"]["pass_rate"]["pass"] == 0, task_id


def process() -> Sandbox:
    return sandbox.choose("process", simulated=True)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("429", "rate_limited"), ("500", "endpoint_down"), ("401", "bad_key")],
)
def test_an_endpoint_that_fails_voids_the_attempt_and_keeps_its_calls(
    tmp_path: Path, fault: str, cause: str
) -> None:
    done = run(tmp_path, process(), PYTHON_TASK, faults=(fault,))
    assert done.cell["failure"]["cause"] == cause
    assert done.cell["failure"]["counted"] is False
    assert done.cell["scores"]["pass_rate"]["pass"] is None
    assert {call.status for call in evidence_store.read_calls(done.folder)} == {int(fault)}


def test_a_passing_fault_is_survived_and_counted_as_waste(tmp_path: Path) -> None:
    cell = run(tmp_path, process(), PYTHON_TASK, faults=("500:1",)).cell
    assert cell["scores"]["pass_rate"]["pass"] == 1
    assert cell["meter"]["waste"]["calls"] == 1


def test_without_reported_usage_the_tokens_are_estimates_and_say_so(tmp_path: Path) -> None:
    cell = run(tmp_path, process(), PYTHON_TASK, faults=("no-usage",)).cell
    assert cell["scores"]["pass_rate"]["pass"] == 1
    assert cell["timing"]["tokens_source"] == "estimated"
    assert cell["scores"]["tokens"]["total_tokens"] > 0


def test_a_spent_budget_ends_the_run_and_is_counted(tmp_path: Path) -> None:
    done = run(tmp_path, process(), PYTHON_TASK, budget=Budget(max_calls=1))
    assert done.cell["failure"]["cause"] == "budget_exceeded"
    assert done.cell["failure"]["counted"] is True
    assert [call.error_type for call in evidence_store.read_calls(done.folder)] == [None, "budget_exceeded"]


def test_costs_are_from_the_users_own_rates(tmp_path: Path) -> None:
    rates = tmp_path / "rates.toml"
    rates.write_text('[[price]]\nmodel = "oracle"\ninput = 1\noutput = 2\n')
    cell = run(tmp_path / "results", process(), PYTHON_TASK, prices=rates).cell
    tokens = cell["scores"]["tokens"]
    expected = (tokens["prompt_tokens"] + 2 * tokens["completion_tokens"]) / Decimal(1_000_000)
    assert Decimal(tokens["cost_usd"]) == Decimal(tokens["cost_neutral_usd"]) == expected
    assert cell["provenance"]["price_snapshot"].startswith("rates.toml sha256:")


def test_time_spent_waiting_for_the_model_is_not_the_agents(tmp_path: Path) -> None:
    """The simulator asks for three seconds of back-off, which is more than the limit."""
    done = run(tmp_path, process(), PYTHON_TASK, faults=("429:3",), timeout_on="agent", timeout_s=2.5)
    assert (done.cell["failure"], done.cell["scores"]["pass_rate"]["pass"]) == (None, 1)
    latency = done.cell["scores"]["latency"]
    assert latency["agent_ms"] < 2500 < latency["model_time_ms"] < latency["wall_clock_ms"]
    assert done.cell["timing"]["timeout_on"] == "agent"
    lock = json.loads((done.folder / "lock.json").read_bytes())
    assert lock["limits"]["agent"] == {"value": 2.5, "mechanism": "watchdog"}
    assert lock["limits"]["wall"] == {"value": 10.0, "mechanism": "watchdog"}
    [run_span] = [span for span in spans(done.folder) if span["kind"] == "adapter_run"]
    assert (run_span["attrs"]["timeout_s"], run_span["attrs"]["timeout_on"]) == (2.5, "agent")


def test_by_the_wall_it_is(tmp_path: Path) -> None:
    done = run(tmp_path, process(), PYTHON_TASK, faults=("429:3",), timeout_s=2.5)
    assert evidence_store.read(done.folder).run.ran_out == "wall"  # type: ignore[union-attr]  # it ran
    assert done.cell["timing"]["timeout_on"] == "wall"
    lock = json.loads((done.folder / "lock.json").read_bytes())
    assert lock["limits"]["agent"] == {"value": None, "mechanism": None}


def test_an_agent_that_does_not_wait_for_the_model_uses_up_its_own_time(tmp_path: Path) -> None:
    def wire(_: WireContext) -> Wiring:
        return Wiring(command=("sh", "-c", "exec sleep 1000"), env={}, files={})

    agent = Adapter(name="bash-loop", version="1", protocol="chat", wire=wire)
    clock: dict[str, Any] = {"timeout_on": "agent", "timeout_s": 0.1, "wall_ceiling_s": 60.0}
    done = run(tmp_path, process(), PYTHON_TASK, adapter=agent, **clock)
    assert done.cell["failure"]["cause"] == "agent_timeout"
    assert evidence_store.read(done.folder).run.ran_out == "agent"  # type: ignore[union-attr]  # it ran


def test_a_stopped_attempt_is_recorded_as_interrupted(tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    task = tasks.load(tasks_dir(), PYTHON_TASK)
    oracle.script_for(task, "oracle", process(), None, Event())  # so that only the agent's job is stopped
    done = run(tmp_path, process(), PYTHON_TASK, stop=stop)
    assert done.cell["failure"]["cause"] == "interrupted"
    assert done.cell["failure"]["counted"] is False


def test_ctrl_c_records_what_was_measured_and_exits_130(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "cab_runner.cli", "run-cell", "-a", "bash-loop", "-m", "oracle", "-t",
        PYTHON_TASK, "--endpoint", "sim", "--sandbox", "process", "--fault", "slow",
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "is working" in line:
                break
        running.send_signal(signal.SIGINT)
        running.communicate()
    assert running.returncode == 130
    [record] = (tmp_path / "results/local").rglob("cell.json")
    assert json.loads(record.read_bytes())["failure"]["cause"] == "interrupted"
