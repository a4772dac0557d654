"""A badge: what it is about and what that came to, as an SVG image that stands by itself. Pure.

Texts are anyone's: they are escaped, control characters are shown as such, and long ones are cut. White text
on a ground of its own passes AA wherever the image is put. Each text is given its length, so that a font of
other widths changes nothing.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final, Literal
from unicodedata import combining, east_asian_width

from cab_report.site import paths
from cab_report.text import one_line

Tone = Literal["good", "bad", "mixed", "plain"]

LONGEST: Final = 90
"""Characters of a text."""
_LABEL_GROUND: Final = "#24292f"
GROUNDS: Final[dict[Tone, str]] = {
    "good": "#00664a",
    "bad": "#a33c00",
    "mixed": "#00558c",
    "plain": "#555e69",
}
_WIDTHS: Final = (
    ("ijl.,:;'|!", 3.9),
    ("frt()[]{}/-· ", 4.8),
    ("mwMW%@—…–", 10.2),
    ("ABCDEFGHIJKLNOPQRSTUVXYZ&<>=+", 8.0),
)
"""Characters and their average width in pixels, in the fonts below at 11 pixels."""
_WIDTH: Final = 6.9
_WIDE: Final = 11.0
_PADDING: Final = 6
_NO_XML: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")


def badge(label: str, value: str, tone: Tone) -> str:
    """The image. Never by the tone alone: the value says it all."""
    label, value = _text(label), _text(value)
    left, right = _width(label), _width(value)
    first, second = left + 2 * _PADDING, right + 2 * _PADDING
    said, came_to = escape(label), escape(value)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{first + second}" height="20" '
        f'viewBox="0 0 {first + second} 20" role="img"><title>{said}: {came_to}</title>'
        f'<clipPath id="r"><rect width="{first + second}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><path fill="{_LABEL_GROUND}" d="M0 0h{first}v20H0z"/>'
        f'<path fill="{GROUNDS[tone]}" d="M{first} 0h{second}v20H{first}z"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f'<text x="{_PADDING}" y="14" textLength="{left}">{said}</text>'
        f'<text x="{first + _PADDING}" y="14" textLength="{right}">{came_to}</text></g></svg>\n'
    )


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", one_line(text, LONGEST))


def _width(text: str) -> int:
    return round(sum(map(_width_of, text)))


def _width_of(character: str) -> float:
    if combining(character):
        return 0
    if east_asian_width(character) in {"W", "F"}:
        return _WIDE
    return next((width for characters, width in _WIDTHS if character in characters), _WIDTH)


def markdown(name: str, page: str, base_url: str | None) -> str:
    """The badge of a page, leading to it; without an address of the site, from its root.

    Nothing of the name ends the text that it stands in.
    """

    def address(path: str) -> str:
        return paths.link(path, "index.html") if base_url is None else paths.absolute(path, base_url)

    return f"[![CodingAgentBench: {plain(name)}]({address(paths.badge(page))})]({address(page)})"


def plain(name: str) -> str:
    """A name without what Markdown or HTML would take for their own."""
    return re.sub(r"[^\w ./:@+,-]", "_", name)
