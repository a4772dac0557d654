"""Matches as they are written down, and what each team has made of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

HEADER = ["home", "away", "home_goals", "away_goals"]
WIN, DRAW = 3, 1


class ResultsError(ValueError):
    """Results that can't be read. The message names the line."""


@dataclass(frozen=True)
class Match:
    home: str
    away: str
    home_goals: int
    away_goals: int


@dataclass
class Record:
    """One team's season so far."""

    team: str
    won: int = 0
    drawn: int = 0
    lost: int = 0
    goals_for: int = 0
    goals_against: int = 0

    @property
    def played(self) -> int:
        return self.won + self.drawn + self.lost

    @property
    def points(self) -> int:
        return WIN * self.won + DRAW * self.drawn

    @property
    def goal_difference(self) -> int:
        return self.goals_for - self.goals_against

    def add(self, scored: int, conceded: int) -> None:
        self.goals_for += scored
        self.goals_against += conceded
        if scored > conceded:
            self.won += 1
        elif scored < conceded:
            self.lost += 1
        else:
            self.drawn += 1


def read_matches(text: str) -> Iterator[Match]:
    """The matches of a CSV text. Raises ResultsError."""
    header_seen = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if not header_seen:
            if cells != HEADER:
                raise ResultsError(f"line {number}: the header must be {','.join(HEADER)}")
            header_seen = True
            continue
        yield _match(number, cells)


def _match(number: int, cells: list[str]) -> Match:
    if len(cells) != len(HEADER):
        raise ResultsError(f"line {number}: {len(cells)} columns, expected {len(HEADER)}")
    home, away, *goals = cells
    if not home or not away:
        raise ResultsError(f"line {number}: a team has no name")
    if home == away:
        raise ResultsError(f"line {number}: {home} can't play itself")
    if not all(goal.isascii() and goal.isdigit() for goal in goals):
        raise ResultsError(f"line {number}: goals must be whole numbers from 0")
    return Match(home, away, int(goals[0]), int(goals[1]))


def records(matches: Iterable[Match]) -> list[Record]:
    """One record a team, in order of first appearance."""
    teams: dict[str, Record] = {}
    for match in matches:
        for team, scored, conceded in (
            (match.home, match.home_goals, match.away_goals),
            (match.away, match.away_goals, match.home_goals),
        ):
            teams.setdefault(team, Record(team)).add(scored, conceded)
    return list(teams.values())
