"""A table of statistics: rows of data, how people read them, and what the figures are worth.

A row is a frozen dataclass, so that machines get every field; figures are what of it people are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from cab_report.results.runs import Kind
from cab_report.rows import LOWER_BOUND, UNKNOWN

if TYPE_CHECKING:  # numpy and scipy are an extra, and take long to import
    from cab_scoring.stats.intervals import Interval

Row = TypeVar("Row")
Shown_contra = TypeVar("Shown_contra", contravariant=True)

THESE_ATTEMPTS: Final = "nothing; it counts these attempts"
MARKS: Final[Mapping[Kind, str]] = {"real": "", "provisional": " (provisional)", "simulated": " (sim)"}


@dataclass(frozen=True, slots=True)
class Figure(Generic[Shown_contra]):
    """One thing that people are shown of a row."""

    name: str
    text: Callable[[Shown_contra], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[Row]):
    """Rows of one shape."""

    name: str
    """Its key in JSON and its file's name in CSV."""
    title: str
    rows: tuple[Row, ...]
    names: tuple[Figure[Row], ...]
    """What a row is about; stacked in a terminal."""
    figures: tuple[tuple[Figure[Row], ...], ...]
    """Each inner tuple is stacked in a terminal."""
    estimates: str
    """What the figures are about: these tasks, or tasks such as these."""
    detectable: str | None = None
    """The smallest difference that the table could have shown; None where it compares nothing."""
    notes: tuple[str, ...] = ()
    shown: int | None = None
    """How many rows people are given; None for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentWithModel:
    """What a row is about that is about one agent with one model."""

    kind: Kind
    model: str
    agent: str


def model_text(kind: Kind, model: str) -> str:
    """The model, marked unless the attempts were real."""
    return f"{model}{MARKS[kind]}"


AGENT_AND_MODEL: Final[tuple[Figure[AgentWithModel], ...]] = (
    Figure("agent", lambda row: row.agent),
    Figure("model", lambda row: model_text(row.kind, row.model)),
)


def share(value: float | None) -> str:
    """A rate between 0 and 1."""
    return UNKNOWN if value is None else f"{value:.2f}"


def percent(value: float | None) -> str:
    """A part of a whole, or an error relative to it."""
    return UNKNOWN if value is None else f"{100 * value:.1f}%"


def signed(value: float | None) -> str:
    """A difference."""
    return UNKNOWN if value is None else f"{value:+.2f}"


def p_value(value: float | None) -> str:
    """A p-value."""
    return UNKNOWN if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"


def tokens(value: float | None, *, complete: bool = True) -> str:
    """A number of tokens, to three digits."""
    if value is None:
        return UNKNOWN
    bound = "" if complete else LOWER_BOUND
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if value >= size * 0.9995:
            scaled = value / size
            return f"{bound}{scaled:,.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f}{unit}"
    return f"{bound}{value:.0f}"


def usd(value: Decimal | float | None, *, complete: bool = True) -> str:
    """An amount of US dollars."""
    if value is None:
        return UNKNOWN
    if complete and 0 < value < 0.0001:
        return "<$0.0001"
    return f"{'' if complete else LOWER_BOUND}${value:,.{4 if value < 1 else 2 if value < 100 else 0}f}"


def times(value: float | None) -> str:
    """How many times as much."""
    return UNKNOWN if value is None else f"×{value:.2f}"


def between(interval: Interval, text: Callable[[float | None], str] = share) -> str:
    """An interval; nothing where neither bound is known."""
    if interval.low is None and interval.high is None:
        return UNKNOWN
    return f"{text(interval.low)}…{text(interval.high)}"
