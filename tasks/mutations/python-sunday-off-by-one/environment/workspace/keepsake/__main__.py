"""The command line: ``python3 -m keepsake``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from keepsake.plan import as_json, as_text, gaps, plan
from keepsake.policy import Policy
from keepsake.snapshots import ListError, Snapshot, read

MOST = 999


def from_to(low: int, high: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers between two, both included."""

    def whole_number(text: str) -> int:
        number = int(text)
        if number < low or (high is not None and number > high):
            raise ValueError(text)
        return number

    return whole_number


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="keepsake", description="Which snapshots of a backup are kept.")
    commands = top.add_subparsers(dest="command", required=True)
    for name, help_text in (("plan", "say what is kept"), ("gaps", "print days without a snapshot")):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("list", help="CSV file, or - for stdin")
        command.add_argument("--today", type=date.fromisoformat, required=True, metavar="DAY")
        if name == "gaps":
            command.add_argument("--days", type=from_to(1), required=True, metavar="N")
            continue
        for period, count in (("daily", Policy.daily), ("weekly", Policy.weekly), ("monthly", Policy.monthly)):
            command.add_argument(f"--{period}", type=from_to(0, MOST), default=count, metavar="N")
        command.add_argument("--limit-mb", type=from_to(0), metavar="N")
        command.add_argument("--json", action="store_true", help="print JSON")
    return top


def read_list(source: str) -> list[Snapshot]:
    return read(sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8"))


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        snapshots = read_list(options.list)
    except (ListError, OSError, UnicodeDecodeError) as error:
        print(f"keepsake: {error}", file=sys.stderr)
        return 2
    if options.command == "gaps":
        missing = gaps(snapshots, options.today, options.days)
        for day in missing:
            print(day)
        return 1 if missing else 0
    made = plan(snapshots, options.today, Policy(options.daily, options.weekly, options.monthly))
    print(as_json(made) if options.json else as_text(made))
    if options.limit_mb is not None and made.over_mb(options.limit_mb) > 0:
        print(f"keepsake: {made.over_mb(options.limit_mb)} MB more than the limit", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
