"""The workspace on the host: prepared before the agent, read after it.

What an agent leaves behind is hostile input. Reading it never follows a symlink, never opens
anything but a regular file, and never runs git: the agent may have written the repository's
configuration and hooks.

Invariants
----------
* The workspace starts as a git repository with one commit, the same bytes for the same task
  everywhere. Its ``.git`` is left out of every snapshot; any other ``.git`` sets ``extra_git_dir``
  and is left out too.
* A snapshot is complete: what can't be read is in it, with its content unknown.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dulwich.index import commit_tree
from dulwich.objects import Blob, Commit
from dulwich.refs import Ref
from dulwich.repo import Repo

from cab_runner.patch import BINARY, line_counts
from cab_scoring.evidence import Change, ChangeKind, Workspace

LARGEST_FILE_BYTES: Final = 8 * 2**20
"""Content of larger files is hashed, not kept: the patch names them without their bytes."""

DOCUMENTS: Final = ("REFUSAL.md", "CLARIFY.md")
_LARGEST_DOCUMENT_BYTES: Final = 64 * 2**10

_IDENTITY: Final = b"CodingAgentBench <noreply@example.invalid>"
_COMMIT_TIME: Final = 1_735_689_600  # 2025-01-01T00:00:00Z, so that the commit is the same everywhere


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a snapshot."""

    mode: int
    """Git's mode: 0o100644, 0o100755 or 0o120000; 0 for what git can't hold (a pipe, a device)."""
    sha256: str | None
    """``None`` when it could not be read."""
    data: bytes | None
    """``None`` when it is too large or could not be read."""


Snapshot = Mapping[str, Entry]
"""Path relative to the workspace, with ``/`` → entry. Undecodable bytes are surrogate-escaped."""


def prepare(source: Path, target: Path) -> None:
    """Copy a task's workspace to ``target`` and make it a repository with one fixed commit."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    with Repo.init(target, default_branch=b"main") as repository:
        entries = []
        for path in _files(target):
            name = path.relative_to(target).as_posix().encode()
            info = path.lstat()
            blob = Blob.from_string(os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes())
            repository.object_store.add_object(blob)
            entries.append((name, blob.id, _git_mode(info)))
        commit = Commit()
        commit.tree = commit_tree(repository.object_store, entries)
        commit.author = commit.committer = _IDENTITY
        commit.author_time = commit.commit_time = _COMMIT_TIME
        commit.author_timezone = commit.commit_timezone = 0
        commit.encoding = b"UTF-8"
        commit.message = b"The task as given\n"
        repository.object_store.add_object(commit)
        repository.refs[Ref(b"refs/heads/main")] = commit.id
        repository.get_worktree().reset_index()


def snapshot(root: Path) -> Snapshot:
    """Every file under ``root`` but git's own."""
    return {os.fspath(path.relative_to(root)): _entry(path) for path in _files(root)}


def has_extra_git(root: Path) -> bool:
    """Whether a ``.git`` lies anywhere but at the top."""
    return any(
        ".git" in (*folders, *files) and Path(folder) != root for folder, folders, files in os.walk(root)
    )


def changes(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """What differs, sorted by path, with changed lines where both sides are text."""
    found = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old and new and (old.mode, old.sha256) == (new.mode, new.sha256) and old.sha256 is not None:
            continue
        counts = line_counts(_content(old), _content(new))
        added, removed = counts if counts is not BINARY else (None, None)
        kind: ChangeKind = "added" if old is None else "removed" if new is None else "modified"
        found.append(Change(path=printable(path), kind=kind, lines_added=added, lines_removed=removed))
    return tuple(found)


def read_back(before: Snapshot, after: Snapshot, *, extra_git_dir: bool) -> Workspace:
    """The finished workspace as the scorer sees it."""
    documents = {
        name: entry.data[:_LARGEST_DOCUMENT_BYTES].decode("utf-8", "replace")
        for name in DOCUMENTS
        if (entry := after.get(name)) and stat.S_ISREG(entry.mode) and entry.data is not None
        if name not in before or before[name].sha256 != entry.sha256
    }
    return Workspace(changes=changes(before, after), extra_git_dir=extra_git_dir, documents=documents)


def copy_final(source: Path, target: Path) -> None:
    """Copy a finished workspace for the grader: regular files and symlinks, without the top ``.git``."""
    for path in _files(source):
        info = path.lstat()
        if not (stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode)):
            continue
        destination = target / path.relative_to(source)
        destination.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(info.st_mode):
            destination.symlink_to(path.readlink())
            continue
        try:
            with _open_regular(path) as reader, destination.open("xb") as writer:
                shutil.copyfileobj(reader, writer)
        except PermissionError:
            continue
        destination.chmod(0o755 if info.st_mode & 0o100 else 0o644)


def printable(path: str) -> str:
    r"""A path that JSON can hold: bytes that are not UTF-8 come out as ``\xNN``."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _files(root: Path) -> Iterator[Path]:
    """Everything that is not a folder, sorted, symlinks not followed, git's folders left out.

    A symlink to a folder is a file here.
    """
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name != ".git" and name not in links)
        for name in sorted(files + links):
            if name != ".git":
                yield here / name


def _git_mode(info: os.stat_result) -> int:
    if stat.S_ISLNK(info.st_mode):
        return 0o120000
    if not stat.S_ISREG(info.st_mode):
        return 0
    return 0o100755 if info.st_mode & 0o100 else 0o100644


def _entry(path: Path) -> Entry:
    info = path.lstat()
    mode = _git_mode(info)
    if mode == 0o120000:
        target = os.fsencode(path.readlink())
        return Entry(mode, hashlib.sha256(target).hexdigest(), target)
    if mode == 0:
        return Entry(0, None, None)
    try:
        with _open_regular(path) as file:
            if info.st_size > LARGEST_FILE_BYTES:
                return Entry(mode, hashlib.file_digest(file, "sha256").hexdigest(), None)
            data = file.read()
    except OSError:
        return Entry(mode, None, None)
    return Entry(mode, hashlib.sha256(data).hexdigest(), data)


def _open_regular(path: Path):  # type: ignore[no-untyped-def]  # io.BufferedReader, as os.fdopen says
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _content(entry: Entry | None) -> bytes | None:
    return b"" if entry is None else entry.data
