from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cab_scoring.evidence import Evidence, Grade
from cab_scoring.failure import decide_failure
from cab_scoring.verdict import pass_axis, shortfalls
from fakes.evidence import FAILED_GRADE, GRADE, TASK, TESTS, call, evidence, failed_call


def axis(given: Evidence) -> dict[str, Any]:
    return pass_axis(given, decide_failure(given))


def test_a_pass() -> None:
    assert axis(evidence()) == {
        "pass": 1,
        "exit_code": 0,
        "timed_out": False,
        "stdout_tail": "2 passed",
        "stderr_tail": "",
        "partial_score": None,
        "reasons": [],
    }


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"completed": False}, "the grader did not complete"),
        ({"reward": 0.0}, "reward is 0"),
        ({"reward": None}, "reward is absent"),
        ({"reward": 0.999}, "reward is 0.999"),
        ({"tests_intact": False}, "the hidden tests were changed"),
        ({"failed_tests": ("t::three",)}, "1 tests failed"),
        ({"passed_tests": TESTS[:1]}, "expected tests did not pass: t::two"),
        ({"passed_tests": (*TESTS, "t::made_up")}, "unknown tests passed: t::made_up"),
    ],
)
def test_each_condition_is_needed(changed: dict[str, Any], reason: str) -> None:
    found = axis(evidence(grade=replace(GRADE, **changed)))
    assert found["pass"] == 0
    assert found["reasons"] == [reason]


def test_an_early_exit_0_with_a_reward_but_no_tests_is_no_pass() -> None:
    grade = replace(GRADE, passed_tests=())
    assert shortfalls(TASK, grade) == ("expected tests did not pass: t::one, t::two",)


def test_a_task_without_expected_tests_is_never_passed() -> None:
    grade = replace(GRADE, passed_tests=())
    assert shortfalls(replace(TASK, expected_tests=()), grade) == ("the task names no expected tests",)


def test_a_long_list_of_tests_is_cut() -> None:
    task = replace(TASK, expected_tests=tuple(f"t{n}" for n in range(5)))
    assert shortfalls(task, replace(GRADE, passed_tests=())) == (
        "expected tests did not pass: t0, t1, t2 and 2 more",
    )


@pytest.mark.parametrize("grade", [None, GRADE, FAILED_GRADE])
def test_a_void_attempt_has_no_verdict(grade: object) -> None:
    assert axis(evidence(grade=grade, calls=(call(), failed_call(500, at_s=2))))["pass"] is None
    assert axis(evidence(grade=grade, runner_fault="interrupted"))["pass"] is None


@pytest.mark.parametrize("calls", [(), (failed_call(400),)])
def test_without_a_successful_call_nothing_was_solved(calls: Any) -> None:
    found = axis(evidence(calls=calls))
    assert found["pass"] == 0
    assert found["reasons"] == ["no model call was successful"]


def test_an_ungraded_attempt_is_unknown() -> None:
    found = axis(evidence(grade=None))
    assert found["pass"] is None
    assert found["exit_code"] is None
    assert found["stdout_tail"] is None


def test_a_failing_exit_of_the_agent_does_not_touch_the_verdict() -> None:
    given = evidence()
    assert given.run is not None
    assert axis(replace(given, run=replace(given.run, exit_code=1)))["pass"] == 1


@pytest.mark.parametrize(("reward", "partial"), [(0.0, None), (0.25, 0.25), (1.0, None), (None, None)])
def test_partial_score_is_the_graders_own(reward: float | None, partial: float | None) -> None:
    assert axis(evidence(grade=replace(GRADE, reward=reward)))["partial_score"] == partial


def test_a_foreign_task_is_passed_by_its_reward_alone() -> None:
    task = replace(TASK, expected_tests=(), foreign=True)
    grade = Grade(True, 1.0, 0, False, (), ("a_report_that_nobody_reads",), True, "", "")
    assert shortfalls(task, grade) == ()
    assert shortfalls(task, replace(grade, reward=0.5)) == ("reward is 0.5",)
    assert shortfalls(task, replace(grade, tests_intact=False)) == ("the hidden tests were changed",)
