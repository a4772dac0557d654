"""Folders as seen before and after a job: were the tests left alone, and what may be read of the logs."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

Digests = Mapping[str, str]
"""Path below the folder → what kind of thing it is and what it holds."""

_BYPRODUCTS: Final = frozenset({"__pycache__", ".pytest_cache"})


def tree_digest(folder: Path) -> Digests:
    """The digests of everything in a folder. Symlinks are not followed."""
    found = {}
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(where) / name
            found[path.relative_to(folder).as_posix()] = _digest(path)
    return found


def file_digest(data_sha256: str, *, executable: bool) -> str:
    """Digest of a regular file."""
    return f"file:{'x' if executable else '-'}:{data_sha256}"


def link_digest(target: str) -> str:
    """Digest of a symlink."""
    return f"link:{target}"


FOLDER_DIGEST: Final = "folder"
OTHER_DIGEST: Final = "other"
"""A pipe, a socket, a device: nothing that a test suite holds."""


def intact(before: Digests, after: Digests) -> bool:
    """Whether all that was there is unchanged and nothing came but the interpreter's own caches."""
    added = after.keys() - before.keys()
    return all(after.get(path) == digest for path, digest in before.items()) and all(
        _BYPRODUCTS & set(PurePosixPath(path).parts) for path in added
    )


def keep_plain_files(folder: Path) -> bool:
    """Remove whatever is neither a folder nor a regular file with one name.

    What is read of a finished job can then lead nowhere else. Nothing of the job may be running.
    ``False`` when something had to go.
    """
    whole = True
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(where) / name
            info = path.lstat()
            plain = stat.S_ISREG(info.st_mode) and info.st_nlink == 1
            if not plain and not stat.S_ISDIR(info.st_mode):
                path.unlink()
                whole = False
    return whole


def _digest(path: Path) -> str:
    info = path.lstat()
    if stat.S_ISLNK(info.st_mode):
        return link_digest(os.fspath(path.readlink()))
    if stat.S_ISDIR(info.st_mode):
        return FOLDER_DIGEST
    if not stat.S_ISREG(info.st_mode):
        return OTHER_DIGEST
    with path.open("rb") as file:
        return file_digest(
            hashlib.file_digest(file, "sha256").hexdigest(), executable=bool(info.st_mode & 0o100)
        )
