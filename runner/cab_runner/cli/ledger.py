"""``cab ledger`` and ``cab reconcile``: reading the meter's ledgers."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cab_proxy import export, ledger_files, records, summary
from cab_proxy import reconcile as reconciling
from cab_proxy.records import printable
from cab_proxy.usage_export import ExportError, read_export
from cab_runner.cli.common import json_option, print_json
from cab_runner.cli.ledger_tail import Follower, call_line, ended_calls, last_calls
from cab_runner.errors import EXIT_INTERRUPTED, CabError, UsageError

_PAUSE_S: Final = 0.5
"""Between two looks at a ledger that is followed."""

ledger_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


def read_ledger(file: Path) -> tuple[records.Record, ...]:
    """A ledger's records, those of its rotated parts included. Says so where its chain doesn't hold."""
    found = ledger_files.verify_ledger(file)
    if not found.ok:
        click.echo(f"cab: {file} does not verify: cab ledger verify {file} tells why", err=True)
    return found.records


@click.group("ledger")
def ledger() -> None:
    """Check and read the meter's ledgers (calls.jsonl)."""


@ledger.command("verify")
@ledger_file
@json_option
def verify(file: Path, as_json: bool) -> None:
    """Check that no line of a ledger was changed, cut out or moved. Exit 1 when one was."""
    found = ledger_files.verify_ledger(file)
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
            click.echo(
                printable(f"in flight: call {record.call_id}, started {record.started_at}, never ended")
            )
        if found.torn_bytes:
            click.echo(
                f"torn: the last line ({found.torn_bytes} bytes) has no end; the writer was killed in it"
            )
        for problem in found.problems:
            click.echo(printable(problem))
        verdict = "holds" if found.ok else "is BROKEN"
        click.echo(
            f"chain {verdict}: {len(found.records)} lines, {len(calls)} calls, head {found.head[:16]}…"
        )
    if not found.ok:
        raise CabError(f"{file} does not verify")


@ledger.command("summary", short_help="Calls, operations, tokens, cost, times and waste of one ledger.")
@ledger_file
@json_option
def summarize(file: Path, as_json: bool) -> None:
    """Calls and operations, tokens by kind, cost, TTFT, model time and waste of one ledger."""
    totals = summary.summarise(read_ledger(file))
    if as_json:
        print_json(totals.to_json())
    else:
        click.echo("\n".join(summary.summary_lines(totals)))


@ledger.command("tail", short_help="The last calls of a ledger, a line each; -f follows it.")
@ledger_file
@click.option("-n", "count", type=click.IntRange(min=0), default=10, show_default=True, help="Calls to show.")
@click.option("-f", "--follow", is_flag=True, help="Go on with each call that ends, until Ctrl-C.")
def tail(file: Path, count: int, follow: bool) -> None:
    """The last calls of a ledger, a line each.

    Counts are input → output tokens: ~ for an estimate, ≥ for the last figure before a stream broke off, ?
    where nothing is known. Times are UTC. Of a rotated ledger only its last file is read.
    """
    with Follower(file) as follower:
        try:
            for call in last_calls(follower.lines(), count):
                click.echo(call_line(call))
            while follow:
                time.sleep(_PAUSE_S)
                for call in ended_calls(follower.lines()):
                    click.echo(call_line(call))
        except KeyboardInterrupt:  # the way to end it: nothing to say
            raise SystemExit(EXIT_INTERRUPTED) from None


@ledger.command("export", short_help="A ledger as OpenTelemetry spans or CSV.")
@ledger_file
@click.option("--format", "kind", type=click.Choice(["otel", "csv"]), required=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: stdout.")
def export_ledger(file: Path, kind: str, output: Path | None) -> None:
    """A ledger for other tools: OpenTelemetry GenAI spans (OTLP, JSON lines), or CSV with a row per call."""
    found = read_ledger(file)
    text = export.csv_lines(found) if kind == "csv" else (f"{line}\n" for line in export.otel_lines(found))
    if output is None:
        sys.stdout.writelines(text)
        return
    with output.open("w", encoding="utf-8", newline="") as out:
        out.writelines(text)


@click.command("reconcile", short_help="Compare ledgers with a provider's usage export.")
@click.argument(
    "ledgers", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.argument("usage", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def reconcile(ledgers: tuple[Path, ...], usage: Path, as_json: bool) -> None:
    """Compare LEDGERS with USAGE, a provider's usage export, by hour (or day, as it has them) and model.

    USAGE is what OpenAI's usage page or Anthropic's Console exports as CSV, or the JSON of their usage APIs.
    Exit 1 when a figure differs and nothing in the ledger explains it.
    """
    try:
        theirs = read_export(usage.read_bytes())
    except ExportError as error:
        raise UsageError(f"{usage} can't be read: {error}") from None
    ours = [record for file in ledgers for record in read_ledger(file)]
    found = reconciling.reconcile(ours, theirs)
    if as_json:
        print_json(found.to_json())
    else:
        if found.buckets:
            Console().print(_table(found))
        for bucket in found.buckets:
            if bucket.reasons:
                click.echo(f"{_when(found, bucket)} {printable(bucket.model)}: {', '.join(bucket.reasons)}")
        if found.calls_outside:
            click.echo(f"left out: {found.calls_outside} calls outside the export's time")
        if found.buckets_outside:
            click.echo(
                f"left out: {found.buckets_outside} {found.bucket}s × models outside the ledger's time"
            )
    if not found.buckets:
        raise CabError("nothing to compare: the ledger and the export have no time in common")
    if not found.ok:
        differing = sum(bucket.verdict == "differs" for bucket in found.buckets)
        raise CabError(f"{differing} of {len(found.buckets)} {found.bucket}s × models differ")


def _table(found: reconciling.Reconciliation) -> Table:
    numbers = [Column(name, justify="right") for name in ("ledger", "export", "difference")]
    table = Table("UTC", Column("model", overflow="fold"), "", *numbers, "", box=None)
    for bucket in found.buckets:
        where = (_when(found, bucket), Text(printable(bucket.model)))
        for name, figure in bucket.figures.items():
            table.add_row(
                *where,
                name.replace("_", " "),
                "?" if figure.ledger is None else f"{figure.ledger:,}",
                f"{figure.export:,}",
                f"{figure.difference:+,}" if figure.difference else "",
                figure.verdict,
                style="bold" if figure.verdict == "differs" else "",
            )
            where = ("", Text())
    return table


def _when(found: reconciling.Reconciliation, bucket: reconciling.Bucket) -> str:
    return bucket.start[: 10 if found.bucket == "day" else 16].replace("T", " ")


COMMANDS = (ledger, reconcile)
