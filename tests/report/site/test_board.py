from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cab_report.results.axes import AXES, Summary
from cab_report.site import paths
from cab_report.site.build import build
from cab_report.site.pages.board import pages, sortable
from cab_scoring.stats.intervals import UNKNOWN, Interval
from fakes.many_cells import attempt, sweep, write
from fakes.rendered import html, site_of


def board(folder: Path, cells: Iterable[dict[str, Any]], page: str = "index.html") -> str:
    built = build([write(folder / "results", cells)], folder / "site")
    assert built.warnings == ()
    return (folder / "site" / page).read_text()


def rows(html: str) -> list[list[str]]:
    """Text of each cell of the board, its lines parted by spaces."""
    table = re.search(r'<table id="board">.*?<tbody>(.*?)</tbody>', html, re.DOTALL)
    assert table
    return [
        [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", table[1], re.DOTALL)
    ]


def by_agent(html: str) -> dict[str, dict[str, str]]:
    head = re.findall(r'data-k="(\w+)"', html)
    return {row[0]: dict(zip(head, row, strict=True)) for row in rows(html)}


def summary(value: float | None, *interval: float | None, **more: Any) -> Summary:
    return Summary(
        value=value, interval=Interval(*interval) if interval else UNKNOWN, **({"known": 3, "of": 3} | more)
    )


def test_the_highest_pass_rate_comes_first_and_void_last(tmp_path: Path) -> None:
    html = board(
        tmp_path,
        [
            *(attempt("sure", f"c/{n}", passed=n > 0) for n in range(8)),
            *(attempt("few", f"c/{n}", passed=n > 0, model="b") for n in range(2)),
            *(attempt("best", f"c/{n}") for n in range(2)),
            *(attempt("lucky", f"c/{n}", passed=n > 0) for n in range(4)),
            attempt("void", fault="interrupted"),
        ],
    )
    assert [row[0] for row in rows(html)] == ["best", "sure", "lucky", "few", "void"]


def test_no_figure_stands_alone(tmp_path: Path) -> None:
    """Every one has an interval, or says why not."""
    cells = [
        *sweep(2, 2, 6),
        attempt("once"),
        attempt("void", fault="interrupted"),
        *(attempt("half", f"c/{n}", tokens=(None, None) if n else (1000, 0)) for n in range(6)),
    ]
    found = by_agent(board(tmp_path, cells))
    for row in found.values():
        for text in list(row.values())[6:]:
            assert re.search("…|no interval|not recorded|nothing passed|all void|doesn't apply", text), text
    assert found["half"]["tokens"].startswith("≥167 ")
    assert found["half"]["tokens"].endswith("1 of 6")
    assert found["once"]["pass"] == "1.00 no interval"
    assert found["void"]["tokens"] == "– all void"
    assert found["void"]["void"] == "1"


def test_an_axis_that_no_task_measures_is_no_column(tmp_path: Path) -> None:
    html = board(tmp_path, [attempt()])
    columns = re.findall(r'data-k="(\w+)"', html)
    assert columns[:7] == ["agent", "model", "rank", "tasks", "attempts", "void", "pass"]
    assert columns[-1] == "composite"
    assert "refusal" not in columns
    assert re.search(r"No task here measures [^.]*\brefusal\b", html)


def test_ranks_are_within_a_model(tmp_path: Path) -> None:
    cells = [attempt(agent, f"c/{n}") for agent in ("aider", "pi") for n in range(3)]
    found = by_agent(board(tmp_path, [*cells, attempt("alone", model="b")]))
    assert (found["aider"]["rank"], found["alone"]["rank"]) == ("1…2 of 2", "–")


def test_a_board_of_a_category_has_figures_of_its_own(tmp_path: Path) -> None:
    cells = [attempt(task="easy/a"), attempt(task="hard/a", passed=False), attempt(task="hard/b")]
    whole = board(tmp_path, cells)
    hard = (tmp_path / "site/category/hard/index.html").read_text()
    [[_, _, _, whole_tasks, *_]], [[_, _, _, hard_tasks, *_]] = rows(whole), rows(hard)
    assert (whole_tasks, hard_tasks) == ("3", "2")
    assert by_agent(whole)["aider"]["pass"].startswith("0.67")
    assert by_agent(hard)["aider"]["pass"].startswith("0.50")
    assert '<a href="../../index.html">all tasks</a>' in hard
    assert '<a href="./index.html" aria-current="page">' in hard


def test_without_an_attempt_it_says_so_and_points_to_others(tmp_path: Path) -> None:
    html = board(tmp_path, [attempt(kind="simulated")])
    assert "There is no real attempt among these results" in html
    assert '<a href="./simulated/index.html">simulated ones</a>' in html
    assert "board.js" not in html
    assert rows((tmp_path / "site/simulated/index.html").read_text())


def test_it_says_what_was_pooled_and_what_it_could_have_shown(tmp_path: Path) -> None:
    html = board(
        tmp_path,
        [
            *(attempt("aider", f"c/{n}", passed=n % 2 == 0, agent_version=str(n % 2)) for n in range(16)),
            *(attempt("pi", f"c/{n}", passed=n % 3 == 0) for n in range(16)),
        ],
    )
    assert "<li>aider with small-1: versions of the agent pooled: 0, 1</li>" in html
    assert re.search(r"could have shown: 0\.\d\d in pass@1 between two agents", html)


def test_estimates_are_marked(tmp_path: Path) -> None:
    cells = [attempt(task=f"c/{n}") for n in range(5)]
    for each in cells:
        each["scores"]["tokens"]["tokens_source"] = "estimated"
    assert by_agent(board(tmp_path, cells))["aider"]["tokens"].startswith("~1.10k")


def test_without_a_script_everything_is_there_and_nothing_pretends_to_work(tmp_path: Path) -> None:
    html = board(tmp_path, sweep(2, 2, 5))
    assert '<fieldset class="controls" id="controls" disabled' in html
    assert not re.search(r"<button(?![^>]* disabled)", html)
    assert not re.search(r"<[^>]+ (style|onclick)=", html)
    assert len(rows(html)) == 4


def test_a_large_board_is_small(tmp_path: Path) -> None:
    html = board(tmp_path, sweep(21, 11, 2))
    assert len(rows(html)) == 231
    assert len(html.encode()) < 350_000


@pytest.mark.parametrize(
    ("key", "of", "expected"),
    [
        ("pass", summary(None, known=0), None),
        ("pass", summary(0.5, 0.25, 0.75), "0.5 0.25 0.75"),
        ("pass", summary(0.5), "0.5"),
        ("tokens", summary(1234.5678, 900, None), "1234.57"),
        ("tokens", summary(1234.5678, 900, None, known=2), None),
        ("composite", summary(0.2, 0.1, 0.9, known=2, high=0.8), "0.2 0.1 0.9"),
    ],
)
def test_what_rows_are_sorted_by(key: str, of: Summary, expected: str | None) -> None:
    assert sortable(of, AXES[key].unit) == expected


def test_what_is_in_every_figure_is_a_link_away(tmp_path: Path) -> None:
    html = board(tmp_path, [attempt("aider", "c/0"), attempt("pi", "c/0"), attempt("pi", "c/0", model="b")])
    assert html.count('<td><a href="./model/small-1/index.html#tasks">1</a></td>') == 2


def test_the_charts_say_what_they_are_of_and_where_those_of_one_model_are(tmp_path: Path) -> None:
    html = board(tmp_path, [attempt("aider"), attempt("pi"), attempt("pi", model="b")])
    said = html.partition('<h2 id="pareto">')[2].partition('<div class="charts">')[0]
    assert "Of every row above, whatever the table is filtered to." in said
    assert 'Of one model: <a href="./model/small-1/index.html#pareto">small-1</a>.</p>' in said


def test_the_model_is_chosen_first(tmp_path: Path) -> None:
    html = board(tmp_path, [attempt("aider"), attempt("pi", model="b")])
    assert re.findall(r'<label>(\w+) <\w+ [^>]*name="(\w+)"', html) == [
        ("Model", "model"),
        ("Find", "find"),
        ("Axis", "axis"),
    ]


def test_a_board_of_void_attempts_says_nothing_of_axes(tmp_path: Path) -> None:
    html = board(tmp_path, [attempt(fault="interrupted")])
    assert by_agent(html)["aider"]["pass"] == "– all void"
    assert "No task here measures" not in html


def test_only_real_attempts_have_a_leaderboard() -> None:
    site = site_of(attempt(), attempt(kind="simulated"))
    assert "<h1>Leaderboard</h1>" in html(site, pages, paths.board("real"))
    simulated = html(site, pages, paths.board("simulated"))
    assert "<h1>Simulated attempts</h1>" in simulated
    assert "Leaderboard" not in simulated
