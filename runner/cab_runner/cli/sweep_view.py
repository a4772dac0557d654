"""A sweep as people watch it: a live table on a terminal, elsewhere a line per attempt; and its status.

80 columns are enough: names fold, figures never do. The headlines come first, since a terminal that has too
few lines cuts off the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Final

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from cab_proxy.records import printable
from cab_report.rows import ESTIMATE, LOWER_BOUND, UNKNOWN
from cab_runner.cli.common import print_json
from cab_runner.errors import UsageError
from cab_runner.sweep.claim import holder
from cab_runner.sweep.events import (
    EVENTS,
    AttemptEnded,
    AttemptLost,
    EndpointLimit,
    Event,
    Stopping,
    SweepEnded,
    TaskSuspended,
    read_events,
)
from cab_runner.sweep.progress import Figures, Line, Progress
from cab_runner.sweep.tally import Tally

_REFRESH_PER_S: Final = 1
_RUNNING_SHOWN: Final = 8
_VERDICTS: Final = {1: "pass", 0: "fail", None: "no verdict"}


@contextmanager
def watching(tally: Tally, console: Console | None = None) -> Iterator[Callable[[Event], None]]:
    """Hand in the events as they come: they are added to the tally and shown on stderr."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield lambda event: _say(tally, event, console)
        return
    live_table = _LiveTable(tally)
    # stdout may be going elsewhere: with --json it holds the events
    with Live(live_table, console=console, refresh_per_second=_REFRESH_PER_S, redirect_stdout=False):
        yield live_table.add


def show_status(folder: Path, *, as_json: bool) -> None:
    """``cab sweep status``: how far the sweep in a folder is, and whether a runner is at work on it.

    Raises :class:`UsageError` where no sweep was run.
    """
    runner = holder(folder)  # first: when it ends meanwhile, its last event says so
    try:
        tally = Tally(read_events(folder / EVENTS))
    except FileNotFoundError:
        raise UsageError(f"{folder} is no sweep's folder: it has no {EVENTS}") from None
    now = datetime.now(UTC)
    progress = tally.progress(now, at_work=runner is not None)
    if as_json:
        print_json({**progress.to_json(), "runner": runner})
    else:
        Console().print(ProgressView(progress, now, runner))


class _LiveTable:
    """Lays out what the tally says at each refresh, which another thread does."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._lock = Lock()

    def add(self, event: Event) -> None:
        with self._lock:
            self._tally.add(event)

    def __rich__(self) -> ProgressView:
        now = datetime.now(UTC)
        with self._lock:
            return ProgressView(self._tally.progress(now), now)


def _say(tally: Tally, event: Event, console: Console) -> None:
    tally.add(event)
    if line := event_line(event, tally):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def event_line(event: Event, tally: Tally) -> str | None:
    """The line for an event that has just been added to the tally; None for one that isn't worth any."""
    match event:
        case AttemptEnded():
            wanted = UNKNOWN if tally.wanted is None else tally.wanted
            text = f"{tally.complete}/{wanted} {_attempt_words(event)}"
        case AttemptLost():
            cause = f"{event.cause}: {event.detail}" if event.detail else event.cause
            text = f"lost: attempt {event.run_id} ({cause})"
        case EndpointLimit():
            text = f"{event.endpoint}: {event.limit} at once ({event.why})"
        case TaskSuspended():
            text = f"suspended: {event.task}: {event.why}"
        case Stopping():
            text = f"stopping: {event.why}"
        case SweepEnded():
            why = f": {event.why}" if event.why else ""
            text = f"ended: {event.complete} complete, {event.missing} missing{why}"
        case _:
            return None
    return printable(text)


def _attempt_words(event: AttemptEnded) -> str:
    words = [
        _which(event.agent, event.model, event.task, event.slot, event.try_),
        _VERDICTS.get(event.pass_, UNKNOWN) if event.counted else "void",
        event.cause or "",
        "" if event.wall_s is None else f"{event.wall_s:.1f} s",
        "" if event.retry_in_s is None else f"again in {event.retry_in_s:.0f} s",
    ]
    return " ".join(filter(None, words))


def _which(agent: str, model: str, task: str, slot: int, try_: int) -> str:
    return f"{agent} {model} {task}#{slot}" + (f" try {try_}" if try_ > 1 else "")


