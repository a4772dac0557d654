"""The tables of ``cab results`` as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cab_report.results.report import tables
from cab_report.results.runs import Found, Kind, Run
from cab_report.site import content, paths, templating
from cab_report.site.content import Site
from cab_report.site.pages import statistics
from fakes.many_cells import attempt, sweep


def site_of(*cells: dict[str, Any]) -> Site:
    found = Found(runs=tuple(map(Run.from_cell, cells)), folders=(Path(),) * len(cells), warnings=())
    return Site(contents=content.content(found)[0], base_url=None, evidence=False, calibrations=None)


def html(site: Site, kind: Kind = "real") -> str:
    made = {page.path: page for page in statistics.pages(site)}[paths.statistics(kind)]
    return templating.render(templating.environment(site), made.template, made.path, made.values())


def test_every_row_of_every_table_that_people_are_shown() -> None:
    site = site_of(*sweep(9, 1, 3), attempt("pi", fault="rate_limited"))
    text = html(site)
    for table in tables(site.contents["real"].runs):
        assert f'<h2 id="{table.name}">{table.title}</h2>' in text
        for row in table.rows[: table.shown]:
            for figure in (*table.names, *(each for stack in table.figures for each in stack)):
                assert f">{figure.text(row)}<" in text.replace("&lt;", "<"), figure.name
    assert text.count("<tr>") == sum(
        1 + len(table.rows[: table.shown]) for table in tables(site.contents["real"].runs) if table.rows
    )
    assert "6 more rows" in text  # 36 pairs, and 30 are shown


def test_names_lead_to_their_pages_and_figures_of_one_name_are_told_apart() -> None:
    text = html(site_of(*sweep(2, 1, 3)))
    assert text.count('<th scope="row"><a href="../agent/agent-00/index.html">agent-00</a></th>') == 4
    assert '<a href="../model/model-00/index.html">model-00</a>' in text
    assert '<th scope="col" class="n">95 %<small>tokens/correct</small></th>' in text
    assert '<th scope="col" class="n">rank</th>' in text


def test_words_stand_to_the_left() -> None:
    text = html(site_of(attempt(fault="rate_limited")))
    assert '<th scope="col">cause</th>' in text
    assert "<td>rate_limited</td>" in text


def test_kinds_are_apart_and_nothing_at_all_says_so() -> None:
    site = site_of(attempt(kind="simulated"))
    assert [page.path for page in statistics.pages(site)] == [
        "statistics/index.html",
        "simulated/statistics/index.html",
    ]
    assert "over 0 attempts" in html(site)
    assert html(site).count("<p>None.</p>") == 7
    assert "../agent/aider/index.html" in html(site, "simulated")
    assert "<strong>Simulated.</strong>" in html(site, "simulated")


def test_a_name_is_text() -> None:
    text = html(site_of(attempt("<script>\x1b[31m")))
    assert "<script>" not in text
    assert "&lt;script&gt;␛[31m" in text
