"""Tar archives to and from a container: the hidden tests go in, the grader's logs come out.

What comes out is hostile input: extracting writes folders and regular files only, below the target
only, up to a bound.
"""

from __future__ import annotations

import errno
import hashlib
import io
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from pathlib import Path, PurePosixPath
from typing import IO, Final

from cab_runner.sandbox.base import SandboxError
from cab_runner.sandbox.trees import FOLDER_DIGEST, OTHER_DIGEST, Digests, file_digest, link_digest

_MOST_ENTRIES: Final = 20_000
_NOT_OURS: Final = frozenset({errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG})
"""What fails because of a name in the archive, not because of this machine."""


class Chunks(io.RawIOBase):
    """An iterator of byte chunks as a readable file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed asks for its private alias
        """Fill the buffer from the next chunk; 0 at the end."""
        while not self._held:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._held = chunk
        taken = self._held[: len(buffer)]
        buffer[: len(taken)] = taken
        self._held = self._held[len(taken) :]
        return len(taken)


def pack(folder: Path, name: str, *, open_to_all: bool = False) -> bytes:
    """A tar of a folder as ``name``, all of it root's, and nobody else's to read unless it is open to all."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(folder, arcname=name, filter=_open if open_to_all else _private)
    return packed.getvalue()


def empty_folders(modes: Mapping[str, int]) -> bytes:
    """A tar of empty folders that are root's, by name, outer ones first."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, mode in modes.items():
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.DIRTYPE
            entry.mode = mode
            tar.addfile(entry)
    return packed.getvalue()


def unpack(chunks: Iterable[bytes], target: Path, limit_bytes: int) -> None:
    """Write what a tar holds below its top folder to ``target``: files, folders and links, with their modes
    and, where we are root, their owners. Set-id bits, devices and pipes are left out.

    For folders of images, of which no program has run. Raises :class:`SandboxError` for what would lie
    outside ``target``, and for more than ``limit_bytes`` in all, holes included.
    """
    reader = io.BufferedReader(Chunks(chunks))
    try:
        with tarfile.open(fileobj=reader, mode="r|") as tar:
            # where tarfile has filters, its default would refuse links to /usr
            tar.extraction_filter = lambda entry, _: entry
            tar.extractall(target, members=_moved(tar, target, limit_bytes), numeric_owner=True)  # noqa: S202  # see _moved
    finally:
        while reader.read(1 << 20):
            pass


def digests(chunks: Iterable[bytes]) -> Digests:
    """The digests of what a tar holds, by path below its top folder."""
    found = {}
    for path, entry, content in _entries(chunks):
        if entry.isdir():
            found[path] = FOLDER_DIGEST
        elif entry.issym():
            found[path] = link_digest(entry.linkname)
        elif content is not None:
            sha256 = hashlib.sha256()
            while block := content.read(1 << 20):
                sha256.update(block)
            found[path] = file_digest(sha256.hexdigest(), executable=bool(entry.mode & 0o100))
        else:
            found[path] = OTHER_DIGEST
    return found


def extract(chunks: Iterable[bytes], target: Path, limit_bytes: int) -> bool:
    """Write a tar's folders and regular files below ``target``; ``False`` when some were left out.

    Left out are links, devices, paths that lead elsewhere, and what exceeds ``limit_bytes`` or
    20,000 entries in all.
    """
    whole, left_bytes = True, limit_bytes
    for number, (path, entry, content) in enumerate(_entries(chunks)):
        if number >= _MOST_ENTRIES:
            return False
        place = _below(target, path)
        if place is None or not (entry.isdir() or content is not None) or entry.size > left_bytes:
            whole = False
            continue
        try:
            (place if entry.isdir() else place.parent).mkdir(parents=True, exist_ok=True)
            if content is not None:
                with place.open("xb") as file:
                    shutil.copyfileobj(content, file)
                left_bytes -= entry.size
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
            whole = False
    return whole


def _entries(chunks: Iterable[bytes]) -> Iterator[tuple[str, tarfile.TarInfo, IO[bytes] | None]]:
    """Path below the top folder, entry, and content of a regular file; of equal paths the first."""
    seen = set()
    reader = io.BufferedReader(Chunks(chunks))
    try:
        with tarfile.open(fileobj=reader, mode="r|") as tar:
            for entry in tar:
                _, _, path = entry.name.strip("/").partition("/")
                if path and path not in seen:
                    seen.add(path)
                    yield path, entry, tar.extractfile(entry) if entry.isreg() else None
    finally:
        while reader.read(1 << 20):  # a connection that is not read to its end is not closed
            pass


def _below(target: Path, path: str) -> Path | None:
    parts = PurePosixPath(path).parts
    return None if ".." in parts or "\0" in path else target.joinpath(*parts)


def _moved(tar: tarfile.TarFile, target: Path, limit_bytes: int) -> Iterator[tarfile.TarInfo]:
    """The entries as they are to be written, each looked at when all before it are written."""
    root, left_bytes = target.resolve(), limit_bytes
    for entry in tar:
        left_bytes -= entry.size
        if left_bytes < 0:
            raise SandboxError(f"an image's folder holds more than {limit_bytes / 2**20:,.0f} MiB")
        if entry.isreg() or entry.isdir() or entry.issym() or entry.islnk():
            moved = copy(entry)
            moved.name, moved.mode = _below_top(entry.name), entry.mode & 0o1777
            if entry.islnk():
                moved.linkname = _below_top(entry.linkname)
            for name in (moved.name, moved.linkname if entry.islnk() else "."):
                place = _below(root, name)
                if place is None or not place.parent.resolve().is_relative_to(
                    root if name != "." else root.parent
                ):
                    raise SandboxError(f"an image's archive has {entry.name!r}, which lies elsewhere")
            if entry.islnk() and (root / moved.linkname).is_symlink():
                # tarfile would follow the link when it sets the mode of its other name
                moved.type, moved.linkname = tarfile.SYMTYPE, str((root / moved.linkname).readlink())
            yield moved


def _below_top(name: str) -> str:
    return name.strip("/").partition("/")[2] or "."


def _open(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    private = _private(entry)
    private.mode |= 0o055 if private.mode & 0o100 else 0o044
    return private


def _private(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o700 if entry.isdir() or entry.mode & 0o100 else 0o600
    return entry
