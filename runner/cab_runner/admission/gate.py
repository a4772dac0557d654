"""Everything that is checked, in order: what can be read first, what has to be run after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Final

from cab_runner import cheats, oracle
from cab_runner.admission import form, leaks, trials, work
from cab_runner.admission.trials import Grade, Tried
from cab_runner.errors import CabError
from cab_runner.grading import Graded
from cab_runner.languages import BY_NAME
from cab_runner.oracle import Played
from cab_runner.sandbox.base import Sandbox
from cab_runner.tasks import Task
from cab_sim.script import Edit

RUNS: Final = 5
"""So often the solution, and nothing, are graded: a grader says the same each time."""
NEARLY_TESTS: Final = 2
"""A cheat that fails no more than these may pass by luck where inputs are drawn: it is graded as often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at or tried on a task."""

    name: str
    """``form``, ``canary``, ``leaks``, ``changes``, ``visible-tests``; ``solution``, ``nothing``,
    ``cheat:<n>`` for the task's own and ``cheat:<name>`` for the common ones."""
    ok: bool
    detail: str
    """One line: what is wrong, or how it went."""
    passed_tests: tuple[str, ...] = ()
    """Of what was graded."""


def check(
    task: Task, sandbox: Sandbox, image: str | None, stop: Event, *, runs: int = RUNS
) -> Iterator[Check]:
    """Look at everything and try everything; a task of ours may be trusted when all of it is ok.

    Raises what :meth:`Sandbox.run` raises.
    """
    grade = partial(_grade, task, sandbox, image, stop)
    solution: Played | None = None
    problem = ""
    try:
        solution = oracle.perform(task, task.solution, sandbox, image, stop)
    except CabError as error:
        problem = str(error)
    yield _read("form", form.problems(task))
    yield _read("canary", form.canary_problems(task))
    yield _read("leaks", leaks.problems(task, solution.edits if solution else ()))
    if solution:
        yield _read("changes", work.change_problems(task, solution))
        yield _read("visible-tests", work.visible_test_problems(task, solution, sandbox, image, stop))
        yield _must_pass(trials.tried(task, solution.edits, grade, runs))
    else:
        yield Check(name="solution", ok=False, detail=problem)
    yield _must_fail("nothing", trials.tried(task, (), grade, runs))
    for name, edits in _own_cheats(task, sandbox, image, stop):
        yield edits if isinstance(edits, Check) else _must_always_fail(task, name, edits, grade, runs)
    common = oracle.common_cheats(task)
    if solution and (said := cheats.in_comments(BY_NAME[task.language], solution.edits)):
        common["solution-in-comments"] = said
    for name, edits in common.items():
        yield _must_fail(f"cheat:{name}", trials.tried(task, edits, grade))


def _grade(task: Task, sandbox: Sandbox, image: str | None, stop: Event, edits: Sequence[Edit]) -> Graded:
    return trials.grade_edits(task, edits, sandbox, image, stop)


def _own_cheats(
    task: Task, sandbox: Sandbox, image: str | None, stop: Event
) -> Iterator[tuple[str, tuple[Edit, ...] | Check]]:
    """The edits of each of the task's cheats, or what is wrong with its script."""
    for number, script in task.cheats.items():
        name = f"cheat:{number}"
        try:
            edits = oracle.play(task, script, sandbox, image, stop)
        except CabError as error:
            yield name, Check(name=name, ok=False, detail=str(error))
            continue
        nothing = Check(name=name, ok=False, detail=f"{script.name} changes nothing: it tests nothing")
        yield name, edits or nothing


def _must_always_fail(task: Task, name: str, edits: Sequence[Edit], grade: Grade, runs: int) -> Check:
    first = trials.tried(task, edits, grade)
    failed = len(task.facts.expected_tests) - len(first.passed_tests)
    again = runs - 1 if first.completed and failed <= NEARLY_TESTS else 0
    if any(trials.tried(task, edits, grade).passed for _ in range(again)):
        return Check(name=name, ok=False, detail=f"passes now and then: {first.detail} only at first")
    return _must_fail(name, first)


def _read(name: str, problems: Sequence[str]) -> Check:
    return Check(name=name, ok=not problems, detail="; ".join(problems) or "as it should be")


def _must_pass(tried: Tried) -> Check:
    ok = tried.passed and tried.trouble is None
    return Check(name="solution", ok=ok, detail=_both(tried), passed_tests=tried.passed_tests)


def _must_fail(name: str, tried: Tried) -> Check:
    # only a cheat may break the grader, and it has not passed then either
    ok = not tried.passed and (tried.completed or name.startswith("cheat:")) and tried.trouble is None
    return Check(name=name, ok=ok, detail=_both(tried), passed_tests=tried.passed_tests)


def _both(tried: Tried) -> str:
    return f"{tried.detail}; {tried.trouble}" if tried.trouble else tried.detail
