"""What a job uses right now, for the watchdog: bytes on disk, and memory where no cgroup keeps it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

LARGEST_TREE: Final = 500_000
"""More files than this count as too large: they cost inodes, and measuring them costs time."""

_LONG_PATH_BYTES: Final = 3500
"""With one more name (255 bytes) still below PATH_MAX, 4096."""

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def exceeds(folders: Iterable[Path], limit_bytes: int) -> bool:
    """Whether these trees take more than ``limit_bytes`` of disk together.

    Blocks are counted, so a sparse file is as large as it is; a file with many names counts once.
    Symlinks are not followed, and no depth is too deep. A tree with too many files counts as too large.
    What the job made unreadable for the runner's own user is not seen.
    """
    tally = _Tally(limit_bytes)
    return any(_exceeds(os.fspath(folder), tally) for folder in folders)


@dataclass(slots=True)
class _Tally:
    limit_bytes: int
    total_bytes: int = 0
    files: int = 0
    seen: set[tuple[int, int]] = field(default_factory=set)
    """Files with several names that are counted already: device and inode."""

    def over(self, info: os.stat_result) -> bool:
        """Count an entry; whether the bound is passed."""
        self.files += 1
        name = (info.st_dev, info.st_ino)
        if name not in self.seen:
            self.total_bytes += info.st_blocks * 512
        if info.st_nlink > 1 and not stat.S_ISDIR(info.st_mode):
            self.seen.add(name)
        return self.total_bytes > self.limit_bytes or self.files > LARGEST_TREE


def _exceeds(root: str, tally: _Tally) -> bool:
    pending = [root]
    while pending:
        path = pending.pop()
        try:
            if len(os.fsencode(path)) > _LONG_PATH_BYTES:
                if _exceeds_below(path, tally):
                    return True
                continue
            with os.scandir(path) as entries:
                for entry in entries:
                    info = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(info.st_mode):
                        pending.append(entry.path)
                    if tally.over(info):
                        return True
        except OSError:
            continue  # gone meanwhile, or closed
    return False


def _exceeds_below(path: str, tally: _Tally) -> bool:
    """Go on from a descriptor: below here paths would be longer than the system takes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return _exceeds(f"/proc/self/fd/{descriptor}", tally)
    finally:
        os.close(descriptor)


def memory_of(pids: Iterable[int]) -> int:
    """Resident bytes of these processes. Shared pages count for each of them."""
    return sum(map(_resident, pids))


def cpu_ms_of_tree(root: int) -> float:
    """CPU time of a process and its descendants so far, with that of children that they waited for."""
    ticks = sum(sum(map(int, fields[11:15])) for pid in tree_of(root) if (fields := _stat(pid)))
    return ticks * 1000.0 / _TICKS_PER_S


def tree_of(root: int) -> list[int]:
    """A process and its descendants, by the parent links of this moment."""
    children: dict[int, list[int]] = {}
    for pid in running():
        if fields := _stat(pid):
            children.setdefault(int(fields[1]), []).append(pid)
    found = [root]
    for pid in found:  # grows as it goes
        found += children.get(pid, ())
    return found


def of_user(uid: int) -> Mapping[int, bool]:
    """Processes with this real user id, and whether each is dead and only waits to be reaped."""
    found = {}
    for pid in running():
        with suppress(OSError, IndexError):  # it has gone
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
            if int(status.partition("\nUid:")[2].split(maxsplit=1)[0]) == uid:
                found[pid] = status.partition("\nState:")[2].split(maxsplit=1)[0] in ("Z", "X")
    return found


def marked(name: str, value: str | None = None) -> Mapping[int, str]:
    """Processes whose environment holds the variable ``name`` (with ``value``), and what it holds."""
    wanted = f"{name}=".encode()
    found = {}
    for pid in running():
        try:
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        for variable in variables:
            if variable.startswith(wanted):
                held = os.fsdecode(variable[len(wanted) :])
                if value is None or held == value:
                    found[pid] = held
    return found


def running() -> list[int]:
    """Ids of all processes that this one sees."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  # 10× quicker than Path


def _stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat from the third on; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
    except OSError:
        return []


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0
