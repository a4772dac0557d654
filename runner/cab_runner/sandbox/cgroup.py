"""A control group for one job where the machine lets us make one; version 1 and 2.

It keeps the limits on memory, processes and CPU, knows the CPU time of everything that ever ran in
it, and kills it whole. What it could not set up it does not claim: :attr:`Cgroup.kept` says which
limits hold.

Invariants
----------
* Creating never raises: without a group, :attr:`Cgroup.kept` is empty and the caller falls back.
* A group lies under the runner's own, so that limits on the runner bind its jobs too.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from cab_runner.sandbox import owner
from cab_runner.sandbox.base import Limits, Mechanism

_CONTROLLERS: Final = ("memory", "pids", "cpu", "cpuacct")
_LIMIT_OF: Final[Mapping[str, str]] = {"memory": "memory", "pids": "processes", "cpu": "cpus"}
_PERIOD_US: Final = 100_000
_GONE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A mounted tree of groups."""

    controllers: frozenset[str]
    """Those of version 1; empty for the unified tree of version 2."""
    mount: Path
    own: Path
    """The runner's own group in it."""


def hierarchies(mountinfo: str, groups: str) -> tuple[Hierarchy, ...]:
    """The trees that hold the runner, from the text of /proc/self/mountinfo and /proc/self/cgroup."""
    paths: dict[frozenset[str], str] = {}
    for line in groups.splitlines():
        _, names, path = line.split(":", 2)
        paths[frozenset(names.split(",")) - {""}] = path
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind not in ("cgroup", "cgroup2"):
            continue
        root, mount = before.split()[3:5]
        wanted = frozenset(options.split(",")) & frozenset(_CONTROLLERS) if kind == "cgroup" else frozenset()
        for held, path in paths.items():
            if (wanted and wanted <= held) or (kind == "cgroup2" and not held):
                inside = os.path.relpath(path, root) if path.startswith(root) else "."
                found.append(Hierarchy(wanted, Path(mount), Path(mount) / inside))
    return tuple(found)


def mounted() -> tuple[Hierarchy, ...]:
    """The trees of this machine."""
    try:
        return hierarchies(_read_mountinfo(), Path("/proc/self/cgroup").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()


def _read_mountinfo() -> str:
    return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")


class Cgroup:
    """One job's group: a folder in each tree that takes part."""

    def __init__(
        self, unified: Path | None, by_controller: dict[str, Path], kept: dict[str, Mechanism]
    ) -> None:
        self._unified = unified
        self._by_controller = by_controller
        self.kept = kept
        """Limit → mechanism, for the limits that the group keeps."""

    @classmethod
    def create(cls, limits: Limits, trees: tuple[Hierarchy, ...] | None = None) -> Cgroup:
        """Make a group with these limits, as far as the machine allows."""
        trees = mounted() if trees is None else trees
        group_name = f"{owner.PREFIX}{owner.me()}.{uuid4().hex[:12]}"
        for tree in trees:
            if not tree.controllers and (group := _create_unified(tree, group_name, limits)):
                return group
        by_controller: dict[str, Path] = {}
        kept: dict[str, Mechanism] = {}
        for tree in trees:
            for controller in sorted(tree.controllers):
                folder = tree.own / group_name
                try:
                    folder.mkdir(exist_ok=True)
                    if _set_limit_v1(folder, controller, limits):
                        kept[_LIMIT_OF[controller]] = "cgroup v1"
                    by_controller[controller] = folder
                except OSError:
                    with suppress(OSError):
                        folder.rmdir()
        return cls(None, by_controller, kept)

    def add(self, pid: int) -> None:
        """Move a process into the group. Do it while it waits, before it starts others."""
        if self._unified is not None:
            try:
                _write(self._unified / "cgroup.procs", pid)
            except OSError:  # made, but not ours to fill: a delegated tree that we are not in
                self.remove()
                self._unified = None
                self.kept.clear()
            return
        for controller, folder in list(self._by_controller.items()):
            try:
                _write(folder / "cgroup.procs", pid)
            except OSError:
                del self._by_controller[controller]
                self.kept.pop(_LIMIT_OF.get(controller, ""), None)
                with suppress(OSError):
                    folder.rmdir()

    def cpu_ms(self) -> float | None:
        """CPU time of all that ran in the group, ended or not."""
        return read_cpu_ms((self._unified,) if self._unified else self._by_controller.values())

    def oom_killed(self) -> bool | None:
        """Whether the kernel killed a process of the group for memory; ``None`` where unknown."""
        try:
            if self._unified is not None:
                return int(_field(self._unified / "memory.events", "oom_kill")) > 0
            if folder := self._by_controller.get("memory"):
                return int(_field(folder / "memory.oom_control", "oom_kill")) > 0
        except (OSError, ValueError):
            return None
        return None

    def kill(self) -> None:
        """Kill every process of the group and wait until they are gone, up to 10 s."""
        folder = (
            self._unified or self._by_controller.get("pids") or next(iter(self._by_controller.values()), None)
        )
        if folder is not None:
            kill_all(folder)

    def remove(self) -> None:
        """Remove the group; nothing may run in it."""
        for folder in {*self._by_controller.values(), *((self._unified,) if self._unified else ())}:
            remove_folder(folder)


def read_cpu_ms(folders: Iterable[Path]) -> float | None:
    """CPU time from whichever of a group's folders counts it; ``None`` when none does."""
    for folder in folders:
        with suppress(OSError, ValueError):
            return int((folder / "cpuacct.usage").read_text(encoding="ascii")) / 1e6
        with suppress(OSError, ValueError):
            return int(_field(folder / "cpu.stat", "usage_usec")) / 1000.0
    return None


def mount_points() -> tuple[Path, ...]:
    """Where any tree of groups is mounted, those of other controllers included."""
    lines = _read_mountinfo().splitlines()
    found = (line.partition(" - ") for line in lines)
    return tuple(
        Path(before.split()[4]) for before, _, after in found if after.split(" ")[0] in ("cgroup", "cgroup2")
    )


def kill_all(folder: Path) -> None:
    """Kill every process of a group and its subgroups, and wait up to 10 s until they are gone."""
    with suppress(OSError):
        _write(folder / "pids.max", 0)  # no forks while we go through the list
    deadline = time.monotonic() + _GONE_S
    while pids := _pids(folder):
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return
        time.sleep(0.005)


def remove_folder(folder: Path) -> None:
    """Remove an empty group and its subgroups; the kernel may need a moment to see it empty."""
    for sub in _subgroups(folder):
        remove_folder(sub)
    deadline = time.monotonic() + 2.0
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.005)
        else:
            return


