"""Whether a task may be trusted: its solution passes, doing nothing fails, every cheat fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from cab_runner import grading, oracle, workspace
from cab_runner.capture import last_line
from cab_runner.grading import Graded
from cab_runner.sandbox.base import Sandbox
from cab_runner.sandbox.staging import Staging
from cab_runner.tasks import Task
from cab_scoring.verdict import shortfalls


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was tried on a task."""

    name: str
    """``solution``, ``nothing`` or ``cheat:<n>``."""
    ok: bool
    detail: str
    passed_tests: tuple[str, ...]


def check(task: Task, sandbox: Sandbox, image: str | None, stop: Event) -> Iterator[Check]:
    """Try the solution, nothing, and every cheat; each is graded in the real grader sandbox."""
    attempts = [("solution", task.solution), ("nothing", None)]
    attempts += [(f"cheat:{number}", script) for number, script in task.cheats.items()]
    for name, script in attempts:
        graded = grade_script(task, script, sandbox, image, stop)
        missed = shortfalls(task.facts, graded.grade)
        # only a cheat may break the grader, and it has not passed then either
        ran = graded.grade.completed or name.startswith("cheat:")
        ok = ran and bool(missed) == (name != "solution")
        yield Check(name=name, ok=ok, detail=_detail(graded, missed), passed_tests=graded.grade.passed_tests)


def grade_script(task: Task, script: Path | None, sandbox: Sandbox, image: str | None, stop: Event) -> Graded:
    """Grade the workspace as one of the task's own scripts leaves it (``None``: as given)."""
    edits = oracle.play(task, script, sandbox, image, stop) if script else ()
    with Staging() as staging:
        final = staging.folder("final")
        workspace.copy_final(task.workspace, final)
        for edit in edits:
            path = final / edit.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if edit.after is not None:
                path.write_bytes(edit.after.encode())
                path.chmod(int(edit.mode, 8) & 0o777)
        return grading.grade(task, final, sandbox, image, stop)


def _detail(graded: Graded, missed: tuple[str, ...]) -> str:
    if not graded.grade.completed:
        said = last_line(graded.grade.stderr_tail, graded.grade.stdout_tail)
        return f"the grader did not complete: {said}"
    return f"fails: {'; '.join(missed)}" if missed else "passes"
