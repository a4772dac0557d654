"""``cab show``: one attempt in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
from rich.console import Console

from cab_report import show as view
from cab_report.attempt import evidence
from cab_report.attempt.evidence import Unreadable
from cab_report.results.runs import Found, Run, read
from cab_report.segments import segment
from cab_report.text import one_line, visible
from cab_runner.cli.common import DEFAULT_RESULTS, json_option, print_json
from cab_runner.errors import CabError, UsageError

SCHEMA_VERSION: Final = 1
"""Of what --json prints."""


@click.command("show", short_help="One attempt: verdict, axes, times, trace, model calls.")
@click.argument("cell")
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_RESULTS,
    show_default=True,
    help="Where cell ids and run ids are looked up.",
)
@json_option
def show(cell: str, results: Path, as_json: bool) -> None:
    """What an attempt came to, where its time went, and each of its model calls.

    CELL is an attempt's folder, a cell's, a cell_id or a run_id. Of a cell the last attempt that counts is
    shown, and the others are listed.
    """
    attempts = _attempts(cell, results)
    run, folder = max(attempts, key=lambda each: each[0].stands)
    others = [each for each in attempts if each[1] != folder]
    try:
        found = evidence.read(folder)
    except Unreadable as error:
        raise CabError(f"{folder} can't be shown: {error}") from None
    if as_json:
        listed = [
            {"folder": str(at), "run_id": other.run_id, "verdict": other.verdict, "cause": other.cause}
            for other, at in others
        ]
        print_json(
            {"schema_version": SCHEMA_VERSION, **view.to_json(found, folder), "other_attempts": listed}
        )
        return
    console = Console(markup=False, highlight=False, emoji=False)
    console.print(view.render(found, folder))
    if others:
        console.print(f"\nOther attempts at {one_line(run.task, 200)}", style="bold")
    for other, at in others:
        void = "" if other.sums.counted else f": {one_line(other.cause.replace('_', ' '), 60)}"
        console.print(f"{other.verdict}{void}  {one_line(at, 600)}", soft_wrap=True)


def _attempts(cell: str, results: Path) -> list[tuple[Run, Path]]:
    """The attempts at one cell, by when they were started. Raises :class:`CabError`."""
    below = results.joinpath(*(segment(part) for part in cell.strip("/").split("/")))
    folder = next((path for path in (Path(cell), below) if path.is_dir()), None)
    found = read([folder or results])
    pairs = list(zip(found.runs, found.folders, strict=True))
    if folder is None:
        pairs = [each for each in pairs if each[0].run_id == cell]
    if not pairs:
        raise _nothing(cell, folder, results, found)
    for warning in found.warnings if folder else ():
        click.echo(f"cab: warning: {visible(warning)}", err=True)
    cells = sorted({f"{run.sweep_id}/{run.agent}/{run.model}/{run.task}" for run, _ in pairs})
    if len(cells) > 1:
        raise UsageError(f"{cell} holds {len(cells)} cells: name one of them, such as {cells[0]}")
    return sorted(pairs, key=lambda each: each[0].begun)


def _nothing(cell: str, folder: Path | None, results: Path, found: Found) -> CabError:
    if folder is None:
        return UsageError(
            f"{cell} is no folder, and no cell_id or run_id under {results}: is --results right?"
        )
    if found.warnings:
        return CabError(found.warnings[0])
    return UsageError(f"no recorded attempt under {folder}: a folder with a cell.json is one")


COMMANDS = (show,)
