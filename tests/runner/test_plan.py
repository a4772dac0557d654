"""What follows from a plan: which plugins an agent gets, and what its adapter adds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cab_runner import agents, sandbox, tasks
from cab_runner.harbor import Environment
from cab_runner.plan import Plan, Settings
from cab_runner.plugins import Plugin
from cab_runner.resources import tasks_dir
from cab_runner.results import CellKey
from fakes.attempts import PYTHON_TASK


def plan(settings: Settings) -> Plan:
    return Plan(
        key=CellKey(sweep_id="s", agent="aider", model="m", task_id=PYTHON_TASK),
        run_id="r",
        attempt=None,
        task=tasks.load(tasks_dir(), PYTHON_TASK),
        adapter=replace(agents.get("aider"), deviation={"--x": "because"}),
        sandbox=sandbox.choose("process", simulated=True),
        image=None,
        grader_image=None,
        results=Path("results"),
        settings=settings,
    )


PLUGIN = Plugin(name="p", description="", agents=None, args=(), env={}, files=(), sha256="")
OTHERS = replace(PLUGIN, name="q", agents=("opencode",))


def test_an_attempt_is_factory_without_a_plugin_that_is_for_its_agent() -> None:
    assert plan(Settings()).behavior_mode == "factory"
    assert plan(Settings(plugins=(OTHERS,))).behavior_mode == "factory"
    stacked = plan(Settings(plugins=(OTHERS, PLUGIN)))
    assert stacked.behavior_mode == "plugins"
    assert stacked.plugins == (PLUGIN,)


def test_deviations_are_named_with_their_reasons_unless_they_are_left_out() -> None:
    assert plan(Settings()).deviation == ["--x: because"]
    assert plan(Settings(strict_factory=True)).deviation == []


@pytest.mark.parametrize(
    ("settings", "wall_s", "agent_s"),
    [
        (Settings(), 600.0, None),
        (Settings(timeout_s=10.0), 10.0, None),
        (Settings(timeout_on="agent"), 2400.0, 600.0),
        (Settings(timeout_on="agent", timeout_s=10.0), 40.0, 10.0),
        (Settings(timeout_on="agent", timeout_s=10.0, wall_ceiling_s=15.0), 15.0, 10.0),
    ],
)
def test_a_limit_on_the_agents_own_time_has_a_ceiling_above_it(
    settings: Settings, wall_s: float, agent_s: float | None
) -> None:
    limits = plan(settings).limits
    assert (limits.wall_s, limits.agent_s) == (wall_s, agent_s)


def test_an_image_of_the_tasks_own_has_the_same_clocks() -> None:
    ours = plan(Settings(timeout_on="agent", timeout_s=10.0))
    environment = Environment(dockerfile=True, docker_image=None, storage_bytes=1000)
    limits = replace(ours, task=replace(ours.task, environment=environment)).limits
    assert (limits.wall_s, limits.agent_s, limits.disk_bytes) == (40.0, 10.0, 1000)
