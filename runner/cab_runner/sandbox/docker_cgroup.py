"""CPU time of a container, which its own control group takes with it when it ends.

Where we are root and the engine lays groups out as folders (driver ``cgroupfs``), the container is
made inside a parent group of ours, which is still there afterwards: an exact count. Elsewhere the
container's own group is read while it runs; the last reading is at most one watchdog tick old.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from cab_runner.sandbox import owner
from cab_runner.sandbox.cgroup import Hierarchy, mount_points, mounted, read_cpu_ms, remove_folder


class CpuMeter:
    """Reads one container's CPU time."""

    def __init__(self, info: Mapping[str, Any]) -> None:
        """``info`` is the engine's account of this machine."""
        exact = os.geteuid() == 0 and info.get("CgroupDriver") == "cgroupfs"
        self.parent = f"/{owner.PREFIX}{owner.me()}.{uuid4().hex[:12]}" if exact else None
        """Parent group to make the container in."""
        self._folders: tuple[Path, ...] = ()
        self._last_ms: float | None = None

    def started(self, pid: int) -> None:
        """Say the container's first process, as the host numbers it."""
        try:
            groups = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
        except OSError:
            return
        self._folders = tuple(_folders_of(groups, mounted()))

    def sample(self) -> None:
        """Read the running container's group."""
        value = read_cpu_ms(self._folders)
        self._last_ms = value if value is not None else self._last_ms

    def close(self) -> float | None:
        """CPU time in ms of the ended container, ``None`` where it could not be read. Removes the parent."""
        if self.parent is None:
            return self._last_ms
        folders = [mount / self.parent.lstrip("/") for mount in mount_points()]
        exact = read_cpu_ms(folders)
        for folder in folders:
            if folder.is_dir():
                remove_folder(folder)
        return exact if exact is not None else self._last_ms


def _folders_of(groups: str, trees: Iterable[Hierarchy]) -> Iterable[Path]:
    """Where the groups in the text of a /proc/PID/cgroup lie."""
    trees = tuple(trees)
    for line in groups.splitlines():
        _, names, path = line.split(":", 2)
        held = frozenset(names.split(",")) - {""}
        for tree in trees:
            if (tree.controllers and tree.controllers <= held) or (not tree.controllers and not held):
                yield tree.mount / path.lstrip("/")
