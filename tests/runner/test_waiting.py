"""Waiting for threads in the main thread; that a signal is heeded meanwhile is shown in test_cli_tasks.py."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from cab_runner import waiting


def test_results_come_in_the_order_of_the_items_whichever_ends_first() -> None:
    second_is_through = Event()

    def work(item: int) -> int:
        if item == 0:
            second_is_through.wait()
        else:
            second_is_through.set()
        return item

    with ThreadPoolExecutor(2) as threads:
        assert list(waiting.in_order(threads, work, [0, 1])) == [0, 1]


def test_all_items_begin_at_once() -> None:
    both = Barrier(2)
    with ThreadPoolExecutor(2) as threads:
        assert sorted(waiting.in_order(threads, lambda _: both.wait(), "ab")) == [0, 1]


def test_what_has_not_begun_when_one_fails_never_does() -> None:
    first_failed, begun = Event(), []

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise ValueError(item)
        first_failed.wait()

    with ThreadPoolExecutor(1) as threads:
        with pytest.raises(ValueError, match="0"):
            list(waiting.in_order(threads, work, range(50)))
        first_failed.set()
    assert len(begun) <= 2


def test_ended_ones_come_as_they_end() -> None:
    last = Event()
    with ThreadPoolExecutor(2) as threads:
        slow, quick = threads.submit(last.wait), threads.submit(bool)
        ended = waiting.as_ended([slow, quick])
        assert next(ended) is quick
        last.set()
        assert [future.result() for future in ended] == [True]
