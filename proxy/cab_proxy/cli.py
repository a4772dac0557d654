"""The ``cab-proxy`` command.

``cab-proxy --upstream URL`` is the plain proxy, ``cab-proxy --control PATH`` the one that a runner drives,
``cab-proxy run -- CMD…`` meters one command. Exit codes: 0; 2 for a setting that can't be used; for
``run``, the command's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click
import uvloop

from .control import Budget, RunRequest
from .door import ALLOWANCES
from .errors import ConfigError, LedgerWriteError, RunError
from .launch import Launch, NotStartedError, launch
from .ledger import LedgerWriter
from .runs import TOKEN_PREFIX, Run
from .service import Service
from .urls import Upstream

EXIT_USAGE: Final = 2
DEFAULT_KEY_ENV: Final = "CAB_KEY"
TOKEN_ENV: Final = "CAB_TOKEN"  # noqa: S105  # the variable's name
_SHUTDOWN_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the plain proxy is started with."""

    upstream: str | None
    listen: tuple[str, int] | None
    """``None``: no TCP."""
    ledger: Path
    key: str | None
    control: Path | None
    runs: tuple[tuple[str, Path], ...]
    models: tuple[str, ...] | None
    allow: tuple[str, ...]
    connect_timeout_s: float
    ready_fd: int | None
    until_stdin_ends: bool


def main() -> None:
    """Entry point."""
    cli(prog_name="cab-proxy")


def _say(message: str) -> None:
    click.echo(f"cab-proxy: {message}", err=True)


@contextlib.contextmanager
def _errors_to_exit_codes() -> Iterator[None]:
    try:
        yield
    except (ConfigError, LedgerWriteError, RunError) as error:
        _say(str(error))
        sys.exit(EXIT_USAGE)
    except NotStartedError as error:
        _say(str(error))
        sys.exit(error.code)


def _address(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, int] | None:
    if value is None:
        return None
    host, colon, port = value.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter("must look like 127.0.0.1:8080")
    return host.strip("[]") or "127.0.0.1", int(port)


def _sockets(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    pairs = [value.partition("=") for value in values]
    if not all(name and path for name, _, path in pairs):
        raise click.BadParameter("must look like ID=SOCKET")
    return tuple((name, Path(path)) for name, _, path in pairs)


def read_key(name: str | None, *, from_stdin: bool) -> str | None:
    """The endpoint's key: the first line of stdin, or an environment variable. Raises
    :class:`ConfigError` where the one that was named has none.
    """
    if from_stdin:
        key = sys.stdin.readline().strip()
        where = "stdin's first line"
    else:
        key = os.environ.get(name or DEFAULT_KEY_ENV, "").strip()
        where = f"the environment variable {name}"
    if not key and (from_stdin or name):
        raise ConfigError(f"{where} holds no key")
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigError("the key has characters that no key has")
    return key or None


_key_env = click.option("--key-env", metavar="NAME", help="Variable with the endpoint's key (CAB_KEY).")
_timeout = click.option(
    "--connect-timeout", "connect_timeout_s", type=click.FloatRange(min=0.01), default=10.0,
    show_default=True, help="Seconds to reach the endpoint; then the call is a 504.",
)  # fmt: skip


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--upstream", metavar="URL", help="The endpoint, e.g. https://api.openai.com/v1.")
@click.option("--listen", metavar="HOST:PORT", callback=_address, help="[default: 127.0.0.1:8080]")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("calls.jsonl"),
    show_default=True,
    help="Where calls are recorded; runs' own ledgers go beside it.",
)
@_key_env
@click.option("--key-stdin", is_flag=True, help="Read the endpoint's key from stdin's first line.")
@click.option(
    "--control",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Open and close runs by HTTP on this Unix socket.",
)
@click.option(
    "--run",
    "runs",
    metavar="ID=SOCKET",
    multiple=True,
    callback=_sockets,
    help="Open a run on a socket of its own; its token is $CAB_TOKEN.",
)
@click.option("--model", "models", multiple=True, help="A model that runs may call [default: any].")
@click.option(
    "--allow", multiple=True, type=click.Choice(sorted(ALLOWANCES)), help="Lift a refusal for runs."
)
@_timeout
@click.option("--until-stdin-ends", is_flag=True, help="Stop when stdin ends: with its launcher, that is.")
@click.option("--ready-fd", type=int, help="Write a line `ready [URL]` to this descriptor once it listens.")
@click.version_option(package_name="codingagentbench")
@click.pass_context
def cli(
    context: click.Context,
    *,
    upstream: str | None,
    listen: tuple[str, int] | None,
    ledger: Path,
    key_env: str | None,
    key_stdin: bool,
    control: Path | None,
    runs: tuple[tuple[str, Path], ...],
    models: tuple[str, ...],
    allow: tuple[str, ...],
    connect_timeout_s: float,
    until_stdin_ends: bool,
    ready_fd: int | None,
) -> None:
    """Meter every model call that goes to an OpenAI-compatible endpoint.

    Calls are forwarded unchanged and recorded, one line each, in a ledger.

    Credentials: with a key (--key-env, --key-stdin or CAB_KEY) the proxy uses it for every request, whatever
    the client sent; without one, the client's own goes through. Tokens of runs (cab-…) are always replaced.
    """
    if context.invoked_subcommand is not None:
        return
    if upstream is None and (control is None or runs):
        raise click.UsageError("--upstream URL is needed: the endpoint to forward to, e.g. http://host/v1")
    with _errors_to_exit_codes():
        settings = Settings(
            upstream=upstream,
            listen=listen or (("127.0.0.1", 8080) if upstream and not runs else None),
            ledger=ledger,
            key=read_key(key_env, from_stdin=key_stdin),
            control=control,
            runs=runs,
            models=models or None,
            allow=allow,
            connect_timeout_s=connect_timeout_s,
            ready_fd=1 if ready_fd is None and control else ready_fd,
            until_stdin_ends=until_stdin_ends,
        )
        uvloop.run(_serve(settings))


