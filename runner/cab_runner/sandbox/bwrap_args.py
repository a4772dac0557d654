"""The command line of bwrap: what of this machine a job sees. Pure, so that it can be read and tested.

Invariants
----------
* Nothing of the host but /usr, its links, and the files of /etc named here; never ``/`` or ``/var``
  (they hold the Docker socket, /etc/shadow and other people's data).
* The root and /dev are read-only; the only places to write are the job's folders and bounded tmpfs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cab_runner.sandbox import kit
from cab_runner.sandbox.base import Job

BWRAP_HOME: Final = "/opt/cab/bwrap"
"""Where a grader finds bwrap, to run tested code in a sandbox within its own."""

_USR_LINKS: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC: Final = (
    "alternatives",
    "ca-certificates.conf",
    "debian_version",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "os-release",
    "perl",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
)
_ETC_PATTERNS: Final = ("java-*-openjdk",)
_PLAINLY: Final = ("/bin/sh", "-c", 'exec "$@"', "sh")
"""So that a command that isn't there ends as everywhere else, with exit code 127."""
_SHM_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What this machine provides to every job."""

    bwrap: Path
    """The binary, at a path that the sandbox's user can reach."""
    bwrap_folder: Path
    """What is bound at :data:`BWRAP_HOME` for a grader."""
    python_home: Path | None
    """CPython's prefix where it is not under /usr. It is bound at its own path: a Python that finds its
    shared library by that path would else take another, or none."""
    disable_userns: bool
    """Whether agents can be denied namespaces of their own."""


def arguments(job: Job, host: Host, files: kit.Kit, status_fd: int, processes: int | None) -> list[str]:
    """The whole command. ``processes`` bounds their number by rlimit, where no cgroup does."""
    command = [os.fspath(host.bwrap), "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
    command += ["--cap-drop", "ALL", "--hostname", "cab", "--json-status-fd", str(status_fd)]
    if host.disable_userns and job.role != "grader":
        command.append("--disable-userns")
    command += _system(files)
    command += _writable(job)
    if host.python_home is not None:  # after /tmp, which could hide it
        command += ["--ro-bind", os.fspath(host.python_home), os.fspath(host.python_home)]
    if job.role == "grader":
        command += ["--ro-bind", os.fspath(host.bwrap_folder), BWRAP_HOME]
    tests, logs = kit.grader_folders(job)
    if tests is not None:
        command += ["--ro-bind", os.fspath(tests), kit.TESTS]
    if logs is not None:
        command += ["--bind", os.fspath(logs), kit.LOGS]
    if job.door is not None:
        command += ["--ro-bind", os.fspath(job.door), kit.DOOR_SOCKET]
    command += ["--remount-ro", "/", "--chdir", job.cwd or kit.WORKSPACE, "--"]
    before = (*_bounded(processes), *_behind_door(job)) or _PLAINLY
    return [*command, *before, *job.command]


def etc_files(etc: Path = Path("/etc")) -> list[Path]:
    """The host's files of /etc that a job sees, where they exist."""
    named = [etc / name for name in _ETC]
    return [path for path in named if path.exists()] + sorted(p for g in _ETC_PATTERNS for p in etc.glob(g))


def _system(files: kit.Kit) -> list[str]:
    args = ["--ro-bind", "/usr", "/usr"]
    for name in _USR_LINKS:
        path = Path("/") / name
        if path.is_symlink():
            args += ["--symlink", os.fspath(path.readlink()), os.fspath(path)]
        elif path.is_dir():
            args += ["--ro-bind", os.fspath(path), os.fspath(path)]
    for path in etc_files():
        args += ["--ro-bind", os.fspath(path), os.fspath(path)]
    for file in (files.passwd, files.group, files.nsswitch, files.hosts):
        args += ["--ro-bind", os.fspath(file), f"/etc/{file.name}"]
    args += [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--perms",
        "1777",
        "--size",
        str(_SHM_BYTES),
        "--tmpfs",
        "/dev/shm",  # noqa: S108  # in the sandbox
    ]
    args += ["--remount-ro", "/dev", "--ro-bind", os.fspath(files.inside), kit.TOOLS]
    return args


def _writable(job: Job) -> list[str]:
    args: list[str] = []
    for place in ("/tmp", "/var/tmp"):  # noqa: S108  # in the sandbox
        args += ["--perms", "1777", "--size", str(tmp_bytes(job)), "--tmpfs", place]
    args += ["--bind", os.fspath(job.folders.workspace), kit.WORKSPACE]
    return [*args, "--bind", os.fspath(job.folders.home), kit.HOME]


def tmp_bytes(job: Job) -> int:
    """Bound of a job's /tmp, which is memory."""
    return min(job.limits.disk_bytes, job.limits.memory_bytes // 2)


def _bounded(processes: int | None) -> Sequence[str]:
    """A user namespace counts its own processes (Linux ≥ 5.14), so the limit is set inside.

    dash and busybox call it ``-p``, bash ``-u``.
    """
    if processes is None:
        return ()
    script = 'ulimit -p "$0" 2>/dev/null || ulimit -u "$0" || exit 126; exec "$@"'
    return ("/bin/sh", "-c", script, str(processes))


def _behind_door(job: Job) -> Sequence[str]:
    if job.door is None:
        return ()
    listen = f"127.0.0.1:{kit.DOOR_PORT}"
    forwarder = f"{kit.TOOLS}/door_forwarder.py"
    return (job.layout.python, "-I", forwarder, "--socket", kit.DOOR_SOCKET, "--listen", listen, "--")
