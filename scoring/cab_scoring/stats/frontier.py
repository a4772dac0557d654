"""The Pareto front of pass against cost: the arms worth choosing from."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import TypeVar

Arm = TypeVar("Arm", bound=Hashable)


def front(arms: Mapping[Arm, tuple[float | None, float | Decimal | None]]) -> frozenset[Arm]:
    """The arms that no other beats, of (pass rate, tokens or USD per correct task).

    To beat is to be better in one and no worse in the other. An arm with an unknown figure is not on the
    front, and beats nobody.
    """
    known = {
        arm: (passed, cost) for arm, (passed, cost) in arms.items() if passed is not None and cost is not None
    }
    points = set(known.values())
    return frozenset(
        arm
        for arm, (passed, cost) in known.items()
        if not any(
            other_passed >= passed and other_cost <= cost and (other_passed, other_cost) != (passed, cost)
            for other_passed, other_cost in points
        )
    )
