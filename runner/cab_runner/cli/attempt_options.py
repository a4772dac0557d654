"""The options of one attempt, and what they ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cab_proxy.control import Budget
from cab_runner import endpoints, local_model, plugins
from cab_runner.agents import Adapter
from cab_runner.cli.agent_options import adapter_of, agent_options
from cab_runner.cli.common import (
    DEFAULT_RESULTS,
    json_option,
    sandbox_option,
    tasks_dir_option,
    together,
)
from cab_runner.errors import UsageError
from cab_runner.plan import CEILING_FACTOR, CONTEXT_WINDOW_TOKENS, MAX_OUTPUT_TOKENS, Settings
from cab_scoring.composite import METHODOLOGIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of one attempt, as given."""

    adapter: Adapter
    model: str
    task: str
    """An id, or the path of a task's folder."""
    endpoint: str
    key: str | None
    tasks_root: Path
    results: Path
    sandbox_name: str | None
    sweep_id: str
    attempt: int | None = None
    settings: Settings = field(default_factory=Settings)
    faults: tuple[str, ...] = ()


_WHAT = (
    agent_options,
    click.option(
        "-m",
        "--model",
        required=True,
        help="Model id as the endpoint knows it; sim: oracle, null, cheat:N.",
    ),
    click.option(
        "-t",
        "--task",
        required=True,
        help="<category>/<slug> (`cab tasks list`), or the folder of a task of Harbor's or your own.",
    ),
)
_HOW = (
    click.option(
        "--endpoint", envvar="CAB_ENDPOINT", help="…/v1 URL, `sim` or `local`. Default: CAB_ENDPOINT."
    ),
    click.option("--key", help="The endpoint's key. Process lists show it: prefer CAB_KEY or --key-env."),
    click.option("--key-env", metavar="NAME", help="Environment variable that holds the key."),
    click.option("--results", type=click.Path(path_type=Path), default=DEFAULT_RESULTS, show_default=True),
    sandbox_option,
    tasks_dir_option,
    click.option(
        "--timeout", "timeout_s", type=click.FloatRange(min=1), help="Seconds. Default: the task's."
    ),
    click.option(
        "--timeout-on",
        type=click.Choice(["agent", "wall"]),
        default="wall",
        show_default=True,
        help="What the time limit is on; agent: time spent waiting for the model is left out.",
    ),
    click.option(
        "--wall-ceiling",
        "wall_ceiling_s",
        metavar="SECONDS",
        type=click.FloatRange(min=1),
        help=f"With --timeout-on agent: most in all. Default: {CEILING_FACTOR:g} times the limit.",
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
        "--grader-network",
        "grader_internet",
        is_flag=True,
        help="A task that brings its own image is graded with a network: its test.sh may fetch.",
    ),
    click.option("--methodology", type=click.Choice(list(METHODOLOGIES)), default="1.0", show_default=True),
    json_option,
)


how_options = together(*_HOW)
"""How attempts are run, whichever they are."""
attempt_options = together(*_WHAT, how_options)
"""The options of ``run-cell`` and ``check``: which attempt, and how it is run."""


def asked_for(given: dict[str, Any], *, provisional: bool = False) -> Asked:
    """What the options ask for. Raises :class:`UsageError` for what makes no sense."""
    if not given["endpoint"]:
        raise UsageError(
            "no endpoint: give --endpoint URL (or set CAB_ENDPOINT), --endpoint sim, or --endpoint local"
        )
    if given["key"] is not None:
        click.echo("cab: warning: --key shows in process lists; CAB_KEY or --key-env NAME does not", err=True)
    return Asked(
        adapter=adapter_of(given),
        model=given["model"],
        task=given["task"],
        endpoint=endpoints.parse(given["endpoint"]),
        key=endpoints.key_from(given["key"], given["key_env"]),
        tasks_root=given["tasks_dir"],
        results=given["results"],
        sandbox_name=given["sandbox_name"],
        sweep_id=given["sweep_id"],
        attempt=given.get("attempt"),
        settings=settings_of(given, provisional=provisional),
        faults=given.get("faults", ()),
    )


def settings_of(given: dict[str, Any], *, provisional: bool = False) -> Settings:
    """What the options set for every attempt. Raises :class:`UsageError` for what makes no sense."""
    ceiling_s = given["wall_ceiling_s"]
    if ceiling_s is not None and given["timeout_on"] == "wall":
        raise UsageError("--wall-ceiling goes with --timeout-on agent; a limit on wall time is --timeout")
    if ceiling_s is not None and not (given["timeout_s"] or 0.0) <= ceiling_s < math.inf:
        raise UsageError("--wall-ceiling has to be a number of seconds no smaller than --timeout")
    for name in ("timeout_s", "max_cost_usd", "max_seconds"):
        if given[name] is not None and not math.isfinite(given[name]):
            raise UsageError(f"--{name.removesuffix('_s').replace('_', '-')} has to be a number")
    cost = given["max_cost_usd"]
    window, output = CONTEXT_WINDOW_TOKENS, MAX_OUTPUT_TOKENS
    if given["endpoint"] == endpoints.LOCAL:
        window, output = local_model.CONTEXT_TOKENS, local_model.MAX_OUTPUT_TOKENS
    return Settings(
        provisional=provisional,
        timeout_s=given["timeout_s"],
        timeout_on=given["timeout_on"],
        wall_ceiling_s=given["wall_ceiling_s"],
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
        grader_internet=given["grader_internet"],
    )
