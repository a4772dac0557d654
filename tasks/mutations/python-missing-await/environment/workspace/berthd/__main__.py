"""The command line: ``python3 -m berthd``."""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
from pathlib import Path

from berthd.desk import Desk
from berthd.harbour import Berth, Harbour, TakenError, TooLongError, UnknownBerthError
from berthd.journal import Journal, JournalError, read
from berthd.routes import Routes
from berthd.web import serve

HEADER = ["berth", "length_cm", "rate_cents"]


class StartError(Exception):
    """The message names the file and what is wrong with it."""


def read_berths(path: Path) -> list[Berth]:
    """Raises StartError."""
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError):
        raise StartError(f"{path}: can't be read") from None
    if not rows or rows[0] != HEADER:
        raise StartError(f"{path}: line 1: the header must be {','.join(HEADER)}")
    berths: dict[str, Berth] = {}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(HEADER) or not all(cell.isascii() and cell.isdigit() for cell in row[1:]):
            raise StartError(f"{path}: line {number}: no berth")
        if row[0] in berths:
            raise StartError(f"{path}: line {number}: there is a berth {row[0]} already")
        berths[row[0]] = Berth(row[0], int(row[1]), int(row[2]))
    return list(berths.values())


def opened(berths: Path, journal: Path) -> Harbour:
    """The harbour as the journal leaves it. Raises StartError."""
    harbour = Harbour(read_berths(berths))
    try:
        entries = read(journal)
    except JournalError as error:
        raise StartError(str(error)) from None
    for number, entry in enumerate(entries, start=1):
        try:
            harbour.apply(entry)
        except (KeyError, TypeError, UnknownBerthError, TakenError, TooLongError):
            raise StartError(f"{journal}: line {number}: this can't have happened") from None
    return harbour


async def run(harbour: Harbour, journal: Journal, port: int) -> None:
    await serve(Routes(Desk(harbour, journal)), port)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="berthd", description="Berths of a small harbour, over HTTP.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--berths", type=Path, required=True, metavar="CSV")
    parser.add_argument("--journal", type=Path, required=True, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        harbour = opened(options.berths, options.journal)
    except StartError as error:
        print(f"berthd: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(run(harbour, Journal(options.journal), options.port))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
