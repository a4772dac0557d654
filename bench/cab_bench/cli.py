"""``python bench``: the relays side by side, a table, a plot, the raw data.

Exit codes: 0 measured, whatever came out; 2 usage; 3 this machine lacks something.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from . import figures, install, kinds, machine, measure, memory, peers, plot, profiling, report, wrk
from .errors import BenchError
from .measure import Data, Plan
from .peers import Peer, Target

EXIT_ENVIRONMENT: Final = 3
EXIT_TERMINATED: Final = 143
RESULTS: Final = Path(__file__).resolve().parents[1] / "results"
PARTS: Final = ("plain", "latency", "streams", "paced", "memory")


def main() -> None:
    """Entry point."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))  # what was started is ended
    try:
        cli(prog_name="bench")
    except BenchError as error:
        click.echo(f"bench: {error}", err=True)
        sys.exit(EXIT_ENVIRONMENT)


def _say(message: str) -> None:
    click.echo(f"  {message}", err=True)


def _names(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(name.strip() for name in value.split(",") if name.strip())


def _other(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    pairs = [value.partition("=") for value in values]
    if not all(name and (Path(folder) / "cab_proxy").is_dir() for name, _, folder in pairs):
        raise click.BadParameter("must look like old=DIR, and DIR must hold cab_proxy")
    return tuple((name, Path(folder).resolve()) for name, _, folder in pairs)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Few, short rounds: a look, no result.")
@click.option("--only", metavar="PARTS", callback=_names, help=f"Of: {','.join(PARTS)}.")
@click.option("--peers", "wanted", metavar="NAMES", callback=_names, help="Only these relays [default: all].")
@click.option(
    "--also", metavar="NAME=DIR", multiple=True, callback=_other,
    help="Another version of our proxy: the folder that holds its cab_proxy.",
)  # fmt: skip
@click.option("--rounds", type=click.IntRange(min=1), default=7, show_default=True)
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=2.0, show_default=True, help="Per relay and round."
)
@click.option(
    "--sizes", metavar="BYTES", callback=_names, help="Request bodies [default: 2000,17000,200000]."
)
@click.option(
    "--concurrency", metavar="NUMBERS", callback=_names, help="Paced streams at once [default: 1,100,1000]."
)
@click.option("--seed", type=int, help="Of the order of all things [default: drawn, and printed].")
@click.option("--pin", is_flag=True, help="Relays on the last core, everything else on the others.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of results [default: bench/results/<time>].",
)
@click.pass_context
def cli(
    context: click.Context,
    *,
    quick: bool,
    only: tuple[str, ...] | None,
    wanted: tuple[str, ...] | None,
    also: tuple[tuple[str, Path], ...],
    rounds: int,
    seconds: float,
    sizes: tuple[str, ...] | None,
    concurrency: tuple[str, ...] | None,
    seed: int | None,
    pin: bool,
    out: Path | None,
) -> None:
    """Measure cab-proxy beside nginx, mitmproxy, Portkey and LiteLLM, against one local endpoint.

    Relays that aren't installed are left out, and named: `bench install` brings those that don't come
    with the system.
    """
    if context.invoked_subcommand is not None:
        return
    for part in only or ():
        if part not in PARTS:
            raise click.UsageError(f"there is no part {part}; there are {', '.join(PARTS)}")
    plan = Plan(
        seed=random.SystemRandom().randrange(10_000) if seed is None else seed,
        rounds=rounds,
        seconds=seconds,
        latency_rounds=3000,
    )
    if sizes:
        plan = replace(plan, sizes=tuple(map(int, sizes)))
    if concurrency:
        plan = replace(plan, concurrency=tuple(map(int, concurrency)))
    if quick:
        plan = replace(plan, rounds=3, seconds=1.0, latency_rounds=600, paced_rounds=1, paced_seconds=2.0)
    chosen, missing = _choose(wanted, also)
    folder = out or RESULTS / datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    click.echo(
        f"seed {plan.seed}; relays: {', '.join(f'{p.name} {v}' for p, v in chosen) or 'none'}", err=True
    )
    if missing:
        click.echo(f"left out, not installed: {', '.join(missing)}", err=True)
    began = time.monotonic()
    result: Data = {
        "version": 1,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "pinned": pin,
        "quick": quick,
        "plan": asdict(plan),
        "versions": {"wrk": wrk.version(), **{peer.name: version for peer, version in chosen}},
        "does": {peer.name: peer.does for peer, _ in chosen},
        "left_out": missing,
    }
    others = [name for name, _ in also]
    try:
        result["measured"] = _measure([peer for peer, _ in chosen], plan, only or PARTS, others, pin=pin)
    except OSError as error:
        raise BenchError(f"a relay broke off: {error}") from error
    result["minutes"] = round((time.monotonic() - began) / 60, 1)
    _write(folder, result)


def _choose(
    wanted: tuple[str, ...] | None, also: tuple[tuple[str, Path], ...]
) -> tuple[list[tuple[Peer, str]], list[str]]:
    """The relays that take part, with their versions, and the names of those that aren't here."""
    known = [*kinds.known(), *(kinds.cab(name, folder) for name, folder in also)]
    names = [peer.name for peer in known]
    for name in wanted or ():
        if name not in names:
            raise click.UsageError(f"there is no relay {name}; there are {', '.join(names)}")
    chosen, missing = [], []
    for peer in known:
        if wanted is not None and peer.name not in (*wanted, *(name for name, _ in also)):
            continue
        version = peer.version()
        if version is None:
            missing.append(peer.name)
        else:
            chosen.append((peer, version))
    return chosen, missing


def _measure(
    chosen: Sequence[Peer], plan: Plan, parts: Sequence[str], others: Sequence[str], *, pin: bool
) -> Data:
    """Measure part by part. Of memory: nginx, ours, and other versions of ours."""
    if {"plain", "streams"} & set(parts) and wrk.version() is None:
        raise BenchError("wrk is needed for requests a second: apt-get install wrk, or --only latency,paced")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    cores = sorted(os.sched_getaffinity(0))
    relay_cores = {cores[-1]} if pin and len(cores) > 1 else None
    if relay_cores:
        os.sched_setaffinity(0, set(cores) - relay_cores)
    failed: dict[str, str] = {}
    measured: Data = {"failed": failed}
    if set(parts) != {"memory"}:
        with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
            targets = _start(chosen, Path(name), failed, stack, relay_cores)
            measured |= _under_load(functools.partial(_able, targets, failed), plan, parts)
    if "memory" in parts:
        names = {figures.REFERENCE, figures.OURS, *others}
        measured["memory"] = memory.measure([peer for peer in chosen if peer.name in names], _say)
    return measured


def _start(
    chosen: Sequence[Peer],
    root: Path,
    failed: dict[str, str],
    stack: contextlib.ExitStack,
    cores: set[int] | None,
) -> list[Target]:
    """The endpoint and the relays that start. Raises :class:`BenchError` where ours doesn't."""
    direct = stack.enter_context(peers.endpoint(root))
    targets = [direct]
    for peer in chosen:
        try:
            targets.append(stack.enter_context(peers.running(peer, direct.port, root / peer.name, cores)))
            _say(f"{peer.name} is up")
        except BenchError as error:
            if peer.name == figures.OURS:
                raise
            _say(str(error))
            failed[peer.name] = "doesn't start"
    return targets


def _under_load(able: Callable[[str, int], list[Target]], plan: Plan, parts: Sequence[str]) -> Data:
    """Everything that relays are measured in together, with those that are able to."""
    measured: Data = {}
    stream = f"stream-{measure.STREAM_EVENTS}-0"
    if "plain" in parts:
        measured["plain"] = [
            measure.throughput(able("plain", size), plan, "plain", size, _say) for size in plan.sizes
        ]
    if "latency" in parts:
        measured["latency"] = [
            measure.latency(able(model, 17_000), plan, model, 17_000, _say)
            for model in ("plain", "stream-8-0")
        ]
    if "streams" in parts:
        measured["streams"] = measure.throughput(able(stream, 17_000), plan, stream, 17_000, _say)
        measured["integrity"] = measure.integrity(able(stream, 17_000), plan, _say)
    if "paced" in parts:
        measured["paced"] = [
            measure.paced(able(stream, 17_000), plan, concurrent, _say) for concurrent in plan.concurrency
        ]
    return measured


def _able(targets: Sequence[Target], failed: dict[str, str], model: str, size: int) -> list[Target]:
    """Those that answer such a request at all; the others are told of, and measured no more."""
    for target in targets:
        fault = measure.fault(target, model, size)
        if fault and target.name not in failed:
            if target.name in {figures.OURS, peers.DIRECT}:
                raise BenchError(f"{target.name} doesn't answer {model}: {fault}")
            failed[target.name] = f"{model}: {fault}"
            _say(f"{target.name} leaves, {failed[target.name]}")
    return [target for target in targets if target.name not in failed]


def _write(folder: Path, result: Data) -> None:
    """The raw data, the figures, the table, the plot."""
    derived = figures.figures(result)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps({**result, "figures": derived}, indent=1) + "\n")
    text = report.text(result, derived)
    (folder / "report.md").write_text(text)
    drawn = plot.draw(derived)
    if drawn:
        (folder / "plot.svg").write_text(drawn)
    click.echo(text)
    click.echo(f"written to {folder}")


