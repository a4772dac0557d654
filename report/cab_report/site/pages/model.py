"""Models: the agents with each, against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from cab_report.results.differences import DifferenceRow, smallest_detectable
from cab_report.results.groups import Family
from cab_report.site import paths
from cab_report.site.charts import pareto
from cab_report.site.content import Cell, Content, Site
from cab_report.site.pages.badges import rate
from cab_report.site.parts import Page
from cab_report.site.tables import matrix, names, standings

LEVEL: Final = 0.05
"""Below it a difference stands."""


def pages(site: Site) -> Iterator[Page]:
    """The list of models, and one of each."""
    for kind, content in site.contents.items():
        yield Page(path=paths.model(kind), template="names.html", values=partial(names, content, "model"))
        for model, cells in content.models.items():
            yield Page(
                path=paths.model(kind, model),
                template="model.html",
                values=partial(_values, content, model, cells),
            )


def stands(row: DifferenceRow) -> bool:
    """Whether the difference in passes is beyond chance, all pairs of its model considered."""
    return row.p_holm is not None and row.p_holm < LEVEL


def _values(content: Content, model: str, cells: Sequence[Cell]) -> Mapping[str, Any]:
    groups = content.families[Family(content.kind, model)]
    pairs = [row for row in content.differences if row.model == model and row.p is not None]
    return {
        "kind": content.kind,
        "model": model,
        "agents": len({cell.agent for cell in cells}),
        "tasks": len({cell.task for cell in cells}),
        "attempts": sum(len(cell.attempts) for cell in cells),
        "void": sum(len(cell.attempts) - len(cell.counted) for cell in cells),
        "pooled": rate(cells),
        "standings": standings(content, model=model),
        "charts": pareto.both(groups, content.summaries) if len(groups) > 1 else (),
        "pairs": pairs,
        "standing": sorted(filter(stands, pairs), key=lambda row: (row.p_holm, row.p, row.a, row.b)),
        "detectable": smallest_detectable(pairs),
        "matrix": matrix(cells, "task", "agent"),
    }
