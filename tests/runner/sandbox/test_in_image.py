"""The sandbox of an agent's image: its own tests, run in a container of one, and the command there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cab_runner import agents, images
from cab_runner.errors import MachineLacks
from cab_runner.preparation import choose_sandbox
from cab_runner.resources import images_dir
from cab_runner.sandbox.base import SandboxError
from cab_runner.sandbox.in_image import ELSEWHERE, IMAGE_ENV, InImageSandbox
from cab_runner.sandbox.staging import Staging
from cab_runner.sandbox.users import IN_IMAGE
from fakes.bench import make_bench

TESTS = Path(__file__).resolve().parents[2]
KEY = "real-key-5f1d0c7e9b"
IN_DOCKER = [pytest.mark.docker, pytest.mark.agents]


def test_it_runs_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(IN_IMAGE, raising=False)
    probe = InImageSandbox().probe()
    assert (probe.ok, probe.detail) == (False, ELSEWHERE)
    with Staging() as staging, pytest.raises(SandboxError, match="docker run IMAGE"):
        make_bench("in-image", staging).run("pass")


def test_in_an_image_only_its_agent_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IN_IMAGE, "opencode")
    monkeypatch.setattr(InImageSandbox, "probe", lambda self: _Probe())
    for name in ("opencode", "bash-loop"):
        assert choose_sandbox(None, agents.get(name), simulated=False).name == "in-image"
    with pytest.raises(MachineLacks, match="carries opencode and bash-loop: aider has one of its own"):
        choose_sandbox(None, agents.get("aider"), simulated=False)


class _Probe:
    ok = True


def test_jobs_get_what_the_toolchains_image_sets() -> None:
    dockerfile = (images_dir() / "toolchains/Dockerfile").read_text()
    settings = "".join(re.findall(r"^ENV (?:.*\\\n)*.*\n", dockerfile, re.MULTILINE))
    assert {*re.findall(r"(\w+)=", settings)} - {"LANG"} == set(IMAGE_ENV)


@pytest.fixture(scope="module")
def image() -> str:
    return images.ensure(agents.carrying_image_of(agents.get("bash-loop"), None))


def docker_run(image: str, options: Sequence[str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", "run", "--rm", "-e", f"CAB_KEY={KEY}", *options, image, *command],
        capture_output=True,
        text=True,
        check=False,
    )


class TestInDocker:
    pytestmark = IN_DOCKER

    def test_the_sandbox_keeps_its_promises(self, image: str) -> None:
        """With pytest as this run has it: it is plain Python, so it runs on the image's, too."""
        packages = Path(pytest.__file__).parents[1]
        own, theirs = "/opt/cab/self/tests", "/opt/cab/self/pytest"
        files = ("inside_an_image.py", "test_ends.py", "test_grader.py")
        code = (
            f"import sys; sys.dont_write_bytecode = True; sys.path += ['{own}', '{theirs}']; import pytest; "
            "sys.exit(pytest.main(sys.argv[1:]))"
        )
        options = ["-v", f"{TESTS}:{own}:ro", "-v", f"{packages}:{theirs}:ro"]
        options += ["-e", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", "--entrypoint", "/opt/cab/self/bin/python3"]
        command = ["-c", code, "-q", "-rs", "-p", "no:cacheprovider", f"--confcutdir={own}/runner"]
        command += ["-k", "not process]", *(f"{own}/runner/sandbox/{name}" for name in files)]
        ended = docker_run(image, options, *command)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "skipped" not in ended.stdout

    def test_run_cell(self, image: str, tmp_path: Path) -> None:
        """As the published pages say it, with the simulator for an endpoint."""
        cell = self.run_cell(image, tmp_path, "--tui", "bash-loop", "--task", "mutations/rust-error-negated")
        assert cell["identity"]["sandbox"] == "in-image"
        assert cell["scores"]["pass_rate"]["pass"] == 1
        assert cell["meter"]["calls"] == 2
        assert any(line.startswith("network: ") for line in cell["not_isolated"])

    def run_cell(self, image: str, results: Path, *options: str) -> Any:
        asked = ["run-cell", *options, "--model", "oracle", "--endpoint", "sim", "--json"]
        ended = docker_run(image, ["-v", f"{results}:/results"], *asked, "--results", "/results")
        assert ended.returncode == 0, ended.stderr
        assert KEY not in ended.stdout + ended.stderr
        [recorded] = json.loads(ended.stdout)
        return recorded["cell"]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--cap-drop", "SETPCAP", "--cap-drop", "KILL"], "lacks the capabilities KILL, SETPCAP"),
            (["--read-only"], "without --read-only"),
        ],
    )
    def test_a_container_that_lacks_something_is_refused(
        self, image: str, options: list[str], said: str
    ) -> None:
        asked = ["run-cell", "--tui", "bash-loop", "--task", "mutations/rust-error-negated", "--model", "m"]
        ended = docker_run(image, options, *asked, "--endpoint", "http://127.0.0.1:9/v1")
        assert ended.returncode == 3
        assert said in ended.stderr
        assert ended.stderr.count("\n") == 1, "one line"
