"""``cab score``, ``cab ledger``: reading evidence again."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from cab_proxy import records, summary
from cab_report.table import cell_table
from cab_runner import evidence_store, results
from cab_runner.cli.common import json_option, print_json
from cab_runner.errors import CabError, UsageError
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


@click.group("ledger")
def ledger() -> None:
    """Check and read the meter's ledgers (calls.jsonl)."""


@ledger.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def verify(file: Path, as_json: bool) -> None:
    """Check that no line of a ledger was changed, cut out or moved. Exit 1 when one was."""
    found = records.verify(file.read_bytes())
    calls = records.calls_of(found.records)
    if as_json:
        print_json(
            {
                "ok": found.ok,
                "lines": len(found.records),
                "calls": len(calls),
                "head": found.head,
                "torn_bytes": found.torn_bytes,
                "in_flight": [record.call_id for record in found.in_flight],
                "problems": list(found.problems),
            }
        )
    else:
        for record in found.in_flight:
            click.echo(f"in flight: call {record.call_id}, started {record.started_at}, never ended")
        if found.torn_bytes:
            click.echo(
                f"torn: the last line ({found.torn_bytes} bytes) has no end; the writer was killed in it"
            )
        for problem in found.problems:
            click.echo(problem)
        verdict = "holds" if found.ok else "is BROKEN"
        click.echo(
            f"chain {verdict}: {len(found.records)} lines, {len(calls)} calls, head {found.head[:16]}…"
        )
    if not found.ok:
        raise CabError(f"{file} does not verify")


@ledger.command("summary", short_help="Calls, tokens, cost, times and waste of one ledger.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def summarize(file: Path, as_json: bool) -> None:
    """Calls, tokens by kind, cost, TTFT, model time and waste of one ledger."""
    found = records.verify(file.read_bytes())
    totals = summary.summarise(found.records)
    if as_json:
        print_json(totals.to_json())
    else:
        click.echo("\n".join(summary.summary_lines(totals)))


COMMANDS = (score, ledger)
