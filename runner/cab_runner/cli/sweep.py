"""``cab sweep``: agents × models × tasks × attempts."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Event as Flag
from types import FrameType
from typing import Any, Final

import click

from cab_runner.cli import sweep_view
from cab_runner.cli.agent_options import overlay_options
from cab_runner.cli.attempt_options import how_options, settings_of
from cab_runner.cli.common import json_option, print_json, progress_line
from cab_runner.errors import AttemptVoid, UsageError
from cab_runner.sandbox.base import Interrupted
from cab_runner.sandbox.reap import reap
from cab_runner.sweep import config, store
from cab_runner.sweep.claim import Claim
from cab_runner.sweep.config import SweepConfig
from cab_runner.sweep.driver import Driver, Summary
from cab_runner.sweep.engine import LocalEngine
from cab_runner.sweep.events import (
    EVENTS,
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    Event,
    EventLog,
    encode,
    read_events,
)
from cab_runner.sweep.node import Node
from cab_runner.sweep.progress import Tally
from cab_runner.sweep.schedule import Spending, missing

_NOT_IN_FILES: Final = frozenset(
    {"config", "resume", "print_config", "dry_run", "json", "key", "help", "results"}
)
_NEW_ON_RESUME: Final = frozenset(
    {"resume", "n_concurrent", "endpoint_n_concurrent", "max_retries", "key", "key_env", "as_json",
     "sweep_max_tokens", "sweep_max_cost_usd", "dry_run", "print_config"}
)  # fmt: skip
"""Options that may differ when a sweep is taken up again: none of them changes what an attempt measures."""


def _read(context: click.Context, path: Path) -> None:
    """Make a file's values the options' defaults. Raises :class:`UsageError` for an unknown key."""
    raw = config.load_file(path)
    context.meta["tables"] = {name: raw.pop(name, []) for name in config.TABLES}
    params = _params(context.command)
    if unknown := sorted(raw.keys() - params):
        raise UsageError(f"{path}: there is no option {unknown[0]}; keys are those of `cab sweep --help`")
    context.default_map = {params[key]: value for key, value in raw.items()}


def _params(command: click.Command) -> dict[str, str]:
    """Key in a file → the parameter's name."""
    return {
        key: str(param.name)
        for param in command.params
        if (key := max(param.opts, key=len).lstrip("-").replace("-", "_")) not in _NOT_IN_FILES
    }


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


