"""What fails under an attempt: meter, endpoint, disk, the runner itself. What was measured is kept."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cab_proxy import records
from cab_runner import attempt, evidence_store, grading, oracle, results, sandbox, services, tasks
from cab_runner.agents.base import Adapter, WireContext, Wiring
from cab_runner.errors import AttemptVoid, CabError
from cab_runner.recording import Recording
from cab_runner.resources import tasks_dir
from cab_runner.sandbox import usage
from cab_runner.sandbox.base import Sandbox
from cab_runner.sandbox.host import MARK
from fakes.attempts import PYTHON_TASK, run

STREAMING = """
import json, os, urllib.request

body = {"model": "oracle", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
headers = {"Authorization": "Bearer " + os.environ["TOKEN"], "Content-Type": "application/json"}
request = urllib.request.Request(os.environ["URL"], json.dumps(body).encode(), headers)
with urllib.request.urlopen(request) as answer:
    answer.readline()
    print("streaming", flush=True)
    while answer.readline():
        pass
"""


def process() -> Sandbox:
    return sandbox.choose("process", simulated=True)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> dict[str, services.Child]:
    """The services of the attempt by name, once they run."""
    found: dict[str, services.Child] = {}
    real = services.child

    @contextmanager
    def spied(
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin_line: str | None = None,
    ) -> Iterator[services.Child]:
        with real(name, command, env=env, stdin_line=stdin_line) as running:
            found[name] = running
            yield running

    monkeypatch.setattr(services, "child", spied)
    return found


@pytest.mark.parametrize(
    ("service", "cause", "last"),
    [("cab-proxy", "proxy_died", ("open", None)), ("cab-sim", "endpoint_down", ("call", "truncated"))],
)
def test_a_service_that_is_killed_during_a_stream(
    tmp_path: Path, started: dict[str, services.Child], service: str, cause: str, last: tuple[str, str | None]
) -> None:
    def wire(context: WireContext) -> Wiring:
        return Wiring(
            command=(context.layout.python, "-c", STREAMING),
            env={"URL": f"{context.base_url}/chat/completions", "TOKEN": context.token},
        )

    def kill(line: str) -> str:
        if line == "streaming":
            started[service].process.kill()
            started[service].process.wait()
        return line

    agent = Adapter(name="bash-loop", version="1", protocol="chat", image=None, wire=wire, render=kill)
    done = run(tmp_path, process(), PYTHON_TASK, adapter=agent, faults=("slow",))
    assert done.cell["failure"]["cause"] == cause
    assert done.cell["failure"]["counted"] is False
    assert done.cell["scores"]["pass_rate"]["pass"] is None
    ledger = records.verify((done.folder / "calls.jsonl").read_bytes())
    assert ledger.ok
    call = records.calls_of(ledger.records)[-1]
    assert (call.kind, call.error_type) == last
    assert len(ledger.in_flight) == (1 if service == "cab-proxy" else 0)
    assert "streaming" in (done.folder / "agent.stdout").read_text()


def test_a_full_disk_is_the_cause_while_the_record_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Recording, "write", full)
    cell = run(tmp_path, process(), PYTHON_TASK).cell
    assert cell["failure"]["cause"] == "out_of_disk"
    assert cell["failure"]["counted"] is False


def test_a_record_that_cannot_be_written_leaves_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = results.write_json

    def full(path: Path, value: Any) -> None:
        if (path.parent / "agent.stdout").exists():  # the agent has worked
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, value)

    monkeypatch.setattr(results, "write_json", full)
    with pytest.raises(AttemptVoid, match="No space left on device") as caught:
        run(tmp_path, process(), PYTHON_TASK)
    [partial] = (tmp_path / ".partial").iterdir()
    assert str(partial) in str(caught.value)
    assert evidence_store.read_calls(partial)


def test_a_disk_that_is_full_before_the_agent_starts_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(results, "write_json", full)
    with pytest.raises(OSError, match="No space left on device"):
        run(tmp_path, process(), PYTHON_TASK)
    assert not list((tmp_path / ".partial").iterdir())


def test_a_workspace_that_cannot_be_read_is_the_runners_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(attempt, "make_patch", broken)
    done = run(tmp_path, process(), PYTHON_TASK)
    assert done.cell["failure"]["cause"] == "sandbox_error"
    assert done.fault_detail is not None
    assert "Input/output error" in done.fault_detail
    assert done.cell["meter"]["calls"] > 0


def test_a_grader_that_never_completes_suspends_its_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither on the workspace nor on the solution, whose own script fails besides."""
    task = tasks.load(tasks_dir(), PYTHON_TASK)
    oracle.script_for(task, "oracle", process(), None, Event())
    monkeypatch.setattr(grading, "_reward", lambda _: None)
    monkeypatch.setattr(oracle, "play", failing_script)
    cell = run(tmp_path, process(), PYTHON_TASK).cell
    assert cell["failure"]["cause"] == "grader_error"
    assert cell["failure"]["then"] == "suspend the task"


def failing_script(*_: object) -> None:
    raise CabError("solve.sh exited 1")


def test_two_attempts_at_once_take_two_numbers(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: run(tmp_path, process(), PYTHON_TASK), range(2)))
    assert {d.cell["identity"]["attempt"] for d in done} == {1, 2}
    assert {d.folder.name for d in done} == {"1", "2"}
    assert len({d.cell["identity"]["run_id"] for d in done}) == 2


