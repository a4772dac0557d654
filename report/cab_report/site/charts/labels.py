"""Names beside points, none over another: each stands where it first fits, the nearest place first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

Place = tuple[float, float]
"""Across and down, in pixels."""

_LINE: Final = 15
_CHARACTER: Final = 6.6
"""Width of one at the 12 px of a chart's text; more than most have, so that no name overruns its box."""
_RADIUS: Final = 5
_TRIED: Final = [
    (across, lines * _LINE) for lines in (0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5, -6, 6) for across in (10, -10)
]
"""From the point to where a name may begin, or end, where that is to the left."""


class Box(NamedTuple):
    """An upright rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether they share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Whether ``other`` lies within."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """Where a name stands."""

    box: Box
    near: float
    """The end of it that its point is at."""
    away: bool
    """Whether it stands on another line than its point, so that a stroke has to lead there."""

    @property
    def before(self) -> bool:
        """Whether it is to the left of its point."""
        return self.near == self.box.right


def place(
    points: Sequence[Place], names: Sequence[str], within: Box, others: Sequence[Place] = ()
) -> list[Label | None]:
    """For each point, where its name stands: within the box, over no other name, and over no point of these
    and of ``others``, which have no name. None where that is nowhere near.
    """
    taken = [Box(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y in (*points, *others)]
    placed: list[Label | None] = []
    for (x, y), name in zip(points, names, strict=True):
        width = len(name) * _CHARACTER
        found = None
        for across, down in _TRIED:
            near, top = x + across, y + down - _LINE / 2
            left, right = (near, near + width) if across > 0 else (near - width, near)
            box = Box(left, top, right, top + _LINE)
            if within.holds(box) and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                found = Label(box, near, away=down != 0)
                break
        placed.append(found)
    return placed
