from __future__ import annotations

import pytest

from cab_runner.calibration.markdown import code, error, names, number, seconds, share, table


def test_numbers_stand_to_the_right() -> None:
    rows = [("a", "1,000", "≥ 3.5", "429 × 2"), ("b", "–", "+0.5 %", "none")]
    assert table(("agent", "calls", "s", "answers"), rows).splitlines() == [
        "| agent | calls | s | answers |",
        "| --- | --: | --: | --- |",
        "| a | 1,000 | ≥ 3.5 | 429 × 2 |",
        "| b | – | +0.5 % | none |",
    ]


def test_a_bar_in_a_cell_ends_no_cell() -> None:
    assert table(("agent",), [(code("a|b"),)]).endswith("| `a\\|b` |\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "`plain`"),
        ("a|b", "`a|b`"),
        ("a `b` c", "`` a `b` c ``"),
        (" edge", "`  edge `"),
        ("two\nlines\x1b", "`two?lines?`"),
    ],
)
def test_any_text_is_code(text: str, shown: str) -> None:
    assert code(text) == shown


def test_unknown_is_a_dash_and_nothing_is_nothing() -> None:
    assert {number(None), share(None), error(None), seconds(None), names(None)} == {"–"}
    assert (number(0), share(0.0), error(0.0), seconds(0.0), names([])) == ("0", "0 %", "0 %", "0.0", "none")


def test_errors_have_a_sign() -> None:
    assert [error(-0.25), error(0.0501), error(-1.0)] == ["-25.0 %", "+5.0 %", "-100.0 %"]


def test_a_time_that_a_limit_ended() -> None:
    assert seconds(60.04, cut_off=True) == "≥ 60.0"
