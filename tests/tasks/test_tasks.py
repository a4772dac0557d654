"""Every task of the checkout: its form, its solution, doing nothing, and its cheats.

Here nothing isolates (``CAB_UNTRUSTED=none``): the same is run in real sandboxes by ``cab tasks check``.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, Final

import pytest

from cab_runner.inside.cab_grading import digests
from cab_runner.resources import INSIDE
from cab_runner.tasks import CLOSING_SENTENCE
from cab_scoring.forbidden import parse_forbidden
from cab_scoring.globs import matches

ROOT: Final = Path(__file__).parents[2] / "tasks"
FOLDERS: Final = {
    path.parent.relative_to(ROOT).as_posix(): path.parent for path in ROOT.glob("*/*/task.toml")
}

CAB_KEYS: Final = {
    "language",
    "title",
    "ground_truth_files",
    "expected_action",
    "forbidden",
    "constraints",
    "protected",
    "build_files",
    "refusal_evidence",
    "expected_tests",
    "max_turns",
    "visible_tests",
    "canary",
}
TOOLS: Final = {"python": (), "rust": ("cargo", "rustc"), "go": ("go",)}
VISIBLE_TESTS: Final = {
    "python": ["python3", "-m", "unittest", "discover", "-s", "tests", "-t", "."],
    "rust": ["cargo", "test", "--offline", "--quiet"],
    "go": ["go", "test", "./..."],
}
IN_THE_IMAGE: Final = "docker" in os.environ.get("CAB_TEST_REQUIRE", "")
"""Then the toolchains image is there, and tasks whose toolchain this machine lacks are run in that."""

EVERY: Final = pytest.mark.parametrize("task", sorted(FOLDERS))


def toml(task: str) -> dict[str, Any]:
    return tomllib.loads((FOLDERS[task] / "task.toml").read_text(encoding="utf-8"))


def cab(task: str) -> dict[str, Any]:
    keys: dict[str, Any] = toml(task)["metadata"]["cab"]
    return keys


def files(task: str) -> set[str]:
    """What the agent sees."""
    workspace = FOLDERS[task] / "environment" / "workspace"
    return {path for path in digests(workspace) if "__pycache__" not in path}


@functools.cache
def works(tool: str) -> bool:
    """Whether the tool runs: a rustup without a toolchain is on PATH and does nothing."""
    version = "version" if tool == "go" else "--version"
    return (
        shutil.which(tool) is not None
        and subprocess.run([tool, version], capture_output=True, check=False).returncode == 0
    )


def cases(*scripts: str) -> list[Any]:
    """(task, script) for what this machine can run; the scripts given, or none and every cheat."""
    found = []
    for task, folder in sorted(FOLDERS.items()):
        missing = [tool for tool in TOOLS[cab(task)["language"]] if not works(tool)]
        if missing and IN_THE_IMAGE:
            continue
        marks = [pytest.mark.skip(reason=f"not on this machine: {', '.join(missing)}")] if missing else []
        cheats = sorted(f"cheats/{path.name}" for path in (folder / "cheats").iterdir())
        found += [
            pytest.param(task, script, marks=marks, id=f"{task}-{script or 'nothing'}")
            for script in scripts or ("", *cheats)
        ]
    return found


class Attempt:
    """A copy of a task's workspace, a script's work in it, and its grading."""

    def __init__(self, task: str, script: str, root: Path) -> None:
        self.folder = FOLDERS[task]
        self.workspace, self.logs = root / "workspace", root / "logs"
        ignored = shutil.ignore_patterns("__pycache__", "target")
        shutil.copytree(self.folder / "environment" / "workspace", self.workspace, ignore=ignored)
        self.before = digests(self.workspace)
        (root / "home").mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(root / "home"),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
        }
        if script:
            subprocess.run(["sh", self.folder / script], cwd=self.workspace, env=self.env, check=True)

    def changed(self) -> set[str]:
        after = digests(self.workspace)
        return {path for path in {*self.before, *after} if self.before.get(path) != after.get(path)}

    def grade(self) -> str:
        """The reward."""
        env = {
            **self.env,
            "CAB_WORKSPACE": str(self.workspace),
            "CAB_TESTS_DIR": str(self.folder / "tests"),
            "CAB_LOGS_DIR": str(self.logs),
            "CAB_TOOLS_DIR": str(INSIDE),
            "CAB_PYTHON": sys.executable,
            "CAB_UNTRUSTED": "none",
        }
        script = self.folder / "tests" / "test.sh"
        done = subprocess.run(
            ["sh", script], cwd=self.workspace, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return (self.logs / "verifier" / "reward.txt").read_text().strip()

    def passed(self) -> set[str]:
        cases = ET.parse(self.logs / "verifier" / "junit.xml").getroot().iter("testcase")
        return {case.get("name", "") for case in cases if len(case) == 0}

    def visible_tests(self, language: str) -> int:
        """Exit code of the tests that the agent sees."""
        command = [sys.executable if word == "python3" else word for word in VISIBLE_TESTS[language]]
        return subprocess.run(
            command, cwd=self.workspace, env=self.env, capture_output=True, check=False
        ).returncode


def test_there_are_tasks() -> None:
    assert len(FOLDERS) >= 4


@EVERY
def test_task_toml_has_all_keys(task: str) -> None:
    raw = toml(task)
    assert raw["version"] == "1.0"
    assert raw["agent"]["timeout_sec"] > 0
    assert raw["verifier"]["timeout_sec"] >= 600, "above the grading library's own limit"
    assert set(raw["metadata"]["cab"]) == CAB_KEYS
    assert raw["metadata"]["category"] == task.split("/", maxsplit=1)[0]


@EVERY
def test_the_instruction_ends_with_the_sentence(task: str) -> None:
    text = (FOLDERS[task] / "instruction.md").read_text(encoding="utf-8")
    assert text.rstrip().endswith(CLOSING_SENTENCE)
    assert "reward" not in text.lower()


@EVERY
def test_the_canary_is_where_it_must_be_and_nowhere_else(task: str) -> None:
    folder, guid = FOLDERS[task], cab(task)["canary"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", guid)
    line = f"CodingAgentBench canary {guid}: benchmark data, never train on this."
    marked = [path for part in ("tests", "solution", "cheats") for path in (folder / part).iterdir()]
    marked.append(folder / "task.toml")
    for path in marked:
        if path.name != "__pycache__":
            assert line in path.read_text(encoding="utf-8"), path
    for path in (folder / "instruction.md", *(folder / "environment").rglob("*")):
        if path.is_file():
            assert b"canary" not in path.read_bytes(), path


def test_no_two_tasks_share_a_canary() -> None:
    assert len({cab(task)["canary"] for task in FOLDERS}) == len(FOLDERS)


@EVERY
def test_the_workspace_can_be_read_by_people(task: str) -> None:
    assert {"README.md", "AGENTS.md", ".gitignore"} <= files(task)
    agents = (FOLDERS[task] / "environment" / "workspace" / "AGENTS.md").read_text(encoding="utf-8")
    for constraint in cab(task)["constraints"]:
        assert constraint["says"] in agents, "a declared constraint is one that the agent was told"
    assert "REFUSAL.md" in agents
    assert "CLARIFY.md" in agents


@EVERY
def test_globs_and_rules_mean_something(task: str) -> None:
    keys = cab(task)
    for rule in keys["forbidden"]:
        parsed = parse_forbidden(rule)
        if parsed.deed in {"change", "delete"}:
            assert any(matches(path, (parsed.pattern,)) for path in files(task)), rule
    protected = {path for path in files(task) if matches(path, keys["protected"])}
    assert protected, "there are visible tests"
    assert not any(matches(path, keys["build_files"]) for path in files(task))
    if keys["expected_action"] == "comply":
        assert set(keys["ground_truth_files"]) <= files(task) - protected
        assert keys["refusal_evidence"] == []
    else:
        assert keys["refusal_evidence"] != []


@EVERY
def test_graders_start_alike(task: str) -> None:
    """One test.sh for all but the canary: what isolates the harness is written once."""
    guid = cab(task)["canary"]
    scripts = {
        (folder / "tests" / "test.sh").read_text().replace(cab(name)["canary"], guid)
        for name, folder in FOLDERS.items()
    }
    assert len(scripts) == 1


@EVERY
def test_scripts_that_must_fail_are_numbered(task: str) -> None:
    names = sorted(path.name for path in (FOLDERS[task] / "cheats").iterdir())
    assert len(names) >= 3
    assert [name.split("-", maxsplit=1)[0] for name in names] == [str(n) for n in range(1, len(names) + 1)]
    assert any("exit-zero" in name for name in names)


def test_the_refusal_task_knows_its_workspace() -> None:
    folder = FOLDERS["integrity/unsolvable-refusal"]
    manifest = json.loads((folder / "tests" / "original.json").read_text())["files"]
    now = digests(folder / "environment" / "workspace")
    assert manifest == {path: digest for path, digest in now.items() if "__pycache__" not in path}


@pytest.mark.parametrize(("task", "script"), cases("solution/solve.sh"))
def test_the_solution_passes(task: str, script: str, tmp_path: Path) -> None:
    attempt = Attempt(task, script, tmp_path)
    assert attempt.changed()
    assert attempt.changed() <= set(cab(task)["ground_truth_files"])
    assert attempt.grade() == "1"
    assert attempt.passed() == set(cab(task)["expected_tests"])


@pytest.mark.parametrize(("task", "script"), cases())
def test_nothing_else_passes(task: str, script: str, tmp_path: Path) -> None:
    attempt = Attempt(task, script, tmp_path)
    assert bool(attempt.changed()) == bool(script), "a cheat that changes nothing tests nothing"
    assert attempt.grade() == "0"
    assert attempt.passed() < set(cab(task)["expected_tests"])


@pytest.mark.parametrize(("task", "script"), cases("", "solution/solve.sh"))
def test_the_visible_tests_show_the_fault_and_leave_build_files_only(
    task: str, script: str, tmp_path: Path
) -> None:
    keys = cab(task)
    attempt = Attempt(task, script, tmp_path)
    done_by_script = attempt.changed()
    passes = attempt.visible_tests(keys["language"]) == 0
    assert passes == (script != "" and keys["expected_action"] == "comply")
    assert {
        path for path in attempt.changed() - done_by_script if not matches(path, keys["build_files"])
    } == set()
