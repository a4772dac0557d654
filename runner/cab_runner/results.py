"""Where results lie: staged in ``.partial``, renamed into place when complete.

``results/<sweep>/<agent>/<model>/<category>/<slug>/<attempt>/``. A folder that exists is complete;
identity is read from its cell.json, never from the path.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cab_report.segments import segment
from cab_runner.errors import CabError, UsageError
from cab_runner.sandbox.staging import give_trees


@dataclass(frozen=True, slots=True, kw_only=True)
class CellKey:
    """One cell of a sweep."""

    sweep_id: str
    agent: str
    model: str
    task_id: str

    @classmethod
    def of(cls, cell: Mapping[str, Any]) -> Self:
        """That of a cell record."""
        identity = cell["identity"]
        return cls(
            sweep_id=identity["sweep_id"],
            agent=identity["agent"],
            model=identity["model"],
            task_id=identity["task"],
        )

    @property
    def cell_id(self) -> str:
        """``<sweep_id>/<agent>/<model>/<task>``."""
        return f"{self.sweep_id}/{self.agent}/{self.model}/{self.task_id}"

    def folder(self, results: Path) -> Path:
        """The cell's folder, which holds one folder an attempt."""
        return results.joinpath(*(segment(part) for part in self.cell_id.split("/")))


def free_attempt(results: Path, key: CellKey) -> int:
    """The lowest attempt number that is not taken."""
    number = 1
    while (key.folder(results) / str(number)).exists():
        number += 1
    return number


def require_free(results: Path, key: CellKey, attempt: int) -> None:
    """Raise :class:`UsageError` when the attempt is there already."""
    if (key.folder(results) / str(attempt)).exists():
        raise UsageError(
            f"attempt {attempt} of {key.cell_id} is recorded already; leave --attempt out to take the next "
            f"free number ({free_attempt(results, key)})"
        )


def publish(partial: Path, results: Path, key: CellKey, attempt: int | None) -> tuple[Path, dict[str, Any]]:
    """Rename a complete attempt into place; returns its folder and its cell record.

    Another runner may have taken the number meanwhile: without a fixed ``attempt`` the next one is
    tried, since rename onto a folder with content fails. Raises :class:`UsageError` when the fixed one
    was taken; the attempt stays where it is.
    """
    cell = key.folder(results)
    cell.mkdir(parents=True, exist_ok=True)
    while True:
        number = attempt if attempt is not None else free_attempt(results, key)
        record = _numbered(partial, number)
        if os.geteuid() == 0:
            _give_to_owner(results, cell, partial)
        try:
            partial.rename(cell / str(number))
        except OSError:
            if not (cell / str(number)).exists():
                raise
            if attempt is not None:
                raise UsageError(
                    f"attempt {attempt} of {key.cell_id} was recorded by another runner meanwhile; this one "
                    f"is kept in {partial}"
                ) from None
        else:
            return cell / str(number), record


def _give_to_owner(results: Path, cell: Path, partial: Path) -> None:
    """What root has made belongs to whom the results folder does: in an image, that is often a mount."""
    owner = results.stat()
    for folder in (cell, *cell.parents):
        if folder == results:
            break
        os.chown(folder, owner.st_uid, owner.st_gid)
    give_trees((partial,), owner.st_uid, owner.st_gid)


def _numbered(partial: Path, number: int) -> dict[str, Any]:
    """The staged cell record, with this attempt number written into it."""
    path = partial / "cell.json"
    record: dict[str, Any] = json.loads(path.read_bytes())
    record["identity"]["attempt"] = number
    write_json(path, record)
    return record


def write_json(path: Path, value: object) -> None:
    """Write JSON for people and machines, whole or not at all."""
    write_whole(path, to_json(value))


def write_whole(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    # half a surrogate pair, which JSON may hold and UTF-8 not, is escaped as JSON does it
    temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
    os.replace(temporary, path)  # noqa: PTH105  # Path.replace is the same call; os.replace says atomic


def to_json(value: object) -> str:
    """The text of a JSON file. Raises ``ValueError`` or ``RecursionError`` for what JSON can't hold."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def cells(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Attempt folders under ``folder`` with their cell records, sorted by path; partial ones are left out.

    Raises :class:`CabError` for a record that can't be read.
    """
    for path in sorted(folder.rglob("cell.json")):
        if ".partial" in path.relative_to(folder).parts:
            continue
        try:
            cell = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise CabError(f"{path} cannot be read ({error}): move its folder away") from None
        if not isinstance(cell, dict):
            raise CabError(f"{path} is no cell record")
        yield path.parent, cell