def abandoned() -> Iterator[Path]:
    """Groups whose runner has ended without removing them: beside and above our own, and at the top."""
    parents = set(mount_points())
    for tree in mounted():
        parents |= {parent for parent in (tree.own, *tree.own.parents) if tree.mount in parent.parents}
    for parent in sorted(parents):
        for path in _subgroups(parent):
            mark = path.name.removeprefix(owner.PREFIX)
            if path.name.startswith(owner.PREFIX) and owner.is_gone(".".join(mark.split(".")[:4])):
                yield path


def _create_unified(tree: Hierarchy, name: str, limits: Limits) -> Cgroup | None:
    """Version 2: a child of the nearest group above us that may have children with controllers."""
    for parent in (tree.own, *tree.own.parents):
        if tree.mount not in (parent, *parent.parents):
            return None
        try:
            enabled = (parent / "cgroup.subtree_control").read_text(encoding="ascii").split()
        except OSError:
            return None
        if not {"memory", "pids"} <= set(enabled):
            continue
        folder = parent / name
        try:
            folder.mkdir()
            _write(folder / "memory.max", limits.memory_bytes)
            _write(folder / "pids.max", limits.processes)
        except OSError:
            with suppress(OSError):
                folder.rmdir()
            continue
        kept: dict[str, Mechanism] = {"memory": "cgroup v2", "processes": "cgroup v2"}
        with suppress(OSError):
            _write(folder / "memory.swap.max", 0)
        if limits.cpus is not None and "cpu" in enabled:
            _write(folder / "cpu.max", f"{round(limits.cpus * _PERIOD_US)} {_PERIOD_US}")
            kept["cpus"] = "cgroup v2"
        return Cgroup(folder, {}, kept)
    return None


def _set_limit_v1(folder: Path, controller: str, limits: Limits) -> bool:
    """Set the controller's limit; whether it has one."""
    if controller == "memory":
        _write(folder / "memory.limit_in_bytes", limits.memory_bytes)
        with suppress(OSError):  # only where swap is accounted
            _write(folder / "memory.memsw.limit_in_bytes", limits.memory_bytes)
        return True
    if controller == "pids":
        _write(folder / "pids.max", limits.processes)
        return True
    if controller == "cpu" and limits.cpus is not None:
        _write(folder / "cpu.cfs_period_us", _PERIOD_US)
        _write(folder / "cpu.cfs_quota_us", round(limits.cpus * _PERIOD_US))
        return True
    return False


def _write(path: Path, value: int | str) -> None:
    path.write_text(str(value), encoding="ascii")


def _field(path: Path, name: str) -> str:
    for line in path.read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return value
    raise ValueError(f"no {name} in {path}")


def _pids(folder: Path) -> list[int]:
    """Processes in the group and its subgroups."""
    try:
        found = [int(line) for line in (folder / "cgroup.procs").read_text(encoding="ascii").split()]
    except OSError:
        return []
    for sub in _subgroups(folder):
        found += _pids(sub)
    return found


def _subgroups(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return []
