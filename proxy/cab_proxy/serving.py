"""``cab-proxy`` as a server: what it is started with, and its life from start to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from . import console
from .control import Budget, RunRequest
from .errors import ConfigError
from .metering import Metering
from .runs import TOKEN_PREFIX
from .service import Service
from .urls import Upstream
from .watch import Watch

TOKEN_ENV: Final = "CAB_TOKEN"  # noqa: S105  # the variable's name
_SHUTDOWN_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What it is started with."""

    upstream: str | None
    listen: tuple[str, int] | None
    """``None``: no TCP."""
    ledger: Path
    key: str | None
    control: Path | None
    admin: tuple[str, int] | Path | None
    """Where health and metrics are served."""
    live: bool | None
    """Whether a table of the runs is kept up to date on stderr; ``None``: on a terminal."""
    runs: tuple[tuple[str, Path], ...]
    models: tuple[str, ...] | None
    allow: tuple[str, ...]
    connect_timeout_s: float
    ready_fd: int | None
    until_stdin_ends: bool
    metering: Metering = field(default_factory=Metering)
    budget: Budget = field(default_factory=Budget)
    """Of the plain proxy, and of each run of ``runs``."""


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


async def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    prepare_for_many_calls()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if settings.until_stdin_ends:
        threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    live = sys.stderr.isatty() if settings.live is None else settings.live
    watch = Watch() if live or settings.admin else None
    metering = replace(settings.metering, watch=watch)
    async with contextlib.AsyncExitStack() as stack:
        say = console.say
        if live and watch is not None:
            from .live import Display  # noqa: PLC0415  # as with aiohttp below

            say = stack.enter_context(Display(watch)).say
        service = Service(
            say,
            key=settings.key,
            ledger_dir=settings.ledger.parent,
            connect_timeout_s=settings.connect_timeout_s,
            metering=metering,
        )
        service.drain_s = _SHUTDOWN_S
        plain = None
        if settings.upstream is not None and settings.listen is not None:
            upstream = Upstream.parse(settings.upstream)
            writer = stack.enter_context(metering.ledger(settings.ledger))
            if writer.torn_bytes:
                say(f"{settings.ledger} ended in a torn line of {writer.torn_bytes} bytes: cut off")
            plain = metering.run(run_id=None, upstream=upstream, ledger=writer, budget=settings.budget)
        await stack.enter_async_context(service)
        url = None if settings.listen is None else await service.listen(*settings.listen, plain)
        if plain is not None and url is not None:
            say(f"{url} -> {plain.upstream.base}, ledger {settings.ledger}")
            if settings.key is not None and not ip_address(urlsplit(url).hostname or "").is_loopback:
                say(f"anyone who reaches {url} can make calls with your key")
        await _open_runs(service, settings, say)
        if settings.control is not None:
            # aiohttp is a third of the program's memory, and of its start
            from .control_server import ControlServer  # noqa: PLC0415

            control = ControlServer(service)
            await control.start(settings.control)
            stack.push_async_callback(control.close)
            say(f"control socket {settings.control}")
        if settings.admin is not None and watch is not None:
            from .admin_server import AdminServer  # noqa: PLC0415

            admin = AdminServer(watch, service.problem)
            say(f"admin {await admin.start(settings.admin)}")
            stack.push_async_callback(admin.close)
        if settings.ready_fd is not None:
            _tell_ready(settings.ready_fd, url)
        await stop.wait()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Read stdin to its end, then stop. In a thread: not every kind of stdin can be waited for otherwise."""
    with contextlib.suppress(OSError, RuntimeError):  # closed, or the loop is
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop.set)


async def _open_runs(service: Service, settings: Settings, say: Callable[[str], None]) -> None:
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
            budget=settings.budget,
            allow=settings.allow,
        )
        opened = await service.open_run(request, path=path, token=token)
        say(f"run {run_id}: {opened.socket} -> {settings.upstream}, ledger {opened.ledger}")


def _tell_ready(fd: int, url: str | None) -> None:
    line = "ready\n" if url is None else f"ready {url}\n"
    try:
        os.write(fd, line.encode())
    except OSError as error:
        raise ConfigError(f"--ready-fd {fd}: {error.strerror}") from None
