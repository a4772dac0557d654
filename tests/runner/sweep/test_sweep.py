"""Sweeps as programs, on real sandboxes and services: resumed, killed, interrupted, disturbed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cab_runner.cli.sweep_options import asked_by
from cab_runner.sweep import store
from fakes.commands import cab
from fakes.sweeps import SMALL, assert_exactly, causes, cells, killed_after, sweeping, until

PROCESS = ("--sandbox", "process", "--sweep-id", "s")


def test_a_sweep_from_flags_and_one_from_its_file(tmp_path: Path) -> None:
    done = cab("sweep", *SMALL, "-m", "null", "-k", "2", *PROCESS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "ended: 4 complete, 0 missing"
    assert_exactly(tmp_path / "results/s", 2, 2)
    passed = {cell["identity"]["model"]: cell["scores"]["pass_rate"]["pass"] for _, cell in cells(tmp_path)}
    assert passed == {"oracle": 1, "null": 0}
    file = tmp_path / "again.toml"
    file.write_text((tmp_path / "results/s/sweep.toml").read_text())
    assert str(tmp_path) not in file.read_text()
    printed = cab("sweep", "--config", "again.toml", "--print-config", cwd=tmp_path)
    assert printed.stdout == file.read_text()
    done = cab("sweep", "--config", "again.toml", "--sweep-id", "t", "-k", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_exactly(tmp_path / "results/t", 1, 2)


def test_a_complete_sweep_has_nothing_to_resume(tmp_path: Path) -> None:
    cab("sweep", *SMALL, *PROCESS, cwd=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "results/s").rglob("cell.json")}
    assert cab("sweep", "--resume", "results/s", cwd=tmp_path).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "results/s").rglob("cell.json")} == before


def test_a_killed_runner_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    drawn = random.Random(7)
    killed_after(tmp_path, drawn.randint(1, 3), *SMALL, "-k", "8", *PROCESS)
    folder = tmp_path / "results/s"
    for _ in range(2):
        killed_after(tmp_path, drawn.randint(1, 2), "--resume", str(folder))
    done = cab("sweep", "--resume", str(folder), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_exactly(folder, 8, 1)
    assert causes(folder).keys() <= {"none", "interrupted"}


def test_what_a_killed_runner_had_under_way_is_kept_with_what_was_metered(tmp_path: Path) -> None:
    """The agent waits for a slow answer when its runner is killed: the call is in the record all the same."""
    with sweeping(tmp_path, *SMALL, *PROCESS, "--fault", "slow", "-n", "1") as running:
        until(running, "attempt_started")
        until_calling(running, tmp_path, 1)
        running.send_signal(signal.SIGKILL)
    # the fault belongs to the sweep: without it the same sweep would be another one
    with sweeping(tmp_path, "--resume", str(tmp_path / "results/s")) as running:
        until(running, "sweep_started")
        running.send_signal(signal.SIGTERM)
        running.wait()
    [(_, lost), *_] = cells(tmp_path / "results/s")
    assert lost["failure"]["cause"] == "interrupted"
    assert lost["scores"]["pass_rate"]["pass"] is None
    assert lost["meter"]["calls"] >= 1
    assert lost["provenance"]["ledger_head"]


def test_ctrl_c_once_finishes_what_is_under_way(tmp_path: Path) -> None:
    with sweeping(tmp_path, *SMALL, *PROCESS, "-k", "9", "-n", "2") as running:
        until(running, "attempt_started", 2)
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130
    assert causes(tmp_path / "results/s") == {"none": 2}


def test_ctrl_c_twice_stops_it_and_keeps_the_records(tmp_path: Path) -> None:
    with sweeping(tmp_path, *SMALL, *PROCESS, "-k", "9", "-n", "2", "--fault", "slow") as running:
        until(running, "attempt_started", 2)
        until_calling(running, tmp_path, 2)
        running.send_signal(signal.SIGINT)
        until(running, "stopping")
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130
    assert causes(tmp_path / "results/s") == {"interrupted": 2}
    assert not list((tmp_path / "results/.partial").iterdir())


def until_calling(running: subprocess.Popen[str], cwd: Path, attempts: int) -> None:
    """Wait until so many attempts have asked the model."""
    ledgers = cwd / "results/.partial"
    while sum(b"/chat/completions" in path.read_bytes() for path in ledgers.glob("*/calls.jsonl")) < attempts:
        assert running.poll() is None


def test_an_endpoint_that_is_overloaded_and_dies_is_never_the_agents_fault(tmp_path: Path) -> None:
    """Half of the calls get a 429; the simulator is killed twice in between, and started again each time."""
    with sweeping(tmp_path, *SMALL, *PROCESS, "-k", "6", "-n", "2", "--fault", "429%50") as running:
        for ended in (1, 2):
            until(running, "attempt_ended", ended)
            while not kill_simulator(running.pid):  # it is started again with the next attempt
                assert running.poll() is None
        assert running.stdout
        rest = running.stdout.read()
        code = running.wait()
    summary = json.loads(rest.splitlines()[-1])
    found = causes(tmp_path / "results/s")
    assert found.keys() <= {"none", "rate_limited", "endpoint_down"}
    assert found["none"] == summary["complete"]
    assert summary["complete"] + summary["missing"] == 6
    assert code == (4 if summary["missing"] else 0)


def kill_simulator(runner: int) -> bool:
    """Kill the simulator among a runner's children, if there is one."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = next(line for line in status.read_text().splitlines() if line.startswith("PPid:"))
            command = (status.parent / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if int(parent.split()[1]) == runner and b"cab_sim" in command:
            os.kill(int(status.parent.name), signal.SIGKILL)
            return True
    return False


def test_a_wrong_key_stops_the_sweep_with_its_first_attempt(tmp_path: Path) -> None:
    done = cab("sweep", *SMALL, *PROCESS, "--fault", "401", "-k", "5", "-n", "1", cwd=tmp_path)
    assert done.returncode == 4
    assert "bad_key" in done.stderr.splitlines()[-1]
    assert causes(tmp_path / "results/s") == {"bad_key": 1}


def test_two_runners_don_t_run_the_same_sweep(tmp_path: Path) -> None:
    with sweeping(tmp_path, *SMALL, *PROCESS, "-k", "9", "--fault", "slow") as running:
        until(running, "attempt_started")
        done = cab("sweep", "--resume", "results/s", cwd=tmp_path)
        assert done.returncode == 2
        assert f"is being run by process {running.pid}" in done.stderr
        status = cab("sweep", "status", "results/s", "--json", cwd=tmp_path)
        assert json.loads(status.stdout)["runner"].startswith(f"process {running.pid} ")


def test_a_task_that_changed_is_another_sweep(tmp_path: Path) -> None:
    cab("sweep", *SMALL, *PROCESS, cwd=tmp_path)
    lock = tmp_path / "results/s/lock.json"
    changed = json.loads(lock.read_text())
    [task] = changed["tasks"]
    changed["tasks"][task] = "0" * 64
    lock.write_text(json.dumps(changed))
    done = cab("sweep", "--resume", "results/s", cwd=tmp_path)
    assert done.returncode == 2
    assert f"tasks ({task}) changed since the sweep began" in done.stderr


def test_a_dry_run_says_how_much_it_would_be(tmp_path: Path) -> None:
    done = cab(
        "sweep", *SMALL, "-m", "null", "-k", "5", *PROCESS, "--dry-run", "--json", "--max-tokens", "1000",
        "--max-cost-usd", "0.25", cwd=tmp_path,
    )  # fmt: skip
    assert json.loads(done.stdout) == {"attempts": 10, "tokens_ceiling": 10_000, "cost_usd_ceiling": "2.50"}
    assert not (tmp_path / "results").exists()


def test_the_file_of_a_sweep_says_where_its_models_are(tmp_path: Path) -> None:
    """Whatever the environment of whoever resumes it says."""
    cab("sweep", *SMALL, *PROCESS, cwd=tmp_path)
    printed = cab(
        "sweep", "--resume", "results/s", "--print-config", cwd=tmp_path, CAB_ENDPOINT="https://elsewhere/v1"
    )
    assert 'endpoint = "sim"' in printed.stdout


def test_a_sweep_is_resumed_under_its_own_name_wherever_it_lies(tmp_path: Path) -> None:
    cab("sweep", *SMALL, *PROCESS, cwd=tmp_path)
    (tmp_path / "results").rename(tmp_path / "moved")
    (tmp_path / "elsewhere").mkdir()
    done = cab("sweep", "--resume", "../moved/s", cwd=tmp_path / "elsewhere")
    assert done.returncode == 0, done.stderr
    assert_exactly(tmp_path / "moved/s", 1, 1)
    (tmp_path / "moved/s").rename(tmp_path / "moved/t")
    done = cab("sweep", "--resume", "moved/t", cwd=tmp_path)
    assert done.returncode == 2
    assert "was renamed: the sweep in it is s" in done.stderr


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout_on", '"agent"'), ("timeout", "77.0"), ("strict_factory", "true"), ("allow", '["stored"]'),
        ("max_tokens", "5"), ("endpoint", '"http://127.0.0.1:9/v1"'), ("seed", "8"),
    ],
)  # fmt: skip
def test_a_setting_that_changed_is_another_sweep(key: str, value: str) -> None:
    lines = [line for line in A_SWEEP.splitlines() if not line.startswith(f"{key} =")]
    then, now = (
        store.lock(asked_by(text), {}, {}) for text in (A_SWEEP, "\n".join([f"{key} = {value}", *lines]))
    )
    assert store.difference(then, now)


