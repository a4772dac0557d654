"""Runs probes: each is an attempt like any other, with its results in a folder that is gone afterwards."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any, Final

from cab_proxy.ids import ulid
from cab_runner import attempt, endpoints, oracle, waiting
from cab_runner.agents.base import Adapter
from cab_runner.calibration import figures
from cab_runner.calibration.probes import DEAD_TOKEN, Probe, script_of, task_of
from cab_runner.errors import CabError
from cab_runner.metered import MeteredEndpoint
from cab_runner.plan import Plan, Settings
from cab_runner.results import CellKey
from cab_runner.sandbox.base import Interrupted, Sandbox
from cab_runner.tasks import Task

SWEEP: Final = "calibration"
_DISTURBED_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """An agent, and what its probes run in."""

    adapter: Adapter
    sandbox: Sandbox
    image: str | None
    grader_image: str | None
    tasks_root: Path
    disturbed_s: float
    """Time limit of a probe with faults."""
    stop: Event
    require: Callable[[Task], None]
    """Raises :class:`CabError` when the sandbox can't run such a task."""


def run_all(probes: Sequence[Probe], rig: Rig) -> Iterator[tuple[Probe, dict[str, Any] | CabError]]:
    """Run probes; each with its figures, or with why there are none, as it ends.

    Those with faults run two at once: most of their time is waiting for the next try. What does not differ
    from another one for this agent is left out. Raises ``Interrupted`` when ``stop`` was set.
    """
    probes = [probe for probe in probes if rig.adapter.deviation or not probe.strict_factory]
    for probe in (probe for probe in probes if not probe.is_disturbed):
        yield probe, _tried(probe, rig)
    with ThreadPoolExecutor(_DISTURBED_AT_ONCE) as threads:
        started = {threads.submit(_tried, probe, rig): probe for probe in probes if probe.is_disturbed}
        for ended in waiting.as_ended(started):
            yield started[ended], ended.result()


def _tried(probe: Probe, rig: Rig) -> dict[str, Any] | CabError:
    if rig.stop.is_set():
        raise Interrupted
    try:
        return run(probe, rig)
    except CabError as error:
        return error


def run(probe: Probe, rig: Rig) -> dict[str, Any]:
    """Run one probe; its figures, as a calibration document keeps them.

    Raises what :func:`cab_runner.attempt.run` raises, and ``Interrupted`` when ``stop`` was set.
    """
    with tempfile.TemporaryDirectory(prefix="cab-calibration-") as scratch:
        task = task_of(probe, rig.tasks_root, Path(scratch) / "task")
        rig.require(task)
        script = script_of(probe, Path(scratch)) or oracle.script_for(
            task, probe.model, rig.sandbox, rig.grader_image, rig.stop
        )
        plan = _plan(probe, rig, task, script, Path(scratch) / "results")
        wanted = endpoints.Wanted(endpoint=endpoints.SIMULATOR, faults=probe.faults)
        with MeteredEndpoint(wanted) as metered:
            done = attempt.run(plan, metered, rig.stop)
        if rig.stop.is_set():
            raise Interrupted
        return {
            "date": datetime.now(UTC).date().isoformat(),
            "task": task.id,
            "model": probe.model,
            "faults": list(probe.faults),
            "dead_token": probe.dead_token,
            "limit_s": plan.limits.wall_s,
            **figures.of_attempt(done.folder, done.cell),
        }


def _plan(probe: Probe, rig: Rig, task: Task, script: Path, results: Path) -> Plan:
    adapter = _with_dead_token(rig.adapter) if probe.dead_token else rig.adapter
    return Plan(
        key=CellKey(sweep_id=SWEEP, agent=adapter.name, model=probe.model, task_id=task.id),
        run_id=ulid(time.time_ns() // 1_000_000),
        attempt=None,
        task=task,
        adapter=adapter,
        sandbox=rig.sandbox,
        image=rig.image,
        grader_image=rig.grader_image,
        script=script,
        results=results,
        settings=Settings(
            timeout_s=rig.disturbed_s if probe.is_disturbed else None,
            strict_factory=probe.strict_factory,
            include_usage=probe.strict_factory,
            record_bodies=True,
        ),
    )


def _with_dead_token(adapter: Adapter) -> Adapter:
    return replace(adapter, wire=lambda context: adapter.wire(replace(context, token=DEAD_TOKEN)))
