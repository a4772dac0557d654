"""The command line: ``python3 -m larder``."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from larder.lots import Lot, LotsError, read_lots
from larder.store import Aged, NotEnoughError, in_stock, pick, to_discard


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="larder", description="Keeps the store of a food bank.")
    commands = top.add_subparsers(dest="command", required=True)
    stock = commands.add_parser("stock", help="print what is there")
    discard = commands.add_parser("discard", help="print what is too old")
    van = commands.add_parser("pick", help="print what to carry to the van")
    for command in (stock, discard, van):
        command.add_argument("lots", help="CSV file")
    for command in (stock, discard):
        command.add_argument("--on", type=date.fromisoformat, default=date.today(), metavar="DAY")
    stock.add_argument("--oldest", type=whole, metavar="N", help="the first N lines only")
    discard.add_argument("--days", type=whole, default=180, metavar="N", help="the limit (180)")
    van.add_argument("goods")
    van.add_argument("kilos", type=whole)
    return top


def aged_line(one: Aged) -> str:
    lot = one.lot
    return f"{lot.name}  {lot.goods}  {lot.kilos}  {lot.shelf}  {one.days}"


def lines(options: argparse.Namespace, lots: list[Lot]) -> list[str]:
    if options.command == "stock":
        return [aged_line(one) for one in in_stock(lots, options.on)[: options.oldest]]
    if options.command == "discard":
        return [aged_line(one) for one in to_discard(lots, options.on, options.days)]
    taken = pick(lots, options.goods, options.kilos)
    return [f"{one.lot.shelf}  {one.lot.name}  {one.kilos}" for one in taken]


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        lots = list(read_lots(Path(options.lots).read_text(encoding="utf-8")))
        for line in lines(options, lots):
            print(line)
    except NotEnoughError as error:
        print(f"larder: {error}", file=sys.stderr)
        return 1
    except (LotsError, OSError) as error:
        print(f"larder: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
