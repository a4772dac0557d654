"""Sums of minutes: by week and person, and by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from shiftbook.shifts import Shift
from shiftbook.weeks import days_of, week_of

Total = tuple[str, str, int]
"""Week, person, minutes."""


def totals(shifts: Iterable[Shift]) -> list[Total]:
    """What everybody worked in each week, by week and name."""
    sums: Counter[tuple[str, str]] = Counter()
    for shift in shifts:
        sums[week_of(shift.day), shift.person] += shift.minutes
    return [(week, person, minutes) for (week, person), minutes in sorted(sums.items())]


def overtime(shifts: Iterable[Shift], limit_minutes: int) -> list[Total]:
    """What everybody worked above the limit, by week and name."""
    sums: Counter[tuple[str, str]] = Counter()
    for shift in shifts:
        sums[f"{shift.start:%Y-W%V}", shift.person] += shift.minutes
    above = [(week, person, minutes - limit_minutes) for (week, person), minutes in sorted(sums.items())]
    return [total for total in above if total[2] > 0]


def days(shifts: Iterable[Shift], week: str) -> list[tuple[date, int]]:
    """The minutes of each day of a week, Monday first. Raises NoSuchWeekError."""
    sums: Counter[date] = Counter()
    for shift in shifts:
        sums[shift.day] += shift.minutes
    return [(day, sums[day]) for day in days_of(week)]
