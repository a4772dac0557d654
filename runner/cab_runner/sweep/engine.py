"""Who runs the attempts: threads of this process, or the nodes of a cluster (:mod:`.ray_engine`)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Protocol, Self

from cab_runner.sweep.node import Finished, Node, Order


class Engine(Protocol):
    """Runs orders, several at a time. Used from one thread."""

    @property
    def n_concurrent(self) -> int:
        """Attempts at once, now: nodes come and go."""

    def at_endpoint(self, endpoint: str) -> int:
        """How many of these may be at an endpoint."""

    def start(self, order: Order) -> None:
        """Begin an order; returns at once."""

    def wait(self, timeout_s: float) -> Sequence[Finished]:
        """What has finished since; waits so long for the first, and may return nothing."""


class LocalEngine:
    """A thread an attempt: they wait for sandboxes and endpoints, and hardly compute."""

    def __init__(self, node: Node, n_concurrent: int) -> None:
        self.n_concurrent = n_concurrent
        self._node = node
        self._threads = ThreadPoolExecutor(n_concurrent, thread_name_prefix="cab-attempt")
        self._finished: SimpleQueue[Finished | BaseException] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown()

    def at_endpoint(self, _endpoint: str) -> int:
        """See :meth:`Engine.at_endpoint`."""
        return self.n_concurrent

    def start(self, order: Order) -> None:
        """See :meth:`Engine.start`."""
        self._threads.submit(self._run, order)

    def _run(self, order: Order) -> None:
        try:
            self._finished.put(self._node.run(order))
        except BaseException as error:  # noqa: BLE001  # the edge of a thread: raised by wait()
            self._finished.put(error)

    def wait(self, timeout_s: float) -> Sequence[Finished]:
        """See :meth:`Engine.wait`. Raises what no attempt may raise: an error of ours."""
        found: list[Finished] = []
        try:
            while True:
                one = self._finished.get(timeout=0.0 if found else timeout_s)
                if isinstance(one, BaseException):
                    raise one
                found.append(one)
        except Empty:
            return found
