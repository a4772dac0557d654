"""Files that are not ours: copied and read without being led elsewhere; and ours, written whole.

Invariants
----------
* A link is never followed, a pipe or device never opened.
* What a build left is not copied: what is judged comes from sources that people read.
* What is read and copied is bounded.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from ._errors import CheckFailedError, GraderError

READ_LIMIT_BYTES: Final = 2**20
"""Of each file, output stream and HTTP response, so much is looked at."""

COPY_LIMIT_BYTES: Final = 2**30
COPY_LIMIT_FILES: Final = 100_000

BYTECODE: Final = "__pycache__"
"""Python runs what it finds there in place of the source, unchecked if the file says so."""

_OUR_ERRORS: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
)
"""What fails because of the machine, not because of what lies in the workspace."""


def read_regular(path: Path) -> str:
    """A text file that tested code or the agent may have written.

    Raises :class:`CheckFailedError` when it is not there or not a regular file: a link would lead the
    harness elsewhere, a pipe would hang it.
    """
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise CheckFailedError(f"{path.name} is not a regular file")
            return file.read(READ_LIMIT_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise CheckFailedError(f"{path.name} can't be read: {error.strerror}") from None


def digests(root: Path) -> dict[str, str | None]:
    """Every file below a folder but the top ``.git``: relative path → hex SHA-256 of its bytes.

    The digest is ``None`` for what is no regular file (a link, a pipe), for what is larger than a
    workspace may be, and for what can't be read, a folder included.
    """
    found: dict[str, str | None] = {}

    def note(error: OSError) -> None:
        found[os.path.relpath(error.filename, root)] = None

    for folder, folders, files in os.walk(root, onerror=note):
        here = Path(folder)
        if here == root and ".git" in folders:
            folders.remove(".git")
        linked = [name for name in folders if (here / name).is_symlink()]
        for name in [*files, *linked]:
            found[os.fspath((here / name).relative_to(root))] = _digest(here / name)
    return found


def _digest(path: Path) -> str | None:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            if os.fstat(file.fileno()).st_size > COPY_LIMIT_BYTES:  # it may have holes for years of reading
                return None
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def copy_tree(
    source: Path, target: Path, give: Callable[[Path], None], *, built: Collection[str] = ()
) -> None:
    """Copy a workspace into an existing folder and hand each entry to ``give``.

    Links are copied as links; pipes, devices and the top ``.git`` are left out. So are the products of
    a build: the entries at the top that ``built`` names, and :data:`BYTECODE` everywhere. Raises
    :class:`CheckFailedError` for a workspace that can't be copied, :class:`GraderError` when it is the
    machine that fails.
    """
    try:
        _copy_tree(source, target, give, {".git", *built})
    except OSError as error:
        if error.errno in _OUR_ERRORS:
            raise GraderError(f"the workspace can't be copied: {error}") from None
        raise CheckFailedError(f"the workspace can't be copied: {error}") from None


def _copy_tree(
    source: Path, target: Path, give: Callable[[Path], None], not_at_the_top: Collection[str]
) -> None:
    files, size_bytes, folders = 0, 0, [(source, target)]
    while folders:
        here, there = folders.pop()
        with os.scandir(here) as entries:
            for entry in entries:
                if entry.name == BYTECODE or (here == source and entry.name in not_at_the_top):
                    continue
                new = there / entry.name
                files += 1
                size_bytes += entry.stat(follow_symlinks=False).st_size
                if files > COPY_LIMIT_FILES or size_bytes > COPY_LIMIT_BYTES:
                    raise CheckFailedError(f"the workspace is too large: {files} files, {size_bytes} bytes")
                if entry.is_symlink():
                    new.symlink_to(os.readlink(entry.path))
                elif entry.is_dir(follow_symlinks=False):
                    new.mkdir()
                    folders.append((Path(entry.path), new))
                elif entry.is_file(follow_symlinks=False):
                    _copy_file(entry.path, new)
                else:
                    continue
                give(new)


def _copy_file(source: str, target: Path) -> None:
    with open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW), "rb") as read, target.open("xb") as write:
        shutil.copyfileobj(read, write)
        target.chmod(0o755 if os.fstat(read.fileno()).st_mode & 0o111 else 0o644)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of ours in one step: it is there whole or not at all."""
    descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o644)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    Path(name).replace(path)
