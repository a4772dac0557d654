"""Who runs a sweep: one runner at a time, by a lock on ``.lock`` in its folder.

The lock ends with the process that holds it, however that ends. The file is there for good; while the sweep
is run it says by whom.
"""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import Final, Self

from cab_runner.errors import UsageError

CLAIM: Final = ".lock"


class Claim:
    """The right to run the sweep in a folder, as long as it is entered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fd = -1

    def __enter__(self) -> Self:
        """Raises :class:`UsageError` when somebody has it, ``OSError`` when the folder can't be written."""
        fd = os.open(self._folder / CLAIM, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            if not _locked(fd):
                raise UsageError(
                    f"{self._folder} is being run by {_name(fd)}: wait for it, "
                    f"or watch it with `cab sweep status {self._folder}`"
                )
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        return self

    def __exit__(self, *_: object) -> None:
        os.ftruncate(self._fd, 0)  # a sweep that nobody runs names no host
        fcntl.flock(self._fd, fcntl.LOCK_UN)  # closing alone leaves it to a child that is just being started
        os.close(self._fd)


def holder(folder: Path) -> str | None:
    """Who runs the sweep in a folder, in words; None when nobody does."""
    try:
        fd = os.open(folder / CLAIM, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _shared(fd) else _name(fd)
    finally:
        os.close(fd)


def _locked(fd: int) -> bool:
    """Take the lock; False when another runner has it. Those who only ask hold it too, for a moment."""
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not _shared(fd):
                return False
        else:
            return True


def _shared(fd: int) -> bool:
    """Whether no runner has the lock. If so, this file has a share in it until it is closed."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name(fd: int) -> str:
    return os.pread(fd, 200, 0).decode(errors="replace") or "another process"
