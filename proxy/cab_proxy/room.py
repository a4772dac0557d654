"""Room on a disk, kept for a file that is going to grow.

Where the file system can (ext4, xfs, btrfs, tmpfs), blocks beyond the file's end become its own, and nobody
else can fill them. Elsewhere it is only seen whether there is as much room at this moment.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
from collections.abc import Callable
from typing import Final

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors that say that there is no room."""

_UNABLE: Final = frozenset({errno.ENOSYS, errno.EOPNOTSUPP})
_KEEP_SIZE: Final = 1  # FALLOC_FL_KEEP_SIZE


def keep(fd: int, start: int, end: int) -> bool:
    """Make the blocks of a file from ``start`` to ``end`` its own; its size stays. A truncation lets go of
    those beyond its size.

    True: they are its own. False: this can't be promised here, but there is as much room now.
    Raises ``OSError``, with an errno of :data:`FULL` where there is no room.
    """
    error = _allocate(fd, start, end - start)
    if error == 0:
        return True
    if error not in _UNABLE:
        raise OSError(error, os.strerror(error))
    disk = os.fstatvfs(fd)
    if disk.f_blocks and disk.f_bavail * disk.f_frsize < end - start:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return False


def _allocate(fd: int, start: int, length: int) -> int:
    """The errno of ``fallocate``; 0 when it succeeded."""
    fallocate = _libc_fallocate()
    if fallocate is None:
        return errno.ENOSYS
    while fallocate(fd, _KEEP_SIZE, start, length) != 0:
        if (error := ctypes.get_errno()) != errno.EINTR:
            return error
    return 0


@functools.cache
def _libc_fallocate() -> Callable[[int, int, int, int], int] | None:
    libc = ctypes.CDLL(None, use_errno=True)
    # glibc's fallocate has 32-bit offsets on 32-bit machines; musl has no other
    function = getattr(libc, "fallocate64", None) or getattr(libc, "fallocate", None)
    if function is not None:
        function.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return function
