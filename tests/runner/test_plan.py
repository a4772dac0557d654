"""What follows from a plan: which plugins an agent gets, and what its adapter adds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cab_runner import agents, sandbox, tasks
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
