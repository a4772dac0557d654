"""The command line: ``python3 -m tally``."""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tally.invoice import Invoice, InvoiceError, read_lines
from tally.money import show


def percentage(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError("the tax is a percentage from 0 to 100")
    return value


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="tally", description="Adds up invoices.")
    commands = top.add_subparsers(dest="command", required=True)
    invoice = commands.add_parser("invoice", help="print an invoice")
    invoice.add_argument("lines", help="CSV file, or - for stdin")
    invoice.add_argument("--tax", type=percentage, default=Decimal(0), metavar="PERCENT")
    return top


def as_text(invoice: Invoice) -> str:
    width = max((len(line.item) for line in invoice.lines), default=0)
    rows = [
        f"{line.item:<{width}}  {line.quantity} × {line.unit_price} = {show(line.total)}" for line in invoice.lines
    ]
    sums = (("net", invoice.net), ("tax", invoice.tax), ("gross", invoice.gross))
    return "\n".join([*rows, *(f"{name} {show(amount)}" for name, amount in sums)])


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        source = options.lines
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        print(as_text(Invoice(tuple(read_lines(text)), options.tax)))
    except (InvoiceError, OSError) as error:
        print(f"tally: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
