"""Text of a record, counts and lengths of time, as people read them on a page and in a terminal."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

from cab_report.rows import UNKNOWN

_SHOWN_AS: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
}
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z", re.ASCII)


def visible(text: object) -> str:
    """Text whose control characters are pictures of themselves; line breaks and tabs stay."""
    shown = str(text).replace("\r\n", "\n").translate(_SHOWN_AS)
    return shown if shown.isascii() else "".join(map(_in_sight, shown))


def _in_sight(character: str) -> str:
    """What has no width, or turns the text around it right to left, and half a surrogate pair, as U+FFFD."""
    return "\ufffd" if category(character) in {"Cf", "Cs"} else character


def one_line(text: object, longest: int) -> str:
    """The same on one line, cut to at most ``longest`` characters."""
    line = " ".join(visible(text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def many(number: int, what: str = "") -> str:
    """A count; with ``what``, the word for one of them, of what it is."""
    return f"{number:,} {what}{'' if number == 1 else 's'}" if what else f"{number:,}"


def to_the_second(time: object) -> str:
    """A time of ISO 8601 in UTC, without what is less than a second; anything else as it is."""
    found = _TIME.fullmatch(str(time))
    return f"{found[1]} {found[2]}" if found else visible(time)


def seconds(value: float | None) -> str:
    """A length of time given in seconds."""
    if value is None:
        return UNKNOWN
    if value >= 100:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
    return f"{value:.1f} s" if value >= 1 else f"{1000 * value:.0f} ms"


def milliseconds(value: float | None) -> str:
    """A length of time given in milliseconds."""
    return UNKNOWN if value is None else seconds(value / 1000)
