"""Probes for real: the reference agent, the simulator and the meter, in no sandbox."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from cab_runner import agents, sandbox
from cab_runner.calibration import probing
from cab_runner.calibration.probes import PROBES
from cab_runner.errors import CabError, MachineLacks
from cab_runner.resources import tasks_dir
from cab_runner.sandbox.base import Interrupted
from cab_runner.tasks import Task


def rig(**changed: Any) -> probing.Rig:
    values: dict[str, Any] = {
        "adapter": agents.get("bash-loop"),
        "sandbox": sandbox.choose("process", simulated=True),
        "image": None,
        "grader_image": None,
        "tasks_root": tasks_dir(),
        "disturbed_s": 30.0,
        "stop": Event(),
        "require": lambda task: None,
    }
    return probing.Rig(**(values | changed))


def run(*names: str, **changed: Any) -> dict[str, Any]:
    wanted = [probe for probe in PROBES if probe.name in names]
    return {probe.name: found for probe, found in probing.run_all(wanted, rig(**changed))}


def test_strict_factory_is_left_out_where_there_is_nothing_to_leave_out() -> None:
    assert run("strict-factory") == {}
    wordy = replace(agents.get("bash-loop"), deviation={"a": "why"})
    assert run("strict-factory", adapter=wordy)["strict-factory"]["outcome"]["pass"] == 1


def test_an_agent_at_work() -> None:
    found = run("python", "turns", "empty")
    python, turns, empty = found["python"], found["turns"], found["empty"]
    assert python["outcome"] | {"seconds": 0} == {
        "pass": 1,
        "cause": None,
        "exit_code": 0,
        "timed_out": False,
        "seconds": 0,
    }
    assert {name: probe["metering"]["equal"] for name, probe in found.items()} == dict.fromkeys(found, True)
    assert python["self_report_error"]["total"] == 0
    assert python["claim"]["tokens"]["total"] == python["metering"]["served"]["total"]
    assert python["left"]["home"]["files"] == 0
    assert turns["calls"]["purposes"] == {"main": 7}
    assert (turns["prefix"]["compared"], turns["prefix"]["differences"]) == (6, [])
    assert turns["outcome"]["pass"] is None
    assert empty["calls"]["made"] == 1
    parts = empty["first_prompt"]
    assert parts["system"] + parts["tools"] + parts["messages"] == parts["input"]
    assert 0.5 < empty["harness_tax"]["harness_tax"] < 1


def test_an_endpoint_that_fails() -> None:
    found = run("429", "401", "cut", "dead-token")
    assert all(probe["metering"]["equal"] for probe in found.values())
    assert (found["429"]["calls"]["statuses"], found["429"]["outcome"]["pass"]) == ([[429, 2], [200, 2]], 1)
    assert (found["429"]["calls"]["made"], found["429"]["calls"]["retries"]) == (4, 2)
    assert (found["401"]["calls"]["statuses"], found["401"]["outcome"]["cause"]) == ([[401, 1]], "bad_key")
    assert (found["cut"]["metering"]["cut"], found["cut"]["outcome"]["pass"]) == (1, 1)
    dead = found["dead-token"]
    assert (dead["calls"]["statuses"], dead["metering"]["calls"]) == ([[401, 1]], 0)
    assert (dead["outcome"]["cause"], dead["outcome"]["exit_code"]) == ("no_model_call", 1)
    assert {probe["limit_s"] for probe in found.values()} == {30.0}


def test_an_endpoint_that_fails_for_ever_ends_with_the_time() -> None:
    found = run("500", disturbed_s=1.0)["500"]
    assert (found["outcome"]["timed_out"], found["outcome"]["cause"]) == (True, "endpoint_down")
    assert found["outcome"]["exit_code"] is None


def test_a_probe_that_cannot_be_run_stops_no_other() -> None:
    def require(task: Task) -> None:
        if task.id.startswith("calibration/"):
            raise MachineLacks("not here")

    found = run("turns", "dead-token", require=require)
    assert isinstance(found["turns"], CabError)
    assert found["dead-token"]["calls"]["made"] == 1


def test_a_stop_ends_it() -> None:
    stop = Event()
    stop.set()
    with pytest.raises(Interrupted):
        run("python", stop=stop)


def test_a_stop_in_the_middle_keeps_what_was_done() -> None:
    stop = Event()
    probes = [probe for probe in PROBES if probe.name in ("turns", "empty")]
    running = probing.run_all(probes, rig(stop=stop))
    probe, found = next(running)
    assert (probe.name, isinstance(found, dict)) == ("turns", True)
    stop.set()
    with pytest.raises(Interrupted):
        next(running)
