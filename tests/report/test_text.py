from __future__ import annotations

import pytest

from cab_report.text import many, milliseconds, one_line, seconds, to_the_second, visible


def test_control_characters_are_pictures_of_themselves() -> None:
    assert visible("\x1b[31mred\x07\x00\x7f") == "␛[31mred␇␀␡"
    assert visible("a\r\nb\tc\rd") == "a\nb\tc␍d"
    assert visible("a\u061cb\u200bc\U000e0041") == "a\ufffdb\ufffdc\ufffd"
    assert visible("\u202egpj.exe\u2066\x9b") == "\ufffdgpj.exe\ufffd\ufffd"


def test_one_line_and_no_longer() -> None:
    assert one_line(" a\n\tb\x1b ", 80) == "a b␛"
    assert one_line("abcdef", 6) == "abcdef"
    assert one_line("abcdefg", 6) == "abcde…"


def test_how_many() -> None:
    assert [many(number, "task") for number in (0, 1, 3465)] == ["0 tasks", "1 task", "3,465 tasks"]
    assert many(3465) == "3,465"


def test_times_to_the_second() -> None:
    assert to_the_second("2026-07-01T12:00:09.987654Z") == "2026-07-01 12:00:09"
    assert to_the_second("2026-07-01T12:00:09+02:00") == "2026-07-01T12:00:09+02:00"
    assert to_the_second(["\x1b"]) == "['\\x1b']"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0042, "4 ms"),
        (1.25, "1.2 s"),
        (59.96, "60.0 s"),
        (100, "1 min 40 s"),
        (3599.7, "60 min 00 s"),
    ],
)
def test_lengths_of_time(value: float | None, text: str) -> None:
    assert seconds(value) == text
    assert milliseconds(None if value is None else 1000 * value) == text


def test_half_a_surrogate_pair_can_be_written() -> None:
    assert visible("a\ud800b") == "a\ufffdb"
