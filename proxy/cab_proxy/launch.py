"""``cab-proxy run -- CMD…``: one command behind the meter.

The proxy lives in this process; the command inherits stdin, stdout and stderr, finds the proxy by its
environment, and holds a token in place of the key. Signals reach the command; its exit code is
ours (128 + N when signal N ended it, 127 when it isn't there, 126 when it can't be run).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from . import ledger_files
from .control import Budget
from .errors import ProxyError
from .ids import ulid
from .metering import Metering
from .runs import new_token
from .service import Service
from .summary import Summary, summarise, summary_lines
from .urls import Upstream

BASE_URL_VARIABLES: Final = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "LLM_BASE_URL")
"""What SDKs and CLIs read: the openai SDKs; aider and litellm; openhands."""

KEY_VARIABLES: Final = ("OPENAI_API_KEY", "LLM_API_KEY")
_HIDDEN: Final = ("CAB_KEY",)
_FORWARDED: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_FROM_TERMINAL: Final = (signal.SIGINT, signal.SIGQUIT)
_DRAIN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What to run, and in front of which endpoint."""

    command: tuple[str, ...]
    upstream: Upstream
    ledger: Path | None
    """Where the records are kept; ``None`` for nowhere."""
    key: str | None
    as_json: bool
    connect_timeout_s: float
    metering: Metering = field(default_factory=Metering)
    budget: Budget = field(default_factory=Budget)


class NotStartedError(ProxyError):
    """The command can't be run."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        """Exit code, as shells have it."""


async def launch(wanted: Launch, report: Callable[[str], None]) -> int:
    """Run the command, print the summary, return the exit code.

    Raises :class:`NotStartedError`.
    """
    with contextlib.ExitStack() as stack:
        path = wanted.ledger
        if path is None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cab-"))) / "calls.jsonl"
        ledger = stack.enter_context(wanted.metering.ledger(path))
        seen = ledger.lines
        run = wanted.metering.run(
            run_id=ulid(time.time_ns() // 1_000_000),
            upstream=wanted.upstream,
            ledger=ledger,
            token=new_token(),
            budget=wanted.budget,
        )
        service = Service(
            report, key=wanted.key, connect_timeout_s=wanted.connect_timeout_s, metering=wanted.metering
        )
        service.drain_s = _DRAIN_S
        async with service:
            service.registry.add(run)
            url = await service.listen("127.0.0.1", 0, run)
            assert run.token is not None
            begun = time.perf_counter()
            code = await run_command(
                wanted.command, child_environment(os.environ, f"{url}/v1", run.token, wanted.key)
            )
            wall_ms = (time.perf_counter() - begun) * 1000
        summary = summarise(record for record in ledger_files.read(path) if record.seq >= seen)
    tell_summary(summary, wanted.upstream.base, wall_ms, code, report if not wanted.as_json else None)
    return code


def tell_summary(
    summary: Summary, what: str, wall_ms: float, code: int, report: Callable[[str], None] | None
) -> None:
    """Print what was metered, on stderr; without ``report`` as one line of JSON."""
    if report is None:
        facts = {**summary.to_json(), "wall_ms": round(wall_ms, 3), "exit_code": code}
        click.echo(json.dumps(facts), err=True)
    else:
        report(f"metered {what}")
        click.echo("\n".join(summary_lines(summary, wall_ms)), err=True)


def child_environment(
    parent: Mapping[str, str], base_url: str, token: str, key: str | None
) -> dict[str, str]:
    """The command's environment: the proxy's address and a token. The endpoint's key is in none of it,
    whatever variable it came in.
    """
    environment = {
        name: token if value == key else value for name, value in parent.items() if name not in _HIDDEN
    }
    environment.update(dict.fromkeys(BASE_URL_VARIABLES, base_url))
    environment.update(dict.fromkeys(KEY_VARIABLES, token))
    for name in ("NO_PROXY", "no_proxy"):  # else an HTTP proxy's settings would lead past the meter
        listed = environment.get(name, "")
        if listed.strip() != "*":
            environment[name] = f"{listed},127.0.0.1" if listed else "127.0.0.1"
    return environment


async def run_command(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Run it to its end; its exit code. Raises :class:`NotStartedError`."""
    try:
        child = await asyncio.create_subprocess_exec(*command, env=environment)
    except FileNotFoundError:
        raise NotStartedError(127, f"{command[0]}: command not found") from None
    except OSError as error:
        raise NotStartedError(126, f"{command[0]}: {error.strerror}") from None
    with _signals_to(child):
        code = await child.wait()
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _signals_to(child: asyncio.subprocess.Process) -> Iterator[None]:
    """Hand signals on to the command. Those that a terminal sends, it sends to the command as well."""
    loop = asyncio.get_running_loop()
    shared = _in_foreground()

    def forward(number: signal.Signals) -> None:
        if not (shared and number in _FROM_TERMINAL):
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(number)

    for number in (*_FORWARDED, *_FROM_TERMINAL):
        loop.add_signal_handler(number, forward, number)
    try:
        yield
    finally:
        for number in (*_FORWARDED, *_FROM_TERMINAL):
            loop.remove_signal_handler(number)


def _in_foreground() -> bool:
    try:
        fd = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(fd)
