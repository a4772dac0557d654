"""``cab-sim``: the simulator as a program.

When it listens it prints one JSON line on standard output, ``{"event":"listening","url":"http://…/v1"}``, and
nothing else; with ``--runs`` the URL has no ``/v1``: a run's is ``http://…/<run>/v1``. SIGTERM and Ctrl-C
end it. Exit codes: 0 ended as told, 2 usage, 3 the address cannot be had.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Final

import click

from cab_sim.errors import SimError
from cab_sim.faults import KINDS, Fault
from cab_sim.script import Script
from cab_sim.server import SimConfig, serving

EXIT_ENVIRONMENT: Final = 3


@click.command(name="cab-sim")
@click.option(
    "--listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT", help="Port 0: any free one."
)
@click.option(
    "--script", type=click.Path(path_type=Path), help="JSON file with the edits that the models make."
)
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Serve many runs, each below /RUN: DIR/RUN/script.json is played, calls go to DIR/RUN/calls.jsonl, "
    "faults count by run. DELETE /RUN ends one.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[:N|%P]",
    help="Fault of every call, of the next N, or of P percent of all, each time the same; may be repeated: "
    f"the first that hits a call is played. Kinds: {', '.join(KINDS)}.",
)
@click.option("--tokens-per-s", type=click.FloatRange(min=0, min_open=True), help="Pace of the answers.")
@click.option(
    "--chunk-tokens", type=click.IntRange(min=1), default=4, show_default=True, help="Size of a delta."
)
@click.option(
    "--count", type=click.Path(path_type=Path), help="Append every call to this file as a JSON line."
)
@click.option("--until-stdin-ends", is_flag=True, help="End when standard input does: the launcher is gone.")
@click.option(
    "--key-env", metavar="NAME", help="Variable with the only key to accept (default: CAB_SIM_KEY, if set)."
)
def main(
    *,
    listen: str,
    script: Path | None,
    runs: Path | None,
    faults: tuple[str, ...],
    tokens_per_s: float | None,
    chunk_tokens: int,
    count: Path | None,
    until_stdin_ends: bool,
    key_env: str | None,
) -> None:
    """Serve scripted models (oracle, null, cheat:N) in the APIs of OpenAI, Anthropic, Gemini and Ollama."""
    host, port = _address(listen)
    if runs is not None and (script is not None or count is not None):
        raise click.UsageError("--runs goes without --script and --count: every run has its own")
    if runs is not None and not runs.is_dir():
        raise click.UsageError(f"--runs {runs}: no such folder; make it first")
    if key_env is not None and not os.environ.get(key_env):
        raise click.UsageError(f"--key-env {key_env}: that variable is not set")
    try:
        config = SimConfig(
            script=None if script is None else Script.load(script),
            runs=runs,
            faults=tuple(map(Fault.parse, faults)),
            tokens_per_s=tokens_per_s,
            tokens_per_chunk=chunk_tokens,
            count_path=count,
            key=os.environ.get(key_env or "CAB_SIM_KEY") or None,
        )
        if count is not None:
            count.touch()
    except SimError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"--count {count}: {error.strerror}") from None
    try:
        asyncio.run(_serve(config, host, port, until_stdin_ends=until_stdin_ends))
    except OSError as error:
        click.echo(f"cab-sim: cannot listen on {listen}: {error.strerror}; choose another --listen", err=True)
        sys.exit(EXIT_ENVIRONMENT)


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise click.UsageError(f"--listen {listen}: expected HOST:PORT, such as 127.0.0.1:0")
    return host.strip("[]"), int(port)


def _stop_at_end(stop: asyncio.Event) -> None:
    if not os.read(0, 4096):
        asyncio.get_running_loop().remove_reader(0)
        stop.set()


async def _serve(config: SimConfig, host: str, port: int, *, until_stdin_ends: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_ends:
        loop.add_reader(0, _stop_at_end, stop)
    async with serving(config, host, port) as server:
        print(json.dumps({"event": "listening", "url": server.url}, separators=(",", ":")), flush=True)  # noqa: T201  # a launcher reads it
        await stop.wait()
