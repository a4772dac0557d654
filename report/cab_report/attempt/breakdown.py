"""Any JSON of a record as rows of key and text: a scorer's keys one by one, a span's attributes.

Objects are flattened to dotted keys; what is nested deeper than people read is shown as JSON. Nothing about
the value is taken for granted but that it is JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

import orjson

DEEPEST: Final = 3
"""Levels of keys; below, a value is shown as JSON."""
LONG_LINES: Final = 8
LONG_CHARS: Final = 300
LONGEST_CHARS: Final = 20_000
LONGEST_KEY_CHARS: Final = 200
MOST: Final = 500
"""Rows: a key is repeated in each key below it, so few bytes of a record could become a page without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One key."""

    key: str
    form: Literal["text", "list", "block"]
    lines: tuple[str, ...] = ()
    """Of ``text`` and ``block`` one; of a list its entries. None at all is unknown."""
    long: bool = False
    """Folded away until it is asked for."""

    @property
    def size(self) -> str:
        """In words, for what is folded away."""
        return f"{len(self.lines)} entries" if self.form == "list" else f"{len(self.lines[0]):,} characters"


def items(value: object) -> list[Item]:
    """The rows of an object, at most :data:`MOST`; of anything else a single one without a key."""
    walk = _walk("", value, 0)
    found = list(islice(walk, MOST))
    if next(walk, None) is not None:
        found.append(Item(key="…", form="text", lines=(f"only the first {MOST} keys are shown",)))
    return found


def _walk(key: str, value: object, depth: int) -> Iterator[Item]:
    if isinstance(value, Mapping) and value and depth < DEEPEST:
        for name, part in value.items():
            longer = f"{key}.{name}" if key else str(name)
            yield from _walk(longer[:LONGEST_KEY_CHARS], part, depth + 1)
    else:
        yield _item(key, value)


def _item(key: str, value: object) -> Item:
    if value is None:
        return Item(key=key, form="text")
    if isinstance(value, str):
        block = "\n" in value.strip() or len(value) > LONG_CHARS
        return _block(key, value) if block else Item(key=key, form="text", lines=(value or "(empty)",))
    if isinstance(value, list | tuple) and not any(
        isinstance(entry, list | tuple | Mapping) for entry in value
    ):
        lines = tuple(map(scalar, value)) or ("none",)
        if sum(map(len, lines)) > LONGEST_CHARS:
            return _block(key, "\n".join(lines))
        form: Literal["text", "list"] = "text" if len(lines) == 1 else "list"
        return Item(key=key, form=form, lines=lines, long=len(lines) > LONG_LINES)
    if isinstance(value, Mapping | list | tuple):
        return _block(key, _json(value)) if value else Item(key=key, form="text", lines=("none",))
    return Item(key=key, form="text", lines=(scalar(value),))


def _block(key: str, text: str) -> Item:
    if len(text) > LONGEST_CHARS:
        text = f"{text[:LONGEST_CHARS]}\n… {len(text) - LONGEST_CHARS:,} more characters"
    long = len(text) > LONG_CHARS or text.count("\n") > LONG_LINES
    return Item(key=key, form="block", lines=(text,), long=long)


def scalar(value: object) -> str:
    """Text, a number, a truth value or null, as text."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # beyond some 250 levels
        return "(nested too deep to be shown)"
