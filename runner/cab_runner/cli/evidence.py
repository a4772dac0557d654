"""``cab score``: reading evidence again."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from cab_report.table import cell_table
from cab_runner import evidence_store, results
from cab_runner.cli.common import json_option, print_json
from cab_runner.errors import UsageError
from cab_scoring.composite import METHODOLOGIES, Version
from cab_scoring.score import score as score_evidence


@click.command("score")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--methodology", type=click.Choice(list(METHODOLOGIES)), default="1.0", show_default=True)
@json_option
def score(folder: Path, methodology: Version, as_json: bool) -> None:
    """Score recorded attempts again from their stored evidence. Changes no file."""
    found = []
    for attempt, cell in results.cells(folder):
        scored = score_evidence(evidence_store.read(attempt), methodology)
        failure = scored.failure.to_json()
        provenance = {**cell.get("provenance", {}), "methodology_version": methodology}
        found.append(
            {
                **cell,
                "scores": scored.scores,
                "meter": scored.meter,
                "failure": failure,
                "provenance": provenance,
            }
        )
    if not found:
        raise UsageError(f"no recorded attempt under {folder}: a folder with a cell.json is one")
    if as_json:
        print_json(found)
    else:
        Console().print(cell_table(found))


COMMANDS = (score,)
