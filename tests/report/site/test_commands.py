"""Every command that a cell's page prints works, and none is made of a name that is no plain text."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cab_report.site.build import build
from cab_report.site.commands import Commands, commands
from cab_runner import agents, images, oracle, sandbox, tasks
from cab_runner.resources import tasks_dir
from fakes.attempt_folder import write
from fakes.commands import cab
from fakes.recorded import recorded
from fakes.simulator import simulator

TASK = "polyglot/python-reverse-string"
DIGEST = f"sha256:{'1' * 64}"
EVERYTHING = ("cell.json", "lock.json", "grade.json", "calls.jsonl")


def made(lock: Mapping[str, Any] | None = None, folder: str = "/r/s", **identity: Any) -> Commands:
    cell = recorded(simulated=False)
    cell["identity"] |= {
        "agent_version": "1",
        "sandbox": "docker",
        "endpoint": "https://llm.example/v1",
        **identity,
    }
    return commands(cell, lock or {}, Path(folder), EVERYTHING)


def texts(found: Commands) -> list[str]:
    return [each.text for each in (*found.run, *found.evidence)]


def printed(page: Path, section: str) -> list[str]:
    """The commands in a section of a page, as a reader copies them."""
    [part] = re.findall(rf'<section id="{section}".*?</section>', page.read_text(), re.DOTALL)
    return [unescape(text) for text in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", part, re.DOTALL)]


def shell(
    command: str, cwd: Path, given: Mapping[str, str] = {}, stdin: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it as its reader would, unless ``given`` others with an endpoint and a key that nobody may call."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    own = {"PATH": path, "CAB_ENDPOINT": "http://127.0.0.1:9/v1", "CAB_KEY": "nobodys", **given}
    return subprocess.run(
        ["sh", "-c", command], cwd=cwd, env={**os.environ, **own}, capture_output=True, text=True,
        check=False, stdin=stdin,
    )  # fmt: skip


def site_of(folder: Path, sandbox_name: str) -> tuple[Path, Path]:
    """An attempt played for real: its results, and the page of its cell."""
    done = cab(
        "run-cell", "-a", "bash-loop", "-m", "oracle", "-t", TASK, "--endpoint", "sim",
        "--sandbox", sandbox_name, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    build([folder / "results"], folder / "site")
    return folder / "results", folder / f"site/simulated/cell/bash-loop/oracle/{TASK}/index.html"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return site_of(tmp_path_factory.mktemp("played"), "process")


def test_every_printed_command_to_run_it_works(played: tuple[Path, Path], tmp_path: Path) -> None:
    lines = [line for line in printed(played[1], "run") if not line.startswith("docker")]
    assert [shlex.split(line)[1] for line in lines] == ["run-cell", "check", "agents"]
    for line in lines:
        if "cab check" not in line:  # needs an endpoint
            done = shell(line, tmp_path)
            assert done.returncode == 0, (line, done.stderr)
    assert list((tmp_path / "results/local/bash-loop/oracle").rglob("cell.json"))
    assert "cab-proxy --upstream http://127.0.0.1:9/v1" in done.stdout


def test_every_printed_command_about_evidence_works(played: tuple[Path, Path]) -> None:
    lines = printed(played[1], "evidence")
    assert [shlex.split(line)[:2] for line in lines] == [["cab", "ledger"], ["cab", "score"]]
    for line, word in zip(lines, ("chain holds", "yes"), strict=True):
        done = shell(line, played[0])
        assert done.returncode == 0, (line, done.stderr)
        assert word in done.stdout


@pytest.mark.docker
@pytest.mark.parametrize("simulated", [False, True])
def test_every_printed_command_works_with_an_endpoint_of_ones_own(tmp_path: Path, simulated: bool) -> None:
    """The simulator as an endpoint like any other, for what the pages of a published site print."""
    recorded_with = {"agent": "bash-loop", "model": "oracle", "task": TASK, "simulated": simulated}
    write(tmp_path / "recorded", identity=recorded_with)
    root = tmp_path / "site"
    build([tmp_path / "recorded"], root)
    page = root / ("simulated" if simulated else "") / f"cell/bash-loop/oracle/{TASK}/index.html"
    lines = [line for line in printed(page, "run") if not line.startswith("docker")]
    script = oracle.script_for(
        tasks.load(tasks_dir(), TASK), "oracle", sandbox.choose("process", simulated=True), None, Event()
    )
    with simulator("--script", str(script), key="the-key") as url:
        own = {"CAB_ENDPOINT": url, "CAB_KEY": "the-key", "MODEL": "oracle"}
        for line in lines:
            done = shell(line, tmp_path, own)
            assert done.returncode == 0, (line, done.stderr)
    for sweep in ("local", "check"):
        [made] = (tmp_path / "results" / sweep).rglob("cell.json")
        cell = json.loads(made.read_bytes())
        assert cell["scores"]["pass_rate"]["pass"] == 1
        assert cell["provisional"] is (sweep == "check")
        assert cell["identity"]["simulated"] is (simulated and sweep == "local")
    assert f"cab-proxy --upstream {url}" in done.stdout
    assert "the-key" not in done.stdout


@pytest.mark.docker
@pytest.mark.agents
def test_every_printed_command_with_docker_works(tmp_path: Path) -> None:
    images.ensure(agents.carrying_image_of(agents.get("bash-loop"), None))
    _, page = site_of(tmp_path, "docker")
    cell, into = (line for line in printed(page, "run") if line.startswith("docker"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = shell(cell, elsewhere)
    assert done.returncode == 0, done.stderr
    assert list((elsewhere / "results/local").rglob("cell.json"))
    terminal, ours = pty.openpty()
    os.write(terminal, b"python3 --version; exit\n")
    done = shell(into, elsewhere, stdin=ours)
    assert done.returncode == 0, done.stderr
    assert "Python 3" in done.stdout


def test_a_key_goes_to_the_readers_own_endpoint_only() -> None:
    lines = texts(made(endpoint="https://thief.example/v1", image_digest=f"thief.example/x@{DIGEST}"))
    assert not any("thief" in line for line in lines if "KEY" in line)
    assert any("--network none --entrypoint sh thief.example" in line for line in lines)


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ({"model": "m x'; rm -rf ~ #"}, ["--model", "m x'; rm -rf ~ #"]),
        ({"model": "$(id)"}, ["--model", "$(id)"]),
        ({"task": "a b/c"}, ["--task", "a b/c"]),
        ({"simulated": True}, ["--endpoint", "sim"]),
        ({"endpoint": "local"}, ["--endpoint", "local"]),
        ({}, ["--endpoint", "$CAB_ENDPOINT", "--key-env", "CAB_KEY"]),
        ({"sandbox": "bwrap"}, ["--sandbox", "bwrap"]),
    ],
)
def test_what_a_record_says_is_one_word_for_the_shell(identity: dict[str, Any], words: list[str]) -> None:
    line = shlex.split(made(**identity).run[0].text)
    at = line.index(words[0])
    assert line[at : at + len(words)] == words


@pytest.mark.parametrize("identity", [{"simulated": True, "sandbox": "process"}, {"endpoint": "local"}])
def test_a_check_is_of_an_endpoint_of_ones_own_wherever_the_cell_ran(identity: dict[str, Any]) -> None:
    check = made(**identity).run[1]
    assert '--model "$MODEL" --endpoint "$CAB_ENDPOINT" --key-env CAB_KEY --task mutations/swap' in check.text
    assert "process" not in check.text
    assert "MODEL: one that it serves" in check.needs


@pytest.mark.parametrize(
    "identity",
    [
        {"model": "m\x1b[2J"},
        {"model": "m\u202e"},
        {"task": "a\nrm -rf ~"},
        {"task": "--results=/etc"},
        {"agent": "x;y"},
        {"agent": ["x"]},
        {"model": None},
    ],
)
def test_a_record_whose_names_are_no_plain_text_has_no_commands(identity: dict[str, Any]) -> None:
    found = made(**identity)
    assert not texts(found)
    assert found.note == "No commands: a name in this record is no plain text."


def test_an_agent_without_an_adapter_is_said_to_have_none() -> None:
    found = made(agent_version=None, image_digest=DIGEST)
    assert [each.text.split()[0] for each in found.run] == ["docker"]
    assert "--agent-cmd" in (found.note or "")


def test_a_task_from_elsewhere_is_given_by_its_folder() -> None:
    found = made(lock={"task": {"facts": {"foreign": True}}})
    assert all('--task "$TASK"' in each.text for each in found.run[:2])
    assert "TASK: the folder of mutations/swap" in found.run[0].needs
    assert not any(each.text.startswith("docker") for each in found.run)


@pytest.mark.parametrize(
    "digest", [None, 1, "sha256:1", f"--privileged {DIGEST}", f"{DIGEST}; id", f"-v@{DIGEST}"]
)
def test_what_is_no_digest_is_never_run(digest: object) -> None:
    assert not any(each.text.startswith("docker run --rm -it") for each in made(image_digest=digest).run)


def test_evidence_is_named_from_the_results_folder_or_not_at_all(tmp_path: Path) -> None:
    named = commands(recorded(), {}, write(tmp_path), EVERYTHING).evidence
    assert named[0].text == "cab ledger verify s/bash-loop/small-1/mutations/swap/1/calls.jsonl"
    moved = made(folder="/home/somebody/secret/1").evidence
    assert [each.text for each in moved] == ["cab ledger verify calls.jsonl", "cab score ."]
    assert {each.needs for each in moved} == {"to be run in the attempt's own folder"}


def test_evidence_that_is_not_there_has_no_command() -> None:
    assert commands(recorded(), {}, Path("/r"), ("cell.json",)).evidence == ()
