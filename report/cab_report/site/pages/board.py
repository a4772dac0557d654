"""The leaderboards: of all tasks, and of each category, each with intervals of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from cab_report.results.axes import summaries
from cab_report.site import paths
from cab_report.site.content import Content, Site
from cab_report.site.parts import Page


def pages(site: Site) -> Iterator[Page]:
    """A board a kind of attempts, and one a category."""
    for kind, content in site.contents.items():
        yield Page(
            path=paths.board(kind),
            template="board.html",
            values=partial(_values, content, content, None),
        )
        for category in content.categories:
            yield Page(
                path=paths.board(kind, category),
                template="board.html",
                values=partial(_values, content, content.of_category(category), category),
            )


def _values(whole: Content, shown: Content, category: str | None) -> Mapping[str, Any]:
    return {
        "kind": whole.kind,
        "category": category,
        "categories": list(whole.categories),
        "rows": [(group, summaries(group)) for group in shown.groups],
        "tasks": len(shown.tasks),
        "attempts": len(shown.attempts),
    }
