"""A job as plain processes of this machine: what the bwrap, in-image and process sandboxes share.

The program starts behind a gate: a shell that waits for a line. Before the runner opens it, it puts
the waiting process into the job's cgroup, so that nothing of the job ever runs outside. (Python's
``preexec_fn`` is no way to do it: the runner has threads.)

Invariants
----------
* Every process of the job carries the variable :data:`MARK` from its start, and is killed by cgroup,
  by descent and by that mark: whichever reaches it.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from uuid import uuid4

from cab_runner.sandbox import owner, usage
from cab_runner.sandbox.base import Job, KilledFor, Limits, Mechanism, Outcome, SandboxError
from cab_runner.sandbox.cgroup import Cgroup
from cab_runner.sandbox.supervise import Emit, Ending, Stream

MARK: Final = "CAB_JOB_MARK"
"""Environment variable: ``<owner's mark>/<id of the job>``."""

_GATE: Final = 'read -r go || exit 125; ulimit -c 0; unset PWD OLDPWD SHLVL; exec "$@" </dev/null'
_CHUNK_BYTES: Final = 64 * 1024
_KILL_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What to start, and as whom."""

    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    user: tuple[int, int] | None = None
    """User and group to become before anything else; only root can."""
    pass_fds: Sequence[int] = ()


class HostProgram:
    """A :class:`~cab_runner.sandbox.supervise.Program` made of this machine's processes."""

    def __init__(self, start: Start, limits: Limits, cgroup: Cgroup) -> None:
        """Start it behind the gate, in ``cgroup``, which is its own from here on.

        Raises :class:`SandboxError`.
        """
        self.cgroup = cgroup
        self._mark = f"{owner.me()}/{uuid4().hex[:12]}"
        self._memory_bytes = limits.memory_bytes
        self._waited_cpu_ms: float | None = None
        self.sampled_cpu_ms: float | None = None
        """Without a cgroup: CPU time when it was last looked at, at most a watchdog tick before the end."""
        user = start.user or (None, None)
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GATE, "sh", *start.command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**start.env, MARK: self._mark},
                cwd=start.cwd,
                user=user[0],
                group=user[1],
                extra_groups=[] if start.user else None,
                pass_fds=start.pass_fds,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            self.cgroup.remove()
            raise SandboxError(f"cannot start the job: {error}") from error
        try:
            self.cgroup.add(self.pid)
        except BaseException:
            HostProgram.close(self)
            raise

    def __enter__(self) -> Self:
        """Let the program start; leaving the context kills it and removes its cgroup."""
        try:
            self.open_gate()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill what is left and give back what it held."""
        self.kill()
        if self._process.returncode is None:
            self.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(BrokenPipeError):
                _pipe(pipe).close()
        self.cgroup.remove()

    @property
    def pid(self) -> int:
        """The gate's process id, then the program's own."""
        return self._process.pid

    def open_gate(self) -> None:
        """Let the program start. It waits until then."""
        with suppress(BrokenPipeError):  # killed while it waited: wait() tells
            gate = _pipe(self._process.stdin)
            gate.write(b"go\n")
            gate.close()

    def pump(self, emit: Emit) -> None:
        """See :class:`~cab_runner.sandbox.supervise.Program`."""
        with selectors.DefaultSelector() as selector:
            selector.register(_pipe(self._process.stdout), selectors.EVENT_READ, "stdout")
            selector.register(_pipe(self._process.stderr), selectors.EVENT_READ, "stderr")
            while selector.get_map():
                for key, _ in selector.select():
                    data = os.read(key.fd, _CHUNK_BYTES)
                    stream: Stream = key.data
                    if data:
                        emit(stream, data)
                    else:
                        selector.unregister(key.fileobj)

    def wait(self) -> int:
        """See :class:`~cab_runner.sandbox.supervise.Program`."""
        _, status, used = os.wait4(self.pid, 0)
        self._waited_cpu_ms = (used.ru_utime + used.ru_stime) * 1000.0
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._process.returncode

    def kill(self) -> None:
        """See :class:`~cab_runner.sandbox.supervise.Program`."""
        self.cgroup.kill()
        if self._process.returncode is None:  # once it is reaped, its id may be another's
            for pid in reversed(usage.tree_of(self.pid)):
                _kill(pid)
        deadline = time.monotonic() + _KILL_S
        while (left := usage.marked(MARK, self._mark)) and time.monotonic() < deadline:
            for pid in left:
                _kill(pid)
            time.sleep(0.005)

    def check(self) -> KilledFor | None:
        """See :class:`~cab_runner.sandbox.supervise.Program`: memory, where no cgroup keeps it."""
        if self.cgroup.cpu_ms() is None:
            self.sampled_cpu_ms = usage.cpu_ms_of_tree(self.pid)
        if "memory" in self.cgroup.kept or usage.memory_of(self.processes()) <= self._memory_bytes:
            return None
        return "memory"

    def processes(self) -> Collection[int]:
        """Ids of all of the job that are to be found without a cgroup."""
        return usage.tree_of(self.pid)

    def cpu_ms(self) -> float | None:
        """CPU time of all its processes from the cgroup; else of those that were waited for."""
        exact = self.cgroup.cpu_ms()
        return exact if exact is not None else self._waited_cpu_ms


def outcome_of(ending: Ending, program: HostProgram, job: Job, processes: Mechanism) -> Outcome:
    """The outcome of a job on the host. ``processes`` is what keeps their number without a cgroup."""
    limits: dict[str, Mechanism] = {
        "wall": "watchdog",
        "disk": "watchdog",
        "output": "watchdog",
        "memory": "watchdog",
        "processes": processes,
    }
    if job.limits.agent_s is not None:
        limits["agent"] = "watchdog"
    if job.limits.cpus is not None:
        limits["cpus"] = "none"
    limits.update(program.cgroup.kept)
    oom_killed = True if ending.killed_for == "memory" else program.cgroup.oom_killed()
    starved = oom_killed and ending.exit_code in (-signal.SIGKILL, 128 + signal.SIGKILL)
    return Outcome(
        exit_code=ending.exit_code,
        killed_for="memory" if starved else ending.killed_for,
        started_at=ending.started_at,
        ended_at=ending.ended_at,
        active_ms=ending.active_ms,
        cpu_ms=program.cpu_ms(),
        output_bytes=ending.output_bytes,
        limits=limits,
        oom_killed=oom_killed,
    )


@contextmanager
def forwarding(job: Job, become: Sequence[str] = ()) -> Iterator[None]:
    """Forward the layout's port to the job's socket while the job runs, if it has a door.

    ``become`` begins the forwarder's command line. Raises :class:`SandboxError` when it can't listen.
    """
    if job.door is None:
        yield
        return
    forwarder = subprocess.Popen(
        [
            *(*become, job.layout.python, "-I", f"{job.layout.tools}/door_forwarder.py"),
            *("--socket", os.fspath(job.door), "--listen", f"127.0.0.1:{job.layout.door_port}"),
        ],
        env={MARK: f"{owner.me()}/door"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        if _pipe(forwarder.stdout).readline() != b"ready\n":
            raise SandboxError(
                f"port {job.layout.door_port} was taken before the job could have it: run it again"
            )
        yield
    finally:
        forwarder.kill()
        forwarder.wait()
        _pipe(forwarder.stdout).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "all three are pipes"
    return pipe


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
