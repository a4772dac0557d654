"""Whose leftovers these are: names a running process so that another can tell whether it still lives.

A runner marks its containers, folders, cgroups and processes with :func:`me`; ``cab clean`` asks
:func:`is_gone` before it removes any. A process id alone would do harm, since ids are used again:
the mark holds the boot, the process-id namespace, the id and the time at which the process started.
"""

from __future__ import annotations

import os
from pathlib import Path

PREFIX = "cab-"
"""Names of folders, cgroups and containers begin with this, followed by the owner's mark."""


def me() -> str:
    """The mark of this process: letters, digits and dots."""
    return f"{_boot()}.{_pid_namespace()}.{os.getpid()}.{_start_ticks(os.getpid())}"


def is_gone(mark: str) -> bool:
    """Whether the process that made this mark has certainly ended.

    A mark from another process-id namespace of this boot cannot be judged, and one that is not a
    mark is not ours: both count as alive.
    """
    parts = mark.split(".")
    if len(parts) != 4 or not parts[2].isdigit():
        return False
    boot, namespace, pid, started = parts
    if boot != _boot():
        return True
    if namespace != _pid_namespace():
        return False
    return _start_ticks(int(pid)) != started


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]


def _pid_namespace() -> str:
    # "pid:[4026531836]"
    return "".join(c for c in os.readlink("/proc/self/ns/pid") if c.isdigit())  # noqa: PTH115  # not a path


def _start_ticks(pid: int) -> str | None:
    """Field 22 of /proc/PID/stat, ``None`` when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return stat.rpartition(b") ")[2].split()[19].decode("ascii")
