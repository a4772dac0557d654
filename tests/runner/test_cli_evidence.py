"""``cab score``, ``cab tasks check``, ``cab clean``: reading what attempts left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.commands import cab


def shown(*arguments: str, cwd: Path) -> Any:
    done = cab(*arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which ``cab demo`` has been run."""
    folder = tmp_path_factory.mktemp("demo")
    assert cab("demo", "--sandbox", "process", cwd=folder).returncode == 0
    return folder


def test_scoring_again_gives_what_is_recorded(demo: Path) -> None:
    again = shown("score", "results", cwd=demo)
    recorded = [json.loads(path.read_bytes()) for path in sorted((demo / "results").rglob("cell.json"))]
    assert again == recorded
    assert len(again) == 2


def test_the_published_methodology_counts_no_tokens(demo: Path) -> None:
    for cell in shown("score", "results", "--methodology", "0.1", cwd=demo):
        assert cell["provenance"]["methodology_version"] == "0.1"
        assert cell["scores"]["composite"]["components"]["cost_efficiency"] == 1


def test_clean_names_partial_attempts_and_leaves_them(tmp_path: Path) -> None:
    left = tmp_path / "results/.partial/01ABC"
    left.mkdir(parents=True)
    assert shown("clean", cwd=tmp_path)["partial"] == ["results/.partial/01ABC"]
    assert left.is_dir()


@pytest.mark.docker
@pytest.mark.agents
def test_build_names_the_images_it_found(tmp_path: Path) -> None:
    done = cab("agents", "build", "bash-loop", "aider", cwd=tmp_path)
    assert sorted(line.split(":")[0] for line in done.stdout.splitlines()) == [
        "codingagentbench/agent-aider",
        "codingagentbench/aider",
        "codingagentbench/bash-loop",
        "codingagentbench/python",
        "codingagentbench/self",
        "codingagentbench/tasks",
        "codingagentbench/toolchains",
    ]
