"""The command line: ``python3 -m stampset``."""

from __future__ import annotations

import argparse
import sys
from typing import BinaryIO

from stampset import typecase
from stampset.forme import TooWideError, compose, turned
from stampset.lines import each, joined, split, stacked
from stampset.palindromes import palindromes
from stampset.source import SourceError, read


def within(low: int, high: int | None = None):
    """A reader of whole numbers from ``low`` to ``high``."""

    def whole_number(text: str) -> int:
        number = int(text)
        if number < low or (high is not None and number > high):
            raise ValueError(text)
        return number

    return whole_number


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="stampset", description="Text for rubber stamps and letterpress.")
    commands = top.add_subparsers(dest="command", required=True)
    texts = {
        "set": "mirror each line",
        "words": "reverse the order of words",
        "stack": "reverse the order of lines",
        "case": "say which type is needed",
        "palindromes": "print numbers of lines that read the same when mirrored",
    }
    command = {name: commands.add_parser(name, help=text) for name, text in texts.items()}
    for one in command.values():
        one.add_argument("file", help="a file, or - for standard input")
    command["set"].add_argument("--width", type=within(1), metavar="N", help="pieces that fit in a line")
    command["set"].add_argument("--flush", action="store_true", help="fill lines up to the width")
    command["case"].add_argument("--spare", type=within(0, 100), default=0, metavar="P", help="percent to add")
    command["case"].add_argument("--json", action="store_true", help="print JSON")
    return top


def main(arguments: list[str] | None = None, out: BinaryIO | None = None) -> int:
    options = parser().parse_args(arguments)
    if options.command == "set" and options.flush and options.width is None:
        print("stampset: --flush needs --width", file=sys.stderr)
        return 2
    try:
        text, code = answer(options)
    except SourceError as error:
        print(f"stampset: {error}", file=sys.stderr)
        return 2
    except TooWideError as error:
        print(f"stampset: {error}", file=sys.stderr)
        return 1
    (out or sys.stdout.buffer).write(text.encode("utf-8"))
    return code


def answer(options: argparse.Namespace) -> tuple[str, int]:
    """What is printed, and the exit code. Raises SourceError, TooWideError."""
    lines = split(read(options.file))
    if options.command == "set":
        return joined(compose(lines, options.width, options.flush)), 0
    if options.command == "words":
        return joined(each(lines, turned)), 0
    if options.command == "stack":
        return joined(stacked(lines)), 0
    if options.command == "case":
        rows = typecase.needed(lines, options.spare)
        return typecase.as_json(rows) if options.json else typecase.as_text(rows), 0
    numbers = palindromes(lines)
    return "".join(f"{number}\n" for number in numbers), 0 if numbers else 1


if __name__ == "__main__":
    sys.exit(main())
