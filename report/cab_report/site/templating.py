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

from cab_report.results.axes import AXES
from cab_report.results.table import between, p_value, percent, share, signed, times, tokens, usd
from cab_report.rows import UNKNOWN
from cab_report.site import badges, paths
from cab_report.site.charts.whisker import whisker
from cab_report.site.content import Site
from cab_report.site.tables import figure, interval, remark
from cab_report.text import many, milliseconds, one_line, seconds, to_the_second, visible

_FIGURES: Final = {
    "share": share,
    "percent": percent,
    "signed": signed,
    "p_value": p_value,
    "times": times,
    "tokens": tokens,
    "usd": usd,
    "seconds": seconds,
    "milliseconds": milliseconds,
}
"""Filters, and globals to be handed to a filter or a macro."""


def environment(site: Site) -> Environment:
    """Templates, and all that they can call besides what a page gives them."""
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
        site=site, paths=paths, badge_markdown=badges.markdown, whisker=whisker, remark=remark, AXES=AXES,
        UNKNOWN=UNKNOWN, **_FIGURES,
    )  # fmt: skip
    made.filters.update(
        visible=lambda value: None if value is None else visible(value),
        to_the_second=to_the_second,
        one_line=one_line,
        as_json=as_json,
        many=many,
        between=between,
        figure=figure,
        interval=interval,
        **_FIGURES,
    )
    return made


def render(env: Environment, template: str, here: str, values: Mapping[str, Any]) -> str:
    """The text of the page at ``here``."""
    return env.get_template(template).render(values, here=here, url=partial(paths.link, here=here))


def as_json(value: object) -> Markup:
    """JSON for a script element of a type that doesn't run: nothing in it ends the element."""
    text = json.dumps(value, separators=(",", ":"))  # in ASCII
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # no character is left that HTML knows
