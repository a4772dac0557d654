"""``cab results``: statistics of what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console

from cab_report.results.runs import read
from cab_report.text import visible
from cab_runner.cli.common import DEFAULT_RESULTS, print_json
from cab_runner.errors import MachineLacks, UsageError

if TYPE_CHECKING:
    from cab_report.results.table import Table
    from cab_scoring.stats.intervals import Scope

SCHEMA_VERSION: Final = 1
"""Of what --json prints."""
SCOPES: Final[dict[str, Scope]] = {"such-tasks": "such tasks", "these-tasks": "these tasks"}


@click.command("results", short_help="Statistics of recorded attempts.")
@click.argument(
    "folders", nargs=-1, metavar="[FOLDER]...", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("-a", "--agent", "agents", multiple=True, help="Glob of agents; may be repeated.")
@click.option("-m", "--model", "models", multiple=True, help="Glob of models; may be repeated.")
@click.option("-t", "--task", "tasks", multiple=True, help="Glob of tasks; may be repeated.")
@click.option(
    "--scope",
    type=click.Choice(list(SCOPES)),
    default="such-tasks",
    show_default=True,
    help="What pass@1, ranks and differences are about: tasks such as these, or exactly these "
    "(which takes two attempts at each).",
)
@click.option(
    "--k",
    type=click.IntRange(min=1),
    help="Of pass@k and pass^k. Default: as many attempts as some agent has at each task.",
)
@click.option("--json", "form", flag_value="json", help="Print JSON for machines on stdout.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown on stdout.")
@click.option(
    "--csv",
    "csv_path",
    type=click.Path(path_type=Path),
    help="Write CSV instead of printing: NAME.csv gets the main table, a folder a file for each.",
)
def results(
    *,
    folders: tuple[Path, ...],
    agents: tuple[str, ...],
    models: tuple[str, ...],
    tasks: tuple[str, ...],
    scope: str,
    k: int | None,
    form: str | None,
    csv_path: Path | None,
) -> None:
    """How often agents pass and what that costs, with intervals; who differs from whom; what went wrong.

    FOLDER is a results folder or one in it. Default: results.
    """
    if form and csv_path:
        raise UsageError(f"--{form} prints and --csv writes files: use one of them")
    try:  # numpy and scipy are an extra, and take long to import
        from cab_report.results import groups, render, report  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in {"numpy", "scipy"}:
            raise
        raise MachineLacks(f"{error.name} is not installed: pip install 'codingagentbench[stats]'") from None
    found = read(folders or [DEFAULT_RESULTS])
    for warning in found.warnings:
        click.echo(f"cab: warning: {visible(warning)}", err=True)
    runs = groups.select(found.runs, agents, models, tasks)
    if not runs:
        raise UsageError(_nothing(folders or (DEFAULT_RESULTS,), of=len(found.runs)))
    tables = report.tables(runs, SCOPES[scope], k)
    if csv_path:
        _write_csv(csv_path, tables, render.to_csv)
    elif form == "json":
        print_json(
            {
                "schema_version": SCHEMA_VERSION,
                "scope": scope,
                "attempts": len(runs),
                "warnings": list(found.warnings),
                "tables": {table.name: render.to_json(table) for table in tables},
            }
        )
    elif form == "markdown":
        click.echo("\n".join(map(render.to_markdown, tables)))
    else:
        console = Console()
        for table in tables:
            console.print(render.to_terminal(table))


def _nothing(folders: Sequence[Path], *, of: int) -> str:
    if of:
        return f"none of the {of} recorded attempts is of that agent, model and task"
    return f"no recorded attempt under {', '.join(map(str, folders))}: a folder with a cell.json is one"


def _write_csv(path: Path, tables: Sequence[Table[Any]], to_csv: Callable[[Table[Any]], str]) -> None:
    """The first table to a .csv file, or all of them into a folder."""
    if path.suffix == ".csv":
        files = {path: tables[0]}
    else:
        path.mkdir(parents=True, exist_ok=True)
        files = {path / f"{table.name}.csv": table for table in tables}
    for file, table in files.items():
        file.write_text(to_csv(table), encoding="utf-8")
        click.echo(f"wrote {file}")


COMMANDS = (results,)
