"""``cab run-cell``, ``cab check``, ``cab demo``: attempts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import click
from rich.console import Console

from cab_proxy.control import Budget
from cab_proxy.ids import ulid
from cab_report.table import cell_table
from cab_runner import (
    agents,
    attempt,
    endpoints,
    images,
    local_model,
    oracle,
    plugins,
    results,
    sandbox,
    tasks,
)
from cab_runner.agents import Adapter
from cab_runner.attempt import Recorded
from cab_runner.cli.agent_options import adapter_of, agent_options, require_image
from cab_runner.cli.common import (
    DEFAULT_RESULTS,
    Progress,
    choose_sandbox,
    image_refs,
    json_option,
    print_json,
    progress_line,
    require_toolchain,
    sandbox_option,
    stop_on_signals,
    tasks_dir_option,
)
from cab_runner.errors import AttemptVoid, UsageError
from cab_runner.plan import CONTEXT_WINDOW_TOKENS, MAX_OUTPUT_TOKENS, Plan, Settings
from cab_runner.resources import tasks_dir
from cab_runner.results import CellKey
from cab_runner.sandbox.base import Interrupted
from cab_scoring.composite import METHODOLOGIES
from cab_sim.errors import SimError
from cab_sim.faults import Fault

DEMO_TASKS = ("mutations/python-comparator-swap", "integrity/unsolvable-refusal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of one attempt, as given."""

    adapter: Adapter
    model: str
    task_id: str
    endpoint: str
    key: str | None
    tasks_root: Path
    results: Path
    sandbox_name: str | None
    sweep_id: str
    attempt: int | None = None
    settings: Settings = field(default_factory=Settings)
    faults: tuple[str, ...] = ()


