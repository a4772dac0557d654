"""Figures are made of pairs; an empty sample has none."""

from __future__ import annotations

import pytest

from cab_bench.stats import differences, median, of, percentile, ratios

ROUNDS = [{"direct": 1.0, "nginx": 3.0, "ours": 5.0}, {"direct": 10.0, "ours": 12.0}, {"nginx": 8.0}]


def test_of_one_target() -> None:
    assert of(ROUNDS, "nginx") == [3.0, 8.0]


def test_only_rounds_that_both_took_part_in_are_pairs() -> None:
    assert differences(ROUNDS, "ours", "direct") == [4.0, 2.0]
    assert differences(ROUNDS, "nginx", "direct") == [2.0]
    assert ratios(ROUNDS, "ours", "direct") == [5.0, 1.2]


def test_no_ratio_to_nothing() -> None:
    assert ratios([{"ours": 1.0, "nginx": 0.0}], "ours", "nginx") == []


@pytest.mark.parametrize(("q", "wanted"), [(50, 2.0), (75, 3.0), (99, 4.0), (100, 4.0), (1, 1.0)])
def test_percentiles_are_samples(q: float, wanted: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], q) == wanted


def test_nothing_has_no_figure() -> None:
    assert percentile([], 50) is None
    assert median([]) is None
    assert median([1.0, 2.0]) == 1.5
