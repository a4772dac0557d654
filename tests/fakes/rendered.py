"""One page of a site of records, without writing it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

from cab_report.results.runs import Found, Run
from cab_report.site import content, templating
from cab_report.site.content import Site
from cab_report.site.parts import Page


def site_of(*cells: dict[str, Any], base_url: str | None = None) -> Site:
    """The site of cell records."""
    found = Found(runs=tuple(map(Run.from_cell, cells)), folders=(Path(),) * len(cells), warnings=())
    return Site(contents=content.content(found)[0], base_url=base_url, evidence=False, calibrations=None)


def html(site: Site, pages: Callable[[Site], Iterator[Page]], path: str) -> str:
    """The page at ``path``."""
    [page] = [page for page in pages(site) if page.path == path]
    return templating.render(templating.environment(site), page.template, page.path, page.values())


def words(html: str) -> str:
    """What people read of it, cells and lines set apart by a blank."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())