class ProgressView:
    """Headlines, what is running, and a row per agent × model; lays itself out when printed with rich."""

    def __init__(self, progress: Progress, now: datetime, runner: str | None = None) -> None:
        self._progress = progress
        self._now = now
        self._runner = runner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Text is text, never markup."""
        lines = [*headlines(self._progress, self._runner), *running_lines(self._progress, self._now)]
        yield Text("\n".join(map(printable, lines)), overflow="fold")
        if self._progress.lines:
            yield Text()
            yield _table(self._progress.lines)


def headlines(progress: Progress, runner: str | None = None) -> list[str]:
    """How far it is and at what pace, what was spent, and what is out of the ordinary."""
    total = progress.total
    counts = {
        "running": len(progress.running),
        "waiting for another try": progress.waiting,
        "given up": progress.given_up,
        "cut off": progress.cut_off,
    }
    done = [f"{_of(total)} complete", *(f"{count} {what}" for what, count in counts.items() if count)]
    spent = [f"{_tokens(total)} tokens", f"cost {_usd(total.spent.cost_usd, complete=total.cost_complete)}"]
    again = [f"tries again: {progress.tries_again}"] if progress.tries_again else []
    passed = f"{total.counted.passed} of {total.counted.graded} passed"
    return [
        f"{progress.sweep_id or 'sweep'}: {', '.join(done)}",
        _state(progress) + (f", run by {runner}" if runner else ""),
        "; ".join([passed, f"spent {', '.join(spent)}", *again]),
        *(f"{name}: {each.limit} at once ({each.why})" for name, each in progress.limits.items()),
        *(f"suspended: {task}: {why}" for task, why in progress.suspended.items()),
    ]


def _state(progress: Progress) -> str:
    if progress.state == "killed":
        return "killed: its runner is gone, `cab sweep --resume` goes on"
    if progress.state != "running":
        return progress.state + (f": {progress.why}" if progress.why else "")
    state = "resumed" if progress.resumed else "running"
    if progress.rate_per_min is None:
        return state
    left = "" if progress.eta_s is None else f", about {_duration(progress.eta_s)} left"
    return f"{state}: {progress.rate_per_min:.1f} attempts/min{left}"


def running_lines(progress: Progress, now: datetime) -> list[str]:
    """What is under way and for how long, the longest first."""
    shown = [
        f"{_duration((now - each.at).total_seconds()):>6}  "
        + _which(each.agent, each.model, each.task, each.slot, each.try_)
        for each in progress.running[:_RUNNING_SHOWN]
    ]
    more = len(progress.running) - len(shown)
    return [*shown, f"{'':6}  and {more} more"] if more else shown


def _table(lines: tuple[Line, ...]) -> Table:
    figures = [
        Column(name, justify="right", no_wrap=True) for name in ("done", "pass", "tokens per\npass", "cost")
    ]
    table = Table(
        Column("agent · model", overflow="fold"),
        *figures,
        Column("failures", no_wrap=True),
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    for line in lines:
        given, rate = line.figures, line.figures.counted.pass_rate
        name = f"{line.agent} · {line.model}{' (sim)' if line.simulated else ''}"
        table.add_row(
            Text(printable(name)),
            _of(given),
            UNKNOWN if rate is None else f"{rate:.0%}",
            _tokens_per_pass(given),
            _usd(given.spent.cost_usd, complete=given.cost_complete),
            Text("\n".join(map(printable, _failures(given)))),
        )
    return table


def _failures(figures: Figures) -> list[str]:
    counted = [f"{cause} {count}" for cause, count in figures.failed.items()]
    return counted + [f"void: {cause} {count}" for cause, count in figures.void.items()]


def _of(figures: Figures) -> str:
    return f"{figures.complete}/{UNKNOWN if figures.wanted is None else figures.wanted}"


def _tokens(figures: Figures) -> str:
    return _count(figures.spent.tokens, complete=figures.tokens_complete, estimated=figures.estimated)


def _tokens_per_pass(figures: Figures) -> str:
    counted = figures.counted
    return _count(
        counted.tokens_per_correct_task,
        complete=counted.tokens_coverage in {None, 1},
        estimated=figures.estimated,
    )


def _count(count: float | None, *, complete: bool, estimated: bool) -> str:
    if count is None:
        return UNKNOWN
    return f"{'' if complete else LOWER_BOUND}{ESTIMATE if estimated else ''}{count:,.0f}"


def _usd(amount: Decimal | None, *, complete: bool) -> str:
    return UNKNOWN if amount is None else f"{'' if complete else LOWER_BOUND}${amount:,.4f}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{max(0.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
