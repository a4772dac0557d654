"""The command line: ``python3 -m shiftbook``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shiftbook.payroll import days, overtime, totals
from shiftbook.shifts import Shift, ShiftError, read_shifts
from shiftbook.weeks import NoSuchWeekError


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="shiftbook", description="Adds up shifts for the payroll.")
    commands = top.add_subparsers(dest="command", required=True)
    for name, purpose in (
        ("totals", "print everybody's hours by week"),
        ("overtime", "print the hours above a limit"),
        ("week", "print the days of a week"),
    ):
        command = commands.add_parser(name, help=purpose)
        command.add_argument("shifts", help="CSV file, or - for stdin")
        if name == "overtime":
            command.add_argument("--limit", type=whole, default=40, metavar="HOURS")
        if name == "week":
            command.add_argument("week", help="such as 2024-W51")
    return top


def hours(minutes: int) -> str:
    return f"{minutes // 60}h{minutes % 60:02}m"


def lines(options: argparse.Namespace, shifts: list[Shift]) -> list[str]:
    if options.command == "week":
        return [f"{day}  {hours(minutes)}" for day, minutes in days(shifts, options.week)]
    found = totals(shifts) if options.command == "totals" else overtime(shifts, options.limit * 60)
    return [f"{week}  {person}  {hours(minutes)}" for week, person, minutes in found]


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        source = options.shifts
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        for line in lines(options, list(read_shifts(text))):
            print(line)
    except NoSuchWeekError as error:
        print(f"shiftbook: {error}", file=sys.stderr)
        return 1
    except (ShiftError, OSError) as error:
        print(f"shiftbook: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
