"""The programs that the runner starts beside an attempt: the proxy, the simulator, the local model.

Each is a child process that says on its standard output, in one line, that it listens. Nothing is
polled. A child never outlives its context, and none of them shares the runner's terminal signals:
Ctrl-C reaches the runner alone, which ends them in order. Inside an agent's image they are a user of their
own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cab_proxy.control import ControlClient
from cab_runner.capture import last_line
from cab_runner.errors import MachineLacks
from cab_runner.sandbox import users

_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Child:
    """A running service."""

    name: str
    process: subprocess.Popen[bytes]
    first_line: str
    """What it printed when it was ready."""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None


@contextmanager
def child(
    name: str, command: Sequence[str], *, env: Mapping[str, str] | None = None, stdin_line: str | None = None
) -> Iterator[Child]:
    """Start a service and wait for its first line; end it on the way out.

    It is told to end with its standard input, which stays open: should the runner be killed, its
    services end too. ``stdin_line`` is written there first.

    Raises :class:`MachineLacks` with the service's own last words when it ends before it is ready.
    """
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            [*users.service(), *command, "--until-stdin-ends"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**_without_key(os.environ), **(env or {})},
            start_new_session=True,
        )
        assert process.stdin
        assert process.stdout
        try:
            if stdin_line is not None:
                with suppress(BrokenPipeError):  # it has ended already; its last words say why
                    process.stdin.write(stdin_line.encode() + b"\n")
                    process.stdin.flush()
            first_line = process.stdout.readline().decode("utf-8", "replace").strip()
            if not first_line:
                process.wait()
                stderr.seek(0)
                said = last_line(stderr.read().decode("utf-8", "replace"))
                raise MachineLacks(f"{name} did not start: {said.removeprefix('Error: ')}")
            yield Child(name, process, first_line)
        finally:
            _end(process)


def _without_key(environment: Mapping[str, str]) -> dict[str, str]:
    """The key goes to the proxy alone, and by a pipe: every variable of a process can be read by its user."""
    return {name: value for name, value in environment.items() if name != "CAB_KEY"}


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(BrokenPipeError):  # the key was never read; closing flushes it
                pipe.close()


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that the runner started."""

    control: ControlClient
    process: Child

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.alive


@contextmanager
def proxy(folder: Path, key: str | None, prices: Path | None = None) -> Iterator[Proxy]:
    """Start ``cab-proxy`` with its control socket in ``folder``, a short private folder.

    The endpoint's key goes through a pipe: it is in no file, no argument and no environment.
    """
    socket = folder / "control.sock"
    command = [sys.executable, "-m", "cab_proxy", "--control", str(socket)]
    if key is not None:
        command.append("--key-stdin")
    if prices is not None:
        command += ["--prices", str(prices)]
    with child("cab-proxy", command, stdin_line=key) as running:
        yield Proxy(ControlClient(socket), running)


@dataclass(frozen=True, slots=True)
class Served:
    """A model endpoint that the runner started."""

    url: str
    process: Child

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.alive


def _served(running: Child) -> Served:
    return Served(url=json.loads(running.first_line)["url"], process=running)


@contextmanager
def simulator(runs: Path, key: str, faults: Sequence[str] = ()) -> Iterator[Served]:
    """Start ``cab-sim`` for the runs in a folder: ``RUN/script.json`` is played at ``/RUN/v1``, and its own
    true count goes to ``RUN/calls.jsonl``, a JSON line a call.
    """
    command = [sys.executable, "-m", "cab_sim", "--runs", str(runs), "--key-env", "CAB_SIM_KEY"]
    for fault in faults:
        command += ["--fault", fault]
    with child("cab-sim", command, env={"CAB_SIM_KEY": key}) as running:
        yield _served(running)


def forget_run(url: str, run: str, key: str | None) -> None:
    """Tell the simulator that a run is over: it counts the calls that it is still serving, and forgets it."""
    request = urllib.request.Request(  # noqa: S310  # our own simulator
        f"{url}/{run}", method="DELETE", headers={"Authorization": f"Bearer {key}"}
    )
    with suppress(OSError), urllib.request.urlopen(request, timeout=_STOP_S):  # noqa: S310  # our own simulator
        pass


@contextmanager
def local_model() -> Iterator[Served]:
    """Start SmolLM2-135M on this machine (extra ``local-model``)."""
    with child("the local model", [sys.executable, "-m", "cab_runner.local_model"]) as running:
        yield _served(running)
