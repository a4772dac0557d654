"""What several commands share: options, the stop event, progress, the choice of sandbox."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any, get_args

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cab_runner.resources import tasks_dir
from cab_runner.sandbox.base import SandboxName

DEFAULT_RESULTS = Path("results")

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator; ``--help`` shows them in this order."""

    def put_on(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return put_on


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines on stdout.")
tasks_dir_option = click.option(
    "--tasks-dir",
    type=click.Path(path_type=Path),
    callback=lambda _context, _option, value: tasks_dir(value),
    help="Folder of <category>/<slug> tasks. Default: the checkout's, else those that came with the package.",
)
sandbox_option = click.option(
    "--sandbox",
    "sandbox_name",
    type=click.Choice(get_args(SandboxName)),
    help="Default: docker where a daemon answers, else bwrap; process for simulated attempts only. "
    "In an agent's image: in-image.",
)


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """An event that Ctrl-C, SIGTERM and a closed terminal set; a second one interrupts at once."""
    stop = Event()
    with flags_on_signals(stop):
        yield stop


@contextmanager
def flags_on_signals(*flags: Event) -> Iterator[None]:
    """Ctrl-C sets the next flag, SIGTERM and a closed terminal set all. Once all are set, another interrupts.

    Later ones do nothing, so that clearing up ends. A signal that is ignored (nohup) stays so.
    """
    hurried = Event()

    def handle(number: int, _frame: FrameType | None) -> None:
        unset = [flag for flag in flags if not flag.is_set()]
        if not unset and not hurried.is_set():
            hurried.set()
            raise KeyboardInterrupt
        for flag in unset[:1] if number == signal.SIGINT else unset:
            flag.set()

    heeded = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress_line() -> Iterator[Progress]:
    """Says on stderr what is going on: a spinner on a terminal, a line each elsewhere."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("starting") as status:
            yield Progress(console, lambda text: status.update(Text(text)))
    else:
        yield Progress(
            console, lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True)
        )


class Progress:
    """A callable that takes a few words; warnings stay on the screen."""

    def __init__(self, console: Console, show: Any) -> None:
        self._console = console
        self._show = show

    def __call__(self, text: str) -> None:
        """Say it."""
        if text.startswith("warning: "):
            self._console.print(f"cab: {text}", markup=False, highlight=False, soft_wrap=True)
        else:
            self._show(text)


def print_json(value: object) -> None:
    """One JSON document on stdout, in ASCII: whatever the terminal's encoding is, it fits."""
    json.dump(value, sys.stdout, indent=1)
    sys.stdout.write("\n")


def print_table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """A plain table on stdout, its first column unbroken. Cells are text, never markup."""
    table = Table(Column(columns[0], no_wrap=True), *columns[1:], box=None)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
