"""The axes that boards show: what each is, its figure in one record, and what a group of attempts came to.

An axis that does not apply to an attempt's task is absent from what was measured; one that applies and is not
known is None. A mean says of how many attempts it is known, and has an interval over tasks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import fsum
from typing import TYPE_CHECKING, Any, Final, Literal

from cab_report.results.fields import number

if TYPE_CHECKING:
    from cab_report.results.groups import Group
    from cab_scoring.stats.intervals import Interval

Unit = Literal["share", "tokens", "usd", "s"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One way to compare agents."""

    key: str
    name: str
    unit: Unit
    higher_is_better: bool
    what: str
    """In a few words."""


AXES: Final[Mapping[str, Axis]] = {
    axis.key: axis
    for axis in (
        Axis(key="pass", name="pass@1", unit="share", higher_is_better=True,
             what="mean over tasks of the share of attempts that passed"),
        Axis(key="tokens", name="tokens/correct", unit="tokens", higher_is_better=False,
             what="all tokens of counted attempts, failed ones included, over the number that passed"),
        Axis(key="usd", name="USD/correct", unit="usd", higher_is_better=False,
             what="all USD as billed, failed attempts included, over the number that passed"),
        Axis(key="wall", name="wall time", unit="s", higher_is_better=False,
             what="mean over tasks of the seconds that an attempt took"),
        Axis(key="agent_time", name="agent time", unit="s", higher_is_better=False,
             what="mean over tasks of the seconds that were not spent waiting for the model"),
        Axis(key="blast", name="blast radius", unit="share", higher_is_better=False,
             what="share of changed files that the task did not call for"),
        Axis(key="integrity", name="integrity", unit="share", higher_is_better=True,
             what="share of attempts that did what was right, where a task says what that is"),
        Axis(key="refusal", name="refusal", unit="share", higher_is_better=True,
             what="how well an attempt refused, where a refusal was right"),
        Axis(key="fidelity", name="instructions", unit="share", higher_is_better=True,
             what="share of a task's declared constraints that were honoured"),
        Axis(key="composite", name="composite", unit="share", higher_is_better=True,
             what="the weighted sum that the methodology makes of the other axes"),
    )
}  # fmt: skip

MEASURES: Final = ("wall", "agent_time", "blast", "integrity", "refusal", "fidelity", "composite")
"""Axes of which each attempt has a figure of its own, and a group their mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a group came to on one axis."""

    value: float | None
    high: float | None = None
    """Where what is not known leaves a range, its upper end: ``value`` is the lower."""
    interval: Interval
    known: int
    """Attempts whose figure is known in full."""
    of: int
    """Counted attempts that the axis applies to."""
    estimated: bool = False
    """Whether it rests on an estimate."""

    @property
    def complete(self) -> bool:
        """Whether every attempt's figure is known."""
        return self.known == self.of


def measured(scores: Mapping[str, Any]) -> dict[str, float | None]:
    """Of :data:`MEASURES`, those that apply to an attempt. Older records lack some.

    Raises TypeError or ValueError for what can be no figure of its axis.
    """
    latency = scores["latency"]
    found = {
        "wall": _scaled(latency, "wall_clock_ms"),
        "agent_time": _scaled(latency, "agent_ms"),
        "composite": composite_bound(scores, 0),
    }
    for key, name in (
        ("blast", "blast_radius"),
        ("integrity", "integrity"),
        ("refusal", "refusal"),
        ("fidelity", "instruction_fidelity"),
    ):
        axis = scores.get(name)
        if axis is not None and not axis.get("not_applicable"):
            found[key] = number(axis, name)
    for key, value in found.items():
        if value is not None and AXES[key].unit == "share" and value > 1:
            raise ValueError(f"{AXES[key].name} is {value!r}")
    return found


def composite_bound(scores: Mapping[str, Any], which: Literal[0, 1]) -> float | None:
    """The lower (0) or the upper (1) bound of the composite; None for a void attempt."""
    composite = scores["composite"]
    bounds = composite.get("composite_bounds")
    value = float(bounds[which]) if bounds else number(composite, "composite")
    if value is not None and not 0 <= value <= 1:
        raise ValueError(f"composite is {value!r}")
    return value


def summaries(group: Group) -> dict[str, Summary]:
    """Each axis of a group, by its key."""
    from cab_scoring.stats import intervals  # noqa: PLC0415  # scipy takes long to import

    total, tallies = group.total, list(group.tallies.values())
    return {
        "pass": Summary(
            value=intervals.pass_rate(tallies),
            interval=intervals.pass_interval(tallies),
            known=total.graded,
            of=len(group.runs),
        ),
        "tokens": _ratio(
            group,
            total.tokens_per_correct_task,
            [each.tokens for each in group.by_task.values()],
            sum(run.sums.tokens_complete for run in group.runs),
            estimated=any(run.estimated for run in group.runs),
        ),
        "usd": _ratio(
            group,
            total.usd_per_correct_task,
            [each.cost_usd for each in group.by_task.values()],
            sum(run.sums.cost_complete for run in group.runs),
        ),
        **{key: _mean(group, key) for key in MEASURES},
    }


def usd_neutral(group: Group) -> Summary:
    """USD/correct at list prices, as if there were no cache: what bills are compared by where only some were
    served from one.
    """
    return _ratio(
        group,
        group.total.usd_neutral_per_correct_task,
        [each.cost_neutral_usd for each in group.by_task.values()],
        sum(run.sums.cost_neutral_complete for run in group.runs),
    )


def _ratio(
    group: Group,
    value: float | Decimal | None,
    spent: Sequence[float | Decimal | None],
    known: int,
    *,
    estimated: bool = False,
) -> Summary:
    """Of what is known, if anything is; its lower end holds for all that was spent too."""
    from cab_scoring.stats import intervals  # noqa: PLC0415

    found = intervals.UNKNOWN
    if value is not None:
        passed = [each.passed for each in group.by_task.values()]
        found = intervals.ratio_interval([amount or 0 for amount in spent], passed)
    if known < len(group.runs):
        found = intervals.Interval(found.low, None)
    return Summary(
        value=None if value is None else float(value),
        interval=found,
        known=known,
        of=len(group.runs),
        estimated=estimated,
    )


def _mean(group: Group, key: str) -> Summary:
    """The mean over tasks of the mean over a task's attempts, of those where it is known."""
    from cab_scoring.stats import intervals  # noqa: PLC0415

    by_task: dict[str, list[float]] = defaultdict(list)
    highs: dict[str, list[float]] = defaultdict(list)
    applies = known = 0
    for run in group.runs:
        if key not in run.axes:
            continue
        applies += 1
        if (value := run.axes[key]) is not None:
            by_task[run.task].append(value)
            known += key != "composite" or run.composite_high == value
            if key == "composite" and run.composite_high is not None:
                highs[run.task].append(run.composite_high)
    means = [fsum(values) / len(values) for values in by_task.values()]
    over = intervals.share_interval if AXES[key].unit == "share" else intervals.mean_interval
    interval, high = over(means), None
    if highs:
        upper = [fsum(values) / len(values) for values in highs.values()]
        interval, high = intervals.Interval(interval.low, over(upper).high), fsum(upper) / len(upper)
    value = fsum(means) / len(means) if means else None
    return Summary(
        value=value,
        high=None if high == value else high,
        interval=interval,
        known=known,
        of=applies,
    )


def _scaled(record: Mapping[str, Any], key: str) -> float | None:
    value = number(record, key)
    return None if value is None else value / 1000
