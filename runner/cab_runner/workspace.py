"""The workspace on the host: prepared before the agent, read after it.

What an agent leaves behind is hostile input. Reading it never follows a symlink, never opens
anything but a regular file, and never runs git: the agent may have written the repository's
configuration and hooks.

Invariants
----------
* The workspace starts as a git repository with one commit, the same bytes for the same task
  everywhere. Its ``.git`` is left out of every snapshot; any other ``.git`` sets ``extra_git_dir``
  and is left out too.
* A snapshot is complete: what can't be read is in it, with its content unknown. That includes
  folders that are nested too deep, which are there as themselves.
* Reading costs a bounded amount of memory, disk and time, whatever lies there: sparse files count
  with the size that they claim.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from dulwich.index import commit_tree
from dulwich.objects import Blob, Commit
from dulwich.refs import Ref
from dulwich.repo import Repo

from cab_runner.patch import changed_lines
from cab_scoring.additions import additions
from cab_scoring.dependencies import own_names
from cab_scoring.evidence import Change, ChangeKind, Workspace
from cab_scoring.globs import compile_glob

LARGEST_FILE_BYTES: Final = 8 * 2**20
KEPT_BYTES: Final = 64 * 2**20
"""Content of larger files, and what goes beyond this in all, is hashed, not kept: the patch names such
files without their bytes."""
READ_BYTES: Final = 2 * 2**30
"""Files that would take what is read of a workspace beyond this are not read: their content is unknown."""
DEEPEST: Final = 128
"""Folders below this many others are not entered."""
_LONGEST_FOLDER_BYTES: Final = 2048
"""Nor are those with a longer path: all that is found can be named, here and in a copy (PATH_MAX)."""

LISTED_ENTRIES: Final = 20
"""Of what an inventory finds."""

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
    """``None`` when it is too much to keep or could not be read."""


Snapshot = Mapping[str, Entry]
"""Path relative to the workspace, with ``/`` → entry. Undecodable bytes are surrogate-escaped."""


def prepare(source: Path, target: Path) -> None:
    """Copy a task's workspace to ``target`` and make it a repository with one fixed commit."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    with Repo.init(target, default_branch=b"main") as repository:
        entries = []
        for name, info in _files(target):
            path = target / name
            blob = Blob.from_string(os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes())
            repository.object_store.add_object(blob)
            entries.append((os.fsencode(name), blob.id, _git_mode(info)))
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
    """Everything under ``root`` that is not a folder, but git's own."""
    found = {}
    may_read, may_keep = READ_BYTES, KEPT_BYTES
    for name, info in _files(root):
        size = info.st_size if stat.S_ISREG(info.st_mode) else 0
        keep = size <= min(LARGEST_FILE_BYTES, may_keep)
        found[name] = _entry(root / name, info, read=size <= may_read, keep=keep)
        may_read -= size if size <= may_read else 0
        may_keep -= size if keep else 0
    return found


