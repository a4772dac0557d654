"""The leaderboards: of all tasks, and of each category, each with intervals of its own.

A row is an agent with a model, the highest pass rate first. No figure stands without its interval and of how
many attempts it is known, or without why it is not. Places are claimed among agents with one model only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from cab_report.results.axes import Summary, Unit
from cab_report.results.differences import smallest_detectable
from cab_report.results.report import mixed
from cab_report.site import paths
from cab_report.site.charts import pareto
from cab_report.site.charts.whisker import whisker
from cab_report.site.content import Content, Site
from cab_report.site.parts import Page
from cab_report.site.tables import AMOUNTS, standings
from cab_scoring.stats.intervals import Interval


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
    found = standings(shown)
    # of equal rates the surer one first, then by name; sorting is stable
    rows = sorted(found.rows, key=lambda each: (each[0].agent, each[0].model))
    rows.sort(key=lambda each: _best(each[1]["pass"]), reverse=True)
    return {
        "kind": whole.kind,
        "category": category,
        "categories": whole.categories,
        "rows": rows,
        "axes": found.shown,
        "absent": found.absent,
        "agents": len(shown.agents),
        "models": sorted(shown.models),
        "tasks": len(shown.tasks),
        "attempts": sum(row.attempts for row, _ in rows),
        "void": sum(row.void for row, _ in rows),
        "with_model": {
            family.model: sum(bool(group.tallies) for group in groups)
            for family, groups in shown.families.items()
        },
        "detectable": smallest_detectable(shown.differences),
        "mixed": mixed(shown.groups),
        "charts": pareto.both(shown.groups, shown.summaries),
        "prototype": whisker(0.5, Interval(0, 1)),
        "sortable": sortable,
    }


def _best(passed: Summary) -> tuple[float, float]:
    low = passed.interval.low
    return (-1 if passed.value is None else passed.value, -1 if low is None else low)


def sortable(summary: Summary, unit: Unit) -> str | None:
    """What a script sorts and draws by: the figure, of a range the lower end; and the interval, where it has
    both ends. None where nothing is known, or no more than a lower bound of what should be low.
    """
    if summary.value is None or (unit in AMOUNTS and not summary.complete):
        return None
    ends = (summary.interval.low, summary.interval.high)
    drawn = "" if None in ends else " {:.3g} {:.3g}".format(*ends)
    return f"{summary.value:.6g}{drawn}"
