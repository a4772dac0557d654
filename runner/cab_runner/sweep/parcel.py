"""An attempt's folder on its way from the node that ran it to the results of its sweep.

A parcel is a zip of regular files. A node is trusted less than the driver: whatever a parcel holds, unpacking
writes new regular files below a new folder, and no more than a bound. ``cell.json`` is written last: a folder
that has it is complete, also when the driver is killed meanwhile.
"""

from __future__ import annotations

import json
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import IO, Any, Final

from cab_runner import results
from cab_runner.errors import CabError
from cab_runner.results import CellKey
from cab_runner.sandbox.staging import remove_tree
from cab_runner.sweep.node import Order
from cab_scoring.aggregate import Attempt

LARGEST_BYTES: Final = 4 * 2**30
"""Of a parcel, and of what is in it."""
_MOST_FILES: Final = 100_000
_RECORD: Final = "cell.json"
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What :mod:`zipfile` raises for what is no zip, or one that it can't read."""


class BadParcel(CabError):
    """What came is no attempt, or not the one that was ordered."""


def pack(folder: Path, parcel: IO[bytes]) -> None:
    """Write the regular files of a folder as a parcel."""
    with zipfile.ZipFile(
        parcel, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False
    ) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                archive.write(path, path.relative_to(folder).as_posix())


def unpack(parcel: IO[bytes], folder: Path, largest_bytes: int = LARGEST_BYTES) -> None:
    """Write a parcel's files below ``folder``, which must not exist. Raises :class:`BadParcel`, ``OSError``.

    Nothing is left of a parcel that is refused.
    """
    folder.mkdir()
    try:
        with zipfile.ZipFile(parcel) as archive:
            left = largest_bytes
            for member, path in _checked(archive):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("xb") as file:
                    while piece := source.read(2**16):
                        if (left := left - len(piece)) < 0:
                            raise BadParcel(f"the parcel holds more than {largest_bytes} bytes")
                        file.write(piece)
    except _BROKEN as error:
        remove_tree(folder)
        raise BadParcel(f"the parcel cannot be read ({error})") from None
    except BaseException:
        remove_tree(folder)
        raise


def _checked(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    members = archive.infolist()
    if len(members) > _MOST_FILES:
        raise BadParcel(f"the parcel holds {len(members)} files")
    for member in sorted(members, key=lambda member: member.filename == _RECORD):
        path = PurePosixPath(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if path.is_absolute() or not path.parts or ".." in path.parts or member.filename.endswith("/"):
            raise BadParcel(f"the parcel names {member.filename!r}, which is no place for a file")
        if kind not in (0, stat.S_IFREG):
            raise BadParcel(f"the parcel's {member.filename!r} is no regular file")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadParcel(f"the parcel's {member.filename!r} is compressed in another way than ours")
        yield member, path


class Inbox:
    """Where parcels of a sweep arrive. Each run id is claimed once: what comes under it later is a duplicate,
    which is kept as it came in ``duplicates`` and counted nowhere. May be used from several threads.
    """

    def __init__(self, results_folder: Path, sweep_id: str) -> None:
        self._results, self._sweep_id = results_folder, sweep_id
        self._partial = results_folder / ".partial"
        self._partial.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._claimed: set[str] = set()
        self._lock = Lock()

    def spool(self) -> IO[bytes]:
        """A file to receive a parcel in, on the disk of the results; gone when it is closed, or we are."""
        return tempfile.TemporaryFile(dir=self._partial)

    def claim(self, run_id: str) -> bool:
        """Whether nobody claimed it before."""
        with self._lock:
            new = run_id not in self._claimed
            self._claimed.add(run_id)
            return new

    def publish(self, order: Order, parcel: IO[bytes]) -> dict[str, Any]:
        """Unpack what an order, which was claimed, has become; returns its record in the results.

        Raises :class:`BadParcel` for what is not a record of this order, and ``OSError``.
        """
        slot = order.slot
        key = CellKey(sweep_id=self._sweep_id, agent=slot.agent, model=slot.model, task_id=slot.task)
        partial = self._partial / order.run_id
        unpack(parcel, partial)
        try:
            _require(partial, {"run_id": order.run_id, "cell_id": key.cell_id})
            return results.publish(partial, self._results, key, None)[1]
        except BaseException:
            remove_tree(partial)
            raise

    def keep_aside(self, run_id: str, parcel: IO[bytes]) -> Path:
        """Keep a duplicate, packed; returns the file."""
        folder = self._results / self._sweep_id / "duplicates"
        folder.mkdir(exist_ok=True)
        number = 1
        while True:
            path = folder / f"{run_id}-{number}.zip"
            try:
                with path.open("xb") as file:
                    parcel.seek(0)
                    shutil.copyfileobj(parcel, file)
            except FileExistsError:
                number += 1
            else:
                return path


def _require(folder: Path, wanted: dict[str, str]) -> None:
    try:
        cell = json.loads((folder / _RECORD).read_bytes())
        found = {name: cell["identity"][name] for name in wanted}
        Attempt.from_cell(cell)
    except (OSError, ValueError, ArithmeticError, KeyError, TypeError, RecursionError) as error:
        raise BadParcel(f"the parcel holds no record of an attempt ({error})") from None
    if found != wanted:
        raise BadParcel(f"the parcel is of {found['cell_id']}, run {found['run_id']}: that was not ordered")
