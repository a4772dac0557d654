from __future__ import annotations

from cab_report.results.axes import Summary
from cab_report.site.tables import figure, interval, matrix, remark, standings
from cab_scoring.stats.intervals import UNKNOWN, Interval
from fakes.many_cells import attempt
from fakes.rendered import site_of


def test_a_matrix_has_what_was_tried_and_nothing_else() -> None:
    site = site_of(attempt("b", "c/2"), attempt("a", "c/1"))
    made = matrix(site.contents["real"].cells.values(), "task", "agent")
    assert (made.rows, made.columns) == (("c/1", "c/2"), ("a", "b"))
    assert sorted(made.cells) == [("c/1", "a"), ("c/2", "b")]


def test_standings_are_of_one_model_or_of_one_agent_or_of_all() -> None:
    content = site_of(
        attempt("a", passed=False), attempt("b"), attempt("a", model="m-2"), attempt("c", model="m-2")
    ).contents["real"]
    assert [row.agent for row, _ in standings(content, model="small-1").rows] == ["b", "a"]
    assert [row.model for row, _ in standings(content, agent="a").rows] == ["m-2", "small-1"]
    assert len(standings(content).rows) == 4


def test_axes_that_apply_to_no_attempt_are_named_apart() -> None:
    made = standings(site_of(attempt("a")).contents["real"], agent="a")
    assert "refusal" in made.absent
    assert not {axis.name for axis in made.shown} & set(made.absent)
    assert all(made.rows[0][1][axis.key].of for axis in made.shown)


def summary(
    value: float | None, of: Interval = UNKNOWN, *, high: float | None = None, known: int = 3, tried: int = 3
) -> Summary:
    return Summary(value=value, high=high, interval=of, known=known, of=tried)


def test_figures_say_what_is_not_known() -> None:
    assert figure(summary(None, known=0), "share") == "–"
    assert figure(summary(0.5, high=0.75), "share") == "0.50–0.75"
    assert figure(summary(1200, known=1), "tokens") == "≥1.20k"
    assert figure(summary(1200), "tokens") == "1.20k"


def test_a_figure_has_an_interval_or_is_said_to_have_none() -> None:
    assert interval(summary(0.5, Interval(0.25, None)), "share") == "0.25…–"
    assert interval(summary(0.5), "share") == "no interval"
    assert interval(summary(None), "share") == ""


def test_reasons() -> None:
    nothing, failed, void = summary(None), summary(0.0), summary(None, known=0, tried=0)
    assert remark(nothing, "tokens", failed) == "nothing passed"
    assert remark(nothing, "s", failed) == "not recorded"
    assert remark(failed, "share", failed) == ""
    assert remark(summary(None, known=0), "tokens", failed) == "not recorded"
    assert remark(summary(1.0, known=2), "s", failed) == "2 of 3"
    assert remark(void, "share", failed) == "doesn't apply"
    assert remark(void, "s", void) == "all void"