def changes(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """What differs, sorted by path; what it adds is told where both sides are text."""
    own = own_names({*before, *after})
    return tuple(
        _change(path, before.get(path), after.get(path), own)
        for path in sorted({*before, *after})
        if not _same(before.get(path), after.get(path))
    )


def _same(old: Entry | None, new: Entry | None) -> bool:
    return bool(old and new and (old.mode, old.sha256) == (new.mode, new.sha256) and old.sha256 is not None)


def _change(path: str, old: Entry | None, new: Entry | None, own: Collection[str]) -> Change:
    kind: ChangeKind = "added" if old is None else "removed" if new is None else "modified"
    name, lines = printable(path), changed_lines(_content(old), _content(new))
    if not isinstance(lines, tuple):
        return Change(path=name, kind=kind, lines_added=None, lines_removed=None)
    before, after = ((_content(entry) or b"").decode("utf-8", "replace") for entry in (old, new))
    added = [line.decode("utf-8", "replace") for line in lines[0]]
    brought = additions(name, before, after, added, own)
    return Change(
        path=name,
        kind=kind,
        lines_added=len(lines[0]),
        lines_removed=len(lines[1]),
        comments_added=brought.comments,
        dependencies_added=brought.dependencies,
        network_tools_added=brought.network_tools,
    )


def read_back(root: Path, before: Snapshot, after: Snapshot) -> Workspace:
    """The finished workspace as the scorer sees it; ``after`` is its snapshot."""
    documents = {
        name: text
        for name in DOCUMENTS
        if name in after and (name not in before or before[name].sha256 != after[name].sha256)
        if (text := _document(root / name)) is not None
    }
    extra_git = any(name != ".git" for name, _ in _walk(root) if _is_git(name))
    return Workspace(changes=changes(before, after), extra_git_dir=extra_git, documents=documents)


def inventory(root: Path, leave_out: Collection[str] = ()) -> dict[str, Any]:
    """How much lies in a folder, and in which of its entries: the largest :data:`LISTED_ENTRIES`, by name.

    ``leave_out`` are paths below it that don't count. JSON: ``files, bytes, entries[{name, files, bytes}]``.
    """
    entries: dict[str, tuple[int, int]] = {}
    for path, info in _walk(root):
        if path not in leave_out:
            name = printable(path.partition("/")[0])
            files, size = entries.get(name, (0, 0))
            entries[name] = (files + 1, size + (info.st_size if stat.S_ISREG(info.st_mode) else 0))
    largest = sorted(entries, key=lambda name: (-entries[name][1], name))[:LISTED_ENTRIES]
    return {
        "files": sum(files for files, _ in entries.values()),
        "bytes": sum(size for _, size in entries.values()),
        "entries": [
            {"name": name, "files": entries[name][0], "bytes": entries[name][1]} for name in sorted(largest)
        ],
    }


def copy_final(source: Path, target: Path, leave_out: Sequence[str] = ()) -> None:
    """Copy a finished workspace for the grader: regular files and symlinks, without any ``.git``.

    What a snapshot does not read is left out, and so is what matches one of the globs ``leave_out``.
    """
    may_read = READ_BYTES
    left_out = [compile_glob(glob) for glob in leave_out]
    for name, info in _files(source):
        if any(glob.fullmatch(name) for glob in left_out):
            continue
        path, destination = source / name, target / name
        if stat.S_ISLNK(info.st_mode):
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.symlink_to(path.readlink())
        elif stat.S_ISREG(info.st_mode) and info.st_size <= may_read:
            may_read -= info.st_size
            destination.parent.mkdir(parents=True, exist_ok=True)
            with suppress(PermissionError), _open_regular(path, info) as reader:
                with destination.open("xb") as writer:
                    shutil.copyfileobj(reader, writer)
                destination.chmod(0o755 if info.st_mode & 0o100 else 0o644)


def printable(path: str) -> str:
    r"""A path that JSON can hold: bytes that are not UTF-8 come out as ``\xNN``."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """What :func:`_walk` finds but for git's."""
    return ((name, info) for name, info in _walk(root) if not _is_git(name))


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Path below ``root`` and status of all that is not a folder; symlinks are not followed.

    Folders are there too where they are not entered: git's, and those too deep or unreadable.
    """
    pending = [""] if not root.is_symlink() and root.is_dir() and _may_enter(root, "") else []
    while pending:
        folder = pending.pop()
        for name in sorted(os.listdir(root / folder)):  # noqa: PTH208  # names are all that is wanted
            path = f"{folder}/{name}" if folder else name
            info = (root / path).lstat()
            if not stat.S_ISDIR(info.st_mode) or name == ".git" or not _may_enter(root / path, path):
                yield path, info
            else:
                pending.append(path)


def _may_enter(folder: Path, path: str) -> bool:
    """Whether a folder can be listed; an owner who lacks the right gives it to himself."""
    if path.count("/") >= DEEPEST or len(os.fsencode(path)) > _LONGEST_FOLDER_BYTES:
        return False
    if not _may(folder, os.R_OK | os.X_OK):
        with suppress(PermissionError):
            folder.chmod(0o700)
    return _may(folder, os.R_OK | os.X_OK)


def _may(path: Path, access: int) -> bool:
    return os.access(path, access, effective_ids=True)


def _is_git(name: str) -> bool:
    return name.rpartition("/")[2] == ".git"


def _git_mode(info: os.stat_result) -> int:
    if stat.S_ISLNK(info.st_mode):
        return 0o120000
    if not stat.S_ISREG(info.st_mode):
        return 0
    return 0o100755 if info.st_mode & 0o100 else 0o100644


def _entry(path: Path, info: os.stat_result, *, read: bool, keep: bool) -> Entry:
    mode = _git_mode(info)
    if mode == 0o120000:
        target = os.fsencode(path.readlink())
        return Entry(mode, hashlib.sha256(target).hexdigest(), target)
    if mode == 0 or not read:
        return Entry(mode, None, None)
    try:
        with _open_regular(path, info) as file:
            if not keep:
                return Entry(mode, hashlib.file_digest(file, "sha256").hexdigest(), None)
            data = file.read()
    except PermissionError:
        return Entry(mode, None, None)
    return Entry(mode, hashlib.sha256(data).hexdigest(), data)


def _document(path: Path) -> str | None:
    """The beginning of a text that the agent wrote; ``None`` for anything but a regular file."""
    info = path.lstat()
    if not stat.S_ISREG(info.st_mode):
        return None
    with suppress(PermissionError), _open_regular(path, info) as file:
        return file.read(_LARGEST_DOCUMENT_BYTES).decode("utf-8", "replace")
    return None


def _open_regular(path: Path, info: os.stat_result) -> BufferedReader:
    """Open what ``info`` says is a regular file. Nothing of the job may be running any more.

    Raises ``PermissionError`` where not even the owner's chmod helps.
    """
    if not _may(path, os.R_OK):
        path.chmod(info.st_mode | stat.S_IRUSR)
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _content(entry: Entry | None) -> bytes | None:
    return b"" if entry is None else entry.data
