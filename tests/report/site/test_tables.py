from __future__ import annotations

from cab_report.site.tables import matrix, standings
from fakes.many_cells import attempt
from fakes.rendered import site_of


def test_a_matrix_has_what_was_tried_and_nothing_else() -> None:
    site = site_of(attempt("b", "c/2"), attempt("a", "c/1"))
    made = matrix(site.contents["real"].cells.values(), "task", "agent")
    assert (made.rows, made.columns) == (("c/1", "c/2"), ("a", "b"))
    assert sorted(made.cells) == [("c/1", "a"), ("c/2", "b")]


def test_standings_are_of_one_model_or_of_one_agent() -> None:
    content = site_of(
        attempt("a", passed=False), attempt("b"), attempt("a", model="m-2"), attempt("c", model="m-2")
    ).contents["real"]
    assert [each.row.agent for each in standings(content, model="small-1").rows] == ["b", "a"]
    assert [each.row.model for each in standings(content, agent="a").rows] == ["m-2", "small-1"]


def test_axes_that_apply_to_no_attempt_are_named_apart() -> None:
    made = standings(site_of(attempt("a")).contents["real"], agent="a")
    assert "refusal" in made.absent
    assert not {axis.name for axis in made.shown} & set(made.absent)
    assert all(made.rows[0].axes[axis.key].of for axis in made.shown)
