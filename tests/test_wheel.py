"""The wheel alone is enough: in an environment of its own, with an empty HOME, far from the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from cab_runner import oracle, sandbox, tasks
from cab_runner.resources import tasks_dir
from fakes.attempts import PYTHON_TASK
from fakes.simulator import simulator

ROOT = Path(__file__).resolve().parents[1]
KEY = "real-key-5f1d0c7e9b"


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs that the wheel brings."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    if subprocess.run(
        [*pip, "download", "--no-deps", "--dest", folder / "try", "hatchling"], check=False
    ).returncode:
        pytest.skip("no package index answers")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    [wheel] = folder.glob("codingagentbench-*.whl")
    python = folder / "venv/bin/python"
    if uv := shutil.which("uv"):
        run(uv, "venv", "--quiet", "--python", sys.executable, folder / "venv")
        run(uv, "pip", "install", "--quiet", "--python", python, wheel)
    else:
        run(sys.executable, "-m", "venv", folder / "venv")
        run(python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", wheel)
    return python.parent


@pytest.mark.bwrap
def test_a_model_of_ones_own_is_checked_and_an_agent_wired(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    environment = {"PATH": f"{installed}:{os.defpath}", "HOME": str(tmp_path / "home"), "CAB_KEY": KEY}

    def cab(*arguments: str) -> str:
        done = subprocess.run(
            [installed / "cab", *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    processes = sandbox.choose("process", simulated=True)
    script = oracle.script_for(tasks.load(tasks_dir(), PYTHON_TASK), "oracle", processes, None, Event())
    with simulator("--script", str(script), key=KEY) as url:
        common = ("--agent", "bash-loop", "--model", "oracle", "--endpoint", url)
        [shown] = json.loads(cab("check", *common, "--task", PYTHON_TASK, "--sandbox", "bwrap", "--json"))
    assert (tmp_path / shown["folder"] / "cell.json").is_file()
    assert shown["cell"]["provisional"] is True
    assert shown["cell"]["identity"]["endpoint"] == url
    assert shown["cell"]["scores"]["pass_rate"]["pass"] == 1, shown["cell"]["scores"]["pass_rate"]
    assert shown["cell"]["scores"]["tokens"]["total_tokens"] > 0

    text = cab("agents", "wire", "bash-loop", "--model", "oracle", "--endpoint", url)
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    assert str(installed) in text
    assert str(ROOT) not in text
    assert KEY not in text
