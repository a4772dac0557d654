"""One machine at work on a sweep: its meters, and an attempt from order to record.

May be used from several threads once :meth:`Node.prepare` is through.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Final, Self

from cab_runner import attempt, images, oracle, workspace
from cab_runner.endpoints import SIMULATOR, EndpointSilent, KeyRefused
from cab_runner.errors import AttemptVoid, CabError, MachineLacks
from cab_runner.metered import MeteredEndpoint
from cab_runner.plan import Plan
from cab_runner.preparation import Place, Preparation
from cab_runner.results import CellKey
from cab_runner.sandbox.base import ImageMissing, Interrupted, SandboxError
from cab_runner.sandbox.staging import Staging
from cab_runner.sweep.config import SweepConfig
from cab_runner.sweep.schedule import Ended, Slot
from cab_runner.tasks import Task
from cab_scoring.aggregate import Attempt

_OVERLOAD_STATUS: Final = frozenset({429, 503, 529})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One try of a slot. Its run id is claimed once: a second result under it is a duplicate."""

    run_id: str
    slot: Slot
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What became of an order."""

    order: Order
    ended: Ended
    cell: dict[str, Any] | None = field(repr=False)
    """The record; ``None`` where the agent was never started."""
    detail: str | None
    """What went wrong, in a few words."""


class Node:
    """Context manager over what the attempts of one machine share."""

    def __init__(self, config: SweepConfig, stop: Event, results: Path | None = None) -> None:
        self.config = config
        self._stop = stop
        self._results = results or config.results
        self._stack = ExitStack()
        self._metered: dict[str, MeteredEndpoint] = {}
        self._places: dict[tuple[str, str, str], Place] = {}
        self._scripts: dict[tuple[str, str], Path] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._repositories = stack.enter_context(Staging()).folder("repositories")
            for name, endpoint in self.config.endpoints.items():
                metered = MeteredEndpoint(endpoint.wanted, self.config.settings.prices)
                self._metered[name] = stack.enter_context(metered)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def prepare(self, progress: Callable[[str], None], finish: Event | None = None) -> None:
        """Start the services, build the images, try the toolchains, and write the simulator's scripts.

        Raises :class:`MachineLacks` or :class:`UsageError` for the first thing that is missing, and
        :class:`Interrupted` when ``finish`` (default: the event that stops attempts) was set.
        """
        config, finish = self.config, finish or self._stop
        for metered in self._metered.values():
            metered.start()
        for name, endpoint in config.endpoints.items():
            simulated = endpoint.wanted.endpoint == SIMULATOR
            preparation = Preparation(
                config.sandbox_name,
                finish,
                progress,
                simulated=simulated,
                grader_internet=config.settings.grader_internet,
            )
            for task in config.tasks.values():
                if finish.is_set():
                    raise Interrupted
                progress(f"preparing {task.id}")
                self._prepare_workspace(task)
                for adapter in config.adapters.values():
                    place = preparation.place(task, adapter)
                    self._places[name, adapter.name, task.id] = place
                for model in endpoint.models if simulated else ():
                    self._scripts[model, task.id] = oracle.script_for(
                        task, model, place.sandbox, place.grader_image, finish
                    )

    def _prepare_workspace(self, task: Task) -> None:
        folder = self._repository(task)
        if not task.environment and not folder.exists():
            folder.mkdir()
            workspace.prepare(task.workspace, folder)

    def _repository(self, task: Task) -> Path:
        return self._repositories / task.content_hash

    def images(self) -> dict[str, str | None]:
        """The images in use by agents and graders: reference → id."""
        docker = [place for place in self._places.values() if place.sandbox.name == "docker"]
        used = {ref for place in docker for ref in (place.image, place.grader_image) if ref}
        return {ref: images.image_id(ref) for ref in sorted(used)}

    def listed_models(self) -> dict[str, list[str]]:
        """Endpoint name → the models that it lists now. Raises what :meth:`MeteredEndpoint.models` does."""
        return {name: metered.models() for name, metered in self._metered.items()}

    def run(self, order: Order) -> Finished:
        """Run one attempt; whatever happens to it is in what comes back."""
        try:
            done = attempt.run(self._plan(order), self._metered[order.slot.endpoint], self._stop)
        except (CabError, SandboxError, OSError) as error:
            return Finished(order=order, ended=Ended(cause=cause_of(error)), cell=None, detail=str(error))
        failure = done.cell["failure"]
        asked = [call.retry_after_ms for call in done.calls if call.retry_after_ms is not None]
        ended = Ended(
            cause=failure["cause"] if failure else "none",
            throttled=any(call.status in _OVERLOAD_STATUS for call in done.calls),
            retry_after_s=asked[-1] / 1000.0 if asked else None,
            spent=Attempt.from_cell(done.cell),
        )
        detail = done.fault_detail or (failure and failure["detail"])
        return Finished(order=order, ended=ended, cell=done.cell, detail=detail)

    def _plan(self, order: Order) -> Plan:
        slot, config = order.slot, self.config
        task, place = config.tasks[slot.task], self._places[slot.endpoint, slot.agent, slot.task]
        return Plan(
            key=CellKey(sweep_id=config.sweep_id, agent=slot.agent, model=slot.model, task_id=slot.task),
            run_id=order.run_id,
            attempt=None,
            task=task,
            adapter=config.adapters[slot.agent],
            sandbox=place.sandbox,
            image=place.image,
            grader_image=place.grader_image,
            ground=place.ground,
            repository=None if task.environment else self._repository(task),
            script=self._scripts.get((slot.model, slot.task)),
            results=self._results,
            settings=config.settings,
        )


def cause_of(error: Exception) -> str:
    """The row of the failure table for what kept an agent from being started."""
    match error:
        case KeyRefused():
            return "bad_key"
        case EndpointSilent():
            return "endpoint_down"
        case Interrupted():
            return "interrupted"
        case ImageMissing():
            return "image_missing"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT) | AttemptVoid():
            return "out_of_disk"
        case MachineLacks():
            return "proxy_died"
        case _:
            return "sandbox_error"
