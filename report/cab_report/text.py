"""Text of a record, and lengths of time, as people read them on a page and in a terminal."""

from __future__ import annotations

from typing import Final

from cab_report.rows import UNKNOWN

_SHOWN_AS: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    # a record could turn the text around it right to left, or hide in it
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF], "\ufffd"),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),  # half a pair, which JSON may hold and UTF-8 not
}


def visible(text: object) -> str:
    """Text whose control characters are pictures of themselves; line breaks and tabs stay."""
    return str(text).replace("\r\n", "\n").translate(_SHOWN_AS)


def one_line(text: object, longest: int) -> str:
    """The same on one line, cut to at most ``longest`` characters."""
    line = " ".join(visible(text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


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