@cli.command("report")
@click.argument("results", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def report_command(results: Path) -> None:
    """Make table and plot anew from RESULTS, a results.json."""
    _write(results.parent, json.loads(results.read_text()))


@cli.command("install")
@click.argument("names", nargs=-1, type=click.Choice(install.NAMES))
def install_command(names: tuple[str, ...]) -> None:
    """Install relays (all, or NAMES) and py-spy into bench/.peers, each in an environment of its own."""
    failed = [name for name in names or install.NAMES if not install.install(name, _say)]
    if failed:
        raise BenchError(f"not installed: {', '.join(failed)}")


@cli.command("profile")
@click.option("--seconds", type=click.FloatRange(min=1), default=5.0, show_default=True, help="Of each load.")
@click.option("--rate", type=click.IntRange(min=1), default=500, show_default=True, help="Samples a second.")
@click.option(
    "--source", type=click.Path(path_type=Path, exists=True, file_okay=False), help="As --also's DIR."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=RESULTS / "profile")
@click.option("--native", is_flag=True, help="C code too: slower, and it disturbs more.")
def profile_command(seconds: float, rate: int, source: Path | None, out: Path, *, native: bool) -> None:
    """Where cab-proxy's time goes, under plain calls and under streams: by py-spy."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, peers.endpoint(Path(name)) as direct:
        peer = kinds.cab(source=source)
        with peers.running(peer, direct.port, Path(name) / peer.name) as target:
            click.echo(profiling.profile(target, seconds, rate, out, native=native))
