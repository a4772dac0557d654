"""The proxy put together: listeners, runs, their sockets and ledgers.

:class:`Service` is what the command line and the control socket drive. Closing it drains every
listener and removes every socket that it made.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .bodies import BodyFolder
from .call import Call
from .control import DRAIN_S, ClosedRun, OpenedRun, RunRequest, RunState
from .door import ALLOWANCES, Door
from .entrance import RunEntrance, TcpEntrance
from .errors import ConfigError, LedgerWriteError, RunError
from .metering import Metering
from .relay import STUCK_S, Listener, Relay
from .runs import Registry, Run, check_run_id, new_token
from .threads import syncing
from .urls import Upstream

MAX_SOCKET_PATH_BYTES: Final = 107


@dataclass(slots=True)
class _OpenSocket:
    run: Run
    entrance: RunEntrance
    listener: Listener
    path: Path


class Service:
    """A running proxy. An async context manager."""

    def __init__(
        self,
        report: Callable[[str], None],
        *,
        key: str | None = None,
        ledger_dir: Path = Path(),
        connect_timeout_s: float = 10.0,
        metering: Metering | None = None,
    ) -> None:
        self.registry = Registry()
        self._report = report
        self._key = key
        self._ledger_dir = ledger_dir
        self.metering = metering or Metering()
        self._relay = Relay(report, connect_timeout_s=connect_timeout_s, grace_s=self.metering.grace_s)
        self._sockets: dict[str, _OpenSocket] = {}
        self._closing: dict[asyncio.Task[ClosedRun], Listener] = {}
        self._listeners: list[Listener] = []
        self._socket_dir: Path | None = None
        self._plain: Run | None = None
        self.drain_s = DRAIN_S
        """How long :meth:`__aexit__` waits for calls in flight."""

    async def __aenter__(self) -> Service:
        await self._relay.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        closing = dict(self._closing)
        await asyncio.gather(
            *(listener.close(self.drain_s) for listener in self._listeners),
            *(self._close(name, self.drain_s) for name in list(self._sockets)),
            *([asyncio.wait(closing, timeout=self.drain_s)] if closing else []),
        )
        for listener in closing.values():
            listener.give_up()
        await asyncio.gather(*closing, return_exceptions=True)
        await self._relay.__aexit__()
        if self._socket_dir is not None:
            shutil.rmtree(self._socket_dir, ignore_errors=True)

    async def listen(self, host: str, port: int, plain: Run | None) -> str:
        """Serve on TCP; the plain proxy is ``plain``. Returns the address as a URL.

        Raises :class:`ConfigError` when the address can't be had.
        """
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            sock = socket.create_server(address, family=family, backlog=1024)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"can't listen on {host}:{port}: {reason}") from None
        self._plain = plain
        bound = sock.getsockname()
        entrance = TcpEntrance(plain, self.registry, self._key)
        self._listeners.append(await self._relay.serve(sock, lambda: Call(entrance, self._report)))
        return f"http://[{bound[0]}]:{bound[1]}" if ":" in bound[0] else f"http://{bound[0]}:{bound[1]}"

    async def open_run(
        self, request: RunRequest, *, path: Path | None = None, token: str | None = None
    ) -> OpenedRun:
        """Open a run with a socket of its own. Raises :class:`RunError`; nothing is left behind then."""
        run_id = check_run_id(request.run_id)
        unknown = sorted(set(request.allow) - ALLOWANCES)
        if unknown:
            raise RunError(400, f"allow knows {', '.join(sorted(ALLOWANCES))}; not {unknown[0][:80]!r}")
        self.registry.check_free(run_id)
        try:
            upstream = Upstream.parse(request.upstream)
        except ConfigError as error:
            raise RunError(400, str(error)) from None
        if path is None:
            path = (request.socket_dir or self._own_socket_dir()) / f"{run_id}.sock"
        with contextlib.ExitStack() as undo:
            try:
                ledger = self.metering.ledger_of_run(
                    request.ledger or self._ledger_dir / f"{run_id}.calls.jsonl"
                )
                undo.callback(ledger.close)
                sock = bind_socket(path, request.socket_owner)
                undo.callback(sock.close)
                undo.callback(path.unlink, missing_ok=True)
                kept = request.record_bodies
                bodies = None if kept is None else BodyFolder(kept, self._report)
            except (ConfigError, LedgerWriteError) as error:
                raise RunError(400, str(error)) from None
            except OSError as error:
                raise RunError(400, f"socket {path} can't be made: {error.strerror or error}") from None
            run = self.metering.run(
                run_id=run_id,
                upstream=upstream,
                ledger=ledger,
                token=token or new_token(),
                door=Door(
                    models=None if request.models is None else frozenset(request.models),
                    allow=frozenset(request.allow),
                ),
                budget=request.budget,
                bodies=bodies,
                describe_prompts=request.describe_prompts,
                include_usage=request.include_usage,
            )
            self.registry.add(run)
            undo.callback(self.registry.remove, run)
            entrance = RunEntrance(run, self._key)
            listener = await self._relay.serve(sock, lambda: Call(entrance, self._report))
            undo.pop_all()
        self._sockets[run_id] = _OpenSocket(run, entrance, listener, path)
        assert run.token is not None
        return OpenedRun(socket=path.absolute(), token=run.token, ledger=ledger.path.absolute())

    def problem(self) -> str | None:
        """Why some run's next call could not be recorded now; ``None`` where all could."""
        for run in (*self.registry, *([self._plain] if self._plain else [])):
            try:
                run.ledger.check()
            except LedgerWriteError as error:
                return str(error)
        return None

    def run_state(self, run_id: str) -> RunState:
        """An open run's state. Raises :class:`RunError`."""
        return self.registry.get(run_id).state()

    async def close_run(self, run_id: str, drain_s: float = DRAIN_S) -> ClosedRun:
        """Close a run: its token is dead at once, its calls in flight have ``drain_s`` seconds.
        Raises :class:`RunError`.
        """
        self.registry.get(run_id)
        try:
            listener = self._sockets[run_id].listener
        except KeyError:
            raise RunError(409, f"run {run_id} is being opened") from None
        closing = asyncio.create_task(self._close(run_id, drain_s))
        self._closing[closing] = listener
        closing.add_done_callback(self._closing.pop)
        return await asyncio.shield(closing)  # it goes on when whoever asked for it has gone

    async def _close(self, run_id: str, drain_s: float) -> ClosedRun:
        try:
            opened = self._sockets.pop(run_id)
        except KeyError:
            raise RunError(409, f"run {run_id} is being closed") from None
        opened.entrance.open = False
        self.registry.remove(opened.run)
        opened.path.unlink(missing_ok=True)
        others = asyncio.create_task(_until_idle(opened.run))  # calls that came by TCP with this run's token
        await asyncio.gather(opened.listener.close(drain_s), asyncio.wait([others], timeout=drain_s))
        if not others.done():
            for listener in self._listeners:
                listener.give_up(lambda exchange: isinstance(exchange, Call) and exchange.is_of(opened.run))
            await asyncio.wait([others], timeout=STUCK_S)
        others.cancel()
        try:
            await syncing(opened.run.ledger.close)
        except LedgerWriteError as error:
            self._report(str(error))
        return ClosedRun(head=opened.run.ledger.head, calls=opened.run.calls)

    def _own_socket_dir(self) -> Path:
        if self._socket_dir is None:
            self._socket_dir = Path(tempfile.mkdtemp(prefix="cab-"))  # 0700
        return self._socket_dir


async def _until_idle(run: Run) -> None:
    while run.in_flight:  # the end of one call may be the beginning of one that waited for it
        await run.idle.wait()


def bind_socket(path: Path, owner: tuple[int, int] | None = None) -> socket.socket:
    """A Unix socket at ``path`` that only its owner may use. A dead one in its place is replaced.

    Raises ``OSError``.
    """
    raw = os.fsencode(path)
    if len(raw) > MAX_SOCKET_PATH_BYTES:
        raise OSError(
            f"its path has {len(raw)} bytes, {MAX_SOCKET_PATH_BYTES} is the limit: use a shorter folder"
        )
    _remove_dead(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        mask = os.umask(0o177)
        try:
            sock.bind(raw)
        finally:
            os.umask(mask)
        if owner is not None:
            os.chown(path, *owner)
        sock.listen(1024)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _remove_dead(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError("something else lies there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fsencode(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise OSError("another cab-proxy answers there")
