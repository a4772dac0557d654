"""From rounds to what is told about them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cab_bench import plot
from cab_bench.figures import figures
from cab_bench.report import table, text


def one(per_s: float, cpu_s: float = 0.5) -> dict[str, Any]:
    return {
        "per_s": per_s, "requests": 2 * per_s, "failed": 0, "cpu_s": cpu_s, "p50_ms": 1.0, "p99_ms": 2.0,
        "seconds": 2.0,
    }  # fmt: skip


def paced(p99: float, lost: int = 0) -> dict[str, Any]:
    return {
        "streams": 10, "events": 1000, "expected": 1000, "unfinished": 0, "broken": 0, "lost": lost,
        "doubled": 0,
        "moved": 0, "foreign": 0, "cut": 0, "changed": 0, "gap_p50_ms": 20.0, "gap_p99_ms": p99,
        "gap_max_ms": p99, "ttft_ms": [1.0, 2.0], "cpu_s": 0.02, "rss_mb": 50.0, "rss_peak_mb": 60.0,
    }  # fmt: skip


def result(**measured: Any) -> dict[str, Any]:
    return {
        "at": "2026-01-01", "machine": {
            "cpu": "c", "cores": 2, "memory_gb": 1, "kernel": "k", "python": "3", "load_before": 0,
        }, "pinned": False, "quick": False, "versions": {"nginx": "1"}, "left_out": ["litellm"],
        "plan": {"seed": 1, "rounds": 3, "connections": 32}, "measured": {"failed": {}, **measured},
    }  # fmt: skip


def met(run: dict[str, Any], what: str) -> bool | None:
    (aim,) = [aim for aim in figures(run)["aims"] if what in aim["what"]]
    found: bool | None = aim["met"]
    return found


PLAIN = {
    "model": "plain",
    "bytes": 17000,
    # a busy minute: both fall to a tenth, and so the ratio stays
    "rounds": [
        {"nginx": one(1000), "cab-proxy": one(600)},
        {"nginx": one(100), "cab-proxy": one(60)},
        {"nginx": one(1000), "cab-proxy": one(600), "mitmproxy": one(20)},
    ],
    "ledger": {"cab-proxy": [2520, 2520]},
}


def test_a_ratio_is_taken_within_rounds() -> None:
    ours = figures(result(plain=[PLAIN]))["plain"]["17000"]["cab-proxy"]
    assert ours["to_nginx"] == pytest.approx(0.6)
    assert ours["per_s"] == 600
    assert ours["metered"] == 1.0
    assert ours["cpu_us"] == pytest.approx(1.5 / 2520 * 1e6)


def test_aims_are_met_missed_or_not_measured() -> None:
    run = result(plain=[PLAIN])
    assert met(run, "nginx's requests/s") is True
    assert met(run, "mitmproxy") is True
    assert met(run, "litellm") is None


def test_latency_is_what_was_added_in_the_same_round() -> None:
    rounds = [{"direct": at, "nginx": at + 0.1, "cab-proxy": at + 0.3} for at in (1.0, 50.0, 2.0)]
    found = figures(result(latency=[{"model": "plain", "rounds": rounds}]))
    assert found["latency"]["plain"]["cab-proxy"]["added_p50_us"] == pytest.approx(300)
    assert found["latency"]["plain"]["cab-proxy"]["to_nginx"] == pytest.approx(3)
    assert met(result(latency=[{"model": "plain", "rounds": rounds}]), "one connection") is False


def test_paced_streams() -> None:
    rounds = [{"direct": paced(21), "cab-proxy": paced(25)}, {"direct": paced(40), "cab-proxy": paced(47)}]
    run = result(paced=[{"concurrent": 1000, "rounds": rounds}])
    ours = figures(run)["paced"]["1000"]["cab-proxy"]
    assert ours["added_gap_p99_ms"] == 5.5
    assert ours["cpu_ms_per_1000"] == pytest.approx(20)
    assert met(run, "faults") is True
    assert met(run, "p99 gap") is True


def test_one_lost_event_is_a_fault() -> None:
    run = result(
        paced=[{"concurrent": 1000, "rounds": [{"direct": paced(21), "cab-proxy": paced(21, lost=1)}]}]
    )
    assert met(run, "faults") is False


def test_streams_that_never_ended_have_no_gaps_to_tell() -> None:
    rounds = [{"direct": paced(21), "cab-proxy": {**paced(0.5), "unfinished": 9}}]
    run = result(paced=[{"concurrent": 1000, "rounds": rounds}])
    ours = figures(run)["paced"]["1000"]["cab-proxy"]
    assert ours["gap_p99_ms"] is None
    assert ours["added_ttft_p50_ms"] is None
    assert met(run, "p99 gap") is None
    assert met(run, "unfinished") is False


def test_the_report_names_who_was_left_out() -> None:
    run = result(plain=[PLAIN])
    shown = text(run, figures(run))
    assert "left out, not installed: litellm" in shown
    assert "× nginx" in shown
    assert "not measured" in shown


def test_nothing_measured_is_a_report_too() -> None:
    run = result()
    assert "not measured" in text(run, figures(run))
    assert plot.draw(figures(run)) is None


def test_a_table_is_aligned() -> None:
    assert table(("", "n"), [("a", "1"), ("long", "100")]).splitlines() == [
        "|      |   n |",
        "| :--- | --: |",
        "| a    |   1 |",
        "| long | 100 |",
    ]


def test_the_plot_has_a_bar_for_each_and_says_it_in_words() -> None:
    drawn = plot.draw(figures(result(plain=[PLAIN])))
    assert drawn is not None
    root = ET.fromstring(drawn)
    name = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{name}rect")) == 3
    said = root.findtext(f"{name}desc")
    assert said is not None
    assert "mitmproxy 20.0/s" in said


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([5.0, 50.0], (0, 2)),
        ([10.0], (0, 1)),
        ([0.0, -3.0], (0, 1)),
        ([0.02, 1.0], (-2, 0)),
        ([1.0], (-1, 0)),
    ],
)
def test_every_value_has_a_bar(values: list[float], wanted: tuple[int, int]) -> None:
    assert plot.decades(values) == wanted
