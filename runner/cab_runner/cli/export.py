"""``cab export``: recorded attempts in other harnesses' formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cab_report.exports import atif, inspect_log
from cab_runner import evidence_store, results
from cab_runner.errors import CabError, UsageError
from cab_runner.results import CellKey

_Attempt = tuple[Path, dict[str, Any]]
"""An attempt's folder and its cell record."""


@click.command("export", short_help="Recorded attempts as Inspect logs or ATIF trajectories.")
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--to", "target", type=click.Choice(["inspect", "atif"]), required=True)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Made if missing."
)
def export(folders: tuple[Path, ...], target: str, out: Path) -> None:
    """Write the attempts under FOLDERS for other tools; an earlier export of theirs is replaced.

    inspect: a log per sweep, agent and model, for `inspect view`. atif: a trajectory.json per attempt, as
    Harbor reads them. The texts of prompts and answers are not recorded, so they are in neither.
    """
    try:
        found = _attempts(folders)
        make = _inspect if target == "inspect" else _atif
        paths = [_write(out / path, document) for path, document in make(found)]
    except (KeyError, TypeError) as error:
        raise CabError(f"a cell.json there lacks what this version records ({error})") from None
    click.echo(f"{len(found)} attempts, {len(paths)} files in {out}")


def _write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    results.write_json(path, document)
    return path


def _attempts(folders: Iterable[Path]) -> list[_Attempt]:
    """The attempts under the folders, each once where folders overlap.

    Raises :class:`UsageError` when there is none, or two are the same attempt of the same cell.
    """
    found: dict[tuple[str, int], _Attempt] = {}
    for folder in folders:
        for attempt, cell in results.cells(folder):
            key = (cell["identity"]["cell_id"], cell["identity"]["attempt"])
            first, _ = found.setdefault(key, (attempt, cell))
            if first.resolve() != attempt.resolve():
                raise UsageError(
                    f"{first} and {attempt} are both attempt {key[1]} of {key[0]}: export them apart"
                )
    if not found:
        named = ", ".join(map(str, folders))
        raise UsageError(f"no recorded attempt under {named}: a folder with a cell.json is one")
    return list(found.values())


def _inspect(found: Iterable[_Attempt]) -> Iterator[tuple[Path, Any]]:
    for name, log in inspect_log.logs((cell for _, cell in found), datetime.now(UTC)):
        yield Path(name), log


def _atif(found: Iterable[_Attempt]) -> Iterator[tuple[Path, Any]]:
    for folder, cell in found:
        path = CellKey.of(cell).folder(Path()) / str(cell["identity"]["attempt"]) / "trajectory.json"
        yield path, atif.trajectory(cell, evidence_store.read_calls(folder))


COMMANDS = (export,)
