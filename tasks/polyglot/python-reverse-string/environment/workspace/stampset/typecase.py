"""How much type of each kind a text needs."""

from __future__ import annotations

import json
from collections import Counter

from stampset.lines import Line
from stampset.pieces import pieces

BLANKS = (" ", "\t")


def needed(lines: list[Line], spare: int) -> list[tuple[str, int]]:
    """(piece, number), most frequent first, ``spare`` percent added."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(piece for piece in pieces(line.body) if not piece.startswith(BLANKS))
    return [(piece, with_spare(number, spare)) for piece, number in counts.most_common()]


def with_spare(number: int, percent: int) -> int:
    """The number raised by so many percent, rounded up."""
    return number + (number * percent + 99) // 100


def as_text(rows: list[tuple[str, int]]) -> str:
    return "".join(f"{number}  {piece}\n" for piece, number in rows)


def as_json(rows: list[tuple[str, int]]) -> str:
    return json.dumps([{"piece": piece, "number": number} for piece, number in rows], ensure_ascii=False) + "\n"
