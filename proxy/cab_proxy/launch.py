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
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from .errors import ProxyError
from .ids import ulid
from .ledger import LedgerWriter
from .records import verify
from .runs import Run, new_token
from .service import Service
from .summary import summarise, summary_lines
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
        ledger = stack.enter_context(LedgerWriter(path))
        first_byte = path.stat().st_size
        run = Run(
            run_id=ulid(time.time_ns() // 1_000_000),
            upstream=wanted.upstream,
            ledger=ledger,
            token=new_token(),
        )
        service = Service(report, key=wanted.key, connect_timeout_s=wanted.connect_timeout_s)
        service.drain_s = _DRAIN_S
        async with service:
            service.registry.add(run)
            url = await service.listen("127.0.0.1", 0, run)
            assert run.token is not None
            begun = time.perf_counter()
            code = await _run(
                wanted.command, child_environment(os.environ, f"{url}/v1", run.token, wanted.key)
            )
            wall_ms = (time.perf_counter() - begun) * 1000
        with path.open("rb") as file:
            file.seek(first_byte)
            records = verify(file.read()).records
    summary = summarise(records)
    if wanted.as_json:
        click.echo(
            json.dumps({**summary.to_json(), "wall_ms": round(wall_ms, 3), "exit_code": code}), err=True
        )
    else:
        report(f"metered {wanted.upstream.base}")
        click.echo("\n".join(summary_lines(summary, wall_ms)), err=True)
    return code


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


async def _run(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
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