CAB = (sys.executable, "-m", "cab_runner.cli")
SLOW = (
    *CAB, "run-cell", "-a", "bash-loop", "-m", "oracle", "-t", PYTHON_TASK, "--endpoint", "sim",
    "--fault", "slow",
)  # fmt: skip


@contextmanager
def working(cwd: Path, box: str) -> Iterator[subprocess.Popen[str]]:
    """A runner whose agent has begun to work."""
    with subprocess.Popen(
        [*SLOW, "--sandbox", box], cwd=cwd, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "is working" in line:
                break
        yield running
        running.communicate()


def jobs_of(pid: int) -> list[str]:
    return [mark for mark in usage.marked(MARK).values() if mark.split(".")[2] == str(pid)]


def staged_by(pid: int) -> list[str]:
    # one that was killed between making the file and writing it left it empty
    marks = [path.read_text() for path in Path(tempfile.gettempdir()).glob("cab-*/owner")]
    return [mark for mark in marks if mark.split(".")[2:3] == [str(pid)]]


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGTERM,), (signal.SIGHUP,), (signal.SIGINT, signal.SIGINT, signal.SIGINT)],
    ids=["SIGTERM", "SIGHUP", "Ctrl-C three times"],
)
def test_a_signal_ends_the_runner_in_order(tmp_path: Path, signals: tuple[signal.Signals, ...]) -> None:
    with working(tmp_path, "process") as running:
        for number in signals:
            running.send_signal(number)
    assert running.returncode == 130
    assert jobs_of(running.pid) == []
    assert staged_by(running.pid) == []
    ledgers = list((tmp_path / "results").rglob("calls.jsonl"))
    assert all(records.verify(path.read_bytes()).ok for path in ledgers)
    assert len(ledgers) == 1


@pytest.mark.bwrap
def test_what_a_killed_runner_leaves_is_cleaned_and_its_ledger_named(tmp_path: Path) -> None:
    with working(tmp_path, "bwrap") as running:
        running.kill()
    done = subprocess.run([*CAB, "clean", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True)
    cleaned: dict[str, Any] = json.loads(done.stdout)
    [partial] = cleaned["partial"]
    assert records.verify((tmp_path / partial / "calls.jsonl").read_bytes()).ok
    assert cleaned["removed"]["folders"]
    assert jobs_of(running.pid) == []


@pytest.mark.bwrap
def test_an_endpoint_of_ones_own_with_the_right_and_the_wrong_key(tmp_path: Path) -> None:
    task = tasks.load(tasks_dir(), PYTHON_TASK)
    script = oracle.script_for(task, "oracle", process(), None, Event())
    (tmp_path / "runs/one").mkdir(parents=True)
    (tmp_path / "runs/one/script.json").symlink_to(script)
    with services.simulator(tmp_path / "runs", "the-key") as served:
        url = f"{served.url}/one/v1"
        command = [
            *CAB, "run-cell", "-a", "bash-loop", "-m", "oracle", "-t", PYTHON_TASK, "--sandbox", "bwrap",
            "--endpoint", url, "--key-env", "MY_KEY",
        ]  # fmt: skip
        wrong, right = (
            subprocess.run(
                command, cwd=tmp_path, env={**os.environ, "MY_KEY": key}, capture_output=True, text=True,
                check=False,
            )
            for key in ("no-key", "the-key")
        )  # fmt: skip
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines()[-1] == f"cab: {url} answered 401: the key was refused"
    assert right.returncode == 0, right.stderr
    [record] = (tmp_path / "results").rglob("cell.json")
    cell = json.loads(record.read_bytes())
    assert cell["identity"]["simulated"] is False
    assert cell["identity"]["endpoint"] == url
    assert cell["scores"]["pass_rate"]["pass"] == 1
