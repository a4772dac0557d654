"""A figure and its interval as a dot on a line, small enough for a table's cell.

The figures themselves stand beside it, so it is hidden from screen readers.
"""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from cab_scoring.stats.intervals import Interval

WIDTH: Final = 120
HEIGHT: Final = 14
_EDGE: Final = 6
_LINE: Final = Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>')


def whisker(value: float | None, interval: Interval, low: float = 0, high: float = 1) -> Markup:
    """``value`` on the scale from ``low`` to ``high``, which marks a 0 within; nothing where unknown."""
    if value is None:
        return Markup("")

    def x(at: float) -> float:
        return round(_EDGE + (WIDTH - 2 * _EDGE) * (min(max(at, low), high) - low) / (high - low), 1)

    middle = HEIGHT // 2
    parts = [_LINE.format("grid", x(low), x(high), middle, middle)]
    if low < 0 < high:
        parts.append(_LINE.format("axis", x(0), x(0), 0, HEIGHT))
    if interval.low is not None and interval.high is not None:
        parts.append(_LINE.format("reach", x(interval.low), x(interval.high), middle, middle))
    parts.append(Markup('<circle class="front" cx="{}" cy="{}" r="4"/>').format(x(value), middle))
    return Markup(
        '<svg class="chart" width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-hidden="true">{2}</svg>'
    ).format(WIDTH, HEIGHT, Markup("").join(parts))
