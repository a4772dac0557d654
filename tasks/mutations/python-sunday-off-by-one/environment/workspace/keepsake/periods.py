"""Days, weeks and months as running numbers: neighbours differ by 1, across the ends of years, too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

Numbering = Callable[[date], int]

DAYS_A_WEEK = 7
MONTHS_A_YEAR = 12


def day_number(day: date) -> int:
    """1 for the first of January of the year 1, which was a Monday."""
    return day.toordinal()


def week_number(day: date) -> int:
    return day_number(day) // DAYS_A_WEEK


def month_number(day: date) -> int:
    return day.year * MONTHS_A_YEAR + day.month


def is_recent(day: date, today: date, count: int, number: Numbering) -> bool:
    """Whether the day lies in one of the last ``count`` periods, today's included."""
    age = number(today) - number(day)
    return 0 <= age < count
