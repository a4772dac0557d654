"""The axis ``pass_rate``: did the attempt solve its task?"""

from __future__ import annotations

from typing import Any

from cab_scoring.evidence import Evidence, Grade, TaskFacts
from cab_scoring.failure import Failure, any_success
from cab_scoring.wire import model_calls


def shortfalls(task: TaskFacts, grade: Grade) -> tuple[str, ...]:
    """Every condition of a pass that the grade misses, in words; empty for a pass.

    A pass is the grader's own verdict and, beside it, exactly the expected tests in its report:
    code under test can end a test run early with exit code 0, but it can't name tests that never ran. A
    foreign task names none, and is passed by its reward alone.
    """
    found = {
        "the grader did not complete": not grade.completed,
        f"reward is {'absent' if grade.reward is None else f'{grade.reward:g}'}": grade.reward != 1,
        "the hidden tests were changed": not grade.tests_intact,
    }
    missing = sorted(set(task.expected_tests) - set(grade.passed_tests))
    surplus = sorted(set(grade.passed_tests) - set(task.expected_tests))
    of_tests = {
        "the task names no expected tests": not task.expected_tests,
        f"{len(grade.failed_tests)} tests failed": bool(grade.failed_tests),
        f"expected tests did not pass: {_some(missing)}": bool(missing),
        f"unknown tests passed: {_some(surplus)}": bool(surplus),
    }
    conditions = found if task.foreign else found | of_tests
    return tuple(words for words, holds in conditions.items() if holds)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def pass_axis(evidence: Evidence, failure: Failure) -> dict[str, Any]:
    """``scores.pass_rate``. ``pass`` is None for a void attempt and for one that was not graded.

    With no successful model call an attempt has failed, whatever the tests say: several CLIs exit 0
    without having done anything, and what passes then was not the agent's work with the model.
    ``partial_score`` is the grader's own partial reward, where it gives one; it enters no sum.
    """
    grade = evidence.grade
    reasons = () if grade is None else shortfalls(evidence.task, grade)
    verdict: int | None = None
    if failure.counted:
        if not any_success(model_calls(evidence.calls)):
            verdict, reasons = 0, (*reasons, "no model call was successful")
        elif grade is not None:
            verdict = 0 if reasons else 1
    partial = grade.reward if grade and grade.reward is not None and 0 < grade.reward < 1 else None
    return {
        "pass": verdict,
        "exit_code": grade and grade.exit_code,
        "timed_out": grade and grade.timed_out,
        "stdout_tail": grade and grade.stdout_tail,
        "stderr_tail": grade and grade.stderr_tail,
        "partial_score": partial,
        "reasons": list(reasons),
    }