@cli.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--upstream", metavar="URL", help="The endpoint [default: $CAB_ENDPOINT, $OPENAI_BASE_URL, OpenAI]."
)
@click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Keep the calls' records here."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one line of JSON.")
@_key_env
@_timeout
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run_command(
    *,
    upstream: str | None,
    ledger: Path | None,
    as_json: bool,
    key_env: str | None,
    connect_timeout_s: float,
    command: tuple[str, ...],
) -> None:
    """Run CMD behind the meter, then print what its model calls came to, like `time`.

    CMD finds the proxy by the variables that CLIs and SDKs read (OPENAI_BASE_URL, OPENAI_API_KEY, …). It
    holds a token, not the key: that is CAB_KEY, or --key-env, or OPENAI_API_KEY, and stays in the proxy. The
    summary goes to stderr; the exit code is CMD's.
    """
    with _errors_to_exit_codes():
        key = read_key(key_env, from_stdin=False) or os.environ.get("OPENAI_API_KEY") or None
        wanted = Launch(
            command=command,
            upstream=Upstream.parse(
                upstream
                or os.environ.get("CAB_ENDPOINT")
                or os.environ.get("OPENAI_BASE_URL")
                or "https://api.openai.com/v1"
            ),
            ledger=ledger,
            key=key,
            as_json=as_json,
            connect_timeout_s=connect_timeout_s,
        )
        sys.exit(uvloop.run(launch(wanted, _say)))


def prepare_for_many_calls() -> None:
    """A thousand streams are a hundred thousand objects, none of which the collector ever has to free: calls
    leave no cycles. Looking through them took a tenth of the time and made pauses. And a stream needs two
    descriptors, of which most systems give a process 1,024 until it asks for more.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS names a limit that it doesn't grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(settings: Settings) -> None:
    """Serve until told to stop."""
    prepare_for_many_calls()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if settings.until_stdin_ends:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    async with contextlib.AsyncExitStack() as stack:
        service = Service(
            _say,
            key=settings.key,
            ledger_dir=settings.ledger.parent,
            connect_timeout_s=settings.connect_timeout_s,
        )
        service.drain_s = _SHUTDOWN_S
        plain = None
        if settings.upstream is not None and settings.listen is not None:
            upstream = Upstream.parse(settings.upstream)
            writer = stack.enter_context(LedgerWriter(settings.ledger))
            if writer.torn_bytes:
                _say(f"{settings.ledger} ended in a torn line of {writer.torn_bytes} bytes: cut off")
            plain = Run(run_id=None, upstream=upstream, ledger=writer)
        await stack.enter_async_context(service)
        url = None if settings.listen is None else await service.listen(*settings.listen, plain)
        if plain is not None and url is not None:
            _say(f"{url} -> {plain.upstream.base}, ledger {settings.ledger}")
            if settings.key is not None and not ip_address(urlsplit(url).hostname or "").is_loopback:
                _say(f"anyone who reaches {url} can make calls with your key")
        await _open_runs(service, settings)
        if settings.control is not None:
            # aiohttp is a third of the program's memory, and of its start
            from .control_server import ControlServer  # noqa: PLC0415

            control = ControlServer(service)
            await control.start(settings.control)
            stack.push_async_callback(control.close)
            _say(f"control socket {settings.control}")
        if settings.ready_fd is not None:
            _tell_ready(settings.ready_fd, url)
        await stop.wait()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Read stdin to its end, then stop. In a thread: not every kind of stdin can be waited for otherwise."""
    with contextlib.suppress(OSError, RuntimeError):  # closed, or the loop is
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop.set)


async def _open_runs(service: Service, settings: Settings) -> None:
    for run_id, path in settings.runs:
        token = os.environ.get(TOKEN_ENV, "")
        if not token.startswith(TOKEN_PREFIX) or len(token) < 12:
            raise ConfigError(
                f"--run needs {TOKEN_ENV}: the run's token, {TOKEN_PREFIX} and 8 characters or more"
            )
        assert settings.upstream is not None
        request = RunRequest(
            run_id=run_id,
            upstream=settings.upstream,
            models=settings.models,
            budget=Budget(),
            allow=settings.allow,
        )
        opened = await service.open_run(request, path=path, token=token)
        _say(f"run {run_id}: {opened.socket} -> {settings.upstream}, ledger {opened.ledger}")


def _tell_ready(fd: int, url: str | None) -> None:
    line = "ready\n" if url is None else f"ready {url}\n"
    try:
        os.write(fd, line.encode())
    except OSError as error:
        raise ConfigError(f"--ready-fd {fd}: {error.strerror}") from None
