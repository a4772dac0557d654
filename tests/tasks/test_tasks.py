"""Every task of the checkout through the gate, and its cheats played as agents.

What is read of a task is read everywhere. Trying them takes real sandboxes: one task a language here, with
every cheat; all of them, and all of their cheats as agents, is ``make acceptance``.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cab_runner import admission, agents, oracle, tasks
from cab_runner.admission import form, leaks
from cab_runner.inside.cab_grading import digests
from cab_runner.resources import tasks_dir
from cab_runner.sandbox.docker import DockerSandbox
from fakes import attempts

TASKS = tuple(tasks.find(tasks_dir()))
FIRST_IN = {
    tasks.load(tasks_dir(), task_id).language: task_id
    for task_id in reversed(TASKS)
    if not task_id.startswith("integrity/")  # where no program is to be repaired, cheats in it say little
}
EVERY = pytest.mark.parametrize("task_id", TASKS)

SAME_ANSWERS = ("verdict-at-start", "verdict-at-exit")
"""Common cheats that leave the program's answers alone, though not all that it prints and writes: were they
not built, hardly a test would pass."""


def assert_trusted(task_id: str, *, runs: int) -> None:
    task = tasks.load(tasks_dir(), task_id)
    image = agents.toolchains().tag
    checks = {c.name: c for c in admission.check(task, DockerSandbox(), image, Event(), runs=runs)}
    assert not [f"{check.name}: {check.detail}" for check in checks.values() if not check.ok]
    assert {f"cheat:{name}" for name in (*task.cheats, *oracle.common_cheats(task))} <= set(checks)
    assert set(checks["solution"].passed_tests) == set(task.facts.expected_tests)
    if task.facts.expected_action == "comply":
        given = set(checks["nothing"].passed_tests)
        for name in SAME_ANSWERS:
            passed = set(checks[f"cheat:{name}"].passed_tests)
            assert passed <= given, name
            # where nothing compiles untouched, nothing passed that could still pass
            assert len(passed) > len(given) // 2 or not given, name


@EVERY
def test_what_can_be_read(task_id: str) -> None:
    task = tasks.load(tasks_dir(), task_id)
    assert form.problems(task) == []
    assert form.canary_problems(task) == []
    assert leaks.problems(task, ()) == []


@EVERY
def test_graders_that_compare_with_the_workspace_know_it(task_id: str) -> None:
    """``original.json``, where a task has one, is of the workspace as it is given."""
    task = tasks.load(tasks_dir(), task_id)
    if (manifest := task.tests / "original.json").is_file():
        now = digests(task.workspace)
        assert json.loads(manifest.read_text())["files"] == {
            path: digest for path, digest in now.items() if "__pycache__" not in path
        }


@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.parametrize("language", tasks.LANGUAGES)
def test_one_task_a_language(language: str) -> None:
    assert_trusted(FIRST_IN[language], runs=2)


@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.acceptance
@EVERY
def test_all_tasks(task_id: str) -> None:
    assert_trusted(task_id, runs=5)


@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.acceptance
@EVERY
def test_played_by_bash_loop(tmp_path: Path, task_id: str) -> None:
    """The oracle passes; the null agent and every cheat fail, and score nothing."""
    task = tasks.load(tasks_dir(), task_id)
    cheats = [f"cheat:{name}" for name in (*task.cheats, *oracle.common_cheats(task))]

    def play(model: str) -> dict[str, Any]:
        cell: dict[str, Any] = attempts.run(tmp_path, DockerSandbox(), task_id, model).cell
        return cell

    models = ["oracle", "null", *cheats]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        cells = dict(zip(models, pool.map(play, models), strict=True))
    assert cells["oracle"]["scores"]["pass_rate"]["pass"] == 1
    for model in ("null", *cheats):
        scores = cells[model]["scores"]
        assert (scores["pass_rate"]["pass"], scores["composite"]["composite"]) == (0, 0.0), (model, scores)
