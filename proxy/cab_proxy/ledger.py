"""The file behind a chain: one writer, whole lines, appended.

Invariants
----------
* One open :class:`LedgerWriter` per file, over all processes: an exclusive lock is held on it.
* A line is one ``write``. A line that could only be written in part is taken back at once; if the
  process dies in between, the torn line is cut off by the next writer.
* :meth:`LedgerWriter.append` has returned: the line is in the file (of this kernel; no fsync).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path
from typing import Final

import orjson

from .errors import LedgerWriteError
from .records import ZERO_HASH, Chain, Record, encode, line_hash, plain

_READ_BYTES: Final = 1024 * 1024


class LedgerWriter:
    """Appends records to one ledger. Use it as a context manager, or :meth:`close` it."""

    def __init__(self, path: Path) -> None:
        """Open or create the ledger and go on with its chain.

        Raises :class:`LedgerWriteError` when it can't be written, is no regular file, or has a
        writer already.
        """
        self.path = path
        self.torn_bytes = 0
        """Length of the torn line that was cut off; 0 when there was none."""
        self._fd = -1
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                raise LedgerWriteError(f"ledger {path} is not a regular file")
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._chain = self._resume()
        except BlockingIOError:
            self.close()
            raise LedgerWriteError(
                f"ledger {path} is being written by another cab-proxy: choose another --ledger"
            ) from None
        except OSError as error:
            self.close()
            raise LedgerWriteError(f"ledger {path} can't be written: {error.strerror}") from None
        except LedgerWriteError:
            self.close()
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
        """Write the record as the chain's next line. Raises :class:`LedgerWriteError`; the chain is
        then as it was before.
        """
        if self._fd < 0:
            raise LedgerWriteError(f"ledger {self.path} is closed")
        chain = Chain(seq=self._chain.seq, head=self._chain.head)
        line = chain.link(record, _encode)
        try:
            written = os.write(self._fd, line)
            if written != len(line):
                os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
                raise LedgerWriteError(f"ledger {self.path} can't be written: the disk is full")
        except OSError as error:
            raise LedgerWriteError(f"ledger {self.path} can't be written: {error.strerror}") from None
        self._chain = chain

    def close(self) -> None:
        """Let go of the file. Harmless when done twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)

    def _resume(self) -> Chain:
        """The chain as the file has it, with a torn last line cut off."""
        lines, head, tail, size = 0, ZERO_HASH, b"", 0
        while block := os.pread(self._fd, _READ_BYTES, size):
            size += len(block)
            *whole, tail = (tail + block).split(b"\n")
            lines += len(whole)
            if whole:
                head = line_hash(whole[-1])
        if tail:
            self.torn_bytes = len(tail)
            os.ftruncate(self._fd, size - len(tail))
        return Chain(seq=lines, head=head)


def _encode(record: Record) -> bytes:
    """As :func:`~cab_proxy.records.encode`, at a tenth of its cost."""
    try:
        return orjson.dumps(record, default=plain)
    except TypeError:  # a lone surrogate, or a number beyond 64 bits, that an endpoint reported
        return encode(record)
