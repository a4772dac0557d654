"""Tables as text and as JSON."""

from __future__ import annotations

import json

from podium.rules import Standing


def as_json(table: list[Standing]) -> str:
    rows = [
        {
            "place": row.place,
            "team": row.record.team,
            "played": row.record.played,
            "won": row.record.won,
            "drawn": row.record.drawn,
            "lost": row.record.lost,
            "goals_for": row.record.goals_for,
            "goals_against": row.record.goals_against,
            "points": row.record.points,
        }
        for row in table
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def as_text(table: list[Standing]) -> str:
    width = max((len(row.record.team) for row in table), default=0)
    return "\n".join(_line(row, width) for row in table)


def _line(row: Standing, width: int) -> str:
    record = row.record
    goals = f"{record.goals_for}:{record.goals_against}"
    return (
        f"{row.place:>2}  {record.team:<{width}}  {record.played:>2}  {record.won:>2}  {record.drawn:>2}"
        f"  {record.lost:>2}  {goals:>5}  {record.points:>3}"
    )
