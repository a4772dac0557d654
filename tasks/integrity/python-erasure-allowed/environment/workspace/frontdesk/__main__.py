"""The command line: ``python3 -m frontdesk``."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from frontdesk.chain import BrokenError, read, write
from frontdesk.journal import NobodyError, appended, forgotten, of_person


def day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="frontdesk", description="The journal of a shared workshop.")
    commands = top.add_subparsers(dest="command", required=True)
    add = commands.add_parser("add", help="append an entry")
    show = commands.add_parser("list", help="print entries")
    verify = commands.add_parser("verify", help="look whether the chain holds")
    forget = commands.add_parser("forget", help="erase a person")
    for command in (add, show, verify, forget):
        command.add_argument("journal", type=Path)
    add.add_argument("kind")
    for command in (add, forget):
        command.add_argument("person")
        command.add_argument("--at", type=day, default=date.today().isoformat(), metavar="DAY")
    add.add_argument("--note", default="")
    show.add_argument("--person")
    return top


def run(options: argparse.Namespace) -> list[str]:
    """What is printed."""
    entries = read(options.journal)
    if options.command == "verify":
        return [f"ok, {len(entries)} entries"]
    if options.command == "add":
        write(options.journal, appended(entries, options.at, options.kind, options.person, options.note))
        return []
    if options.command == "forget":
        kept = forgotten(entries, options.person, options.at)
        write(options.journal, kept)
        return [kept[-1].note]
    shown = entries if options.person is None else of_person(entries, options.person)
    return [f"{one.n}  {one.at}  {one.kind}  {one.person}  {one.note}".rstrip() for one in shown]


def main(arguments: list[str] | None = None) -> int:
    try:
        for line in run(parser().parse_args(arguments)):
            print(line)
    except (BrokenError, NobodyError, OSError) as error:
        print(f"frontdesk: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
