"""Processes of the tested code: started with limits, ended with everything that they left.

The harness is its descendants' reaper (``PR_SET_CHILD_SUBREAPER``): a process that left its group or
session becomes our child when its parent ends, and is found there. One that forks and ends all the
time may not be in a list that was read a moment ago; so what counts in the end is the kernel's own
word that no child is left, which no fork can slip through.

Invariants
----------
* A child gets no environment, descriptor or controlling terminal of ours, and no new privileges.
* Its streams are nameless files: it can't block us and we can't hang on one that it leaves open.
* The harness has one thread, so what runs between fork and exec is safe.
"""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from ._apart import Apart, bwrap_args, python_folders
from ._errors import CheckFailedError, shown
from ._files import READ_LIMIT_BYTES

FILE_LIMIT_BYTES: Final = 256 * 2**20
"""Largest file that tested code may write, its output included."""

_KILL_LIMIT_S: Final = 10.0
_POLL_S: Final = 0.001
_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_SET_NO_NEW_PRIVS: Final = 38
_LIBC: Final = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a program."""

    exit_code: int | None
    """Negative for a signal, or 128 + signal inside bubblewrap; ``None`` when it did not end in time."""
    stdout: str
    stderr: str

    @property
    def timed_out(self) -> bool:
        """Whether it was killed because its time was over."""
        return self.exit_code is None

    def __str__(self) -> str:
        ended = "did not end in its time" if self.timed_out else f"exit {self.exit_code}"
        return f"{ended}, stdout {shown(self.stdout)}, stderr {shown(self.stderr)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A started program of the tested code."""

    process: subprocess.Popen[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def result(self, exit_code: int | None) -> Result:
        """What has come out up to now."""
        return Result(exit_code, _head(self.stdout), _head(self.stderr))


def adopt_orphans() -> None:
    """Make this process the reaper of its descendants."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@contextmanager
def started(
    command: Sequence[str | Path],
    *,
    apart: Apart,
    scratch: Path,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
    spare: Collection[int] = (),
) -> Iterator[Child]:
    """Start tested code; at the end of the block it and all that it left are dead.

    ``spare`` are our other children, which live on. Raises :class:`CheckFailedError` when it can't
    be started or ended.
    """
    with ExitStack() as stack:
        source, out, err = (stack.enter_context(_stream(apart)) for _ in range(3))
        source.write(stdin)
        source.seek(0)
        words = [os.fspath(word) for word in command]
        outer: list[str] = []
        if apart.kind == "bwrap":
            read_only = python_folders(sys.executable, sys.base_prefix)
            outer = bwrap_args(apart.bwrap, scratch=scratch, cwd=cwd, read_only=read_only)
        other_user = apart.kind == "user"
        try:
            process = subprocess.Popen(
                [*outer, *words],
                stdin=source,
                stdout=out,
                stderr=err,
                env=dict(env),
                cwd="/" if outer else cwd,
                start_new_session=True,
                user=apart.uid if other_user else None,
                group=apart.gid if other_user else None,
                extra_groups=[] if other_user else None,
                preexec_fn=_limit,  # noqa: PLW1509 — one thread: see the module's invariants
            )
        except OSError as error:
            raise CheckFailedError(f"{words[0]} can't be started: {error.strerror}") from None
        try:
            yield Child(process=process, stdout=out, stderr=err)
        finally:
            _end(process, spare)


@contextmanager
def _stream(apart: Apart) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        if apart.kind == "user":
            os.fchown(file.fileno(), apart.uid, apart.gid)  # for programs that open /dev/stdout
        yield file


def _head(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), READ_LIMIT_BYTES, 0).decode("utf-8", "replace")


def _limit() -> None:
    """In the child, as the tested code's user, before it becomes the tested program."""
    _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for kind, wanted in ((resource.RLIMIT_FSIZE, FILE_LIMIT_BYTES), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (limit, limit))


def _end(process: subprocess.Popen[bytes], spare: Collection[int]) -> None:
    deadline = time.monotonic() + _KILL_LIMIT_S
    while True:
        for pid in _own_children():  # read and killed within microseconds: what flees by forking is hit here
            if pid not in spare:
                _kill(pid)
        strays = _descendants(spare)
        for pid in strays:
            _kill(pid)
        if process.poll() is not None and not strays and (spare or _childless()):
            return
        if time.monotonic() > deadline:
            raise CheckFailedError("it left processes that could not be ended")
        time.sleep(_POLL_S)


def _childless() -> bool:
    """Whether this process has no child at all, dead or alive."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def _own_children() -> list[int]:
    """Pids of our children, where the kernel lists them (``CONFIG_PROC_CHILDREN``)."""
    try:
        return [int(pid) for pid in Path("/proc/thread-self/children").read_bytes().split()]
    except OSError:
        return []


def _descendants(spare: Collection[int]) -> list[int]:
    """Pids below this process, dead but unreaped ones included, without ``spare`` and what is below."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (parent := _parent(name)) is not None:
            children.setdefault(parent, []).append(int(name))
    found, queue = [], [os.getpid()]
    while queue:
        below = [pid for pid in children.get(queue.pop(), ()) if pid not in spare]
        found += below
        queue += below
    return found


def _parent(pid: str) -> int | None:
    try:
        stat = Path("/proc", pid, "stat").read_bytes()
    except OSError:
        return None  # it ended while we looked
    return int(stat.rpartition(b")")[2].split()[1])


def _kill(pid: int) -> None:
    try:
        os.kill(pid, 9)
    except (ProcessLookupError, PermissionError):
        return  # gone; or not ours to end, and then the caller's deadline speaks
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # a grandchild: its parent reaps it, or we do when that has ended
