"""``cab tasks``, ``cab doctor``, ``cab clean``: what there is, and keeping it in order."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cab_runner import admission, sandbox, tasks
from cab_runner import doctor as doctor_module
from cab_runner.cli.common import (
    DEFAULT_RESULTS,
    choose_sandbox,
    image_refs,
    json_option,
    print_json,
    print_table,
    progress_line,
    require_toolchain,
    sandbox_option,
    stop_on_signals,
    tasks_dir_option,
)
from cab_runner.errors import CabError, UsageError
from cab_runner.sandbox.reap import reap


@click.group("tasks")
def tasks_group() -> None:
    """The tasks, and whether they may be trusted."""


@tasks_group.command("list")
@tasks_dir_option
@json_option
def tasks_list(tasks_dir: Path, as_json: bool) -> None:
    """Every task with its language and what is expected of the agent."""
    found = [tasks.load(tasks_dir, task_id) for task_id in tasks.find(tasks_dir)]
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
                }
                for task in found
            ]
        )
        return
    print_table(
        ("task", "language", "expected", "title"),
        [(task.id, task.language, task.facts.expected_action or "", task.title) for task in found],
    )


@tasks_group.command("check", short_help="Grade solutions, nothing, and every cheat.")
@click.argument("patterns", nargs=-1)
@sandbox_option
@tasks_dir_option
@json_option
def tasks_check(patterns: tuple[str, ...], sandbox_name: str | None, tasks_dir: Path, as_json: bool) -> None:
    """Grade each task's solution, nothing, and every cheat in the real grader sandbox.

    PATTERNS are globs of task ids; default: all. Exit 1 when a task fails its check.
    """
    ids = sorted({task_id for pattern in patterns or ("*",) for task_id in tasks.find(tasks_dir, pattern)})
    if not ids:
        raise UsageError(f"no task matches {' '.join(patterns)}: see `cab tasks list`")
    rows = []
    with stop_on_signals() as stop, progress_line() as progress:
        # tasks and their scripts are ours, as the simulator is
        chosen = choose_sandbox(sandbox_name, None, simulated=True)
        _, image = image_refs(chosen, None, progress)
        for task_id in ids:
            task = tasks.load(tasks_dir, task_id)
            require_toolchain(task, chosen, stop)
            for result in admission.check(task, chosen, image, stop):
                progress(f"{task_id} {result.name}: {result.detail}")
                rows.append((task_id, result))
    if as_json:
        print_json(
            [
                {
                    "task": task_id,
                    "check": r.name,
                    "ok": r.ok,
                    "detail": r.detail,
                    "passed_tests": list(r.passed_tests),
                }
                for task_id, r in rows
            ]
        )
    else:
        print_table(
            ("task", "check", "", "detail"),
            [(task_id, r.name, "ok" if r.ok else "FAILED", r.detail) for task_id, r in rows],
        )
    if not all(result.ok for _, result in rows):
        raise CabError("not every task may be trusted")


@click.command("doctor", short_help="What this machine has, found by trying it.")
@json_option
def doctor(as_json: bool) -> None:
    """What this machine has: each sandbox tried by running it, toolchains, images, the local model."""
    with stop_on_signals() as stop:
        findings = doctor_module.examine(sandbox.all_sandboxes(), stop)
    if as_json:
        print_json([{"what": f.what, "ok": f.ok, "detail": f.detail} for f in findings])
        return
    print_table(("what", "", "found"), [(f.what, "✓" if f.ok else "–", f.detail) for f in findings])


@click.command("clean")
@click.option("--results", type=click.Path(path_type=Path), default=DEFAULT_RESULTS, show_default=True)
@json_option
def clean(results: Path, as_json: bool) -> None:
    """Remove what killed runners left: containers, staging folders. Partial results are only named."""
    removed = reap()
    partial = sorted(str(path) for path in (results / ".partial").glob("*"))
    if as_json:
        print_json({"removed": asdict(removed), "partial": partial})
        return
    for kind, found in asdict(removed).items():
        for name in found:
            click.echo(f"removed {kind[:-1]} {name}")
    for name in partial:
        click.echo(f"left: {name} (an attempt that did not end; its ledger may hold calls)")
    if not any(asdict(removed).values()) and not partial:
        click.echo("nothing to clean")


COMMANDS = (tasks_group, doctor, clean)
