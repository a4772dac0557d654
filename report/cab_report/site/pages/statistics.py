"""Every table of ``cab results``, a page a kind of attempts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cab_report.results.report import tables
from cab_report.results.runs import Kind
from cab_report.results.table import Figure, Table
from cab_report.site import paths
from cab_report.site.content import Content, Site
from cab_report.site.parts import Page

_PAGES: Final[Mapping[str, Callable[[Kind, str], str]]] = {
    "agent": paths.agent,
    "a": paths.agent,
    "b": paths.agent,
    "model": paths.model,
}
"""Names of rows that have a page, by the field that holds them."""

Row = tuple[list[tuple[str, str | None]], list[str]]
"""Its names, each with its page, and its figures."""


def pages(site: Site) -> Iterator[Page]:
    """The page of each kind."""
    for kind, content in site.contents.items():
        yield Page(path=paths.statistics(kind), template="statistics.html", values=partial(_values, content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A figure of a table."""

    name: str
    of: str | None
    """What it is a figure of, where another figure has the same name."""
    right: bool
    """Whether numbers are in it."""


def _values(content: Content) -> Mapping[str, Any]:
    return {
        "kind": content.kind,
        "attempts": len(content.attempts),
        "tables": [_shown(table) for table in tables(content.runs)],
    }


def _shown(table: Table[Any]) -> tuple[Table[Any], list[Column], list[Row]]:
    figures = [figure for stack in table.figures for figure in stack]
    rows = [
        (
            [(figure.text(row), _page(figure, row)) for figure in table.names],
            [figure.text(row) for figure in figures],
        )
        for row in table.rows[: table.shown]
    ]
    times = Counter(figure.name for figure in figures)
    columns = [
        Column(
            name=figure.name,
            of=stack[0].name if times[figure.name] > 1 and figure is not stack[0] else None,
            right=not any(texts[at][:1].isalpha() for _, texts in rows),
        )
        for at, (stack, figure) in enumerate((stack, figure) for stack in table.figures for figure in stack)
    ]
    return table, columns, rows


def _page(figure: Figure[Any], row: Any) -> str | None:
    page = _PAGES.get(figure.name)
    return None if page is None else page(row.kind, getattr(row, figure.name))
