"""``cab tasks``: the tasks, whether they may be trusted, and new ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import click

from cab_runner import admission, oracle, tasks, waiting
from cab_runner.admission import Check, recording, scaffold
from cab_runner.admission.gate import RUNS
from cab_runner.cli.common import (
    Progress,
    json_option,
    print_json,
    print_table,
    progress_line,
    sandbox_option,
    stop_on_signals,
    tasks_dir_option,
)
from cab_runner.cli.mutate import mutate
from cab_runner.errors import CabError, UsageError
from cab_runner.languages import BY_NAME
from cab_runner.preparation import choose_sandbox, image_refs, require_toolchain
from cab_runner.sandbox.base import Interrupted, Sandbox
from cab_runner.tasks import Task

_runs_option = click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=RUNS,
    show_default=True,
    help="How often the solution, and nothing, are graded: the result must be the same.",
)


@click.group("tasks")
def tasks_group() -> None:
    """The tasks, and whether they may be trusted."""


@tasks_group.command("list")
@tasks_dir_option
@click.option("--cheats", is_flag=True, help="The models cheat:NAME that the simulator plays, too.")
@json_option
def tasks_list(tasks_dir: Path, cheats: bool, as_json: bool) -> None:
    """Every task with its language and what is expected of the agent."""
    found = [tasks.load(tasks_dir, task_id) for task_id in tasks.find(tasks_dir)]
    names = {
        task.id: [*map(str, task.cheats), *oracle.common_cheats(task)] if cheats else [] for task in found
    }
    if as_json:
        print_json(
            [
                {
                    "id": task.id,
                    "title": task.title,
                    "language": task.language,
                    "expected_action": task.facts.expected_action,
                    "agent_timeout_s": task.agent_timeout_s,
                    "hash": task.content_hash,
                    **({"cheats": names[task.id]} if cheats else {}),
                }
                for task in found
            ]
        )
        return
    print_table(
        ("task", "language", "expected", "cheats" if cheats else "title"),
        [
            (
                task.id,
                task.language,
                task.facts.expected_action or "",
                " ".join(names[task.id]) if cheats else task.title,
            )
            for task in found
        ],
    )


@tasks_group.command("check", short_help="Whether tasks may be trusted: read and tried.")
@click.argument("patterns", nargs=-1)
@_runs_option
@click.option(
    "-n",
    "--n-concurrent",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    help="Tasks at a time. Default: the number of CPUs.",
)
@sandbox_option
@tasks_dir_option
@json_option
def tasks_check(patterns: tuple[str, ...], tasks_dir: Path, as_json: bool, **given: Any) -> None:
    """Read each task; grade its solution, nothing, its cheats and the common ones in the real grader sandbox.

    PATTERNS are globs of task ids, or of folders; default: all. Exit 1 when a task fails its check.
    """
    named = {task.id: task for pattern in patterns or ("*",) for task in tasks.resolve(tasks_dir, pattern)}
    found = [named[task_id] for task_id in sorted(named)]
    with stop_on_signals() as stop, progress_line() as progress:
        place = _place_for(found, given["sandbox_name"], stop, progress)
        checked = _check_all(found, place, progress, runs=given["runs"], at_a_time=given["n_concurrent"])
    _show(checked, as_json=as_json)


@tasks_group.command("admit", short_help="Record what task.toml is to say, then check.")
@click.argument("name", metavar="TASK")
@_runs_option
@sandbox_option
@tasks_dir_option
@json_option
def tasks_admit(name: str, tasks_dir: Path, as_json: bool, **given: Any) -> None:
    """Record in TASK's task.toml what its solution shows, then check it.

    Recorded are expected_tests, and of build_files and protected what is missing. TASK is an id or a folder.
    """
    with stop_on_signals() as stop, progress_line() as progress:
        task = tasks.resolve_one(tasks_dir, name)
        place = _place_for([task], given["sandbox_name"], stop, progress)
        for line in recording.record(task, place.sandbox, place.image, stop):
            click.echo(line, err=True)
        admitted = tasks.load_path(task.folder)
        checked = _check_all([admitted], place, progress, runs=given["runs"], at_a_time=1)
    _show(checked, as_json=as_json)


@tasks_group.command("new", short_help="A task's folder, to be filled in.")
@click.argument("task_id", metavar="CATEGORY/SLUG")
@click.option("--language", type=click.Choice(tuple(BY_NAME)), required=True)
@tasks_dir_option
def tasks_new(task_id: str, language: str, tasks_dir: Path) -> None:
    """Make the folder of a new task. It fails `cab tasks check` until it is finished."""
    folder = scaffold.new(tasks_dir, task_id, BY_NAME[language])
    click.echo(f"{folder}: `cab tasks check {task_id}` says what is to be written, docs/adding-a-task.md how")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where tasks are tried."""

    sandbox: Sandbox
    image: str | None
    stop: Event


def _place_for(found: Sequence[Task], sandbox_name: str | None, stop: Event, progress: Progress) -> _Place:
    if foreign := [task.id for task in found if task.facts.foreign]:
        raise UsageError(
            f"{foreign[0]} is of Harbor's own making and declares nothing to check: `cab run-cell -m oracle` "
            "tries its solution"
        )
    # tasks and their scripts are ours, as the simulator is
    chosen = choose_sandbox(sandbox_name, None, simulated=True)
    _, image = image_refs(chosen, None, progress)
    for task in {task.language: task for task in found}.values():
        require_toolchain(task, chosen, stop)
    return _Place(sandbox=chosen, image=image, stop=stop)


def _check_all(
    found: Sequence[Task], place: _Place, progress: Progress, *, runs: int, at_a_time: int
) -> list[tuple[Task, list[Check]]]:
    """Check tasks, several at a time; what came out, in the order of the tasks."""

    def check(task: Task) -> list[Check]:
        if place.stop.is_set():
            raise Interrupted
        checks = []
        for result in admission.check(task, place.sandbox, place.image, place.stop, runs=runs):
            progress(f"{task.id} {result.name}: {'' if result.ok else 'FAILED: '}{result.detail}")
            checks.append(result)
        return checks

    with ThreadPoolExecutor(at_a_time) as pool:
        return list(zip(found, waiting.in_order(pool, check, found), strict=True))


def _show(checked: Sequence[tuple[Task, list[Check]]], *, as_json: bool) -> None:
    """Everything as JSON, or a line a task and one for each check that it failed. Raises for the latter."""
    rows = [(task.id, check) for task, checks in checked for check in checks]
    failed = [(task_id, check) for task_id, check in rows if not check.ok]
    if as_json:
        print_json(
            [
                {
                    "task": task_id,
                    "check": check.name,
                    "ok": check.ok,
                    "detail": check.detail,
                    "passed_tests": list(check.passed_tests),
                }
                for task_id, check in rows
            ]
        )
    else:
        good = [
            (task.id, f"{len(checks)} checks", "ok", "")
            for task, checks in checked
            if all(check.ok for check in checks)
        ]
        bad = [(task_id, check.name, "FAILED", check.detail) for task_id, check in failed]
        print_table(("task", "check", "", "what is wrong"), [*good, *bad])
    if untrusted := sorted({task_id for task_id, _ in failed}):
        raise CabError(f"{len(untrusted)} of {len(checked)} tasks may not be trusted: {', '.join(untrusted)}")


tasks_group.add_command(mutate)

COMMANDS = (tasks_group,)
