"""Our tasks under Harbor: its own package takes all of them for tasks, and its oracle passes them.

The task of Harbor's making that other tests run here passes there, too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cab_runner import agents, images
from cab_runner.resources import tasks_dir
from fakes.harbor_package import harbor_programs, require_compose

FOREIGN = Path(__file__).parents[1] / "fakes/foreign_task"
VALID = """
import sys, warnings
from harbor.models.task.task import Task
warnings.simplefilter("ignore")
for folder in sys.argv[1:]:
    task = Task(folder)
    assert Task.is_valid_dir(folder), folder
    assert task.config.agent.timeout_sec and task.config.environment.memory_mb, folder
"""

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return harbor_programs(tmp_path_factory.mktemp("harbor") / "venv")


def test_harbor_takes_all_our_tasks_for_tasks(programs: Path) -> None:
    folders = [toml.parent for toml in tasks_dir().glob("*/*/task.toml")]
    done = subprocess.run(
        [programs / "python", "-c", VALID, *folders, FOREIGN], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.docker
@pytest.mark.parametrize(
    "folder",
    [
        *(tasks_dir() / name for name in ("polyglot/go-http-handler-fix", "integrity/unsolvable-refusal")),
        FOREIGN,
    ],
    ids=lambda folder: folder.name,
)
@pytest.mark.parametrize(("agent", "reward"), [("oracle", 1.0), ("nop", 0.0)])
def test_our_tasks_are_graded_under_harbor(
    tmp_path: Path, programs: Path, folder: Path, agent: str, reward: float
) -> None:
    require_compose()
    images.ensure(agents.base_of_tasks())
    shutil.copytree(folder, tmp_path / folder.name)
    done = subprocess.run(
        [programs / "harbor", "run", "-p", folder.name, "-a", agent, "-o", "jobs", "--yes", "--quiet"],
        cwd=tmp_path,
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [result] = tmp_path.glob("jobs/*/*/result.json")
    assert json.loads(result.read_text())["verifier_result"] == {"rewards": {"reward": reward}}
