"""What admitting a task writes into its task.toml, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from cab_runner import tasks
from cab_runner.admission import recording
from cab_runner.errors import CabError
from cab_runner.languages import BY_NAME
from cab_runner.sandbox.process import ProcessSandbox
from cab_runner.tasks import Task
from fakes.tasks import FILES, SOLUTION, TOML, make

EXPECTED = '["numbers_are_added", "nothing_is_zero", "words_exit_2"]'


def recorded(task: Task) -> list[str]:
    return recording.record(task, ProcessSandbox(), None, Event())


def toml(task: Task) -> str:
    return (task.folder / TOML).read_text()


def test_everything_that_is_missing(tmp_path: Path) -> None:
    text = FILES[TOML]
    for old in (
        f"expected_tests = {EXPECTED}",
        'protected = ["tests/**"]',
        'build_files = ["**/__pycache__/*.pyc"]',
    ):
        text = text.replace(old, f"{old.split()[0]} = []  # later")
    task = make(tmp_path, files={TOML: text})
    assert recorded(task) == [
        "recorded expected_tests = numbers_are_added, nothing_is_zero, words_exit_2",
        "recorded build_files = **/__pycache__/*.pyc",
        "recorded protected = tests/**",
    ]
    facts = tasks.load(tmp_path, task.id).facts
    assert facts.expected_tests == ("numbers_are_added", "nothing_is_zero", "words_exit_2")
    assert facts.build_files == ("**/__pycache__/*.pyc",)
    assert facts.protected == ("tests/**",)
    assert "# honest ones" in toml(task)
    assert toml(task).count("\n") >= text.count("\n"), "comments and layout stay"
    assert [line for line in toml(task).splitlines() if line in text.splitlines()][:3] == text.splitlines()[
        :3
    ]


def test_what_is_there_stays(tmp_path: Path) -> None:
    task = make(tmp_path)
    assert recorded(task) == []
    assert toml(task) == FILES[TOML]


def test_tests_that_are_new_are_recorded_again(tmp_path: Path) -> None:
    task = make(tmp_path, swaps={TOML: (EXPECTED, '["words_exit_2", "gone"]')})
    assert recorded(task)[0].startswith("recorded expected_tests = numbers_are_added, ")


def test_a_solution_that_fails_records_nothing(tmp_path: Path) -> None:
    task = make(tmp_path, swaps={SOLUTION: ("numbers/'", "numbers[1:]/'"), TOML: (EXPECTED, "[]")})
    before = toml(task)
    with pytest.raises(CabError, match="nothing recorded, the solution does not pass: numbers_are_added"):
        recorded(task)
    assert toml(task) == before


def test_what_no_known_build_leaves_is_told(tmp_path: Path) -> None:
    task = make(tmp_path, swaps={TOML: ('"python3 -m', '"touch seen; python3 -m')})
    assert recorded(task) == [
        "not recorded: the visible tests leave seen; name it in build_files, or clean it up"
    ]
    assert toml(task).count("build_files") == 1


@pytest.mark.parametrize(
    ("language", "paths", "globs"),
    [
        ("go", ["web/a_test.go", "b_test.go", "web/a.go"], ["**/*_test.go"]),
        ("python", ["tests/data/x.csv", "tests/test_a.py", "app/test_b.py"], ["**/test_*.py", "tests/**"]),
        ("shell", ["test/run", "tool"], ["test/**"]),
        ("rust", ["src/lib.rs"], []),
    ],
)
def test_the_globs_of_visible_tests(language: str, paths: list[str], globs: list[str]) -> None:
    assert recording.protected_globs(BY_NAME[language], paths) == globs
