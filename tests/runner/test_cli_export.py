"""``cab export``: real attempts out, and what Inspect's and Harbor's own packages make of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fakes.commands import cab
from fakes.harbor_package import harbor_programs, installed

TASK = "mutations/python-comparator-swap"
READ_BY_INSPECT = """
import json, sys
from inspect_ai.log import list_eval_logs, read_eval_log
read = [read_eval_log(info) for info in list_eval_logs(sys.argv[1])]
print(json.dumps([json.loads(log.model_dump_json()) for log in read]))
"""
READ_BY_HARBOR = """
import json, sys
from harbor.models.trajectories import Trajectory
from harbor.utils.trajectory_validator import TrajectoryValidator
for path in sys.argv[1:]:
    validator = TrajectoryValidator()
    assert validator.validate(path), validator.get_errors()
    document = json.load(open(path))
    assert Trajectory(**document).to_json_dict() == document, path
"""


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four attempts under ``results``: two passes, a fail and a void one."""
    folder = tmp_path_factory.mktemp("attempts")
    assert cab("demo", "--sandbox", "process", cwd=folder).returncode == 0
    run = ("run-cell", "-a", "bash-loop", "--endpoint", "sim", "--sandbox", "process", "-t", TASK)
    assert cab(*run, "-m", "null", "--sweep-id", "demo", cwd=folder).returncode == 0
    assert cab(*run, "-m", "oracle", "--sweep-id", "demo", "--fault", "401", cwd=folder).returncode == 4
    return folder


def exported(attempts: Path, target: str, out: Path) -> list[Path]:
    done = cab("export", "results", "results/demo", "--to", target, "--out", str(out), cwd=attempts)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("4 attempts, ")
    return sorted(path for path in out.rglob("*") if path.is_file())


def test_a_log_per_model_with_every_attempt_once(attempts: Path, tmp_path: Path) -> None:
    found = [json.loads(path.read_bytes()) for path in exported(attempts, "inspect", tmp_path)]
    assert sorted((log["eval"]["model"], len(log["samples"])) for log in found) == [
        ("null", 1),
        ("oracle", 3),
    ]


def test_a_trajectory_beside_its_attempts_name(attempts: Path, tmp_path: Path) -> None:
    paths = exported(attempts, "atif", tmp_path)
    assert {path.relative_to(tmp_path).parent for path in paths} == {
        path.relative_to(attempts / "results").parent for path in attempts.glob("results/**/cell.json")
    }
    for path in paths:
        record = json.loads(
            (attempts / "results" / path.relative_to(tmp_path).with_name("cell.json")).read_bytes()
        )
        found = json.loads(path.read_bytes())
        assert len(found["steps"]) == 1 + record["meter"]["calls"]
        assert (
            found["final_metrics"].get("total_prompt_tokens") == record["scores"]["tokens"]["prompt_tokens"]
        )


def test_exporting_again_gives_the_same(attempts: Path, tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in exported(attempts, "inspect", tmp_path)}
    assert {path: path.read_bytes() for path in exported(attempts, "inspect", tmp_path)} == first


@pytest.mark.parametrize(
    ("cell", "code", "said"),
    [
        (None, 2, "no recorded attempt under here"),
        ({"identity": {}}, 1, "lacks what this version records ('cell_id')"),
    ],
)
def test_nothing_to_export_is_said_in_one_line(
    tmp_path: Path, cell: dict[str, Any] | None, code: int, said: str
) -> None:
    (tmp_path / "here").mkdir()
    if cell is not None:
        (tmp_path / "here/cell.json").write_text(json.dumps(cell))
    done = cab("export", "here", "--to", "atif", "--out", "out", cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_two_folders_with_the_same_attempt_are_not_mixed(attempts: Path, tmp_path: Path) -> None:
    shutil.copytree(attempts / "results", tmp_path / "copy")
    done = cab("export", "results", str(tmp_path / "copy"), "--to", "inspect", "--out", "out", cwd=attempts)
    assert done.returncode == 2
    assert "export them apart" in done.stderr


@pytest.mark.acceptance
def test_inspect_reads_the_logs(attempts: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ours = [json.loads(path.read_bytes()) for path in exported(attempts, "inspect", out)]
    python = installed(tmp_path / "venv", sys.executable, "inspect-ai==0.3.285") / "python"
    done = subprocess.run([python, "-c", READ_BY_INSPECT, out], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = {log["eval"]["model"]: log for log in json.loads(done.stdout)}
    assert len(theirs) == len(ours)
    for log in ours:
        assert lost(log, theirs[log["eval"]["model"]]) == []


@pytest.mark.acceptance
def test_harbor_takes_the_trajectories(attempts: Path, tmp_path: Path) -> None:
    paths = exported(attempts, "atif", tmp_path / "out")
    python = harbor_programs(tmp_path / "venv") / "python"
    done = subprocess.run([python, "-c", READ_BY_HARBOR, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def lost(ours: Any, theirs: Any, where: str = "log") -> list[str]:
    """What of ours is not in theirs, or not the same; Inspect ignores what it doesn't know."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [gone for key in ours for gone in lost(ours[key], theirs.get(key), f"{where}.{key}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            gone
            for i, pair in enumerate(zip(ours, theirs, strict=True))
            for gone in lost(*pair, f"{where}[{i}]")
        ]
    same_time = isinstance(ours, str) and ours.endswith("Z") and ours.removesuffix("Z") + "+00:00" == theirs
    return [] if ours == theirs or same_time else [where]
