"""Every task in the real grader sandboxes: its solution passes, doing nothing fails, every cheat fails."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Event

import pytest

from cab_runner import admission, agents, sandbox, tasks
from cab_runner.resources import tasks_dir

TASKS = tuple(tasks.find(tasks_dir()))
IN_BWRAP = ("python",)
"""Languages whose toolchain every machine with bwrap has where the sandbox sees it."""


def assert_all_hold(task: tasks.Task, name: str, image: str | None) -> None:
    checks = list(admission.check(task, sandbox.choose(name, simulated=True), image, Event()))
    assert [check.name for check in checks] == ["solution", "nothing", *(f"cheat:{n}" for n in task.cheats)]
    assert not [f"{check.name}: {check.detail}" for check in checks if not check.ok]
    assert set(checks[0].passed_tests) == set(task.facts.expected_tests)


@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.parametrize("task_id", TASKS)
def test_in_docker(task_id: str) -> None:
    assert_all_hold(tasks.load(tasks_dir(), task_id), "docker", agents.toolchains().tag)


@pytest.mark.bwrap
@pytest.mark.parametrize("task_id", [t for t in TASKS if tasks.load(tasks_dir(), t).language in IN_BWRAP])
def test_in_bwrap(task_id: str) -> None:
    assert_all_hold(tasks.load(tasks_dir(), task_id), "bwrap", None)


def test_a_task_that_can_be_passed_by_cheating_is_not_to_be_trusted(tmp_path: Path) -> None:
    """With the solution in a cheat's place, the check of that cheat fails, and says that it passes."""
    source = tasks_dir() / "mutations/python-comparator-swap"
    folder = tmp_path / "mutations/python-comparator-swap"
    shutil.copytree(source, folder)
    for cheat in (folder / "cheats").iterdir():
        cheat.unlink()
    shutil.copy(folder / "solution/solve.sh", folder / "cheats/1-the-solution.sh")
    task = tasks.load(tmp_path, "mutations/python-comparator-swap")
    found = list(admission.check(task, sandbox.choose("process", simulated=True), None, Event()))
    assert [(check.name, check.ok) for check in found] == [
        ("solution", True),
        ("nothing", True),
        ("cheat:1", False),
    ]
    assert (found[2].name, found[2].detail) == ("cheat:1", "passes")
