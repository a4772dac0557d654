from __future__ import annotations

from pathlib import Path

from cab_report.results.runs import Found, Run
from cab_report.site import content
from cab_report.site.content import Content
from fakes.many_cells import attempt


def found(*cells: dict[str, object]) -> Found:
    return Found(
        runs=tuple(map(Run.from_cell, cells)),
        folders=tuple(Path(str(number)) for number in range(len(cells))),
        warnings=(),
    )


def at(second: int, **named: object) -> dict[str, object]:
    made = attempt(**named)  # type: ignore[arg-type]
    return {**made, "timing": {"started_at": f"2026-07-01T12:00:{second:02}.000000Z"}}


def real(*cells: dict[str, object]) -> Content:
    return content.content(found(*cells))[0]["real"]


def test_kinds_are_apart_and_there_is_always_a_real_one() -> None:
    made, _ = content.content(found(attempt(kind="simulated"), attempt(kind="provisional")))
    assert {kind: len(each.attempts) for kind, each in made.items()} == {
        "real": 0,
        "provisional": 1,
        "simulated": 1,
    }


def test_the_last_counted_attempt_stands_for_a_cell_whatever_its_verdict() -> None:
    [cell] = real(at(3, fault="rate_limited"), at(1, passed=True), at(2, passed=False)).cells.values()
    assert [each.run.sums.passed for each in cell.attempts] == [1, 0, None]
    assert cell.shown.run.sums.passed == 0
    assert (cell.passed, cell.graded, len(cell.counted)) == (1, 2, 2)


def test_a_cell_of_void_attempts_shows_the_last() -> None:
    [cell] = real(at(1, fault="rate_limited"), at(2, fault="sandbox_error")).cells.values()
    assert cell.shown.run.cause == "sandbox_error"
    assert cell.path_of(cell.shown) == cell.path
    assert cell.path_of(cell.attempts[0]).startswith(cell.path.removesuffix("index.html") + "attempt/run-")


def test_cells_by_agent_model_task_and_category() -> None:
    made = real(attempt("b", "x/1"), attempt("a", "y/1", model="m2"), attempt("a", "x/1"))
    assert list(made.cells) == [("a", "m2", "y/1"), ("a", "small-1", "x/1"), ("b", "small-1", "x/1")]
    assert list(made.agents) == ["a", "b"]
    assert {task: len(cells) for task, cells in made.tasks.items()} == {"x/1": 2, "y/1": 1}
    assert made.categories == {"x": ["x/1"], "y": ["y/1"]}
    assert list(made.of_category("x").tasks) == ["x/1"]


def test_a_name_that_no_file_can_have_leaves_its_attempt_out() -> None:
    made, warnings = content.content(found(attempt("a" * 300), attempt(model="m/" * 600), attempt("aider")))
    assert list(made["real"].agents) == ["aider"]
    assert [warning.split(":")[0] for warning in warnings] == ["0 is left out", "1 is left out"]


def test_two_cells_never_share_a_page() -> None:
    made, [warning] = content.content(found(attempt(model="b", task="c/d"), attempt(model="b/c", task="d")))
    assert [cell.task for cell in made["real"].cells.values()] == ["c/d"]
    assert warning == "1 is left out: another cell has the page that it would have"


def test_an_attempt_without_an_id_is_named_by_its_sweep() -> None:
    _, warnings = content.content(found(attempt(run_id=None, sweep_id="s" * 5000)))
    assert warnings == ["0 is left out: a name in it is too long for a page"]
