"""``cab sweep``: agents × models × tasks × attempts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from typing import Any

import click

from cab_runner import results
from cab_runner.cli import sweep_view
from cab_runner.cli.common import flags_on_signals, json_option, print_json, progress_line
from cab_runner.cli.sweep_options import (
    as_toml,
    asked_by,
    asked_for,
    check_resumed,
    for_nodes,
    prefer_file,
    sweep_options,
)
from cab_runner.errors import AttemptVoid, UsageError
from cab_runner.sandbox.base import Interrupted
from cab_runner.sandbox.reap import reap
from cab_runner.sweep import config, store
from cab_runner.sweep.claim import Claim
from cab_runner.sweep.config import SweepConfig
from cab_runner.sweep.driver import Driver, Summary
from cab_runner.sweep.engine import Engine, LocalEngine
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
from cab_runner.sweep.ray_engine import RayEngine
from cab_runner.sweep.schedule import missing
from cab_runner.sweep.tally import Tally


@click.group("sweep", invoke_without_command=True, short_help="Agents × models × tasks × attempts.")
@sweep_options
@click.pass_context
def sweep(context: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Run agents × models × tasks × attempts, and take up again what was interrupted.

    Ctrl-C once: what is under way is finished; twice: it is stopped, recorded as void, and run again by
    --resume. Exit 0 when all is complete, 4 when something could not be had, 130 when interrupted.
    """
    if context.invoked_subcommand:
        return
    prefer_file(context, given)
    check_resumed(context)
    if given["print_config"]:
        click.echo(as_toml(context), nl=False)
        return
    if given["sweep_id"] is None:
        given["sweep_id"] = context.params["sweep_id"] = f"{datetime.now(UTC):sweep-%Y%m%d-%H%M%S}"
    text = as_toml(context)
    asked = asked_for(given, context.meta.get("tables", {}))
    if given["dry_run"]:
        _say_what_would_be(asked, as_json=as_json)
        return
    if given["resume"] is None and asked.folder.exists() and any(store.entries(asked.folder)):
        raise UsageError(
            f"{asked.folder} is there already: `cab sweep --resume {asked.folder}`, or --sweep-id"
        )
    _finish(_run(asked, text, context, as_json=as_json), asked)


@sweep.command("status")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def status(folder: Path, as_json: bool) -> None:
    """How far the sweep in DIR is, also while it runs elsewhere."""
    sweep_view.show_status(folder, as_json=as_json)


def _say_what_would_be(asked: SweepConfig, *, as_json: bool) -> None:
    wanted = missing(
        asked.slots, store.standing(asked.folder).attempts if asked.folder.exists() else Counter()
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
    models = sum(len(each.models) for each in asked.endpoints.values())
    click.echo(
        f"{len(asked.slots)} attempts: agents {len(asked.adapters)} × models {models} × "
        f"tasks {len(asked.tasks)} × {asked.n_attempts}; {len(wanted)} to run"
    )
    click.echo(f"tokens: {'no ceiling; --max-tokens sets one' if tokens is None else f'at most {tokens:,}'}")
    click.echo(f"money: {'no ceiling; --max-cost-usd sets one' if cost is None else f'at most ${cost:,.2f}'}")
    click.echo("Void attempts are tried again and spend on top of that, unless the sweep has a budget.")


def _times(n: int, each: Any) -> Any:
    return None if each is None else n * each


def _least(*limits: Any) -> Any:
    return min((limit for limit in limits if limit is not None), default=None)


def _engine(
    stack: ExitStack, asked: SweepConfig, text: str, context: click.Context, *, finish: Flag, stop: Flag
) -> tuple[Engine, Mapping[str, Any]]:
    """Who runs the attempts, all prepared, and the lock."""
    with progress_line() as progress:
        if context.params["engine"] == "ray":
            cluster = stack.enter_context(
                RayEngine(
                    asked,
                    for_nodes(text, asked, context.params["tasks_dir"]),
                    asked_by,
                    address=context.params["ray_address"],
                    stop=stop,
                    warn=lambda why: click.echo(f"cab: warning: {why}", err=True),
                )
            )
            return cluster, cluster.prepare(progress, finish)
        node = stack.enter_context(Node(asked, stop))
        node.prepare(progress, finish)
        listed = node.listed_models()
        for warning in config.doubts(asked, listed):
            progress(f"warning: {warning}")
        local = stack.enter_context(LocalEngine(node, asked.n_concurrent))
        return local, store.lock(asked, node.images(), listed)


def _run(asked: SweepConfig, text: str, context: click.Context, *, as_json: bool) -> Summary:
    asked.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(Claim(asked.folder))
        finish, stop = Flag(), Flag()
        stack.enter_context(flags_on_signals(finish, stop))
        resumed = (asked.folder / store.CONFIG).exists()
        told = list(read_events(path)) if (path := asked.folder / EVENTS).exists() else []
        unended = _unended(told)
        if resumed:
            reap()
            store.recover(asked, unended)
        engine, lock = _engine(stack, asked, text, context, finish=finish, stop=stop)
        stack.enter_context(_stopping_on_errors(stop))
        store.hold_to(asked.folder, lock)
        results.write_whole(asked.folder / store.CONFIG, text)
        log = stack.enter_context(EventLog(path))
        there = store.standing(asked.folder, unended)
        show = stack.enter_context(sweep_view.watching(Tally(told)))

        def tell(event: Event) -> None:
            log.write(event)
            show(event)
            if as_json:
                click.echo(encode(event), nl=False)

        for cell in there.untold:
            started = unended[cell["identity"]["run_id"]]
            tell(AttemptEnded.from_cell(cell, slot=started.slot, try_=started.try_, retry_in_s=None))
        driver = Driver(asked, there, engine, tell)
        return driver.run(finish, resumed=resumed)


def _unended(told: Iterable[Event]) -> dict[str, AttemptStarted]:
    """By run id, the attempts that were started and of whose end nothing was told."""
    unended = {}
    for event in told:
        if isinstance(event, AttemptStarted):
            unended[event.run_id] = event
        elif isinstance(event, AttemptEnded | AttemptLost):
            unended.pop(event.run_id, None)
    return unended


@contextmanager
def _stopping_on_errors(stop: Flag) -> Iterator[None]:
    """An error of ours does not wait for whole attempts."""
    try:
        yield
    except BaseException:
        stop.set()
        raise


def _finish(summary: Summary, asked: SweepConfig) -> None:
    if summary.why == "interrupted":
        click.echo(f"cab: `cab sweep --resume {asked.folder}` goes on", err=True)
        raise Interrupted
    if summary.missing:
        why = summary.why or "they are void after all retries, or their task was suspended"
        again = f"`cab sweep --resume {asked.folder}` tries them again"
        raise AttemptVoid(f"{summary.missing} attempts are missing: {why}; {again}")


COMMANDS = (sweep,)
