"""Waiting for threads so that a signal is heeded.

Python runs signal handlers in the main thread only. The kernel may hand a signal to any thread, and does now
and then on a busy machine; a main thread that waits for a lock without a time limit then sleeps on, and
Ctrl-C does nothing until the lock is free. Whoever waits in the main thread waits here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from threading import Event
from typing import Final, TypeVar

LATENCY_S: Final = 0.2
"""A signal waits no longer than this for its handler."""

_T = TypeVar("_T")
_R = TypeVar("_R")


def result(future: Future[_R]) -> _R:
    """As :meth:`Future.result`."""
    while not future.done():
        wait([future], LATENCY_S)
    return future.result()


def as_ended(futures: Iterable[Future[_R]]) -> Iterator[Future[_R]]:
    """As :func:`concurrent.futures.as_completed`."""
    waiting = set(futures)
    while waiting:
        ended, waiting = wait(waiting, LATENCY_S, return_when=FIRST_COMPLETED)
        yield from ended


def in_order(threads: Executor, work: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
    """As :meth:`Executor.map`: all begin at once, results come in the order of the items."""
    started = [threads.submit(work, item) for item in items]
    try:
        for future in started:
            yield result(future)
    finally:
        for future in started:
            future.cancel()


def until(event: Event) -> None:
    """Until a signal's handler, or another thread, sets it."""
    while not event.wait(LATENCY_S):
        pass
