"""A plan: what is kept and what may go, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

from keepsake.policy import RULES, Policy, kept
from keepsake.snapshots import Snapshot, newest_first


@dataclass(frozen=True)
class Decision:
    snapshot: Snapshot
    rules: list[str]
    """What keeps it; none when it may go."""


@dataclass(frozen=True)
class Plan:
    decisions: list[Decision]
    """Newest first."""

    @property
    def keep(self) -> list[Decision]:
        return [decision for decision in self.decisions if decision.rules]

    @property
    def drop(self) -> list[Decision]:
        return [decision for decision in self.decisions if not decision.rules]

    def over_mb(self, limit_mb: int) -> int:
        """How much more than the limit is kept; 0 when it is not more."""
        return max(0, size_mb(self.keep) - limit_mb)


def size_mb(decisions: list[Decision]) -> int:
    return sum(decision.snapshot.size_mb for decision in decisions)


def plan(snapshots: list[Snapshot], today: date, policy: Policy) -> Plan:
    why = kept(snapshots, today, policy)
    return Plan(
        [
            Decision(snapshot, sorted(why.get(snapshot.name, ()), key=RULES.index))
            for snapshot in newest_first(snapshots)
        ]
    )


def gaps(snapshots: list[Snapshot], today: date, days: int) -> list[date]:
    """Days without a snapshot among the last ones, oldest first."""
    taken = {snapshot.day for snapshot in snapshots}
    last = [today - timedelta(days=age) for age in range(days - 1, -1, -1)]
    return [day for day in last if day not in taken]


def as_text(made: Plan) -> str:
    lines = [
        f"keep {decision.snapshot.name} {','.join(decision.rules)}"
        if decision.rules
        else f"drop {decision.snapshot.name}"
        for decision in made.decisions
    ]
    keep, drop = (f"{len(part)} ({size_mb(part)} MB)" for part in (made.keep, made.drop))
    return "\n".join([*lines, f"keep {keep}, drop {drop}"])


def as_json(made: Plan) -> str:
    return json.dumps(
        {
            "keep": [{"name": kept.snapshot.name, "rules": kept.rules} for kept in made.keep],
            "drop": [dropped.snapshot.name for dropped in made.drop],
            "keep_mb": size_mb(made.keep),
            "drop_mb": size_mb(made.drop),
        },
        indent=2,
    )
