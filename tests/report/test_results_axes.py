from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cab_report.results import axes
from cab_report.results.groups import Group, families
from cab_report.results.runs import Run
from cab_scoring.stats import intervals
from fakes.cells import cell
from fakes.many_cells import attempt, sweep

SCORES: dict[str, Any] = {
    "latency": {"wall_clock_ms": 2500, "agent_ms": None},
    "blast_radius": {"blast_radius": 0.25, "not_applicable": False},
    "integrity": {"integrity": None, "not_applicable": False},
    "refusal": {"refusal": 0, "not_applicable": True},
    "composite": {"composite": 0.5, "composite_bounds": [0.5, 0.5]},
}


def group(*runs: Run) -> Group:
    [[found]] = families(runs).values()
    return found


def run(task: str = "c/a", composite_high: float | None = None, **measured: float | None) -> Run:
    return replace(Run.from_cell(attempt(task=task)), axes=measured, composite_high=composite_high)


def test_what_does_not_apply_is_absent_and_what_is_not_known_is_none() -> None:
    assert axes.measured(SCORES) == {
        "wall": 2.5, "agent_time": None, "composite": 0.5, "blast": 0.25, "integrity": None,
    }  # fmt: skip


def test_a_scored_record_has_every_measure_that_applies() -> None:
    found = axes.measured(cell()["scores"])
    assert set(axes.MEASURES) - set(found) == {"integrity", "refusal", "fidelity"}
    assert found["wall"] == 10
    assert set(axes.MEASURES) < set(axes.AXES)


@pytest.mark.parametrize(
    ("part", "error"),
    [
        ({"latency": {"wall_clock_ms": -1}}, ValueError),
        ({"latency": {"wall_clock_ms": "long"}}, TypeError),
        ({"blast_radius": {"blast_radius": 1.5}}, ValueError),
        ({"composite": {"composite": 2}}, ValueError),
        ({"composite": {"composite": None, "composite_bounds": [-1, 1]}}, ValueError),
    ],
)
def test_what_can_be_no_figure_is_refused(part: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        axes.measured(SCORES | part)


def test_bounds_of_the_composite() -> None:
    ranged = {"composite": {"composite": None, "composite_bounds": [0.2, 0.9]}}
    assert (axes.composite_bound(ranged, 0), axes.composite_bound(ranged, 1)) == (0.2, 0.9)
    assert axes.composite_bound({"composite": {"composite": 0.4}}, 1) == 0.4
    assert axes.composite_bound({"composite": {"composite": None, "composite_bounds": None}}, 0) is None


def test_a_mean_is_over_tasks_and_says_of_how_many_attempts_it_is_known() -> None:
    found = axes.summaries(
        group(run(wall=1.0), run(wall=3.0), run("c/b", wall=10.0), run("c/b", wall=None), run("c/c"))
    )["wall"]
    assert found.value == 6
    assert (found.known, found.of, found.complete) == (3, 4, False)
    assert found.interval == intervals.mean_interval([2.0, 10.0])


def test_a_share_has_an_interval_within_0_and_1() -> None:
    found = axes.summaries(group(*(run(f"c/{n}", blast=1.0) for n in range(4))))["blast"]
    assert found.value == 1
    assert found.interval == intervals.share_interval([1.0] * 4)
    assert found.interval.high == 1


def test_an_axis_that_applies_to_nothing_has_no_figure() -> None:
    found = axes.summaries(group(run(wall=1.0)))["refusal"]
    assert (found.value, found.known, found.of) == (None, 0, 0)
    assert found.interval == intervals.UNKNOWN


def test_a_composite_that_is_a_range_is_not_known_in_full() -> None:
    found = axes.summaries(
        group(run(composite=0.2, composite_high=0.6), run("c/b", composite=0.4, composite_high=0.4))
    )["composite"]
    assert found.value == pytest.approx(0.3)
    assert found.high == pytest.approx(0.5)
    assert (found.known, found.of) == (1, 2)
    assert found.interval.low == intervals.share_interval([0.2, 0.4]).low
    assert found.interval.high == intervals.share_interval([0.6, 0.4]).high


def test_a_composite_known_in_full_is_no_range() -> None:
    found = axes.summaries(group(run(composite=0.2, composite_high=0.2)))["composite"]
    assert (found.value, found.high, found.complete) == (0.2, None, True)


def test_amounts_are_ratios_of_sums() -> None:
    made = group(
        *(
            Run.from_cell(attempt(task=f"c/{n}", passed=n > 0, tokens=(900 * (n + 1), 0), usd="0.5"))
            for n in range(5)
        )
    )
    found = axes.summaries(made)
    assert found["tokens"].value == 900 * 15 / 4
    assert found["tokens"].interval == intervals.ratio_interval(
        [900 * (n + 1) for n in range(5)], [0, 1, 1, 1, 1]
    )
    assert found["usd"].value == 2.5 / 4
    assert found["pass"].value == 0.8
    assert all(found[key].complete for key in ("pass", "tokens", "usd"))


def test_an_amount_not_known_in_full_has_no_upper_end() -> None:
    made = [Run.from_cell(attempt(task=f"c/{n}")) for n in range(9)]
    unknown = Run.from_cell(attempt(task="c/9", tokens=(None, None), passed=False))
    found = axes.summaries(group(*made, unknown))["tokens"]
    assert found.value == 1100
    assert (found.known, found.of) == (9, 10)
    assert found.interval.low is not None
    assert found.interval.high is None


def test_without_a_pass_nothing_is_known_of_what_one_costs() -> None:
    found = axes.summaries(group(Run.from_cell(attempt(passed=False, usd="1"))))
    assert [(found[key].value, found[key].interval) for key in ("tokens", "usd")] == [
        (None, intervals.UNKNOWN)
    ] * 2
    assert found["pass"].value == 0


def test_void_attempts_are_in_no_figure() -> None:
    found = axes.summaries(group(Run.from_cell(attempt(fault="interrupted"))))
    assert {(each.value, each.known, each.of) for each in found.values()} == {(None, 0, 0)}


def test_usd_at_list_prices() -> None:
    made = [Run.from_cell(attempt(task=f"c/{n}", usd="0.1", neutral=f"0.{n + 1}")) for n in range(5)]
    found = axes.usd_neutral(group(*made))
    assert found.value == pytest.approx(0.3)
    assert found.complete
    assert found.interval.low is not None
    assert axes.usd_neutral(group(*made, Run.from_cell(attempt(task="c/9")))).interval.high is None


def test_every_figure_lies_within_its_interval() -> None:
    for made in families(map(Run.from_cell, sweep(4, 2, 7, 2))).values():
        for each in made:
            for found in axes.summaries(each).values():
                if found.value is not None and found.interval.low is not None:
                    assert found.interval.low <= found.value + 1e-9
                    assert found.interval.high is None or found.value <= found.interval.high + 1e-9
