"""A function between 0 and 1 over an axis of powers, as a static SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log10
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 420
_HEIGHT: Final = 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 24, 12, 44
_STEPS: Final = 60
_SHARES: Final = (0.0, 0.5, 1.0)


def chart(of: Callable[[float], float], ticks: Mapping[int, str], x_name: str, y_name: str) -> Markup:
    """``ticks`` are places on the logarithmic axis and what is written there, the ends included."""
    first, last = log10(min(ticks)), log10(max(ticks))

    def x(value: float) -> str:
        return f"{_LEFT + (log10(value) - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT):.1f}"

    def y(share: float) -> str:
        return f"{_TOP + (1 - share) * (_HEIGHT - _TOP - _BOTTOM):.1f}"

    values = (10 ** (first + (last - first) * step / _STEPS) for step in range(_STEPS + 1))
    line = "M" + "L".join(f"{x(value)} {y(of(value))}" for value in values)
    grid = Markup("").join(
        Markup(
            '<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" dy="4" text-anchor="end">{:g}</text>'
        ).format(_LEFT, y(share), _WIDTH - _RIGHT, _LEFT - 6, y(share), share)
        for share in _SHARES
    )
    marks = Markup("").join(
        Markup('<path class="axis" d="M{} {}v5"/><text x="{}" y="{}" text-anchor="middle">{}</text>').format(
            x(at), y(0), x(at), _HEIGHT - _BOTTOM + 18, text
        )
        for at, text in ticks.items()
    )
    said = ", ".join(f"{of(at):.2f} at {text}" for at, text in ticks.items())
    return Markup(
        '<svg class="chart" role="img" width="{w}" height="{h}" viewBox="0 0 {w} {h}">'
        "<title>{y_name} by {x_name}: {said}</title>{grid}{marks}"
        '<path class="curve" d="{line}"/>'
        '<text class="muted" x="{middle}" y="{bottom}" text-anchor="middle">{x_name}</text></svg>'
    ).format(
        w=_WIDTH, h=_HEIGHT, y_name=y_name, x_name=x_name, said=said, grid=grid, marks=marks, line=line,
        middle=(_LEFT + _WIDTH - _RIGHT) // 2, bottom=_HEIGHT - 6,
    )  # fmt: skip
