"""A short-named folder that a sandbox's user can reach, gone when its context ends.

When root invokes the runner, jobs run as user 65532, who cannot pass through ``/root``: whatever a
job gets has to lie here first. The folder is 0711: its contents are reached by name, not listed.
It lies in ``TMPDIR`` unless that is no place for it: too long a path for sockets, or closed to the
sandbox's user. In an agent's image it lies where only root may write, on the root's file system, because
jobs' folders are moved from there.

Invariants
----------
* Removal follows no symlink and works on trees of any depth that the job left unreadable.
* The folder names its owner, so that ``cab clean`` removes it when the runner was killed.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cab_runner.sandbox import owner
from cab_runner.sandbox.base import NOBODY
from cab_runner.sandbox.users import image_agent

_OWNER_FILE = "owner"
_LONGEST_BASE_BYTES: Final = 60
"""Of the 107 that a socket's path may have."""
_USUAL: Final = Path("/tmp")  # noqa: S108  # where TMPDIR leads nowhere useful; the folder's name is a fresh one
_IN_IMAGE: Final = Path("/opt/cab")


def sandbox_user() -> tuple[int, int]:
    """User and group id of jobs: the invoking ones, or 65532 when that is root."""
    return (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


class Staging:
    """Context manager over such a folder."""

    def __init__(self) -> None:
        self.root = Path()
        """The folder, once the context is entered."""

    def __enter__(self) -> Self:
        self.root = Path(tempfile.mkdtemp(prefix=owner.PREFIX, dir=_base()))
        (self.root / _OWNER_FILE).write_text(owner.me(), encoding="ascii")
        self.root.chmod(0o711)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        remove_tree(self.root)

    def folder(self, name: str) -> Path:
        """Make and return an empty folder in it, readable by all, still owned by the invoking user."""
        path = self.root / name
        path.mkdir()
        path.chmod(0o755)
        return path

    def shut(self) -> None:
        """Keep all other users of this machine out: for jobs that may leave set-id programs in folders that a
        root engine mounts.
        """
        self.root.chmod(0o700)

    def hand_over(self, *folders: Path) -> None:
        """Make the sandbox's user the owner of these trees. Call it before the job starts."""
        if os.geteuid() == 0:
            give_trees(folders, *sandbox_user())


def give_trees(folders: tuple[Path, ...], uid: int, gid: int) -> None:
    """Change the owner of these trees; symlinks themselves, never what they point to."""
    for folder in folders:
        os.chown(folder, uid, gid, follow_symlinks=False)
        for _, subfolders, files, descriptor in os.fwalk(folder):
            for name in (*subfolders, *files):
                os.chown(name, uid, gid, dir_fd=descriptor, follow_symlinks=False)


def remove_tree(root: Path) -> None:
    """Remove a folder whatever a job left in it. Nothing of the job may be running any more.

    Coreutils do it: Python's own walks recurse, and a job can nest folders deeper than that goes.
    """
    _quietly("rm", "-rf", "--one-file-system", "--", str(root))
    if root.exists():
        _quietly("chmod", "-R", "u+rwX", "--", str(root))
        _quietly("rm", "-rf", "--one-file-system", "--", str(root))


def _quietly(*command: str) -> None:
    nowhere = subprocess.DEVNULL
    env = {"PATH": "/usr/bin:/bin"}
    subprocess.run(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, env=env, check=False)


def _base() -> Path:
    if image_agent() and os.geteuid() == 0:
        return _IN_IMAGE
    given = Path(tempfile.gettempdir()).resolve()
    fits = len(os.fsencode(given)) <= _LONGEST_BASE_BYTES
    open_to_all = os.geteuid() != 0 or all(path.stat().st_mode & 0o001 for path in (given, *given.parents))
    return given if (fits and open_to_all) or not _USUAL.is_dir() else _USUAL


def abandoned() -> list[Path]:
    """Staging folders of this user whose runner has ended without removing them."""
    found = []
    bases = {Path(tempfile.gettempdir()).resolve(), _USUAL}
    for path in (path for base in bases for path in base.glob(f"{owner.PREFIX}*")):
        try:
            if path.lstat().st_uid != os.geteuid() or path.is_symlink():
                continue  # in a folder that all may write, a stranger's bait
            mark = (path / _OWNER_FILE).read_text(encoding="ascii")
        except (OSError, UnicodeError):
            continue
        if owner.is_gone(mark):
            found.append(path)
    return sorted(found)
