from __future__ import annotations

from pathlib import Path

from cab_runner import tasks
from cab_runner.calibration.probes import PROBES, script_of, task_of
from cab_runner.resources import tasks_dir
from cab_sim.faults import Fault
from cab_sim.script import Script


def test_probes_are_what_they_say(tmp_path: Path) -> None:
    assert len({probe.name for probe in PROBES}) == len(PROBES)
    for probe in PROBES:
        for fault in probe.faults:
            Fault.parse(fault)
        task = task_of(probe, tasks_dir(), tmp_path / probe.name)
        assert task.id == probe.task_id
        if probe.has_to_pass:
            assert task.facts.expected_tests
    assert [probe.name for probe in PROBES if probe.has_to_pass] == ["python", "go", "strict-factory"]
    assert [probe.name for probe in PROBES if probe.works] == ["python", "go", "turns"]


def test_two_tasks_of_two_languages(tmp_path: Path) -> None:
    found = [tasks.load(tasks_dir(), probe.task_id) for probe in PROBES if probe.has_to_pass]
    assert {task.language for task in found} == {"python", "go"}


def test_calibrations_own_tasks_begin_empty(tmp_path: Path) -> None:
    empty, turns = (probe for probe in PROBES if probe.task_id.startswith("calibration/"))
    empty, turns = (empty, turns) if empty.name == "empty" else (turns, empty)
    for probe, edits in ((empty, 0), (turns, 6)):
        task = task_of(probe, tasks_dir(), tmp_path / probe.name)
        assert list(task.workspace.iterdir()) == []
        path = script_of(probe, tmp_path)
        assert path is not None
        script = Script.load(path)
        assert script.task == task.id
        assert sum(len(model.edits) for model in script.models.values()) == edits


def test_a_task_of_the_benchmark_brings_its_own_script(tmp_path: Path) -> None:
    assert script_of(PROBES[0], tmp_path) is None
