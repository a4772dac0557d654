"""The command line: ``python3 -m pagerelay``."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from pagerelay.config import ConfigError, read_config
from pagerelay.gateway import GatewayError, send

LONGEST_TEXT = 160


class PageError(ValueError):
    """A page that won't do."""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="pagerelay", description="Sends pages to an SMS gateway.")
    commands = top.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="print the configuration, without the key")
    page = commands.add_parser("send", help="send a page")
    for command in (show, page):
        command.add_argument("config", type=Path)
    page.add_argument("number")
    page.add_argument("text")
    page.add_argument("--verbose", action="store_true", help="print request and status")
    page.add_argument("--log", type=Path, metavar="FILE", help="add a line to a file")
    return top


def show(options: argparse.Namespace) -> None:
    config = read_config(options.config)
    print(f"url = {config.url}")
    print(f"key = ({len(config.key)} characters)")
    print(f"timeout_s = {config.timeout_s}")


def page(options: argparse.Namespace) -> None:
    config = read_config(options.config)
    if not re.fullmatch(r"\+\d{6,15}", options.number, re.ASCII):
        raise PageError(f"{options.number!r} is not a number")
    if not 1 <= len(options.text) <= LONGEST_TEXT:
        raise PageError(f"a text has 1 to {LONGEST_TEXT} characters")
    try:
        name = send(config, options.number, options.text, lambda line: say(line) if options.verbose else None)
    except GatewayError as error:
        log(options.log, f"{options.number} failed: {error}")
        raise
    log(options.log, f"{options.number} sent {name}")
    print(f"sent {name}")


def say(line: str) -> None:
    print(line, file=sys.stderr)


def log(path: Path | None, line: str) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        show(options) if options.command == "show" else page(options)
    except GatewayError as error:
        say(f"pagerelay: {error}")
        return 1
    except (ConfigError, PageError, OSError) as error:
        say(f"pagerelay: {error}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
