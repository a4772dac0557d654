"""``cab agents calibrate``: for real with the reference agent; for every agent in the acceptance test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cab_runner import agents
from cab_runner.calibration import documents, page
from cab_runner.cli.calibrate import calibrate
from cab_runner.errors import CabError, MachineLacks
from cab_runner.sandbox.base import Interrupted
from fakes.calibration import found


def run(out: Path, *arguments: str) -> Result:
    return CliRunner().invoke(calibrate, [*arguments, "--out", str(out)])


def of(out: Path, agent: str) -> documents.Document:
    [document] = [document for document in documents.load(out) if document["agent"] == agent]
    return document


def test_figures_and_page_are_written_and_shown(tmp_path: Path) -> None:
    done = run(tmp_path, "bash-loop", "--sandbox", "process", "--only", "python", "--only", "empty", "--json")
    assert done.exception is None, done.output
    document = of(tmp_path, "bash-loop")
    assert list(document["probes"]) == ["python", "empty"]
    assert (document["version"], document["protocol"], document["sandbox"]) == ("1", "chat", "process")
    assert document["image"] is None
    assert json.loads(done.stdout) == [document]
    assert (tmp_path / "README.md").read_text("utf-8") == page.render([document])


def test_the_table_has_a_row_an_agent(tmp_path: Path) -> None:
    done = run(tmp_path, "bash-loop", "--sandbox", "process", "--only", "dead-token")
    assert done.exception is None, done.output
    row = next(line for line in done.stdout.splitlines() if "bash-loop" in line)
    assert "equal" in row


def test_an_agent_that_cannot_be_run_stops_no_other(tmp_path: Path) -> None:
    done = run(tmp_path, "opencode", "bash-loop", "--sandbox", "process", "--only", "dead-token")
    assert isinstance(done.exception, CabError)
    assert done.exception.exit_code == 1
    assert "opencode" in done.stderr
    assert of(tmp_path, "bash-loop")["probes"].keys() == {"dead-token"}


@pytest.mark.parametrize("broken", ["metering", "outcome"])
def test_what_is_wrong_ends_with_1_and_is_kept(
    tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"metering": {"equal": False, "differences": [{}]}, "outcome": {"pass": 0}}
    probed = found(**{broken: found()[broken] | wrong[broken]})
    monkeypatch.setattr("cab_runner.calibration.probing.run", lambda probe, rig: probed)
    done = run(tmp_path, "bash-loop", "--sandbox", "process", "--only", "go")
    assert isinstance(done.exception, CabError)
    assert "bash-loop: " in done.stderr
    assert of(tmp_path, "bash-loop")["probes"] == {"go": probed}


def test_an_interruption_keeps_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def probed(probe: object, rig: object) -> dict[str, object]:
        if (tmp_path / "bash-loop.json").exists():
            raise Interrupted
        return found()

    monkeypatch.setattr("cab_runner.calibration.probing.run", probed)
    done = run(tmp_path, "bash-loop", "--sandbox", "process")
    assert isinstance(done.exception, Interrupted)
    assert list(of(tmp_path, "bash-loop")["probes"]) == ["python"]
    assert (tmp_path / "README.md").is_file()


def test_a_probe_that_cannot_be_run_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def probed(probe: object, rig: object) -> dict[str, object]:
        raise MachineLacks("no Go here")

    monkeypatch.setattr("cab_runner.calibration.probing.run", probed)
    done = run(tmp_path, "bash-loop", "--sandbox", "process", "--only", "go")
    assert "bash-loop: go: no Go here" in done.stderr
    assert isinstance(done.exception, CabError)
    assert not list(tmp_path.iterdir())


@pytest.mark.docker
@pytest.mark.agents
def test_the_reference_agent_in_its_container(tmp_path: Path) -> None:
    done = run(tmp_path, "bash-loop", "--timeout", "20")
    assert done.exception is None, done.output
    probes = of(tmp_path, "bash-loop")["probes"]
    assert {name: probe["metering"]["equal"] for name, probe in probes.items()} == dict.fromkeys(probes, True)
    assert probes["go"]["outcome"]["pass"] == 1
    assert probes["python"]["hosts_tried"] == []


@pytest.mark.acceptance
@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.parametrize("agent", [adapter.name for adapter in agents.installable()])
def test_every_agent_is_metered_as_served_and_solves_both_tasks(tmp_path: Path, agent: str) -> None:
    done = run(tmp_path, agent)
    assert done.exception is None, done.output
    probes = of(tmp_path, agent)["probes"]
    assert all(probe["metering"]["equal"] for probe in probes.values())
    assert [probes[name]["outcome"]["pass"] for name in ("python", "go")] == [1, 1]
    no_op = probes["no-op"]["outcome"]
    assert (no_op["pass"], no_op["timed_out"]) == (0, False)
    assert all(probes[name]["outcome"]["cause"] for name in ("500", "401", "dead-token"))
