"""Several gradings of one workspace, judged together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cab_runner.admission import trials
from cab_runner.admission.trials import SLOWEST_GRADING_S, Tried
from cab_runner.grading import Graded
from cab_runner.sandbox.base import Outcome
from cab_scoring.evidence import Grade
from cab_sim.script import Edit
from fakes.tasks import make

ALL = ("nothing_is_zero", "numbers_are_added", "words_exit_2")


def graded(*failed: str, completed: bool = True, took_s: float = 1.0) -> Graded:
    return Graded(
        grade=Grade(
            completed=completed,
            reward=0.0 if failed else 1.0,
            exit_code=0,
            timed_out=False,
            passed_tests=tuple(test for test in ALL if test not in failed),
            failed_tests=failed,
            tests_intact=True,
            stdout_tail="",
            stderr_tail="grader: no place to work\n",
        ),
        outcome=Outcome(
            exit_code=0,
            killed_for=None,
            started_at="2026-07-01T12:00:00Z",
            ended_at="2026-07-01T12:00:01Z",
            active_ms=took_s * 1000.0,
            cpu_ms=None,
            output_bytes=0,
        ),
        stdout=b"",
        stderr=b"",
        junit=None,
    )


def tried(root: Path, *gradings: Graded) -> Tried:
    left = list(gradings)

    def grade(_edits: Sequence[Edit]) -> Graded:
        return left.pop(0)

    found = trials.tried(make(root), (), grade, len(gradings))
    assert left == []
    return found


def test_the_same_each_time(tmp_path: Path) -> None:
    found = tried(tmp_path, graded(took_s=0.5), graded(took_s=1.25), graded())
    assert (found.passed, found.trouble) == (True, None)
    assert found.detail == "passes; 3 times alike, 1.2 s at most"
    assert found.passed_tests == ALL


@pytest.mark.parametrize(
    ("gradings", "wavering"),
    [
        ((graded(), graded(), graded("words_exit_2")), "words_exit_2"),
        ((graded("words_exit_2"), graded("nothing_is_zero")), "nothing_is_zero, words_exit_2"),
        ((graded(), graded(completed=False)), "whether there is a verdict"),
    ],
)
def test_not_the_same_each_time(tmp_path: Path, gradings: tuple[Graded, ...], wavering: str) -> None:
    found = tried(tmp_path, *gradings)
    assert found.trouble == f"{len(gradings)} gradings of the same workspace differ: {wavering}"


def test_a_slow_one(tmp_path: Path) -> None:
    found = tried(tmp_path, graded(), graded(took_s=SLOWEST_GRADING_S + 12))
    assert (found.passed, found.trouble) == (True, "a grading took 72 s, the limit is 60 s")
    assert tried(tmp_path, graded(took_s=SLOWEST_GRADING_S)).trouble is None


def test_a_grader_that_breaks_says_how(tmp_path: Path) -> None:
    found = tried(tmp_path, graded(completed=False))
    assert (found.passed, found.completed) == (False, False)
    assert found.detail == "the grader did not complete: grader: no place to work"
