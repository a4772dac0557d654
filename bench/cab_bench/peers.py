"""What a relay is to the benchmark, how it is started, and how it is ended.

A relay listens on a port of its own, forwards to the endpoint, and is asked like any other but for the
headers that its kind needs. It gets a folder of its own and an environment with nothing of the caller's but
PATH: settings meant for one (proxies, keys, telemetry) don't reach another.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from . import client, wire
from .errors import BenchError

_START_S: Final = 120.0
_STOP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a relay is to run."""

    port: int
    upstream_port: int
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One kind of relay."""

    name: str
    version: Callable[[], str | None]
    """``None``: it isn't installed."""
    command: Callable[[Place], list[str]]
    """What starts it in the foreground; writes the files that it needs into the place's folder."""
    environment: Mapping[str, str] = field(default_factory=dict)
    headers: Callable[[Place], Mapping[str, str]] = lambda _place: {}
    """What its clients have to send besides."""
    does: str
    """What it does with a call but forward it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that answers on a port: a relay that runs, or the endpoint itself."""

    name: str
    port: int
    pid: int
    folder: Path
    headers: Mapping[str, str]

    def request(self, body: bytes) -> bytes:
        """A request as it goes over the wire."""
        return client.request(self.port, self.headers, body)


DIRECT: Final = "direct"
"""The endpoint's name among the targets."""
HEADERS: Final = {"content-type": "application/json", "authorization": "Bearer bench-key"}


@contextlib.contextmanager
def running(peer: Peer, upstream_port: int, folder: Path, cpus: set[int] | None = None) -> Iterator[Target]:
    """Start a relay and wait until a call goes through it. Raises :class:`BenchError` when none does."""
    folder.mkdir(parents=True)
    place = Place(free_port(), upstream_port, folder)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), **peer.environment}
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            peer.command(place),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        if cpus:
            os.sched_setaffinity(process.pid, cpus)
        target = Target(peer.name, place.port, process.pid, folder, {**HEADERS, **peer.headers(place)})
        _wait(target, process, log)
        yield target
    finally:
        stop(process)


@contextlib.contextmanager
def endpoint(root: Path) -> Iterator[Target]:
    """Start the endpoint, in a process of its own. Raises :class:`BenchError` when it doesn't."""
    folder = root / DIRECT
    folder.mkdir()
    command = [sys.executable, "-m", "cab_bench.endpoint"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=own_environment(),
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().split()
            if line[:1] != [b"ready"]:
                raise BenchError("the endpoint didn't start")
            yield Target(DIRECT, int(line[1]), process.pid, folder, HEADERS)
        finally:
            stop(process)


def own_environment() -> dict[str, str]:
    """For processes of the benchmark itself: they find this package wherever they run."""
    here = str(Path(__file__).resolve().parents[1])
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{path}" if path else here}


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_S)
            return


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _wait(target: Target, process: subprocess.Popen[bytes], log: Path) -> None:
    request = target.request(wire.request_body("plain", 2000))
    until = time.monotonic() + _START_S
    said = "no answer"
    while time.monotonic() < until and process.poll() is None:
        try:
            with client.Connection(target.port, timeout_s=10) as connection:
                answer = connection.ask(request)
        except OSError as error:
            said = str(error)
            time.sleep(0.1)
            continue
        if answer.startswith(b"HTTP/1.1 200") and b'"usage"' in answer:
            return
        said = answer[:300].decode(errors="replace")
        time.sleep(0.5)
    printed = log.read_text(errors="replace").strip()[-800:]
    raise BenchError(f"{target.name} doesn't relay: {said}\nIt printed: {printed or 'nothing'}")
