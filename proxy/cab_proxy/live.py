"""The table that ``cab-proxy`` keeps up to date on a terminal.

Invariants: the event loop makes the table, a thread of its own writes it, so that a terminal which stands
still (Ctrl-S) stops that thread alone. It is drawn anew when something has changed, at most every
:data:`INTERVAL_S`. What the proxy says meanwhile goes through :meth:`Display.say` and stands above it. Where
the shell has the terminal (``cab-proxy … &``), nothing is drawn.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .watch import Sum, Tally, Watch

INTERVAL_S: Final = 0.3
WIDE_COLUMNS: Final = 110
"""Terminal width from which every column has room."""
UNKNOWN: Final = "–"

_MAX_WAITING: Final = 1000
"""Messages that may wait for the terminal; later ones are lost."""
_LEAVE_S: Final = 1.0
_LEAST_USD: Final = Decimal("0.0001")
_MARKS: Final = {"estimated": "~", "partial": "≥"}


def live_table(watch: Watch, *, rows: int, width: int) -> Table:
    """The runs that were active last, ``rows`` of them at most, and all calls together below. What a narrow
    terminal has no room for is left out; figures never are clipped.
    """
    runs = [(run_id or UNKNOWN, tally) for run_id, tally in watch.recent(rows)]
    several = len(runs) != 1
    lines = [_line(name, tally) for name, tally in runs]
    if several:
        lines.append(_line("all", watch.total))
    left_out = {name for name in ("failed", "refused") if all(line[name] == "0" for line in lines)}
    if width < WIDE_COLUMNS:
        left_out |= {"model", "last"}
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    names = [name for name in lines[0] if name not in left_out]
    for name in names:
        text = name in {"run", "model"}
        table.add_column(name, justify="left" if text else "right", no_wrap=not text, overflow="ellipsis")
    for number, line in enumerate(lines):
        total = several and number == len(runs)
        table.add_row(*(Text(line[name]) for name in names), style="bold" if total else "")
    return table


def _line(name: str, tally: Tally) -> dict[str, str]:
    """The texts of a row, by column."""
    return {
        "run": name,
        "model": tally.model or UNKNOWN,
        "calls": f"{tally.calls:,}",
        "open": f"{tally.in_flight:,}",
        "failed": f"{tally.failed:,}",
        "refused": f"{tally.refused:,}",
        "in": _tokens(tally.input, tally),
        "out": _tokens(tally.output, tally),
        "cost": _usd(tally.cost_usd, tally),
        "TTFT": UNKNOWN if tally.ttft_ms is None else f"{tally.ttft_ms / 1000:.2f} s",
        "last": time.strftime("%H:%M:%S", time.localtime(tally.last_at)),
    }


def _mark(total: Sum, tally: Tally) -> str:
    """``≥`` where some calls are not known, ``~`` where some are estimated."""
    mark = _MARKS.get(total.source or "", "")
    return f"≥{mark}" if total.known < tally.calls and mark != "≥" else mark


def _tokens(total: Sum, tally: Tally) -> str:
    return UNKNOWN if total.value is None else f"{_mark(total, tally)}{total.value:,}"


def _usd(total: Sum, tally: Tally) -> str:
    if total.value is None:
        return UNKNOWN
    if 0 < total.value < _LEAST_USD:
        return f"<${_LEAST_USD}"
    return f"{_mark(total, tally)}${total.value:,.4f}"


class Display:
    """Shows a :class:`~cab_proxy.watch.Watch`. A context manager, for use inside an event loop."""

    def __init__(
        self, watch: Watch, console: Console | None = None, *, interval_s: float = INTERVAL_S
    ) -> None:
        self._watch = watch
        self._console = console or Console(stderr=True, highlight=False)
        self._interval_s = interval_s
        self._to_draw: queue.SimpleQueue[Table | Text | None] = queue.SimpleQueue()
        self._timer: asyncio.TimerHandle | None = None
        self._thread = threading.Thread(target=self._draw, name="live-table", daemon=True)

    def __enter__(self) -> Display:
        self._loop = asyncio.get_running_loop()
        self._watch.on_change = self._changed
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.on_change = None
        if self._timer is not None:
            self._timer.cancel()
            self._to_draw.put(self._table())
        self._to_draw.put(None)
        self._thread.join(_LEAVE_S)

    def say(self, message: str) -> None:
        """Print a line, above the table. From any thread."""
        if self._to_draw.qsize() < _MAX_WAITING:
            self._to_draw.put(Text(f"cab-proxy: {message}"))

    def _changed(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(self._interval_s, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._to_draw.empty():
            self._to_draw.put(self._table())
        else:  # the terminal is slow
            self._changed()

    def _table(self) -> Table:
        width, height = self._console.size
        return live_table(self._watch, rows=max(1, height - 8), width=width)

    def _draw(self) -> None:
        """What the thread does: write what comes, to the end."""
        live = None
        try:
            for item in iter(self._to_draw.get, None):
                background = self._in_background()
                if background and live is not None:
                    live.stop()
                    live = None
                if not isinstance(item, Table):
                    self._console.print(item, soft_wrap=True)
                elif not background:
                    if live is None:
                        live = Live(console=self._console, auto_refresh=False, redirect_stdout=False)
                        live.start()
                        self._console.show_cursor()  # or a shell would lack it after Ctrl-Z
                    live.update(item, refresh=True)
            if live is not None:
                live.stop()
        except OSError:  # the terminal has gone
            pass

    def _in_background(self) -> bool:
        """Whether the terminal is another job's."""
        try:
            return os.tcgetpgrp(self._console.file.fileno()) != os.getpgrp()
        except OSError:  # it is nobody's
            return False
