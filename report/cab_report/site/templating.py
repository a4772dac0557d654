"""Templates, and what they can say.

Everything from a record is untrusted: Jinja escapes it, and :func:`~cab_report.text.visible` shows control
characters for what they are. A name that a template misspells is an error, not an empty place.
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
from cab_report.site import badges, paths, player
from cab_report.site.charts import timeline
from cab_report.site.content import Site
from cab_report.text import milliseconds, one_line, seconds, visible


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
    made.globals.update(
        site=site, paths=paths, player=player, timeline=timeline, badge_markdown=badges.markdown,
        AXES=AXES, UNKNOWN=UNKNOWN,
    )  # fmt: skip
    made.filters.update(
        visible=visible,
        one_line=one_line,
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


def as_json(value: object) -> Markup:
    """JSON for a script element of a type that doesn't run: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # no character is left that HTML knows


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
