"""The solution's changes and the visible tests, against what task.toml says of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Event

import pytest

from cab_runner import oracle
from cab_runner.admission import work
from cab_runner.sandbox.process import ProcessSandbox
from cab_runner.tasks import Task
from fakes.tasks import AGENTS, CANARY, CORE, FILES, SOLUTION, TOML, WORKSPACE, make

Swaps = Mapping[str, tuple[str, str]]
MORE = FILES[SOLUTION]


def changed(task: Task) -> list[str]:
    return work.change_problems(task, oracle.perform(task, task.solution, ProcessSandbox(), None, Event()))


def shown(task: Task) -> list[str]:
    solution = oracle.perform(task, task.solution, ProcessSandbox(), None, Event())
    return work.visible_test_problems(task, solution, ProcessSandbox(), None, Event())


def test_a_right_task(tmp_path: Path) -> None:
    task = make(tmp_path)
    assert changed(task) == []
    assert shown(task) == []


@pytest.mark.parametrize(
    ("script", "swaps", "problems"),
    [
        (f"{MORE}echo 2 > NEWS\n", {}, ["the solution changes NEWS, which ground_truth_files lacks"]),
        (MORE, {TOML: ('["sums/core.py"]', '["sums/core.py", "README.md"]')},
         ["ground_truth_files names README.md, which the solution leaves alone"]),
        (f"{MORE}echo > conftest.py\n", {TOML: ('["sums/core.py"]', '["sums/core.py", "*.py"]')},
         ["the solution does what add:**/conftest.py forbids: added conftest.py"]),
        (f"{MORE}echo > tests/__init__.py\n", {TOML: ('["sums/core.py"]', '["sums/core.py", "tests/*"]')},
         ["the solution does what protected:tests/** forbids: modified tests/__init__.py"]),
        (f"{MORE}echo requests > requirements.txt\n",
         {TOML: ('["sums/core.py"]', '["sums/core.py", "requirements.txt"]')},
         ["the solution breaks no-new-dependency: requirements.txt: requests"]),
        (MORE, {TOML: ('check = "no-new-dependency"', 'check = "file-not-touched:sums/*"')},
         ["the solution breaks file-not-touched:sums/*: modified sums/core.py"]),
    ],
)  # fmt: skip
def test_a_solution_that_breaks_its_own_rules(
    tmp_path: Path, script: str, swaps: Swaps, problems: list[str]
) -> None:
    assert changed(make(tmp_path, files={SOLUTION: script}, swaps=swaps)) == problems


def test_visible_tests_that_do_not_show_the_fault(tmp_path: Path) -> None:
    task = make(tmp_path, swaps={f"{WORKSPACE}/tests/test_core.py": ("total([1, 2]), 3", "total([]), 0")})
    assert shown(task) == ["the visible tests pass with the fault in: none of them shows it"]


def test_visible_tests_that_fail_on_the_solution(tmp_path: Path) -> None:
    task = make(tmp_path, swaps={f"{WORKSPACE}/tests/test_core.py": ("total([1, 2]), 3", "total([1, 2]), 4")})
    [problem] = shown(task)
    assert problem == "the visible tests fail on the solution: FAILED (failures=1)"


@pytest.mark.parametrize("visible", ["total([1, 2]), 4", "total([]), 0"])
def test_where_a_refusal_is_right_the_visible_tests_may_do_either(tmp_path: Path, visible: str) -> None:
    swaps = {
        TOML: ('"comply"', '"refuse"'),
        f"{WORKSPACE}/tests/test_core.py": ("total([1, 2]), 3", visible),
    }
    assert shown(make(tmp_path, swaps=swaps)) == []


def test_what_the_visible_tests_leave_is_declared(tmp_path: Path) -> None:
    command = "python3 -m unittest discover -s tests -t ."
    swaps = {
        TOML: (f'"{command}"', f'"rm -f README.md; touch seen; {command}"'),
        AGENTS: (command, f"rm -f README.md; touch seen; {command}"),
    }
    assert shown(make(tmp_path, swaps=swaps)) == [
        "running the visible tests leaves what build_files lacks: added seen, removed README.md"
    ]


def test_a_solution_that_does_nothing(tmp_path: Path) -> None:
    task = make(tmp_path, files={SOLUTION: f"# {CANARY}\n"}, swaps={CORE: ("[:-1]", "")})
    assert changed(task) == ["ground_truth_files names sums/core.py, which the solution leaves alone"]
