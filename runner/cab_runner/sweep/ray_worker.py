"""A node of a Ray cluster at work on a sweep: what the actor does that :mod:`.ray_engine` puts there.

An order runs once, however often it is told: Ray repeats a call that may not have got through. An attempt
lies on the node until its parcel has arrived; nothing stays when this process ends, or is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent import futures
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Any, Final

from cab_runner.errors import CabError
from cab_runner.results import CellKey
from cab_runner.sandbox.base import SandboxError
from cab_runner.sandbox.reap import reap
from cab_runner.sandbox.staging import Staging, remove_tree
from cab_runner.sweep import store
from cab_runner.sweep.config import SweepConfig
from cab_runner.sweep.node import Finished, Node, Order
from cab_runner.sweep.parcel import pack

CLOSE_S: Final = 20.0
"""How long a node may take to clear up."""
_CHUNK_BYTES: Final = 8 * 2**20


class Worker:
    """In a process that Ray has started; called from several threads."""

    def __init__(self, load: Callable[[str], SweepConfig], text: str) -> None:
        self._load, self._text = load, text
        self._stop = Event()
        self._stack = ExitStack()
        self._lock = Lock()
        self._orders: dict[str, Future[Finished]] = {}

    def prepare(self) -> Mapping[str, Any] | str:
        """The lock of the sweep as this machine sees it, or what it lacks."""
        with suppress(PermissionError):  # it leads a session of its own already
            os.setpgid(0, 0)  # on the driver's terminal Ctrl-C would reach it
        try:
            self._stack.enter_context(_guard())
            reap()
            root = self._stack.enter_context(Staging())
            self._results, self._parcels = root.folder("results"), root.folder("parcels")
            for folder in (self._results, self._parcels):
                folder.chmod(0o700)
            config = self._load(self._text)
            self._node = self._stack.enter_context(Node(config, self._stop, self._results))
            self._node.prepare(lambda _: None)
            return store.lock(config, self._node.images(), self._node.listed_models())
        except (CabError, SandboxError, OSError) as error:
            return str(error)

    def run(self, order: Order) -> tuple[Finished, int, bytes]:
        """Run an order; returns with it the size of its parcel (0: no record), and the parcel's beginning."""
        with self._lock:
            known = self._orders.get(order.run_id)
            future = known or self._orders.setdefault(order.run_id, Future())
        if known is None:
            try:
                future.set_result(self._run(order))
            except BaseException as error:  # noqa: BLE001  # raised below, and to whoever else asks
                future.set_exception(error)
        finished, path = future.result(), self._parcel(order.run_id)
        size = path.stat().st_size if path.exists() else 0
        return finished, size, self.read(order.run_id, 0) if size else b""

    def _run(self, order: Order) -> Finished:
        # Ray blocks it, and agents would inherit that
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        finished = self._node.run(order)
        if finished.cell is not None:
            folder = CellKey.of(finished.cell).folder(self._results)
            folder /= str(finished.cell["identity"]["attempt"])
            with self._parcel(order.run_id).open("wb") as parcel:
                pack(folder, parcel)
            remove_tree(folder)
        return replace(finished, cell=None)  # the driver reads it in the parcel

    def _parcel(self, run_id: str) -> Path:
        return self._parcels / run_id

    def read(self, run_id: str, offset: int) -> bytes:
        """A piece of a parcel."""
        with self._parcel(run_id).open("rb") as parcel:
            parcel.seek(offset)
            return parcel.read(_CHUNK_BYTES)

    def forget(self, run_id: str) -> None:
        """The parcel has arrived."""
        self._parcel(run_id).unlink(missing_ok=True)
        self._orders.pop(run_id, None)

    def stop(self) -> None:
        """Stop what is under way; it is recorded as interrupted."""
        self._stop.set()

    def close(self) -> None:
        """End all of it in order."""
        self._stop.set()
        futures.wait(list(self._orders.values()), CLOSE_S / 2)
        self._stack.close()


def _guard() -> ExitStack:
    """Runs ``cab clean`` on this machine should this process be killed: Ray does that when the driver dies.

    It is not our child, since Ray kills those too.
    """
    command = ["setsid", "--fork", "sh", "-c", 'read -r _ || exec "$@"', "sh"]
    command += [sys.executable, "-m", "cab_runner.cli", "clean"]
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere)
    process.wait()
    assert process.stdin
    stack = ExitStack()
    stack.enter_context(process.stdin)
    stack.callback(process.stdin.write, b"all is cleared up\n")
    return stack
