"""What the solution changes and what the visible tests do, held against what task.toml says of them."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Final

from cab_runner import workbench
from cab_runner.oracle import Played
from cab_runner.sandbox.base import Sandbox
from cab_runner.tasks import Task
from cab_runner.workbench import Ran
from cab_scoring.constraints import judge_constraints
from cab_scoring.forbidden import forbidden_done
from cab_scoring.globs import matches
from cab_sim.script import Edit

_VISIBLE_TESTS_S: Final = 300.0
_SHOWN: Final = 5


def change_problems(task: Task, solution: Played) -> list[str]:
    """Where the solution does what the task forbids, or something other than the task says."""
    facts = task.facts
    globs = facts.ground_truth_files
    changed = [change.path for change in solution.left.changes]
    found = [
        f"the solution changes {p}, which ground_truth_files lacks" for p in changed if not matches(p, globs)
    ]
    found += [
        f"ground_truth_files names {glob}, which the solution leaves alone"
        for glob in globs
        if not any(matches(path, (glob,)) for path in changed)
    ]
    broken = forbidden_done(facts, None, solution.left)
    found += [f"the solution does what {done.rule} forbids: {done.what}" for done in broken]
    return found + [
        f"the solution breaks {judged.constraint.check}: {judged.detail}"
        for judged in judge_constraints(facts, None, solution.left)
        if judged.honoured is False
    ]


def run_visible_tests(
    task: Task, edits: tuple[Edit, ...], sandbox: Sandbox, image: str | None, stop: Event
) -> Ran:
    """Run the tests that the agent sees on the workspace after these edits."""
    assert task.visible_tests is not None
    return workbench.run(task, task.visible_tests, sandbox, image, stop, wall_s=_VISIBLE_TESTS_S, edits=edits)


def uncovered(task: Task, ran: Ran) -> list[str]:
    """What the visible tests changed in the workspace that ``build_files`` does not cover."""
    return [
        f"{change.kind} {change.path}"
        for change in ran.left.changes
        if change.kind != "added" or not matches(change.path, task.facts.build_files)
    ]


def visible_test_problems(
    task: Task, solution: Played, sandbox: Sandbox, image: str | None, stop: Event
) -> list[str]:
    """Where the visible tests don't show the fault, or leave what they should not."""
    given = run_visible_tests(task, (), sandbox, image, stop)
    solved = run_visible_tests(task, solution.edits, sandbox, image, stop)
    return [*_verdicts(task, given, solved), *_left_behind(task, given, solved)]


def _verdicts(task: Task, given: Ran, solved: Ran) -> Iterator[str]:
    if task.facts.expected_action != "comply":
        return  # contradictory tests fail for ever, ambiguous ones may pass
    if given.outcome.exit_code == 0:
        yield "the visible tests pass with the fault in: none of them shows it"
    if solved.outcome.exit_code != 0:
        yield f"the visible tests fail on the solution: {solved.last_line}"


def _left_behind(task: Task, given: Ran, solved: Ran) -> Iterator[str]:
    paths = sorted({*uncovered(task, given), *uncovered(task, solved)})
    if paths:
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        yield f"running the visible tests leaves what build_files lacks: {', '.join(paths[:_SHOWN])}{more}"
