"""What ``cab sweep`` is asked for: its options, the TOML file of the same, and what both come to."""

from __future__ import annotations

import glob
import math
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

import click

from cab_runner.cli.agent_options import overlay_options
from cab_runner.cli.attempt_options import how_options, settings_of
from cab_runner.cli.common import together
from cab_runner.errors import UsageError
from cab_runner.sweep import config, store
from cab_runner.sweep.config import SweepConfig
from cab_runner.sweep.ray_engine import UNLIMITED
from cab_runner.sweep.schedule import Spending

_NOT_IN_FILES: Final = frozenset(
    {"config", "resume", "print_config", "dry_run", "json", "key", "help", "results"}
)
_NEW_ON_RESUME: Final = frozenset(
    {"resume", "n_concurrent", "endpoint_n_concurrent", "max_retries", "key", "key_env", "as_json",
     "sweep_max_tokens", "sweep_max_cost_usd", "dry_run", "print_config", "engine", "ray_address"}
)  # fmt: skip
"""Options that may differ when a sweep is taken up again: none of them changes what an attempt measures."""


def _read(context: click.Context, path: Path) -> None:
    """Make a file's values the options' defaults. Raises :class:`UsageError` for an unknown key."""
    raw = config.load_file(path)
    context.meta["tables"] = {name: raw.pop(name, []) for name in config.TABLES}
    params = _params(context.command)
    if unknown := sorted(raw.keys() - params):
        raise UsageError(f"{path}: there is no option {unknown[0]}; keys are those of `cab sweep --help`")
    for param in context.command.params:
        if (key := _key(param)) in raw:
            _check(param, raw[key], f"{path}: {key}")
    if bad := [name for name, tables in context.meta["tables"].items() if not _are_tables(tables)]:
        raise UsageError(f"{path}: {bad[0]} must be tables: [[{bad[0]}]]")
    context.default_map = {params[key]: value for key, value in raw.items()}


def _are_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(table, dict) for table in value)


def _check(param: click.Parameter, value: object, where: str) -> None:
    """Raise :class:`UsageError` for a value of a kind that the option can't be."""
    texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
    numbers = isinstance(param.type, click.types.IntParamType | click.types.FloatParamType)
    flag = isinstance(param, click.Option) and param.is_flag
    kind: type = bool if flag else float if numbers else str
    if isinstance(param, click.Option) and param.multiple:
        if not texts:
            raise UsageError(f"{where} must be a list of texts")
    elif type(value) is not kind and not (kind is float and type(value) is int):
        words = {bool: "true or false", float: "a number", str: "a text"}
        raise UsageError(f"{where} must be {words[kind]}")


def _key(param: click.Parameter) -> str:
    return max(param.opts, key=len).lstrip("-").replace("-", "_")


def _params(command: click.Command) -> dict[str, str]:
    """Key in a file → the parameter's name."""
    return {key: str(param.name) for param in command.params if (key := _key(param)) not in _NOT_IN_FILES}


def _config_given(context: click.Context, _param: click.Parameter, value: Path | None) -> Path | None:
    if value is not None:
        _read(context, value)
    return value


def _resume_given(context: click.Context, _param: click.Parameter, value: Path | None) -> Path | None:
    if value is not None:
        if not (value / store.CONFIG).is_file():
            raise UsageError(f"{value} holds no sweep: give the folder that has {store.CONFIG} in it")
        _read(context, value / store.CONFIG)
        assert context.default_map is not None
        context.default_map["results"] = value.resolve().parent
    return value


_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(path_type=Path),
        is_eager=True,
        callback=_config_given,
        help="TOML file with these options; those given here win.",
    ),
    click.option(
        "--resume",
        metavar="DIR",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        is_eager=True,
        callback=_resume_given,
        help="Go on with the sweep in DIR: only what is not complete is run.",
    ),
    click.option("-a", "--agent", "--tui", "agent", multiple=True, help="See `cab agents list`; repeatable."),
    click.option("-m", "--model", multiple=True, help="Model id as the endpoint knows it; repeatable."),
    click.option("-t", "--task", multiple=True, help="Glob of task ids, or of task folders; repeatable."),
    click.option(
        "-k", "--n-attempts", type=click.IntRange(min=1), default=1, show_default=True, help="A cell."
    ),
    click.option(
        "-n",
        "--n-concurrent",
        type=click.IntRange(min=1),
        default=2,
        show_default=True,
        help="Attempts at once on a machine.",
    ),
    click.option(
        "--endpoint-n-concurrent",
        type=click.IntRange(min=1),
        help="Attempts at once at the endpoint; fewer while it answers 429. Default: --n-concurrent.",
    ),
    click.option("--sweep-id", help="Its name in --results. Default: one made of the time."),
    click.option(
        "--max-retries", type=click.IntRange(min=0), default=4, show_default=True, help="Of a void attempt."
    ),
    click.option("--seed", type=int, default=0, show_default=True, help="Of the order of the attempts."),
    click.option(
        "--sweep-max-tokens", type=click.IntRange(min=1), help="Budget of the sweep: tokens in all."
    ),
    click.option(
        "--sweep-max-cost-usd", type=click.FloatRange(min=0), help="Budget of the sweep: US dollars."
    ),
    click.option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="ray: on the nodes of a Ray cluster (docs/scaling.md).",
    ),
    click.option(
        "--ray-address",
        metavar="HOST:PORT",
        help="Of the cluster. Default: RAY_ADDRESS, that of this machine, or else one that is started here.",
    ),
    overlay_options,
    how_options,
    click.option("--fault", "faults", multiple=True, help="With --endpoint sim: a fault to inject."),
    click.option("--print-config", is_flag=True, help="Print all of this as a TOML file, and do nothing."),
    click.option("--dry-run", is_flag=True, help="Say how many attempts there are and what they may spend."),
)


