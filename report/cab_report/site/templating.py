"""Templates, and what they can say.

Everything from a record is untrusted: Jinja escapes it, and :func:`visible` shows control characters for what
they are. A name that a template misspells is an error, not an empty place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cab_report.results.axes import AXES, Summary, Unit
from cab_report.results.table import between, percent, share, tokens, usd
from cab_report.rows import UNKNOWN
from cab_report.site import paths
from cab_report.site.content import Site

_SHOWN_AS: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    # a record could turn the text around it right to left, or hide in it
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF], "\ufffd"),
}


def environment(site: Site) -> Environment:
    """Templates with the filters of this module."""
    made = Environment(
        loader=PackageLoader("cab_report.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=lambda value: UNKNOWN if value is None else value,
    )
    made.globals.update(site=site, paths=paths, AXES=AXES, UNKNOWN=UNKNOWN)
    made.filters.update(
        visible=visible,
        as_json=as_json,
        share=share,
        percent=percent,
        tokens=tokens,
        usd=usd,
        seconds=seconds,
        milliseconds=milliseconds,
        between=between,
        figure=figure,
        interval=interval,
    )
    return made


def render(env: Environment, template: str, here: str, values: Mapping[str, Any]) -> str:
    """The text of the page at ``here``."""
    return env.get_template(template).render(values, here=here, url=partial(paths.link, here=here))


def visible(text: object) -> str:
    """Text whose control characters are pictures of themselves; line breaks and tabs stay."""
    return str(text).replace("\r\n", "\n").translate(_SHOWN_AS)


def as_json(value: object) -> Markup:
    """JSON for a script element of a type that doesn't run: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # no character is left that HTML knows


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


_TEXTS: Final = {"share": share, "tokens": tokens, "usd": usd, "s": seconds}


def figure(summary: Summary, unit: Unit) -> str:
    """What a group came to on one axis: a range where the figure is known as one, ``≥`` for a lower bound."""
    text = _TEXTS[unit]
    if summary.value is None:
        return UNKNOWN
    if summary.high is not None:
        return f"{text(summary.value)}–{text(summary.high)}"
    if unit in {"tokens", "usd"} and not summary.complete:
        return f"≥{text(summary.value)}"
    return text(summary.value)


def interval(summary: Summary, unit: Unit) -> str:
    """Its 95 % interval."""
    return between(summary.interval, _TEXTS[unit])