@click.group("sweep", invoke_without_command=True, short_help="Agents × models × tasks × attempts.")
@click.option(
    "--config", type=click.Path(path_type=Path), is_eager=True, callback=_config_given,
    help="TOML file with these options; those given here win.",
)  # fmt: skip
@click.option(
    "--resume", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False), is_eager=True,
    callback=_resume_given, help="Go on with the sweep in DIR: only what is not complete is run.",
)  # fmt: skip
@click.option("-a", "--agent", "--tui", "agent", multiple=True, help="See `cab agents list`; repeatable.")
@click.option("-m", "--model", multiple=True, help="Model id as the endpoint knows it; repeatable.")
@click.option("-t", "--task", multiple=True, help="Glob of task ids, or of task folders; repeatable.")
@click.option("-k", "--n-attempts", type=click.IntRange(min=1), default=1, show_default=True, help="A cell.")
@click.option(
    "-n", "--n-concurrent", type=click.IntRange(min=1), default=2, show_default=True,
    help="Attempts at once on a machine.",
)  # fmt: skip
@click.option(
    "--endpoint-n-concurrent", type=click.IntRange(min=1),
    help="Attempts at once at the endpoint, at most; fewer while it answers 429. Default: --n-concurrent.",
)  # fmt: skip
@click.option("--sweep-id", help="Its name in --results. Default: one made of the time.")
@click.option(
    "--max-retries", type=click.IntRange(min=0), default=4, show_default=True, help="Of a void attempt."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order of the attempts.")
@click.option("--sweep-max-tokens", type=click.IntRange(min=1), help="Budget of the sweep: tokens in all.")
@click.option("--sweep-max-cost-usd", type=click.FloatRange(min=0), help="Budget of the sweep: US dollars.")
@overlay_options
@how_options
@click.option("--fault", "faults", multiple=True, help="With --endpoint sim: a fault to inject.")
@click.option("--print-config", is_flag=True, help="Print all of this as a TOML file, and do nothing.")
@click.option("--dry-run", is_flag=True, help="Say how many attempts there are and what they may spend.")
@click.pass_context
def sweep(context: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Run agents × models × tasks × attempts, and take up again what was interrupted.

    Ctrl-C once: what is under way is finished; twice: it is stopped, recorded as void, and run again by
    --resume. Exit 0 when all is complete, 4 when something could not be had, 130 when interrupted.
    """
    if context.invoked_subcommand:
        return
    _check_resumed(context)
    if given["sweep_id"] is None:
        given["sweep_id"] = context.params["sweep_id"] = f"{datetime.now(UTC):sweep-%Y%m%d-%H%M%S}"
    text = _as_toml(context)
    if given["print_config"]:
        click.echo(text, nl=False)
        return
    asked = _asked(given, context.meta.get("tables", {}))
    if given["dry_run"]:
        _say_what_would_be(asked, as_json=as_json)
        return
    if given["resume"] is None and asked.folder.exists():
        raise UsageError(
            f"{asked.folder} is there already: `cab sweep --resume {asked.folder}`, or --sweep-id"
        )
    _finish(_run(asked, text, as_json=as_json), asked)


@sweep.command("status")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def status(folder: Path, as_json: bool) -> None:
    """How far the sweep in DIR is, also while it runs elsewhere."""
    sweep_view.show_status(folder, as_json=as_json)


def _check_resumed(context: click.Context) -> None:
    if context.params["resume"] is None:
        return
    from_here = click.core.ParameterSource.COMMANDLINE
    for name in context.params:
        if context.get_parameter_source(name) is from_here and name not in _NEW_ON_RESUME:
            raise UsageError(
                f"--{name.replace('_', '-')} is fixed for a sweep that has begun: leave it out, or start anew"
            )


def _as_toml(context: click.Context) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, tuple):
            return [plain(item) for item in value]
        return str(value.resolve()) if isinstance(value, Path) else value

    values = {key: plain(context.params[name]) for key, name in _params(context.command).items()}
    if context.get_parameter_source("tasks_dir") is click.core.ParameterSource.DEFAULT:
        del values["tasks_dir"]
    return config.to_toml(values | context.meta.get("tables", {}))


def _asked(given: Mapping[str, Any], tables: Mapping[str, Any]) -> SweepConfig:
    if given["key"] is not None:
        click.echo("cab: warning: --key shows in process lists; CAB_KEY or --key-env NAME does not", err=True)
    settings = settings_of(dict(given))
    cost = given["sweep_max_cost_usd"]
    return SweepConfig(
        sweep_id=given["sweep_id"],
        adapters=config.adapters_of(given["agent"], tables.get("agent_commands", ())),
        endpoints=config.endpoints_of(
            {**given, "models": given["model"]},
            tables.get("endpoints", ()),
            faults=given["faults"],
            n_concurrent=given["n_concurrent"],
        ),
        tasks=config.tasks_of(given["tasks_dir"], given["task"]),
        n_attempts=given["n_attempts"],
        n_concurrent=given["n_concurrent"],
        max_retries=given["max_retries"],
        seed=given["seed"],
        sandbox_name=given["sandbox_name"],
        results=given["results"],
        settings=settings,
        spending=Spending(
            max_tokens=given["sweep_max_tokens"],
            max_cost_usd=None if cost is None else Decimal(str(cost)),
            attempt_tokens=settings.budget.max_total_tokens,
            attempt_cost_usd=settings.budget.max_cost_usd,
        ),
    )


def _say_what_would_be(asked: SweepConfig, *, as_json: bool) -> None:
    wanted = missing(
        asked.slots, store.recorded(asked.folder).standing if asked.folder.exists() else Counter()
    )
    spending = asked.spending
    tokens = _least(spending.max_tokens, _times(len(wanted), spending.attempt_tokens))
    cost = _least(spending.max_cost_usd, _times(len(wanted), spending.attempt_cost_usd))
    if as_json:
        print_json(
            {
                "attempts": len(wanted),
                "tokens_ceiling": tokens,
                "cost_usd_ceiling": None if cost is None else str(cost),
            }
        )
        return
    click.echo(
        f"{len(wanted)} attempts: {len(asked.adapters)} agents × "
        f"{sum(len(each.models) for each in asked.endpoints.values())} models × {len(asked.tasks)} tasks × "
        f"{asked.n_attempts}, of which {len(asked.slots) - len(wanted)} are complete"
    )
    click.echo(f"tokens: {'no ceiling; --max-tokens sets one' if tokens is None else f'at most {tokens:,}'}")
    click.echo(f"money: {'no ceiling; --max-cost-usd sets one' if cost is None else f'at most ${cost:,}'}")
    click.echo("Void attempts are tried again and spend on top of that, unless the sweep has a budget.")


def _times(n: int, each: Any) -> Any:
    return None if each is None else n * each


def _least(*limits: Any) -> Any:
    return min((limit for limit in limits if limit is not None), default=None)


@dataclass(frozen=True, slots=True)
class _Signals:
    finish: Flag
    """Start nothing more."""
    stop: Flag
    """Stop what is under way, too."""


@contextmanager
def _two_signals() -> Iterator[_Signals]:
    """Ctrl-C: finish what is under way; again, or another signal: stop it. One more interrupts at once."""
    signals = _Signals(Flag(), Flag())

    def handle(number: int, _frame: FrameType | None) -> None:
        if signals.stop.is_set():
            raise KeyboardInterrupt
        if signals.finish.is_set() or number != signal.SIGINT:
            signals.stop.set()
        signals.finish.set()

    heeded = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(asked: SweepConfig, text: str, *, as_json: bool) -> Summary:
    asked.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(Claim(asked.folder))
        signals = stack.enter_context(_two_signals())
        resumed = (asked.folder / store.CONFIG).exists()
        told = list(read_events(path)) if (path := asked.folder / EVENTS).exists() else []
        unended = _unended(told)
        if resumed:
            reap()
            store.recover(asked, unended)
        node = stack.enter_context(Node(asked, signals.stop))
        with progress_line() as progress:
            node.prepare(progress)
            store.hold_to(asked.folder, store.lock(asked, node.images(), node.listed_models()))
        (asked.folder / store.CONFIG).write_text(text, encoding="utf-8")
        log = stack.enter_context(EventLog(path))
        recorded = store.recorded(asked.folder, unended)
        show = stack.enter_context(sweep_view.watching(Tally(told)))

        def tell(event: Event) -> None:
            log.write(event)
            show(event)
            if as_json:
                click.echo(encode(event), nl=False)

        for cell in recorded.untold:
            started = unended[cell["identity"]["run_id"]]
            tell(AttemptEnded.from_cell(cell, slot=started.slot, try_=started.try_, retry_in_s=None))
        engine = stack.enter_context(LocalEngine(node, asked.n_concurrent))
        driver = Driver(asked, recorded, engine, tell)
        return driver.run(signals.finish, resumed=resumed)


def _unended(told: Iterable[Event]) -> dict[str, AttemptStarted]:
    """By run id, the attempts that were started and of whose end nothing was told."""
    unended = {}
    for event in told:
        if isinstance(event, AttemptStarted):
            unended[event.run_id] = event
        elif isinstance(event, AttemptEnded | AttemptLost):
            unended.pop(event.run_id, None)
    return unended


def _finish(summary: Summary, asked: SweepConfig) -> None:
    if summary.why == "interrupted":
        raise Interrupted
    if summary.missing:
        why = summary.why or "they are void after all retries, or their task was suspended"
        again = f"`cab sweep --resume {asked.folder}` tries them again"
        raise AttemptVoid(f"{summary.missing} attempts are missing: {why}; {again}")


COMMANDS = (sweep,)
