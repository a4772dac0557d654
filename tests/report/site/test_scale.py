from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_report.site.charts.scale import linear, logarithmic, tick_text

AMOUNTS = st.floats(1e-6, 1e9)


def test_a_linear_scale() -> None:
    scale = linear(0, 1, 100, 0)
    assert [scale(value) for value in (0, 0.25, 1)] == [100, 75, 0]
    assert scale.ticks == (0, 0.2, 0.4, 0.6, 0.8, 1)


def test_what_lies_beyond_a_scale_is_at_its_end() -> None:
    for scale in (linear(1, 2, 0, 10), logarithmic(1, 2, 0, 10)):
        assert (scale(0.001), scale(1000)) == (0, 10)


def test_a_logarithmic_scale_has_a_decade_as_long_as_the_next() -> None:
    scale = logarithmic(1_000, 100_000, 0, 1000)
    assert scale(10_000) - scale(1_000) == pytest.approx(scale(100_000) - scale(10_000), abs=0.11)
    assert scale.ticks == (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)


def test_many_decades_have_powers_of_ten_only() -> None:
    assert logarithmic(1, 1e6, 0, 1).ticks == tuple(10.0**power for power in range(7))


def test_less_than_a_decade_has_ticks_too() -> None:
    assert logarithmic(2.1, 2.2, 0, 1).ticks == (1.8, 2.0, 2.2, 2.4, 2.6)


@given(AMOUNTS, AMOUNTS)
def test_ticks_of_any_scale_lie_on_it_and_are_few(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for scale in (logarithmic(low, high, 0, 500), linear(0, high, 0, 500)):
        assert 2 <= len(scale.ticks) <= 20
        assert list(scale.ticks) == sorted(set(scale.ticks))
        assert scale.low * (1 - 1e-6) <= scale.ticks[0]
        assert scale.ticks[-1] <= scale.high * (1 + 1e-6)
        assert 0 <= scale(low) <= scale(high) <= 500


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.2, "share", "0.2"), (20_000, "tokens", "20k"), (1_500_000, "tokens", "1.5M"),
        (500, "tokens", "500"), (0.05, "usd", "$0.05"), (2000, "usd", "$2,000"), (30, "s", "30 s"),
    ],
)  # fmt: skip
def test_ticks_are_short(value: float, unit: str, text: str) -> None:
    assert tick_text(value, unit) == text  # type: ignore[arg-type]  # parameters are plain strings
