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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The variables by which SDKs and CLIs find an API, and its key."""

    home: str | None
    """The provider's own endpoint, where they go without any; ``None`` for what people run themselves."""
    urls: tuple[str, ...]
    keys: tuple[str, ...] = ()
    """The first is the one to set. With several most warn, and some take another one than before."""
    root: str = ""
    """What the variables' URLs end with, where an endpoint has no path of its own."""


_OPENAI: Final = "https://api.openai.com/v1"
APIS: Final[tuple[Api, ...]] = (
    # the SDKs, codex, qwen-code; aider, litellm
    Api(home=_OPENAI, urls=("OPENAI_BASE_URL", "OPENAI_API_BASE"), keys=("OPENAI_API_KEY",), root="/v1"),
    Api(home=_OPENAI, urls=("LLM_BASE_URL",), keys=("LLM_API_KEY",), root="/v1"),  # openhands
    Api(
        home="https://api.anthropic.com",
        urls=("ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE"),  # the SDKs, claude-code; litellm
        keys=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    ),
    Api(
        home="https://generativelanguage.googleapis.com",
        urls=("GOOGLE_GEMINI_BASE_URL", "GOOGLE_BASE_URL"),  # the SDKs, gemini-cli; inspect
        keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    ),
    Api(home=None, urls=("OLLAMA_HOST", "OLLAMA_API_BASE")),  # its CLI and SDKs; litellm
)
"""Left out are variables that switch to an endpoint of one's own (COPILOT_PROVIDER_BASE_URL) or that stand
for more than one API (INSPECT_EVAL_MODEL_BASE_URL).
"""

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
    apis: tuple[Api, ...] = APIS
    """Whose calls are led to the upstream."""
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
            code = await run_child(wanted.command, child_environment(os.environ, url, run.token, wanted))
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


def find_endpoint(
    environ: Mapping[str, str], url: str | None, key: str | None
) -> tuple[Upstream, tuple[Api, ...], str | None]:
    """The endpoint, the APIs that are led there, and the key. With ``url`` these are all APIs. Without, it is
    the endpoint that the user's own variables lead to, of the first API that they know of; the others are
    left alone. So is another provider's key. Raises :class:`ConfigError`.
    """
    url = url or environ.get("CAB_ENDPOINT")
    if url:
        upstream, apis = Upstream.parse(url), APIS
        owners = tuple(api for api in APIS if _is_home(api, upstream)) or APIS
    else:
        known = (api for api in APIS if api.home and _first(environ, (*api.urls, *api.keys)))
        chosen = next(known, APIS[0])
        assert chosen.home is not None
        upstream = Upstream.parse(_first(environ, chosen.urls) or chosen.home)
        apis = owners = tuple(api for api in APIS if api.home == chosen.home)
    return upstream, apis, key or _first(environ, [name for api in owners for name in api.keys])


def _first(environ: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next(filter(None, map(environ.get, names)), None)


def _is_home(api: Api, upstream: Upstream) -> bool:
    return api.home is not None and upstream.base.removesuffix("/v1") == api.home.removesuffix("/v1")


def child_environment(parent: Mapping[str, str], url: str, token: str, wanted: Launch) -> dict[str, str]:
    """The command's environment: the proxy's address and a token. The endpoint's key is in none of it,
    whatever variable it came in.

    Of the APIs that are led here, every key is replaced. Where there was none the token stands in, unless
    nobody gave a key for a provider's own endpoint: a CLI may have a login, and would prefer a key to it.
    """
    environment = {
        name: token if value == wanted.key else value for name, value in parent.items() if name not in _HIDDEN
    }
    may_log_in = wanted.key is None and any(_is_home(api, wanted.upstream) for api in APIS)
    has_root = wanted.upstream.base.endswith("/v1") or not urlsplit(wanted.upstream.base).path
    for api in wanted.apis:
        environment.update(dict.fromkeys(api.urls, url + api.root if has_root else url))
        held = [name for name in api.keys if parent.get(name)]
        environment.update(dict.fromkeys(held or ([] if may_log_in else api.keys[:1]), token))
    for name in ("NO_PROXY", "no_proxy"):  # else an HTTP proxy's settings would lead past the meter
        listed = environment.get(name, "")
        if listed.strip() != "*":
            environment[name] = f"{listed},127.0.0.1" if listed else "127.0.0.1"
    return environment


async def run_child(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Run it to its end; its exit code. Raises :class:`NotStartedError`."""
    with _signals() as signals:
        try:
            child = await asyncio.create_subprocess_exec(*command, env=environment)
        except FileNotFoundError:
            raise NotStartedError(127, f"{command[0]}: command not found") from None
        except OSError as error:
            raise NotStartedError(126, f"{command[0]}: {error.strerror}") from None
        forwarding = asyncio.create_task(_forward(signals, child))
        code = await child.wait()
        forwarding.cancel()
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _signals() -> Iterator[asyncio.Queue[signal.Signals]]:
    """Signals for the command, also those that come while it is being started. Those that a terminal sends,
    it sends to the command as well.
    """
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue[signal.Signals]()
    shared = _in_foreground()

    def take(number: signal.Signals) -> None:
        if not (shared and number in _FROM_TERMINAL):
            queue.put_nowait(number)

    for number in (*_FORWARDED, *_FROM_TERMINAL):
        loop.add_signal_handler(number, take, number)
    try:
        yield queue
    finally:
        for number in (*_FORWARDED, *_FROM_TERMINAL):
            loop.remove_signal_handler(number)


async def _forward(signals: asyncio.Queue[signal.Signals], child: asyncio.subprocess.Process) -> None:
    while True:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(await signals.get())


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
