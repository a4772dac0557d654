"""From figures to places on a drawing, linearly or by logarithm, with ticks at round figures."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

from cab_report.results.axes import Unit

_MOST_TICKS: Final = 9
_FEWEST_TICKS: Final = 3
_MARGIN: Final = 1.25
"""By which a logarithmic scale goes beyond its figures, either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Call it with a figure. ``start`` is where ``low`` lies, ``end`` where ``high`` does."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]
    """Within ``low`` and ``high``, ascending."""
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Where ``value`` lies, to a tenth; one beyond the scale lies at its end."""
        value = min(max(value, self.low), self.high)
        if self.logarithmic:
            part = log10(value / self.low) / log10(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return round(self.start + part * (self.end - self.start), 1)


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """From ``low`` to ``high``, which is above it."""
    return Scale(low=low, high=high, start=start, end=end, ticks=_round_figures(low, high))


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """A little beyond ``low`` and ``high``, both above 0; they may be the same."""
    low, high = low / _MARGIN, high * _MARGIN
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    for steps in ((1, 2, 5), (1,)):
        ticks = tuple(
            value for decade in decades for step in steps if low <= (value := step * 10.0**decade) <= high
        )
        if len(ticks) <= _MOST_TICKS:
            break
    if len(ticks) < _FEWEST_TICKS:
        ticks = _round_figures(low, high)
    return Scale(low=low, high=high, start=start, end=end, ticks=ticks, logarithmic=True)


def tick_text(value: float, unit: Unit) -> str:
    """A tick's figure, as short as it can be said."""
    if unit == "usd":
        return f"${value:,.10g}"
    if unit == "tokens":
        for suffix, size in (("M", 1_000_000), ("k", 1_000)):
            if value >= size:
                return f"{value / size:,.10g}{suffix}"
    return f"{value:.10g}{' s' if unit == 's' else ''}"


def _round_figures(low: float, high: float) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten: four at least, unless ends fall badly."""
    widest = (high - low) / 4
    power = 10.0 ** floor(log10(widest))
    step = max(factor * power for factor in (1, 2, 5) if factor * power <= widest)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return tuple(round(number * step, 12) for number in range(first, last + 1))
