"""A trace as a drawing: which bars, where, and on which axis. The template ``replay.html`` draws it.

A lane a kind, in the order in which an attempt goes through them; model calls lie in the box of the container
that they belong to, calls at the same time beside each other. A span that never ended reaches to the end of
the drawing. Of a long trace the first spans are drawn, those that are no model call before the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cab_report.attempt.evidence import Span

DRAWN: Final = 400
"""Spans; more make a page heavy, and bars too thin to tell apart."""
WIDTH: Final = 1000
LEFT: Final = 116
"""Where time begins; lanes' names stand before it."""
RIGHT: Final = 984
_LANE, _BAR, _AXIS = 24, 14, 26
_BESIDE: Final = 4
"""Rows for calls at the same time; what is more lies on the last."""
_TICKS: Final = 8
_UNITS: Final = ((60_000, 60_000, "min"), (1000, 1000, "s"), (0, 1, "ms"))
"""From which length an axis counts in what, in milliseconds."""


@dataclass(frozen=True, slots=True)
class _Kind:
    words: str
    lane: str
    depth: int


_KINDS: Final = {
    "task_setup": _Kind("setup", "setup", 0),
    "adapter_run": _Kind("agent run", "agent run", 0),
    "tool_call": _Kind("tool call", "tool calls", 1),
    "container": _Kind("container", "container", 1),
    "model_call": _Kind("model call", "model calls", 2),
    "grade": _Kind("grading", "grading", 0),
    "cleanup": _Kind("cleanup", "cleanup", 0),
}
"""In the order of their lanes."""
_OTHER: Final = _Kind("span", "other", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A span where it is drawn."""

    span: Span
    what: str
    """Its kind, in words."""
    x: float
    y: float
    width: float
    height: float
    holds_calls: bool
    """Whether model calls lie in it."""
    tokens: Mapping[str, int]
    """Of a model call: those of its counts that are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The row of a kind."""

    name: str
    x: float
    y: float
    """Where its name stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A trace's drawing. Lengths are in units of the drawing, times in milliseconds from the first span."""

    bars: Sequence[Bar]
    """By start; what contains a bar comes before it."""
    lanes: Sequence[Lane]
    ticks: Sequence[tuple[float, str]]
    """Where, and what it says."""
    bottom: float
    """Where the axis lies."""
    height: float
    total_ms: float
    """Until the last known end."""
    left_out: int
    """Spans that are not drawn."""
    sums: Sequence[Sum]
    """Of all spans."""
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """The spans of a kind taken together."""

    what: str
    spans: int
    total_ms: float | None
    """None where no length is known."""
    unfinished: int
    errors: int


def timeline(trace: Sequence[Span]) -> Timeline:
    """Draw at least one span."""
    total_ms = max(max(span.start_ms, _end_ms(span, 0)) for span in trace)
    drawn = sorted(trace, key=lambda span: (span.kind == "model_call", span.start_ms))[:DRAWN]
    drawn.sort(key=lambda span: (span.start_ms, _kind(span).depth))
    rows = _rows(drawn, total_ms)
    tops, lanes, top = {}, [], 4.0
    for kind in (*_KINDS.values(), _OTHER):
        here = [row for span, row in zip(drawn, rows, strict=True) if _kind(span) is kind]
        if here:
            tops[kind] = top
            lanes.append(Lane(name=kind.lane, x=8 + 10 * kind.depth, y=top + _LANE / 2 + 4))
            top += _LANE * (max(here) + 1)
    scale = (RIGHT - LEFT) / (total_ms or 1)
    calls_end = tops.get(_KINDS["model_call"], 0) + _LANE * (max(rows) + 1) - (_LANE - _BAR) / 2 + 3
    containers = {span.parent_id for span in drawn if span.kind == "model_call"}
    bars = []
    for span, row in zip(drawn, rows, strict=True):
        y = tops[_kind(span)] + _LANE * row + (_LANE - _BAR) / 2
        holds_calls = span.kind == "container" and span.span_id in containers
        bars.append(
            Bar(
                span=span,
                what=_kind(span).words,
                x=round(LEFT + scale * span.start_ms, 2),
                y=y,
                width=round(max(2.0, scale * (_end_ms(span, total_ms) - span.start_ms)), 2),
                height=calls_end - y if holds_calls else _BAR,
                holds_calls=holds_calls,
                tokens=_tokens(span),
            )
        )
    return Timeline(
        bars=bars,
        lanes=lanes,
        ticks=[(round(LEFT + scale * at, 2), text) for at, text in _ticks(total_ms)],
        bottom=top,
        height=top + _AXIS,
        total_ms=total_ms,
        left_out=len(trace) - len(drawn),
        sums=sums(trace),
    )


def sums(trace: Iterable[Span]) -> list[Sum]:
    """What there was of each kind, in the order of the lanes."""
    found: dict[_Kind, list[Span]] = {kind: [] for kind in (*_KINDS.values(), _OTHER)}
    for span in trace:
        found[_kind(span)].append(span)
    return [_sum(kind, spans) for kind, spans in found.items() if spans]


def _sum(kind: _Kind, spans: Sequence[Span]) -> Sum:
    known = [span.duration_ms for span in spans if span.duration_ms is not None]
    return Sum(
        what=kind.lane,
        spans=len(spans),
        total_ms=sum(known) if known else None,
        unfinished=len(spans) - len(known),
        errors=sum(span.error is not None for span in spans),
    )


def _kind(span: Span) -> _Kind:
    return _KINDS.get(span.kind, _OTHER)


def _end_ms(span: Span, unknown: float) -> float:
    return unknown if span.duration_ms is None else span.start_ms + span.duration_ms


def _rows(spans: Iterable[Span], total_ms: float) -> list[int]:
    """The row of each span within its lane: of model calls the first that is free, of others the only one."""
    free: list[float] = [0.0] * _BESIDE
    rows = []
    for span in spans:
        row = 0
        if span.kind == "model_call":
            row = next((row for row, at in enumerate(free) if at <= span.start_ms), _BESIDE - 1)
            free[row] = max(free[row], _end_ms(span, total_ms))
        rows.append(row)
    return rows


def _ticks(total_ms: float) -> list[tuple[float, str]]:
    """Round times, at most eight or so."""
    unit_ms, unit = next((each, name) for least, each, name in _UNITS if total_ms >= 2 * least)
    span = total_ms / unit_ms
    step = next(
        digit * 10.0**power
        for power in count(-3)
        for digit in (1, 2, 5)
        if digit * 10.0**power * _TICKS >= span
    )
    return [
        (number * step * unit_ms, f"{number * step:g} {unit}" if number else "0")
        for number in range(int(span / step) + 1)
    ]


def _tokens(span: Span) -> dict[str, int]:
    counts = {
        name: span.attrs.get(f"{name}_tokens") for name in ("prompt", "completion", "cached", "reasoning")
    }
    return {name: value for name, value in counts.items() if isinstance(value, int)}
