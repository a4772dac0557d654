"""The file behind a chain: one writer, whole lines, appended.

Invariants
----------
* One open :class:`LedgerWriter` per chain, over all processes: it holds an exclusive lock on the last file.
* A line is one ``write``. A line that could only be written in part is taken back at once; if the
  process dies in between, the torn line is cut off by the next writer.
* :meth:`LedgerWriter.append` has returned: the line is in the file, and outlives this process.
* :meth:`LedgerWriter.durable` has returned, under ``each``: all lines so far outlive the machine's fall.
* An ``open`` line is written only where there is room for the ``call`` lines of all calls in flight. Where
  the file system can promise it (see :mod:`~cab_proxy.room`), a full disk costs none of them.
* A rotation leaves the chain readable wherever it is cut off: at worst the last file is not there, and the
  next writer makes it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Final

import orjson

from .errors import LedgerFullError, LedgerWriteError
from .jsonbody import MAX_KEPT_BYTES
from .ledger_files import part, parts
from .records import Chain, LedgerError, Record, decode, encode, line_hash, plain
from .room import FULL, keep
from .syncer import Fsync, Syncer

CALL_LINE_BYTES: Final = 2 * MAX_KEPT_BYTES
"""Room kept for the ``call`` line of a call in flight: usage as long as it may be, and all else."""

_ROOM_STEP_BYTES: Final = 1024 * 1024
_READ_BYTES: Final = 64 * 1024
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class LedgerWriter:
    """Appends records to one ledger. Use it as a context manager, or :meth:`close` it."""

    def __init__(self, path: Path, *, fsync: Fsync = "off", rotate_bytes: int | None = None) -> None:
        """Open or create the ledger and go on with its chain. A file that has grown to ``rotate_bytes`` gets
        a number (:mod:`~cab_proxy.ledger_files`), and the next call begins a new one.

        Raises :class:`LedgerWriteError` when it can't be written, is no regular file, ends in something
        that is no ledger's, or has a writer already.
        """
        self.path = path
        self.torn_bytes = 0
        """Length of the torn line that was cut off; 0 when there was none."""
        self._rotate_bytes = rotate_bytes
        self._in_flight: set[str] = set()
        self._room = 0
        """Up to where the file's blocks are its own."""
        self._torn = False
        """Behind the last line lies a part of one that could not be taken back yet."""
        self._fd = -1
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = _open_locked(path)
            self._chain = self._resume()
            self._size = os.fstat(self._fd).st_size
            self._syncer = Syncer(self._fd, path, fsync)
            if self._size == 0:
                self._syncer.sync(folder=True)
        except BlockingIOError:
            self._let_go()
            raise LedgerWriteError(
                f"ledger {path} is being written by another cab-proxy: choose another --ledger"
            ) from None
        except OSError as error:
            self._let_go()
            raise LedgerWriteError(f"ledger {path} can't be written: {error.strerror}") from None
        except LedgerWriteError:
            self._let_go()
            raise

    def __enter__(self) -> LedgerWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def head(self) -> str:
        """Hash of the last line."""
        return self._chain.head

    @property
    def lines(self) -> int:
        """Number of lines in the chain."""
        return self._chain.seq

    def append(self, record: Record) -> None:
        """Write the record as the chain's next line. Raises :class:`LedgerWriteError`, of a full disk
        :class:`LedgerFullError`; the chain is then as it was before.
        """
        if self._fd < 0:
            raise LedgerWriteError(f"ledger {self.path} is closed")
        opens = record.kind == "open"
        has_room = not opens and record.call_id in self._in_flight
        if has_room:
            self._in_flight.remove(record.call_id)
        elif self._rotate_bytes is not None and self._size >= self._rotate_bytes:
            self._rotate()
        if self._syncer.fault is not None and not has_room:
            raise LedgerWriteError(self._syncer.fault)
        chain = Chain(seq=self._chain.seq, head=self._chain.head)
        line = chain.link(record, _encode)
        try:
            if not has_room:
                self._need(len(line) + (len(self._in_flight) + opens) * CALL_LINE_BYTES)
            self._write(line)
        except OSError as error:
            raise self._fault(error) from None
        self._chain = chain
        if opens:
            self._in_flight.add(record.call_id)
        self._syncer.wrote()

    def check(self) -> None:
        """Return where another call could be recorded now; else raise as :meth:`append` would."""
        if self._fd < 0:
            raise LedgerWriteError(f"ledger {self.path} is closed")
        if self._syncer.fault is not None:
            raise LedgerWriteError(self._syncer.fault)
        try:
            self._need((len(self._in_flight) + 2) * CALL_LINE_BYTES)
        except OSError as error:
            raise self._fault(error) from None

    async def durable(self) -> None:
        """Under ``each``, return once all lines so far are on the disk; those who wait share one fdatasync.
        Otherwise return at once. Raises :class:`LedgerWriteError`: from then on no call is opened.
        """
        await self._syncer.durable()

    def close(self) -> None:
        """Let go of the file, with its lines on the disk unless ``off``. Harmless when done twice. Raises
        :class:`LedgerWriteError` when they may not be there.
        """
        if self._fd < 0:
            return
        try:
            self._syncer.close()
        finally:
            self._give_back()
            self._let_go()

    # --- lines -------------------------------------------------------------------------------

    def _need(self, more_bytes: int) -> None:
        """Keep room for so much more. Raises ``OSError``."""
        end = self._size + more_bytes
        if end > self._room:
            self._room = _make_room(self._fd, self._size, end)

    def _fault(self, error: OSError) -> LedgerWriteError:
        if error.errno in FULL:
            return LedgerFullError(f"ledger {self.path} can't be written: the disk is full; make room")
        return LedgerWriteError(f"ledger {self.path} can't be written: {error.strerror}")

    def _write(self, line: bytes) -> None:
        if self._torn:
            self._take_back()
        written = os.write(self._fd, line)
        if written != len(line):
            self._torn = True
            self._take_back()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += written

    def _take_back(self) -> None:
        os.ftruncate(self._fd, self._size)
        self._torn, self._room = False, 0

    def _resume(self) -> Chain:
        """The chain as the files have it, with a torn last line cut off."""
        last = self._cut_line(self._fd)
        older = parts(self.path)
        if last is None and older:
            fd = os.open(older[max(older)], os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a writer that is just rotating holds it
                last = self._cut_line(fd)
            finally:
                os.close(fd)
        _next(self.path).unlink(missing_ok=True)
        if last is None:
            return Chain()
        try:
            return Chain(seq=decode(last).seq + 1, head=line_hash(last))
        except LedgerError as error:
            raise LedgerWriteError(
                f"{self.path} ends in a line that is no ledger's ({error}): choose another --ledger"
            ) from None

    def _cut_line(self, fd: int) -> bytes | None:
        """The last whole line of a file, without its newline. What is torn behind it is cut off."""
        size = os.fstat(fd).st_size
        length, found = 0, [b""]
        while len(found) < 3 and length < size:
            length = min(size, max(_READ_BYTES, 4 * length))
            found = os.pread(fd, length, size - length).rsplit(b"\n", 2)
        if torn_bytes := len(found[-1]):
            self.torn_bytes = torn_bytes
            os.ftruncate(fd, size - torn_bytes)
        return found[-2] if len(found) > 1 else None

    # --- files -------------------------------------------------------------------------------

    def _rotate(self) -> None:
        """Go on in a new file. Where none can be made, the present one goes on until the next call."""
        new, fresh = -1, _next(self.path)
        try:
            if self._torn:
                self._take_back()
            new = os.open(fresh, _FLAGS | os.O_TRUNC, 0o600)
            fcntl.flock(new, fcntl.LOCK_EX | fcntl.LOCK_NB)
            room = _make_room(new, 0, (len(self._in_flight) + 1) * CALL_LINE_BYTES)
            self._syncer.sync()  # or a line could be on the disk without those before it
            older = part(self.path, max(parts(self.path), default=0) + 1)
            self.path.rename(older)
            try:
                fresh.rename(self.path)
            except OSError:
                older.rename(self.path)
                raise
            self._give_back()
            os.dup2(new, self._fd, inheritable=False)  # and lets go of the old file's lock
            self._size, self._room = 0, room
            self._syncer.sync(folder=True)
        except (OSError, LedgerWriteError):
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
        finally:
            if new >= 0:
                os.close(new)

    def _give_back(self) -> None:
        """Let go of the room that was not needed."""
        if self._room > self._size:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)

    def _let_go(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)


def _open_locked(path: Path) -> int:
    """Open or create a file that nobody else writes."""
    while True:
        fd = os.open(path, _FLAGS, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise LedgerWriteError(f"ledger {path} is not a regular file")
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.suppress(FileNotFoundError):  # else it was rotated away before it was locked
                if os.path.samestat(os.fstat(fd), path.stat()):
                    return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _next(path: Path) -> Path:
    """Where a new file is made ready, before the old one is rotated."""
    return path.with_name(f"{path.name}.next")


def _make_room(fd: int, size: int, end: int) -> int:
    """Keep room up to ``end`` at least; up to where it is kept for sure. Raises ``OSError``."""
    try:
        kept = keep(fd, size, end + _ROOM_STEP_BYTES)
    except OSError:
        return end if keep(fd, size, end) else 0
    return end + _ROOM_STEP_BYTES if kept else 0


def _encode(record: Record) -> bytes:
    """As :func:`~cab_proxy.records.encode`, at a tenth of its cost."""
    try:
        return orjson.dumps(record, default=plain)
    except TypeError:  # a lone surrogate, or a number beyond 64 bits, that an endpoint reported
        return encode(record)
