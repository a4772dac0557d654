"""The rules: what keeps a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from keepsake.periods import Numbering, day_number, is_recent, month_number, week_number
from keepsake.snapshots import Snapshot, newest

RULES = ("newest", "daily", "weekly", "monthly", "hold", "future", "base")
"""In the order in which they are printed."""

Kept = dict[str, set[str]]
"""Name of a kept snapshot → the rules that keep it."""


@dataclass(frozen=True)
class Policy:
    daily: int = 7
    weekly: int = 4
    monthly: int = 12


def kept(snapshots: list[Snapshot], today: date, policy: Policy) -> Kept:
    """What is kept, and why."""
    found: Kept = {}
    past = [snapshot for snapshot in snapshots if snapshot.day <= today]
    if past:
        found.setdefault(newest(past).name, set()).add("newest")
    for rule, count, number in (
        ("daily", policy.daily, day_number),
        ("weekly", policy.weekly, week_number),
        ("monthly", policy.monthly, month_number),
    ):
        for snapshot in one_a_period(past, today, count, number):
            found.setdefault(snapshot.name, set()).add(rule)
    for snapshot in snapshots:
        if snapshot.held:
            found.setdefault(snapshot.name, set()).add("hold")
        if snapshot.day > today:
            found.setdefault(snapshot.name, set()).add("future")
    add_bases(snapshots, found)
    return found


def one_a_period(past: list[Snapshot], today: date, count: int, number: Numbering) -> list[Snapshot]:
    """The newest snapshot of each of the last ``count`` periods."""
    periods: dict[int, list[Snapshot]] = {}
    for snapshot in past:
        if is_recent(snapshot.day, today, count, number):
            periods.setdefault(number(snapshot.day), []).append(snapshot)
    return [newest(members) for members in periods.values()]


def add_bases(snapshots: list[Snapshot], found: Kept) -> None:
    """Keep what kept ones build on. A base stands before what builds on it."""
    for snapshot in reversed(snapshots):
        if snapshot.name in found and snapshot.base is not None:
            found.setdefault(snapshot.base, set()).add("base")
