from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET

from cab_report.results.axes import AXES, Summary, summaries
from cab_report.results.groups import families
from cab_report.results.runs import Run
from cab_report.site.charts import pareto
from cab_report.site.charts.pareto import Chart, Point, chart
from cab_scoring.stats.intervals import UNKNOWN, Interval
from fakes.many_cells import attempt, sweep

TOKENS = AXES["tokens"]
SVG = "{http://www.w3.org/2000/svg}"


def summary(value: float | None, interval: Interval = UNKNOWN, known: int = 5) -> Summary:
    return Summary(value=value, interval=interval, known=known, of=5)


def point(name: str, passed: float | None, spent: float | None, **more: Any) -> Point:
    return Point(agent=name, model="m", name=name, passed=summary(passed), spent=summary(spent, **more))


def drawing(made: Chart) -> ET.Element:
    assert made.svg is not None
    return ET.fromstring(str(made.svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def titles(made: Chart, kind: str) -> list[str]:
    """Of points; nothing of the record has to be escaped here, the parser has seen it."""
    return [
        title.text or ""
        for dots in drawing(made).iter(f"{SVG}g")
        if dots.get("class") == kind
        for title in dots.iter(f"{SVG}title")
    ]


def both(cells: Iterable[dict[str, Any]]) -> tuple[Chart, Chart]:
    found = [group for family in families(map(Run.from_cell, cells)).values() for group in family]
    return pareto.both(found, {(group.agent, group.family.model): summaries(group) for group in found})


def test_the_front_is_filled_named_and_in_the_table() -> None:
    made = chart(
        [point("cheap", 0.4, 10_000), point("worse", 0.3, 20_000), point("best", 0.9, 60_000)], TOKENS
    )
    assert [each.name for each in made.front] == ["best", "cheap"]
    assert titles(made, "front") == ["best: 0.90 at 60k", "cheap: 0.40 at 10k"]
    assert titles(made, "point") == ["worse: 0.30 at 20k"]
    labels = [text.text for text in drawing(made).iter(f"{SVG}text") if text.get("class") == "label"]
    assert labels == ["best", "cheap"]


def test_no_name_is_over_a_point_that_has_none() -> None:
    def beside(made: Chart) -> str | None:
        [label] = (text for text in drawing(made).iter(f"{SVG}text") if text.get("class") == "label")
        return label.get("text-anchor")

    ends = [point("cheap", 0.05, 1_000), point("dear", 0.05, 100_000)]
    best = point("best", 0.9, 10_000)
    assert beside(chart([best, *ends[1:]], TOKENS)) == "start"
    assert beside(chart([best, *ends[1:], point("worse", 0.9, 10_600)], TOKENS)) == "end"


def test_the_line_of_the_front_is_a_staircase_up_from_the_cheapest() -> None:
    made = chart([point("best", 0.9, 60_000), point("cheap", 0.4, 10_000)], TOKENS)
    [line] = (path for path in drawing(made).iter(f"{SVG}path") if path.get("class") == "front-line")
    found = re.fullmatch(r"M(\S+) (\S+)H(\S+)V(\S+)", line.get("d") or "")
    assert found
    x, y, across, up = map(float, found.groups())
    assert x < across
    assert up < y


def test_it_has_a_name_and_a_description() -> None:
    root = drawing(chart([point("a", 0.5, 12_345)], TOKENS))
    by_id = {each.get("id"): each.text for each in root.iter() if each.get("id")}
    assert root.get("role") == "img"
    assert by_id[root.get("aria-labelledby")] == "pass@1 against tokens/correct"
    assert (
        by_id[root.get("aria-describedby")]
        == "1 point. On the front, the highest pass rate first: a: 0.50 at 12.3k."
    )


def test_what_is_not_drawn_is_named_with_the_reason() -> None:
    made = chart(
        [
            point("half", 0.5, 1000, known=3),
            point("failed", 0, None),
            point("silent", 0.5, None),
            point("void", None, None),
            point("drawn", 0.1, 1000),
        ],
        TOKENS,
    )
    assert {why: [each.name for each in points] for why, points in made.missing.items()} == {
        "the tokens of some attempts are not known, so the figure is a lower bound": ["half"],
        "nothing passed": ["failed"],
        "the tokens of no attempt are known": ["silent"],
        "no attempt has a verdict": ["void"],
    }
    assert [each.name for each in made.front] == ["drawn"]


def test_one_that_costs_nothing_is_not_drawn_and_still_beats_others() -> None:
    made = chart([point("free", 0.5, 0), point("paid", 0.5, 2.0), point("dear", 0.9, 9.0)], AXES["usd"])
    assert [each.name for each in made.front] == ["dear", "free"]
    assert titles(made, "front") == ["dear: 0.90 at $9"]
    assert titles(made, "point") == ["paid: 0.50 at $2"]
    assert [each.name for points in made.missing.values() for each in points] == ["free"]


def test_without_a_point_there_is_no_drawing() -> None:
    made = chart([point("failed", 0, None)], TOKENS)
    assert (made.svg, made.front) == (None, ())


def test_intervals_are_drawn_where_points_are_few() -> None:
    def whiskers(points: int) -> int:
        each = [
            Point(
                agent=str(n), model="m", name=str(n),
                passed=summary(0.5, Interval(0.2, 0.8)), spent=summary(1000 + n, Interval(900, None)),
            )
            for n in range(points)
        ]  # fmt: skip
        return str(chart(each, TOKENS).svg).count('class="whisker" d="M')

    assert whiskers(pareto.MOST_WITH_WHISKERS) >= 2 * pareto.MOST_WITH_WHISKERS
    assert whiskers(pareto.MOST_WITH_WHISKERS + 1) <= 1


def test_an_interval_without_an_upper_end_goes_to_the_edge() -> None:
    made = chart(
        [
            Point(
                agent="a", model="m", name="a", passed=summary(0.5), spent=summary(1000, Interval(900, None))
            )
        ],
        TOKENS,
    )
    [whisker] = (path for path in drawing(made).iter(f"{SVG}path") if path.get("class") == "whisker")
    frame = next(path for path in drawing(made).iter(f"{SVG}path") if path.get("class") == "axis")
    ends = [float((path.get("d") or "").split("H")[1]) for path in (whisker, frame)]
    assert ends[0] == ends[1]


def test_names_are_escaped_and_shortened() -> None:
    cells = [attempt("<script>alert(1)</script>\x1b\n" + "x" * 60, f"c/{n}") for n in range(5)]
    made, _ = both(cells)
    assert "<script" not in str(made.svg)
    [title] = titles(made, "front")
    assert title.startswith("<script>alert(1)</script>␛ xxx")
    assert len(title) < 60


def test_points_with_one_model_are_called_by_agent() -> None:
    one, _ = both(sweep(2, 1, 5))
    several, _ = both(sweep(1, 2, 5))
    assert {each.name for each in one.front} <= {"agent-00", "agent-01"}
    assert {each.name for each in several.front} <= {"agent-00 · model-00", "agent-00 · model-01"}
    assert "not the agent alone" not in one.said
    assert "not the agent alone" in several.said


def test_it_says_where_tasks_differ() -> None:
    same = [attempt(agent, f"c/{n}") for agent in ("aider", "pi") for n in range(3)]
    assert both(same)[0].said == ""
    made, _ = both([*same, attempt("pi", "c/9")])
    assert made.said == (
        "Each is over the tasks that it has, 3 to 4 of 4. "
        "The front is of those that have 90% of the tasks or more."
    )


def test_who_was_tried_at_a_few_tasks_pushes_nobody_off_the_front() -> None:
    whole = [attempt("whole", f"c/{n}", passed=n < 5) for n in range(10)]
    few = [attempt("few", f"c/{n}") for n in range(3)]
    assert [each.agent for each in both([*whole, *few])[0].front] == ["whole"]
    assert titles(both([*whole, *few])[0], "point") == ["few: 1.00 at 1.1k"]


def test_bills_are_not_compared_where_only_some_were_cached() -> None:
    cells = [attempt("a", usd="0.2", neutral="0.4"), attempt("b", usd="0.1", neutral="0.5")]
    _, usd = both(cells)
    assert usd.x_axis is AXES["usd"]
    assert [each.agent for each in usd.front] == ["b"]
    _, usd = both([cells[0], attempt("b", usd="0.1", neutral="0.5", cached=10)])
    assert usd.x_axis is pareto.NEUTRAL
    assert [each.agent for each in usd.front] == ["a"]
    assert "bills are not compared" in usd.said


def test_an_agent_without_a_counted_attempt_mixes_nothing() -> None:
    _, usd = both([attempt("a", usd="0.2", cached=10), attempt("b", fault="interrupted")])
    assert usd.x_axis is AXES["usd"]
