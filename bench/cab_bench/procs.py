"""What processes use, read from ``/proc``. A process that is gone uses nothing."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_IDLE_S: Final = 0.2
_SETTLE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process and its children, in MB (10⁶ bytes); what they share counts for each."""

    now_mb: float
    """Resident now."""
    peak_mb: float
    """The most that was resident since :func:`forget_peak`, summed over processes."""


def tree(pid: int) -> list[int]:
    """The process and all below it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(_after_name(stat.read_text())[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for each in found:  # grows as it goes
        found += children.get(each, [])
    return found


def cpu_s(pid: int) -> float:
    """CPU seconds so far, of the whole tree and of its children that have ended."""
    return sum(map(_cpu_s, tree(pid)))


def memory(pid: int) -> Memory:
    """What the tree holds."""
    pairs = [_status(each) for each in tree(pid)]
    return Memory(
        sum(status.get("VmRSS", 0) for status in pairs) * 1024 / 1e6,
        sum(status.get("VmHWM", 0) for status in pairs) * 1024 / 1e6,
    )


def forget_peak(pid: int) -> None:
    """Let the peaks begin anew at what is resident now."""
    for each in tree(pid):
        with contextlib.suppress(OSError):
            Path(f"/proc/{each}/clear_refs").write_text("5")


def settle(pid: int) -> None:
    """Wait until the tree does nothing any more: work that a load left behind is not the next one's."""
    until = time.monotonic() + _SETTLE_S
    before = cpu_s(pid)
    while time.monotonic() < until:
        time.sleep(_IDLE_S)
        now = cpu_s(pid)
        if now - before <= 0.1 * _IDLE_S:
            return
        before = now


def _after_name(stat: str) -> list[str]:
    """The fields from the third on; the second, the name, may hold blanks and brackets."""
    return stat.rpartition(")")[2].split()


def _cpu_s(pid: int) -> float:
    try:
        fields = _after_name(Path(f"/proc/{pid}/stat").read_text())
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS_PER_S


def _status(pid: int) -> dict[str, int]:
    try:
        return dict(_sizes(Path(f"/proc/{pid}/status").read_text()))
    except OSError:
        return {}


def _sizes(status: str) -> Iterator[tuple[str, int]]:
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            yield name, int(value[:-3])
