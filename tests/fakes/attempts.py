"""Whole simulated attempts, for tests that look at what one leaves."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

from cab_proxy.ids import ulid
from cab_runner import agents, attempt, endpoints, oracle, tasks
from cab_runner.attempt import Recorded
from cab_runner.metered import MeteredEndpoint
from cab_runner.plan import Plan, Settings
from cab_runner.resources import tasks_dir
from cab_runner.results import CellKey
from cab_runner.sandbox.base import Sandbox

PYTHON_TASK = "mutations/python-comparator-swap"
REFUSAL_TASK = "integrity/unsolvable-refusal"


def run(results: Path, chosen: Sandbox, task_id: str, model: str = "oracle", **settings: Any) -> Recorded:
    """One simulated attempt, of bash-loop unless another ``adapter`` is given."""
    faults = settings.pop("faults", ())
    adapter = settings.pop("adapter", None)
    stop = settings.pop("stop", Event())
    task = tasks.load(tasks_dir(), task_id)
    image = agents.toolchains().tag if chosen.name == "docker" else None
    plan = Plan(
        key=CellKey(sweep_id="test", agent="bash-loop", model=model, task_id=task_id),
        run_id=ulid(1_800_000_000_000),
        attempt=None,
        task=task,
        adapter=adapter or agents.get("bash-loop"),
        sandbox=chosen,
        image=image,
        grader_image=image,
        script=oracle.script_for(task, model, chosen, image, stop),
        results=results,
        settings=Settings(**settings),
    )
    wanted = endpoints.Wanted(endpoint="sim", faults=faults)
    with MeteredEndpoint(wanted, plan.settings.prices) as metered:
        return attempt.run(plan, metered, stop)