sweep_options = together(*_OPTIONS)


_PLAIN: Final = click.command("cab sweep")(sweep_options(lambda **_: None))
"""To read a file with."""


def check_resumed(context: click.Context) -> None:
    """Raise :class:`UsageError` for what a sweep that has begun can't be asked for."""
    folder = context.params["resume"]
    if folder is None:
        return
    if folder.resolve().name != context.params["sweep_id"]:
        raise UsageError(f"{folder} was renamed: the sweep in it is {context.params['sweep_id']}")
    from_here = click.core.ParameterSource.COMMANDLINE
    for param in context.command.params:
        name = str(param.name)
        if context.get_parameter_source(name) is from_here and name not in _NEW_ON_RESUME:
            option = max(param.opts, key=len)
            raise UsageError(f"{option} is fixed for a sweep that has begun: leave it out, or start anew")


def prefer_file(context: click.Context, given: dict[str, Any]) -> None:
    """A file says more of a sweep than the environment of whoever runs it: its endpoint wins."""
    for name, value in (context.default_map or {}).items():
        if context.get_parameter_source(name) is click.core.ParameterSource.ENVIRONMENT:
            given[name] = context.params[name] = value


def as_toml(context: click.Context) -> str:
    """All that was asked for, as a file that ``--config`` reads."""

    def plain(value: Any) -> Any:
        if isinstance(value, tuple):
            return [plain(item) for item in value]
        return str(value.resolve()) if isinstance(value, Path) else value

    values = {key: plain(context.params[name]) for key, name in _params(context.command).items()}
    values["task"] = config.settled(context.params["tasks_dir"], context.params["task"])
    if context.get_parameter_source("tasks_dir") is click.core.ParameterSource.DEFAULT:
        del values["tasks_dir"]
    return config.to_toml(values | context.meta.get("tables", {}))


def for_nodes(text: str, asked: SweepConfig, tasks_root: Path) -> str:
    """The same with every task by its id, or by the path of its folder."""
    found = [
        task.id if task.folder == tasks_root / task.id else glob.escape(str(task.folder))
        for task in asked.tasks.values()
    ]
    return config.to_toml(tomllib.loads(text) | {"task": found})


def asked_by(text: str) -> SweepConfig:
    """The sweep that a file with this text asks for, with this machine's tasks and keys.

    Raises :class:`UsageError`.
    """
    with NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            context = _PLAIN.make_context("cab sweep", ["--config", file.name])
        except click.ClickException as error:
            raise UsageError(error.format_message()) from None
    prefer_file(context, context.params)
    return asked_for(context.params, context.meta["tables"])


def asked_for(given: Mapping[str, Any], tables: Mapping[str, Any]) -> SweepConfig:
    """What options and tables come to. Raises :class:`UsageError` for what makes no sense."""
    if given["key"] is not None and given["engine"] == "ray":
        raise UsageError("--key is not sent to other machines: set CAB_KEY or --key-env NAME on each node")
    if given["key"] is not None:
        click.echo("cab: warning: --key shows in process lists; CAB_KEY or --key-env NAME does not", err=True)
    settings = settings_of(dict(given))
    cost = given["sweep_max_cost_usd"]
    if cost is not None and not math.isfinite(cost):
        raise UsageError("--sweep-max-cost-usd has to be an amount of US dollars")
    spending = Spending(
        max_tokens=given["sweep_max_tokens"],
        max_cost_usd=None if cost is None else Decimal(str(cost)),
        attempt_tokens=settings.budget.max_total_tokens,
        attempt_cost_usd=settings.budget.max_cost_usd,
    )
    if not spending.allows_one:
        raise UsageError("the sweep's budget is smaller than that of one attempt: nothing could be started")
    commands = tables.get("agent_commands", ())
    adapters = config.adapters_of(given["agent"], commands)
    return SweepConfig(
        sweep_id=given["sweep_id"],
        adapters=adapters,
        commands=config.commands_of(commands, adapters),
        endpoints=config.endpoints_of(
            {**given, "models": given["model"]},
            tables.get("endpoints", ()),
            faults=given["faults"],
            n_concurrent=UNLIMITED if given["engine"] == "ray" else given["n_concurrent"],
        ),
        tasks=config.tasks_of(given["tasks_dir"], given["task"]),
        n_attempts=given["n_attempts"],
        n_concurrent=given["n_concurrent"],
        max_retries=given["max_retries"],
        seed=given["seed"],
        sandbox_name=given["sandbox_name"],
        results=given["results"],
        settings=settings,
        spending=spending,
    )
