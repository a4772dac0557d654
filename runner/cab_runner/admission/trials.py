"""What is tried on a task: edits, graded in the real grader sandbox, once or several times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from cab_runner import grading, oracle, workbench, workspace
from cab_runner.capture import last_line
from cab_runner.grading import Graded
from cab_runner.sandbox.base import Sandbox
from cab_runner.sandbox.staging import Staging
from cab_runner.tasks import Task
from cab_scoring.verdict import shortfalls
from cab_sim.script import Edit

SLOWEST_GRADING_S: Final = 60.0
"""A grader that takes longer is no grader for thousands of cells."""

Grade = Callable[[Sequence[Edit]], Graded]
"""Grade the workspace after these edits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One or several gradings of the same workspace, judged together."""

    passed: bool
    """The first one passed, as an attempt would."""
    completed: bool
    detail: str
    trouble: str | None
    """Not the same result each time, or too slow."""
    passed_tests: tuple[str, ...]


def grade_script(task: Task, script: Path | None, sandbox: Sandbox, image: str | None, stop: Event) -> Graded:
    """Grade the workspace as one of the task's own scripts leaves it (``None``: as given).

    Raises :class:`CabError` when the script fails.
    """
    edits = oracle.play(task, script, sandbox, image, stop) if script else ()
    return grade_edits(task, edits, sandbox, image, stop)


def grade_edits(
    task: Task, edits: Sequence[Edit], sandbox: Sandbox, image: str | None, stop: Event
) -> Graded:
    """Grade the workspace as given, after these edits."""
    with Staging() as staging:
        final = staging.folder("final")
        workspace.copy_final(task.workspace, final)
        workbench.apply(edits, final)
        return grading.grade(task, final, sandbox, image, stop)


def tried(task: Task, edits: Sequence[Edit], grade: Grade, runs: int = 1) -> Tried:
    """Grade the same workspace ``runs`` times."""
    gradings = [grade(edits) for _ in range(runs)]
    first = gradings[0]
    missed = shortfalls(task.facts, first.grade)
    results = {(g.grade.completed, g.grade.passed_tests, g.grade.failed_tests) for g in gradings}
    slowest_s = max(g.outcome.active_ms for g in gradings) / 1000.0
    trouble = []
    if len(results) > 1:
        wavering = _wavering(gradings) or "whether there is a verdict"
        trouble.append(f"{runs} gradings of the same workspace differ: {wavering}")
    if slowest_s > SLOWEST_GRADING_S:
        trouble.append(f"a grading took {slowest_s:.0f} s, the limit is {SLOWEST_GRADING_S:.0f} s")
    alike = f"; {runs} times alike, {slowest_s:.1f} s at most" if runs > 1 and not trouble else ""
    return Tried(
        passed=not missed,
        completed=first.grade.completed,
        detail=_detail(first, missed) + alike,
        trouble="; ".join(trouble) or None,
        passed_tests=first.grade.passed_tests,
    )


def _wavering(gradings: Sequence[Graded]) -> str:
    """The tests that passed in some gradings and not in all."""
    passed = [frozenset(g.grade.passed_tests) for g in gradings]
    return ", ".join(sorted(frozenset().union(*passed) - passed[0].intersection(*passed)))


def _detail(graded: Graded, missed: tuple[str, ...]) -> str:
    if not graded.grade.completed:
        said = last_line(graded.grade.stderr_tail, graded.grade.stdout_tail)
        return f"the grader did not complete: {said}"
    return f"fails: {'; '.join(missed)}" if missed else "passes"
