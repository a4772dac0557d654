"""``cab run-cell``, ``cab check``, ``cab demo``: attempts."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Any

import click
from rich.console import Console

from cab_proxy.ids import ulid
from cab_report.table import cell_table
from cab_runner import agents, attempt, endpoints, images, oracle, results, sandbox, tasks
from cab_runner.attempt import Recorded
from cab_runner.cli.attempt_options import Asked, asked_for, attempt_options
from cab_runner.cli.common import (
    DEFAULT_RESULTS,
    Progress,
    json_option,
    print_json,
    progress_line,
    sandbox_option,
    stop_on_signals,
)
from cab_runner.errors import AttemptVoid
from cab_runner.metered import MeteredEndpoint
from cab_runner.plan import Plan
from cab_runner.preparation import Preparation
from cab_runner.resources import tasks_dir
from cab_runner.results import CellKey
from cab_runner.sandbox.base import Interrupted

DEMO_TASKS = ("mutations/python-comparator-swap", "integrity/unsolvable-refusal")


@click.command("run-cell")
@attempt_options
@click.option("--attempt", type=click.IntRange(min=1), help="Attempt number. Default: the lowest free one.")
@click.option("--sweep-id", default="local", show_default=True)
@click.option("--fault", "faults", multiple=True, help="With --endpoint sim: a fault to inject, KIND[:N|%P].")
def run_cell(as_json: bool, **given: Any) -> None:
    """Run one agent on one task against one model, and score it."""
    _run_and_show(asked_for(given), as_json)


@click.command("check")
@attempt_options
def check(as_json: bool, **given: Any) -> None:
    """Bring your own model: a provisional score of one cell."""
    _run_and_show(asked_for({**given, "sweep_id": "check"}, provisional=True), as_json)


@click.command("demo", short_help="The reference agent on two tasks against the simulator.")
@click.option("--results", type=click.Path(path_type=Path), default=DEFAULT_RESULTS, show_default=True)
@sandbox_option
@json_option
def demo(results: Path, sandbox_name: str | None, as_json: bool) -> None:
    """Run the reference agent on two tasks against the simulator: no key, no network, no cost."""
    recorded = []
    with stop_on_signals() as stop, progress_line() as progress:
        for task_id in DEMO_TASKS:
            asked = Asked(
                adapter=agents.get("bash-loop"),
                model="oracle",
                task=task_id,
                endpoint=endpoints.SIMULATOR,
                key=None,
                tasks_root=tasks_dir(),
                results=results,
                sandbox_name=sandbox_name or _demo_sandbox(),
                sweep_id="demo",
            )
            recorded.append(_run(asked, stop, progress))
    _show(recorded, as_json)
    if not as_json:
        sandboxes = {str(r.cell["identity"]["sandbox"]) for r in recorded}
        if sandboxes == {"process"}:
            click.echo(
                "Sandbox: process. It isolates nothing, which is why only the simulator may be run in it."
            )
        click.echo("The model was simulated: these cells never enter a leaderboard.")


def _demo_sandbox() -> str | None:
    """Docker only when its image is built already: a demo does not wait for toolchains."""
    for candidate in sandbox.all_sandboxes():
        if candidate.name == "docker" and not (
            images.docker_answers() and images.exists(agents.toolchains().tag)
        ):
            continue
        if candidate.probe().ok:
            return candidate.name
    return None


def _run_and_show(asked: Asked, as_json: bool) -> None:
    with stop_on_signals() as stop, progress_line() as progress:
        recorded = _run(asked, stop, progress)
    _show([recorded], as_json)
    failure: Any = recorded.cell["failure"]
    if failure is None or failure["counted"]:
        return
    if failure["cause"] == "interrupted":
        raise Interrupted
    detail = f": {recorded.fault_detail}" if recorded.fault_detail else ""
    raise AttemptVoid(
        f"the attempt is void ({failure['cause']}{detail}); what was measured is in {recorded.folder}"
    )


def _run(asked: Asked, stop: Event, progress: Progress) -> Recorded:
    """Check everything that was asked for, then run the attempt."""
    task = tasks.resolve_one(asked.tasks_root, asked.task)
    adapter = asked.adapter
    key = CellKey(sweep_id=asked.sweep_id, agent=adapter.name, model=asked.model, task_id=task.id)
    if asked.attempt is not None:
        results.require_free(asked.results, key, asked.attempt)
    simulated = asked.endpoint == endpoints.SIMULATOR
    wanted = endpoints.Wanted(endpoint=asked.endpoint, key=asked.key, faults=asked.faults)
    place = Preparation(
        asked.sandbox_name,
        stop,
        progress,
        simulated=simulated,
        grader_internet=asked.settings.grader_internet,
    ).place(task, adapter)
    script = None
    if simulated:
        script = oracle.script_for(task, asked.model, place.sandbox, place.grader_image, stop)
    plan = Plan(
        key=key,
        run_id=ulid(time.time_ns() // 1_000_000),
        attempt=asked.attempt,
        task=task,
        adapter=adapter,
        sandbox=place.sandbox,
        image=place.image,
        grader_image=place.grader_image,
        ground=place.ground,
        script=script,
        results=asked.results,
        settings=asked.settings,
    )
    for plugin in asked.settings.plugins:
        if not plugin.is_for(adapter.name):
            progress(f"warning: plugin {plugin.name} is not for {adapter.name}: left out")
    progress(f"{adapter.name} × {asked.model} × {task.id} ({place.sandbox.name})")
    with MeteredEndpoint(wanted, asked.settings.prices) as metered:
        return attempt.run(plan, metered, stop, progress)


def _show(recorded: list[Recorded], as_json: bool) -> None:
    if as_json:
        print_json([{"folder": str(r.folder), "cell": r.cell} for r in recorded])
        return
    Console().print(cell_table([r.cell for r in recorded]))
    for r in recorded:
        if (failure := r.cell["failure"]) and failure["counted"]:
            click.echo(_why(failure, r.cell["identity"]["exit_code"]))
        click.echo(f"Record: {r.folder}")


def _why(failure: dict[str, Any], exit_code: int | None) -> str:
    """What became of a failed attempt, and where to look."""
    cause = f"{failure['cause']}: {failure['detail']}" if failure["detail"] else failure["cause"]
    code = "" if exit_code is None else f" with exit code {exit_code}"
    return f"Failed: {cause}. The agent ended{code}; its words are in agent.stdout and agent.stderr."


COMMANDS = (run_cell, check, demo)
