"""``cab doctor``, ``cab clean``: what this machine has, and keeping it in order."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from cab_runner import doctor as doctor_module
from cab_runner import sandbox
from cab_runner.cli.common import (
    DEFAULT_RESULTS,
    json_option,
    print_json,
    print_table,
    stop_on_signals,
)
from cab_runner.sandbox.reap import reap


@click.command("doctor", short_help="What this machine has, found by trying it.")
@json_option
def doctor(as_json: bool) -> None:
    """What this machine has: each sandbox tried by running it, toolchains, images, the local model."""
    with stop_on_signals() as stop:
        findings = doctor_module.examine(sandbox.all_sandboxes(), stop)
    if as_json:
        print_json([{"what": f.what, "ok": f.ok, "detail": f.detail} for f in findings])
        return
    print_table(("what", "", "found"), [(f.what, "✓" if f.ok else "–", f.detail) for f in findings])


@click.command("clean")
@click.option("--results", type=click.Path(path_type=Path), default=DEFAULT_RESULTS, show_default=True)
@json_option
def clean(results: Path, as_json: bool) -> None:
    """Remove what killed runners left: containers, staging folders. Partial results are only named."""
    removed = reap()
    partial = sorted(str(path) for path in (results / ".partial").glob("*"))
    if as_json:
        print_json({"removed": asdict(removed), "partial": partial})
        return
    for kind, found in asdict(removed).items():
        for name in found:
            click.echo(f"removed {kind[:-1]} {name}")
    for name in partial:
        click.echo(f"left: {name} (an attempt that did not end; its ledger may hold calls)")
    if not any(asdict(removed).values()) and not partial:
        click.echo("nothing to clean")


COMMANDS = (doctor, clean)
