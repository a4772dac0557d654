"""A model endpoint with the meter before it, for any number of attempts at once.

The proxy, and the simulator or local model where one of them is the endpoint, start with the first attempt
and serve all later ones. One that has died is started again for the next attempt; what was under way then
ends as void. The endpoint's key goes to the proxy, through a pipe, and nowhere else.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_urlsafe
from threading import Lock
from types import TracebackType
from typing import Generic, Self, TypeVar

from cab_proxy.control import ControlClient, ControlError, RunRequest
from cab_runner import endpoints, services
from cab_runner.endpoints import LOCAL, SIMULATOR, Endpoint, Wanted
from cab_runner.errors import MachineLacks
from cab_runner.plan import Plan
from cab_runner.sandbox.staging import Staging
from cab_runner.services import Proxy, Served


@dataclass(frozen=True, slots=True)
class Line:
    """What one attempt is given: where its calls go, and who meters them."""

    endpoint: Endpoint
    control: ControlClient


class MeteredEndpoint:
    """Context manager over the processes that serve attempts; may be used from several threads."""

    def __init__(self, wanted: Wanted, prices: Path | None = None) -> None:
        self.wanted = wanted
        self._prices = prices
        self._key = token_urlsafe(24) if wanted.endpoint == SIMULATOR else wanted.key
        self._stack = ExitStack()
        self._lock = Lock()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            private = stack.enter_context(Staging()).folder("proxy")
            private.chmod(0o700)
            self._runs = private / "runs"
            self._runs.mkdir()
            self._proxy = stack.enter_context(_Kept(lambda: services.proxy(private, self._key, self._prices)))
            self._server = stack.enter_context(_Kept(self._serve))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def start(self) -> None:
        """Start the processes now. Raises :class:`MachineLacks` when one of them can't be."""
        self._now()

    @contextmanager
    def line(self, plan: Plan) -> Iterator[Line]:
        """A line for this attempt, whose folder is there already.

        Raises :class:`~cab_runner.errors.MachineLacks` when one of the processes can't be started.
        """
        now = self._now()
        endpoint = now.endpoint
        if not endpoint.simulated:
            yield now
            return
        assert plan.script is not None
        count = plan.partial / "sim-calls.jsonl"
        count.touch()
        run = self._runs / plan.run_id
        run.mkdir()
        (run / "script.json").symlink_to(plan.script.resolve())
        (run / "calls.jsonl").symlink_to(count.resolve())
        try:
            yield replace(now, endpoint=replace(endpoint, url=f"{endpoint.url}/{plan.run_id}/v1"))
        finally:
            services.forget_run(endpoint.url, plan.run_id, self._key)
            shutil.rmtree(run, ignore_errors=True)

    def models(self) -> list[str]:
        """The models that the endpoint lists now; none for the simulator, whose runs have their own.

        Raises what :func:`cab_runner.endpoints.models` does.
        """
        if self.wanted.endpoint == SIMULATOR:
            return []
        now = self._now()
        run_id = f"models-{token_urlsafe(6)}"
        request = RunRequest(run_id=run_id, upstream=now.endpoint.url, models=(), ledger=self._runs / run_id)
        try:
            opened = now.control.open_run(request)
            try:
                return endpoints.models(now.endpoint, opened)
            finally:
                now.control.close_run(run_id, 0.0)
        except ControlError as error:
            raise MachineLacks(f"the proxy could not open a run: {error}") from None

    def _now(self) -> Line:
        """The processes as they run now, those that have to be started first."""
        wanted = self.wanted.endpoint
        with self._lock:
            url = self._server.get().url if wanted in (SIMULATOR, LOCAL) else wanted
            control = self._proxy.get().control
        return Line(Endpoint(url=url, key=self._key, simulated=wanted == SIMULATOR, shown=wanted), control)

    def _serve(self) -> AbstractContextManager[Served]:
        if self.wanted.endpoint == LOCAL:
            return services.local_model()
        assert self._key is not None
        return services.simulator(self._runs, self._key, self.wanted.faults)


_S = TypeVar("_S", bound=Proxy | Served)


class _Kept(Generic[_S]):
    """A service that is started when it is wanted and not running."""

    def __init__(self, start: Callable[[], AbstractContextManager[_S]]) -> None:
        self._start = start
        self._stack = ExitStack()
        self._service: _S | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def get(self) -> _S:
        """The service, running."""
        if self._service is None or not self._service.alive:
            self._stack.close()
            self._service = self._stack.enter_context(self._start())
        return self._service
