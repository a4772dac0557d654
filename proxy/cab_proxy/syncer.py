"""Bringing what was written to a file to the disk itself, without the event loop waiting for it.

Invariants
----------
* :meth:`Syncer.durable` has returned, under ``each``: what was written before it was called is on the disk.
* ``interval``: what was written goes to the disk a second later, by a thread of its own.
* A fault is for ever. The kernel tells of lost pages once; a later success says nothing of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from pathlib import Path
from typing import Final, Literal

from .errors import LedgerWriteError
from .threads import syncing

Fsync = Literal["each", "interval", "off"]
"""When lines go to the disk itself: before a call goes on; once a second; when the system likes."""

INTERVAL_S: Final = 1.0


class Syncer:
    """Syncs one descriptor, which may come to stand for another file once :meth:`sync` has returned."""

    def __init__(self, fd: int, path: Path, fsync: Fsync) -> None:
        self.fault: str | None = None
        """Why it is not known what is on the disk."""
        self._fd = fd
        self._path = path
        self._fsync = fsync
        self._written = 0
        self._synced = -1  # what an earlier writer left may not be on the disk
        self._lock = threading.Lock()
        self._syncing: asyncio.Future[None] | None = None
        self._unsynced, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._at_intervals, name="ledger-sync", daemon=True)
        if fsync == "interval":
            self._thread.start()

    def wrote(self) -> None:
        """Something more has been written."""
        self._written += 1
        if self._fsync == "interval" and not self._unsynced.is_set():
            self._unsynced.set()

    async def durable(self) -> None:
        """Under ``each``, return once all so far is on the disk; those who wait share one fdatasync.
        Otherwise return at once. Raises :class:`LedgerWriteError`.
        """
        written = self._written
        while self._fsync == "each" and self._synced < written:
            if self._syncing is None:
                self._syncing = asyncio.ensure_future(syncing(self.sync))
                self._syncing.add_done_callback(self._over)
            await asyncio.shield(self._syncing)

    def sync(self, *, folder: bool = False) -> None:
        """Wait until all so far is on the disk, also the file's name if asked for; under ``off``, don't.
        For any thread. Raises :class:`LedgerWriteError`.
        """
        if self._fsync == "off":
            return
        with self._lock:
            if self.fault is not None:
                raise LedgerWriteError(self.fault)
            written = self._written
            try:
                if folder:
                    _sync_folder(self._path.parent)
                if self._synced < written:
                    os.fdatasync(self._fd)
            except OSError as error:
                self.fault = (
                    f"ledger {self._path} may not be on the disk: {error.strerror}; restart cab-proxy"
                )
                raise LedgerWriteError(self.fault) from None
            self._synced = written

    def close(self) -> None:
        """Sync a last time; the descriptor is not used again. Raises :class:`LedgerWriteError`."""
        self._closing.set()
        self._unsynced.set()
        if self._thread.is_alive():
            self._thread.join()
        self.sync()

    def _over(self, _: asyncio.Future[None]) -> None:
        self._syncing = None

    def _at_intervals(self) -> None:
        while self._unsynced.wait() and not self._closing.wait(INTERVAL_S):
            self._unsynced.clear()
            with contextlib.suppress(LedgerWriteError):  # whoever writes next finds the fault
                self.sync()


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
