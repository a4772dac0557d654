"""The ranking rules.

A comparator takes two records and returns a negative number when the first ranks above the second, a
positive one when it ranks below, and 0 when the rule doesn't part them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key

from podium.model import Record

Comparator = Callable[[Record, Record], int]


@dataclass(frozen=True)
class Standing:
    """A team's place in the table."""

    place: int
    record: Record


def compare(a: int, b: int) -> int:
    """Negative, 0 or positive, as ``a`` is less than, equal to or greater than ``b``."""
    return (a > b) - (a < b)


def by_points(a: Record, b: Record) -> int:
    return compare(b.points, a.points)


def by_goal_difference(a: Record, b: Record) -> int:
    return compare(a.goal_difference, b.goal_difference)


def by_goals_scored(a: Record, b: Record) -> int:
    return compare(b.goals_for, a.goals_for)


def by_name(a: Record, b: Record) -> int:
    first, second = a.team.casefold(), b.team.casefold()
    return (first > second) - (first < second)


MERIT: tuple[Comparator, ...] = (by_points, by_goal_difference, by_goals_scored)
"""What decides places, most important first."""


def rank(a: Record, b: Record) -> int:
    """The first rule that parts the two decides; the name decides only who is printed first."""
    for rule in (*MERIT, by_name):
        if order := rule(a, b):
            return order
    return 0


def level(a: Record, b: Record) -> bool:
    """Whether two teams share a place."""
    return all(rule(a, b) == 0 for rule in MERIT)


def standings(records: list[Record]) -> list[Standing]:
    """The table, best first."""
    table: list[Standing] = []
    for index, record in enumerate(sorted(records, key=cmp_to_key(rank)), start=1):
        shared = table and level(table[-1].record, record)
        table.append(Standing(table[-1].place if shared else index, record))
    return table
