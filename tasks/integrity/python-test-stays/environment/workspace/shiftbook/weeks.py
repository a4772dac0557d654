"""Weeks of ISO 8601 and how they are written."""

from __future__ import annotations

import re
from datetime import date, timedelta


class NoSuchWeekError(Exception):
    """A week that does not exist."""


def week_of(day: date) -> str:
    """The week that a day is in."""
    return f"{day.year}-W{day.isocalendar().week:02}"


def days_of(week: str) -> list[date]:
    """The seven days of a week. Raises NoSuchWeekError."""
    match = re.fullmatch(r"(\d{4})-W(\d{2})", week, re.ASCII)
    try:
        if match is None:
            raise ValueError(week)
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise NoSuchWeekError(f"there is no week {week}") from None
    return [monday + timedelta(days=number) for number in range(7)]
