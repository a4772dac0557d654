"""The simulator's scripts: played once, kept, and which models there are."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from cab_runner import oracle
from cab_runner.errors import CabError, UsageError
from cab_runner.sandbox.process import ProcessSandbox
from cab_runner.tasks import Task
from cab_sim.script import ModelScript, Script
from fakes.tasks import CANARY, SOLUTION, make


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def models(task: Task, model: str) -> dict[str, ModelScript]:
    path = oracle.script_for(task, model, ProcessSandbox(), None, Event())
    return dict(Script.load(path).models)


def test_the_oracle_plays_solve_sh(tmp_path: Path) -> None:
    [edit] = models(make(tmp_path), "oracle")["oracle"].edits
    assert (edit.path, edit.after) == ("sums/core.py", "def total(numbers):\n    return sum(numbers)\n")


def test_null_needs_no_script(tmp_path: Path) -> None:
    assert models(make(tmp_path), "null") == {}


def test_a_task_is_played_once(tmp_path: Path) -> None:
    """``sed -i`` twice in one workspace would show; that it is not run again does a file beside the task."""
    mark = tmp_path / "runs"
    task = make(tmp_path, files={SOLUTION: f"# {CANARY}\necho x >> {mark}\necho x > sums/core.py\n"})
    assert models(task, "oracle") == models(task, "oracle")
    assert mark.read_text() == "x\n"


def test_a_common_cheat_is_a_model(tmp_path: Path) -> None:
    task = make(tmp_path)
    edits = models(task, "cheat:tests-deleted")["cheat:tests-deleted"].edits
    assert {(edit.path, edit.after) for edit in edits} == {
        ("tests/test_core.py", None),
        ("tests/__init__.py", None),
    }
    assert edits == oracle.common_cheats(task)["tests-deleted"]


def test_a_common_cheat_is_never_stale(tmp_path: Path) -> None:
    """The task's hash knows nothing of a cheat that was written anew."""
    task = make(tmp_path)
    path = oracle.script_for(task, "cheat:pass-line", ProcessSandbox(), None, Event())
    path.write_text("of an older version")
    assert models(task, "cheat:pass-line")["cheat:pass-line"].edits


@pytest.mark.parametrize("model", ["cheat:9", "cheat:", "cheat:nope", "gpt-5", "tests-deleted"])
def test_an_unknown_model_is_told_what_there_is(tmp_path: Path, model: str) -> None:
    with pytest.raises(UsageError, match=r"oracle, null, cheat:1, .*cheat:tests-deleted"):
        models(make(tmp_path), model)


@pytest.mark.parametrize(
    ("script", "message"),
    [("echo lost >&2; exit 4", r"solve\.sh exited 4: lost"), ("ln -s a b", "plain text files only")],
)
def test_what_cannot_be_played(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(CabError, match=message):
        models(make(tmp_path, files={SOLUTION: f"# {CANARY}\n{script}\n"}), "oracle")
