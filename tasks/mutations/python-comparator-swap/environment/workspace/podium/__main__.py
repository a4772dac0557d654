"""The command line: ``python3 -m podium``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from podium.model import ResultsError, read_matches, records
from podium.rules import Standing, standings
from podium.show import as_json, as_text


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="podium", description="League tables from match results.")
    commands = top.add_subparsers(dest="command", required=True)
    table = commands.add_parser("table", help="print the table")
    table.add_argument("results", help="CSV file, or - for stdin")
    table.add_argument("--top", type=int, metavar="N", help="the first N lines only")
    table.add_argument("--json", action="store_true", help="print JSON")
    team = commands.add_parser("team", help="print one team's line")
    team.add_argument("results", help="CSV file, or - for stdin")
    team.add_argument("name")
    team.add_argument("--json", action="store_true", help="print JSON")
    return top


def read_table(source: str) -> list[Standing]:
    text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    return standings(records(read_matches(text)))


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        table = read_table(options.results)
    except (ResultsError, OSError) as error:
        print(f"podium: {error}", file=sys.stderr)
        return 2
    if options.command == "team":
        table = [row for row in table if row.record.team == options.name]
        if not table:
            print(f"podium: no team {options.name!r}", file=sys.stderr)
            return 1
    elif options.top is not None:
        table = table[: max(0, options.top)]
    print(as_json(table) if options.json else as_text(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
