"""``cab tasks`` as a program: what it prints, and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from fakes.commands import cab
from fakes.tasks import CHECK, SOLUTION, TASK_ID, TOML, make

PROCESS = ("--sandbox", "process", "--tasks-dir", ".")


def test_the_cheats_that_the_simulator_plays(tmp_path: Path) -> None:
    make(tmp_path)
    done = cab("tasks", "list", "--cheats", "--json", "--tasks-dir", ".", cwd=tmp_path)
    [task] = json.loads(done.stdout)
    assert task["id"] == TASK_ID
    assert {"1", "2", "3", "tests-deleted", "exit-zero-at-exit"} <= set(task["cheats"])


def test_several_tasks_are_checked_and_a_bad_one_is_named(tmp_path: Path) -> None:
    make(tmp_path)
    bad = "mutations/python-other"
    make(tmp_path, task_id=bad, swaps={TOML: ("[verifier]\ntimeout_sec = 6", "[verifier]\ntimeout_sec = 1")})
    done = cab("tasks", "check", "--runs", "1", "-n", "2", *PROCESS, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"cab: 2 of 2 tasks may not be trusted: {bad}, {TASK_ID}"
    assert f"{TASK_ID} canary: FAILED: {bad} has the same canary" in done.stderr.splitlines()
    assert f"{bad} solution: passes" in done.stderr.splitlines()
    failed = [line.split()[:3] for line in done.stdout.splitlines() if "FAILED" in line]
    assert failed == [[bad, "form", "FAILED"], [bad, "canary", "FAILED"], [TASK_ID, "canary", "FAILED"]]


def test_a_folder_is_checked_for_machines(tmp_path: Path) -> None:
    folder = make(tmp_path).folder
    done = cab("tasks", "check", str(folder), "--runs", "1", "--json", "--sandbox", "process", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    checks = json.loads(done.stdout)
    assert {check["task"] for check in checks} == {TASK_ID}
    assert all(check["ok"] for check in checks)
    assert [check["check"] for check in checks][:3] == ["form", "canary", "leaks"]


def test_a_pattern_that_names_nothing(tmp_path: Path) -> None:
    make(tmp_path)
    done = cab("tasks", "check", "mutations/nope", *PROCESS, cwd=tmp_path)
    assert done.returncode == 2
    assert TASK_ID in done.stderr


def test_new_then_admit(tmp_path: Path) -> None:
    """A new task is not admitted before it has a solution; a written one is, and says what was recorded."""
    done = cab(
        "tasks", "new", "polyglot/python-new", "--language", "python", "--tasks-dir", ".", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "cab tasks check polyglot/python-new" in done.stdout
    done = cab("tasks", "admit", "polyglot/python-new", *PROCESS, cwd=tmp_path)
    assert done.returncode == 1
    assert "solve.sh exited 1" in done.stderr.splitlines()[-1]
    make(tmp_path, swaps={TOML: ('protected = ["tests/**"]', "protected = []")})
    done = cab("tasks", "admit", TASK_ID, "--runs", "1", *PROCESS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "recorded protected = tests/**" in done.stderr.splitlines()
    assert 'protected = ["tests/**"]' in (tmp_path / TASK_ID / TOML).read_text()


def test_ctrl_c_stops_all_of_it(tmp_path: Path) -> None:
    """Both tasks' graders are waiting for each other's sign of life, then for ever."""
    for name in ("a", "b"):
        other = tmp_path / ("b" if name == "a" else "a")
        wait = f"touch {tmp_path}/{name}; until test -e {other}; do sleep 0.05; done; echo both; sleep 600"
        make(tmp_path, task_id=f"mutations/python-{name}", files={SOLUTION: f"{wait}\n", CHECK: "x\n"})
    command = [sys.executable, "-m", "cab_runner.cli", "tasks", "check", "-n", "2", *PROCESS]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        while not all((tmp_path / name).exists() for name in "ab"):
            assert running.poll() is None, running.stderr.read()
        # the kernel may hand a signal to any thread; Python's handlers run in the main one
        others = {int(thread.name) for thread in Path(f"/proc/{running.pid}/task").iterdir()} - {running.pid}
        os.kill(min(others), signal.SIGINT)
        assert running.stderr.read().splitlines()[-1] == "cab: interrupted"
        assert running.wait() == 130


def test_a_task_of_harbors_own_making_declares_nothing_to_check(tmp_path: Path) -> None:
    folder = tmp_path / "org/theirs"
    for name, text in {
        "task.toml": "",
        "instruction.md": "Do it.\n",
        "environment/Dockerfile": "FROM x\n",
        "tests/test.sh": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for command in ("check", "admit"):
        done = cab("tasks", command, str(folder), "--sandbox", "process", cwd=tmp_path)
        assert done.returncode == 2
        assert "org/theirs is of Harbor's own making" in done.stderr