A_SWEEP = """
agent = ["bash-loop"]
model = ["oracle"]
task = ["mutations/python-sunday-off-by-one"]
endpoint = "sim"
sweep_id = "s"
"""


def test_preparations_that_fail_leave_nothing_in_the_way(tmp_path: Path) -> None:
    done = cab("sweep", *SMALL[:3], "nonsense", *SMALL[4:], *PROCESS, cwd=tmp_path)
    assert done.returncode == 2
    assert "the simulator has no model 'nonsense'" in done.stderr
    assert cab("sweep", *SMALL, *PROCESS, cwd=tmp_path).returncode == 0


def test_ctrl_c_while_it_prepares(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cab_runner.cli", "sweep", *SMALL, "-t", "polyglot/*", *PROCESS]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        assert running.stderr.readline().startswith("preparing ")
        running.send_signal(signal.SIGINT)
        assert running.stderr.read().splitlines()[-1] == "cab: interrupted"
    assert running.returncode == 130


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-a", "bash-loop", "-m", "oracle", "--endpoint", "sim"), "no task: give -t GLOB"),
        (("-t", "polyglot/*", "-m", "oracle", "--endpoint", "sim"), "no agent: give -a NAME"),
        (("-a", "bash-loop", "-t", "polyglot/*", "--endpoint", "sim"), "no model: give -m MODEL"),
        (("-a", "bash-loop", "-t", "polyglot/*", "-m", "x"), "no endpoint: give --endpoint URL"),
        ((*SMALL, "-m", "oracle"), "model oracle is given twice"),
        ((*SMALL, "-a", "bash-loop"), "agent bash-loop is given twice"),
        ((*SMALL, "--sweep-id", "../x"), "give letters, digits, dots and dashes"),
        ((*SMALL, "--fault", "nonsense"), "--fault: unknown fault 'nonsense'"),
        ((*SMALL[:-1], "http://h/v1", "--fault", "429"), "--fault works with --endpoint sim only"),
        ((*SMALL, "--max-tokens", "9", "--sweep-max-tokens", "8"), "smaller than that of one attempt"),
        ((*SMALL, "--sweep-max-cost-usd", "nan"), "--sweep-max-cost-usd has to be"),
        ((*SMALL[:-1], "http://[::1"), "is no endpoint"),
        (("--resume", "."), "holds no sweep"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = cab("sweep", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_is_fixed_can_t_be_changed_on_the_way(tmp_path: Path) -> None:
    cab("sweep", *SMALL, *PROCESS, cwd=tmp_path)
    done = cab("sweep", "--resume", "results/s", "-m", "null", cwd=tmp_path)
    assert done.returncode == 2
    assert "--model is fixed for a sweep that has begun" in done.stderr


def test_an_unknown_key_in_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text('agents = ["bash-loop"]\n')
    done = cab("sweep", "--config", "sweep.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no option agents" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("n_attempts = [1, 2]", "n_attempts must be a number"),
        ("agent = 5", "agent must be a list of texts"),
        ("tasks_dir = 5", "tasks_dir must be a text"),
        ('strict_factory = "no"', "strict_factory must be true or false"),
        ("endpoints = 3", "endpoints must be tables"),
        ('agent_commands = ["x"]', "agent_commands must be tables"),
    ],
)
def test_a_file_with_values_of_other_kinds(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "sweep.toml").write_text(text)
    done = cab("sweep", "--config", "sweep.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_a_results_folder_from_elsewhere_names_is_left_alone(tmp_path: Path) -> None:
    """Run ids are names; links are not written to."""
    cab("sweep", *SMALL, *PROCESS, cwd=tmp_path)
    (precious := tmp_path / "precious").mkdir()
    events, victim = tmp_path / "results/s/events.jsonl", tmp_path / "victim"
    started = json.loads(next(line for line in events.read_text().splitlines() if "attempt_started" in line))
    with events.open("a") as file:
        for run_id in (str(precious), "../../precious", ""):
            file.write(json.dumps(started | {"run_id": run_id}) + "\n")
    assert cab("sweep", "--resume", "results/s", cwd=tmp_path).returncode == 0
    assert precious.exists()
    victim.write_text("no newline at its end")
    for name in ("events.jsonl", ".lock"):
        path = tmp_path / "results/s" / name
        path.unlink()
        path.symlink_to(victim)
        assert cab("sweep", "--resume", "results/s", cwd=tmp_path).returncode == 3
        assert victim.read_text() == "no newline at its end"
        path.unlink()


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"failure": "x"}', "[" * 9000])
def test_a_record_that_can_t_be_read_is_named(tmp_path: Path, record: str) -> None:
    cab("sweep", *SMALL, *PROCESS, cwd=tmp_path)
    [path] = (tmp_path / "results/s").rglob("cell.json")
    path.write_text(record)
    done = cab("sweep", "--resume", "results/s", cwd=tmp_path)
    assert done.returncode == 1
    assert str(path.parent.relative_to(tmp_path)) in done.stderr
    assert "Traceback" not in done.stderr


def test_models_at_several_endpoints_and_an_agent_by_its_command(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(
        'task = ["mutations/python-sunday-off-by-one"]\nsandbox = "process"\nsweep_id = "s"\n'
        '[[endpoints]]\nname = "one"\nurl = "sim"\nmodels = ["oracle"]\nn_concurrent = 1\n'
        '[[endpoints]]\nname = "two"\nurl = "sim"\nmodels = ["null"]\n'
        '[[agent_commands]]\nname = "idle"\ncommand = "true"\n'
    )
    done = cab("sweep", "--config", "sweep.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = {cell["identity"]["model"]: cell["failure"]["cause"] for _, cell in cells(tmp_path / "results/s")}
    assert found == {"oracle": "no_model_call", "null": "no_model_call"}
    assert cab("sweep", "--resume", "results/s", cwd=tmp_path).returncode == 0
