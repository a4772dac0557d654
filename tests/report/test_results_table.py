from __future__ import annotations

from decimal import Decimal

import pytest

from cab_report.results import table
from cab_scoring.stats.intervals import UNKNOWN, Interval


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "–"), (0, "0"), (999.4, "999"), (999.6, "1.00k"), (1000, "1.00k"), (9_994, "9.99k"),
        (9_996, "10.0k"), (99_960, "100k"), (999_400, "999k"), (999_600, "1.00M"), (12_345_678, "12.3M"),
        (4_567_000_000, "4,567M"),
    ],
)  # fmt: skip
def test_tokens_have_three_digits(count: float | None, text: str) -> None:
    assert table.tokens(count) == text
    assert table.tokens(count, complete=False) == (text if count is None else f"≥{text}")


@pytest.mark.parametrize(
    ("amount", "complete", "text"),
    [
        (None, True, "–"), (Decimal(0), True, "$0.0000"), (Decimal("0.00001"), True, "<$0.0001"),
        (Decimal("0.00001"), False, "≥$0.0000"), (0.0417, True, "$0.0417"),
        (Decimal("12.345"), True, "$12.34"), (Decimal("1234.4"), True, "$1,234"),
    ],
)  # fmt: skip
def test_usd(amount: Decimal | float | None, complete: bool, text: str) -> None:
    assert table.usd(amount, complete=complete) == text


def test_unknown_is_a_dash_and_0_is_not() -> None:
    for text in (table.share, table.percent, table.signed, table.p_value, table.times):
        assert text(None) == "–"
        assert "0.0" in text(0.0)


def test_intervals() -> None:
    assert table.between(UNKNOWN) == "–"
    assert table.between(Interval(0.25, 0.5)) == "0.25…0.50"
    assert table.between(Interval(1200.0, None), table.tokens) == "1.20k…–"
    assert table.between(Interval(-0.1, 0.25), table.signed) == "-0.10…+0.25"


def test_what_is_not_real_is_marked() -> None:
    assert table.model_text("real", "m") == "m"
    assert table.model_text("simulated", "m") == "m (sim)"
    assert table.model_text("provisional", "m") == "m (provisional)"
