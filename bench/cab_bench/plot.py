"""The plot: bars on logarithmic axes, as SVG. Pure.

It reads on light and on dark ground, and has its figures as a text alternative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from .figures import OURS
from .peers import DIRECT

_WIDTH: Final = 860
_COLUMN: Final = 430
_ROW: Final = 22
_HEAD: Final = 46
_FOOT: Final = 30
_NAME: Final = 84
_BAR: Final = 250
"""Width of an axis; the figure stands right of the bar."""

_STYLE: Final = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.note, .tick { fill: #656d76 } .tick { font-size: 10px }
.grid { stroke: #d0d7de }
.bar { fill: #8c959f } .direct { fill: #d0d7de } .ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note, .tick { fill: #8d96a0 } .grid { stroke: #30363d }
  .bar { fill: #6e7681 } .direct { fill: #30363d } .ours { fill: #4493f8 }
}
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One measurement: a bar for each target."""

    title: str
    note: str
    """Which way is better."""
    unit: str
    bars: tuple[tuple[str, float], ...]
    """Names and figures. One of 0 or less has no bar on such an axis: its figure stands there alone."""


def panels(figures: dict[str, Any]) -> list[Panel]:
    """What is drawn of a run: the panels that were measured."""
    latency, paced = figures["latency"], figures["paced"].get("1000", {})
    wanted = [
        ("Plain calls, 17 KB request", "more is better", "/s", figures["plain"].get("17000", {}), "per_s"),
        ("Streams of 64 events, unpaced", "more is better", "/s", figures["streams"], "per_s"),
        ("Added to one call, median", "less is better", " µs", latency.get("plain", {}), "added_p50_us"),
        (
            "Added to a stream's first event",
            "less is better",
            " µs",
            latency.get("stream-8-0", {}),
            "added_p50_us",
        ),
        ("1,000 paced streams: p99 gap of 20 ms", "less is better", " ms", paced, "gap_p99_ms"),
        ("1,000 paced streams: CPU of 1,000 events", "less is better", " ms", paced, "cpu_ms_per_1000"),
    ]
    found = []
    for title, note, unit, rows, key in wanted:
        bars = tuple(
            (name, one[key])
            for name, one in rows.items()
            if one.get(key) is not None and not (name == DIRECT and key.startswith("added"))
        )
        if bars:
            found.append(Panel(title, note, unit, bars))
    return found


def draw(figures: dict[str, Any]) -> str | None:
    """The whole picture; ``None`` where nothing was measured that it shows."""
    found = panels(figures)
    if not found:
        return None
    pairs = [found[at : at + 2] for at in range(0, len(found), 2)]
    parts: list[str] = []
    top = 10
    for pair in pairs:
        parts += [_panel(panel, column * _COLUMN + 10, top) for column, panel in enumerate(pair)]
        top += max(_height(panel) for panel in pair)
    said = ". ".join(
        f"{panel.title} ({panel.note}): "
        + ", ".join(f"{name} {_figure(value, panel)}" for name, value in panel.bars)
        for panel in found
    )
    size = f'viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">\n'
        '<title id="title">Relays side by side</title>\n'
        f'<desc id="desc">{escape(said)}.</desc>\n<style>{_STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _height(panel: Panel) -> int:
    return _HEAD + len(panel.bars) * _ROW + _FOOT


def _figure(value: float, panel: Panel) -> str:
    digits = 0 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 2)}f}{panel.unit}"


def decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten that an axis goes from and to, so that each of the values has a bar."""
    shown = [value for value in values if value > 0]
    if not shown:
        return 0, 1
    first = math.ceil(math.log10(min(shown))) - 1
    return first, max(first + 1, math.ceil(math.log10(max(shown))))


def _panel(panel: Panel, left: int, top: int) -> str:
    first, last = decades([value for _, value in panel.bars])
    axis = left + _NAME
    bottom = top + _HEAD + len(panel.bars) * _ROW
    step = _BAR / (last - first)
    parts = [
        f'<text class="title" x="{left}" y="{top + 16}">{escape(panel.title)}</text>',
        f'<text class="note" x="{left}" y="{top + 32}">{escape(panel.note)}, logarithmic</text>',
    ]
    for power in range(first, last + 1):
        x = axis + (power - first) * step
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{top + _HEAD - 6}" x2="{x:.1f}" y2="{bottom}"/>')
        label = f"{10.0**power:,g}" if power < 0 else f"{10**power:,}"
        parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 12}" text-anchor="middle">{label}</text>')
    for row, (name, value) in enumerate(panel.bars):
        y = top + _HEAD + row * _ROW
        kind = {DIRECT: "bar direct", OURS: "bar ours"}.get(name, "bar")
        length = (math.log10(value) - first) * step if value > 0 else 0.0
        parts += [
            f'<text x="{axis - 6}" y="{y + 12}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{axis}" y="{y}" width="{length:.1f}" height="{_ROW - 6}"/>',
            f'<text x="{axis + length + 5:.1f}" y="{y + 12}">{_figure(value, panel)}</text>',
        ]
    return "\n".join(parts)