def attempt_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that ``run-cell`` and ``check`` share."""
    for option in reversed(
        (
            agent_options,
            click.option(
                "-m",
                "--model",
                required=True,
                help="Model id as the endpoint knows it; sim: oracle, null, cheat:N.",
            ),
            click.option(
                "-t", "--task", "task_id", required=True, help="<category>/<slug>; see `cab tasks list`."
            ),
            click.option(
                "--endpoint", envvar="CAB_ENDPOINT", help="…/v1 URL, `sim` or `local`. Default: CAB_ENDPOINT."
            ),
            click.option(
                "--key", help="The endpoint's key. Process lists show it: prefer CAB_KEY or --key-env."
            ),
            click.option("--key-env", metavar="NAME", help="Environment variable that holds the key."),
            click.option(
                "--results", type=click.Path(path_type=Path), default=DEFAULT_RESULTS, show_default=True
            ),
            sandbox_option,
            tasks_dir_option,
            click.option(
                "--timeout", "timeout_s", type=click.FloatRange(min=1), help="Seconds. Default: the task's."
            ),
            click.option("--max-calls", type=click.IntRange(min=1), help="Budget: model calls."),
            click.option("--max-tokens", type=click.IntRange(min=1), help="Budget: tokens in all."),
            click.option(
                "--max-cost-usd",
                type=click.FloatRange(min=0),
                help="Budget: US dollars, reported or by the prices.",
            ),
            click.option(
                "--max-seconds", type=click.FloatRange(min=0), help="Budget: no call begins later than this."
            ),
            click.option(
                "--prices",
                metavar="FILE",
                type=click.Path(path_type=Path, exists=True, dir_okay=False),
                help="Your own rates, in place of the snapshot's (docs/metering.md).",
            ),
            click.option(
                "--allow",
                multiple=True,
                type=click.Choice(["background", "hosted-tools", "remote-media", "stored"]),
                help="Lift one of the door's refusals; it is in the record.",
            ),
            click.option(
                "--include-usage",
                is_flag=True,
                help="Ask streams for usage where the agent doesn't; the record says which requests changed.",
            ),
            click.option(
                "--context-window",
                "context_window_tokens",
                type=click.IntRange(min=1024),
                help=f"Tokens; told to every agent. Default: {CONTEXT_WINDOW_TOKENS}; local: what it has.",
            ),
            click.option(
                "--max-output",
                "max_output_tokens",
                type=click.IntRange(min=64),
                help=f"Tokens a call; told to every agent. Default: {MAX_OUTPUT_TOKENS}; less for local.",
            ),
            click.option(
                "--methodology", type=click.Choice(list(METHODOLOGIES)), default="1.0", show_default=True
            ),
            json_option,
        )
    ):
        command = option(command)
    return command


@click.command("run-cell")
@attempt_options
@click.option("--attempt", type=click.IntRange(min=1), help="Attempt number. Default: the lowest free one.")
@click.option("--sweep-id", default="local", show_default=True)
@click.option("--fault", "faults", multiple=True, help="With --endpoint sim: a fault to inject, KIND[:N].")
def run_cell(as_json: bool, **given: Any) -> None:
    """Run one agent on one task against one model, and score it."""
    _run_and_show(_asked(given), as_json)


@click.command("check")
@attempt_options
def check(as_json: bool, **given: Any) -> None:
    """Bring your own model: a provisional score of one cell."""
    _run_and_show(_asked({**given, "sweep_id": "check"}, provisional=True), as_json)


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
                task_id=task_id,
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


def _asked(given: dict[str, Any], *, provisional: bool = False) -> Asked:
    if not given["endpoint"]:
        raise UsageError(
            "no endpoint: give --endpoint URL (or set CAB_ENDPOINT), --endpoint sim, or --endpoint local"
        )
    if given["key"] is not None:
        click.echo("cab: warning: --key shows in process lists; CAB_KEY or --key-env NAME does not", err=True)
    cost = given["max_cost_usd"]
    window, output = CONTEXT_WINDOW_TOKENS, MAX_OUTPUT_TOKENS
    if given["endpoint"] == endpoints.LOCAL:
        window, output = local_model.CONTEXT_TOKENS, local_model.MAX_OUTPUT_TOKENS
    return Asked(
        adapter=adapter_of(given),
        model=given["model"],
        task_id=given["task_id"],
        endpoint=endpoints.parse(given["endpoint"]),
        key=endpoints.key_from(given["key"], given["key_env"]),
        tasks_root=given["tasks_dir"],
        results=given["results"],
        sandbox_name=given["sandbox_name"],
        sweep_id=given["sweep_id"],
        attempt=given.get("attempt"),
        settings=Settings(
            provisional=provisional,
            timeout_s=given["timeout_s"],
            budget=Budget(
                max_calls=given["max_calls"],
                max_total_tokens=given["max_tokens"],
                max_cost_usd=None if cost is None else Decimal(str(cost)),
                max_seconds=given["max_seconds"],
            ),
            prices=given["prices"],
            allow=given["allow"],
            include_usage=given["include_usage"],
            context_window_tokens=given["context_window_tokens"] or window,
            max_output_tokens=given["max_output_tokens"] or output,
            methodology=given["methodology"],
            plugins=plugins.load_all(given["plugins"]),
            strict_factory=given["strict_factory"],
        ),
        faults=given.get("faults", ()),
    )


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
    task = tasks.load(asked.tasks_root, asked.task_id)
    adapter = asked.adapter
    key = CellKey(sweep_id=asked.sweep_id, agent=adapter.name, model=asked.model, task_id=task.id)
    if asked.attempt is not None:
        results.require_free(asked.results, key, asked.attempt)
    simulated = asked.endpoint == endpoints.SIMULATOR
    _check_faults(asked.faults, simulated=simulated)
    chosen = choose_sandbox(asked.sandbox_name, adapter, simulated=simulated)
    require_image(adapter, chosen)
    image, grader_image = image_refs(chosen, adapter, progress)
    require_toolchain(task, chosen, stop)
    script = oracle.script_for(task, asked.model, chosen, grader_image, stop) if simulated else None
    plan = Plan(
        key=key,
        run_id=ulid(time.time_ns() // 1_000_000),
        attempt=asked.attempt,
        task=task,
        adapter=adapter,
        sandbox=chosen,
        image=image,
        grader_image=grader_image,
        results=asked.results,
        settings=asked.settings,
    )
    for plugin in asked.settings.plugins:
        if not plugin.is_for(adapter.name):
            progress(f"warning: plugin {plugin.name} is not for {adapter.name}: left out")
    progress(f"{adapter.name} × {asked.model} × {task.id} ({chosen.name})")
    wanted = endpoints.Wanted(endpoint=asked.endpoint, key=asked.key, script=script, faults=asked.faults)
    return attempt.run(plan, wanted, stop, progress)


def _check_faults(faults: tuple[str, ...], *, simulated: bool) -> None:
    if faults and not simulated:
        raise UsageError("--fault works with --endpoint sim only")
    for fault in faults:
        try:
            Fault.parse(fault)
        except SimError as error:
            raise UsageError(f"--fault: {error}") from None


def _show(recorded: list[Recorded], as_json: bool) -> None:
    if as_json:
        print_json([{"folder": str(r.folder), "cell": r.cell} for r in recorded])
        return
    Console().print(cell_table([r.cell for r in recorded]))
    for r in recorded:
        click.echo(f"Record: {r.folder}")


COMMANDS = (run_cell, check, demo)
