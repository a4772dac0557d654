from __future__ import annotations

import re

from cab_report.site.charts.whisker import WIDTH, whisker
from cab_scoring.stats.intervals import UNKNOWN, Interval


def reach(svg: str) -> tuple[float, float]:
    found = re.search(r'class="reach" x1="([\d.]+)" x2="([\d.]+)"', svg)
    assert found is not None
    return float(found[1]), float(found[2])


def dot(svg: str) -> float:
    found = re.search(r'cx="([\d.]+)"', svg)
    assert found is not None
    return float(found[1])


def test_the_dot_lies_within_its_interval_on_one_scale() -> None:
    low, high = reach(whisker(0.5, Interval(0.25, 1.0)))
    assert dot(whisker(0.5, UNKNOWN)) == WIDTH / 2
    assert (low, high) == (dot(whisker(0.25, UNKNOWN)), dot(whisker(1.0, UNKNOWN)))


def test_a_scale_with_a_zero_within_marks_it() -> None:
    assert f'class="axis" x1="{WIDTH / 2}" x2="{WIDTH / 2}"' in whisker(0.2, UNKNOWN, -1)
    assert "axis" not in whisker(0.2, UNKNOWN)


def test_what_is_not_known_is_not_drawn() -> None:
    assert whisker(None, UNKNOWN) == ""
    assert "reach" not in whisker(0.5, Interval(0.2, None))
