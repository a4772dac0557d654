"""New tasks: they load, fail the gate with reasons until they are written, and pass it then."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from cab_runner import admission, tasks
from cab_runner.admission import recording, scaffold
from cab_runner.errors import UsageError
from cab_runner.languages import BY_NAME
from cab_runner.sandbox.process import ProcessSandbox
from cab_runner.tasks import CLOSING_SENTENCE
from fakes.tasks import CANARY, FILES, TASK_ID, TOML, WORKSPACE


@pytest.mark.parametrize("language", BY_NAME)
def test_a_new_task_loads_and_is_not_to_be_trusted(tmp_path: Path, language: str) -> None:
    folder = scaffold.new(tmp_path, "polyglot/new-task", BY_NAME[language])
    task = tasks.load(tmp_path, "polyglot/new-task")
    assert task.folder == folder
    assert task.language == language
    checks = {c.name: c for c in admission.check(task, ProcessSandbox(), None, Event(), runs=1)}
    assert checks["canary"].ok
    assert (
        "instruction.md:1 is still to be written: the symptom, as a user reports it" in checks["form"].detail
    )
    assert "the workspace has no visible tests" in checks["form"].detail
    assert "solve.sh exited 1: TODO(task): the smallest right change" in checks["solution"].detail
    assert "changes nothing" in checks["cheat:1"].detail


def test_no_two_new_tasks_share_a_canary(tmp_path: Path) -> None:
    first, second = (scaffold.new(tmp_path, f"polyglot/new-{n}", BY_NAME["go"]) for n in "ab")
    assert (first / TOML).read_text().splitlines()[0] != (second / TOML).read_text().splitlines()[0]


@pytest.mark.parametrize(
    "task_id", ["puzzles/a-b", "mutations", "mutations/", "mutations/A", "mutations/../a-b", ""]
)
def test_an_id_that_no_task_can_have(tmp_path: Path, task_id: str) -> None:
    with pytest.raises(UsageError, match=r"is not CATEGORY/SLUG: a category is one of mutations, "):
        scaffold.new(tmp_path, task_id, BY_NAME["go"])
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    scaffold.new(tmp_path, "mutations/go-x", BY_NAME["go"])
    with pytest.raises(UsageError, match="exists already"):
        scaffold.new(tmp_path, "mutations/go-x", BY_NAME["go"])


def test_a_finished_one_passes(tmp_path: Path) -> None:
    """What somebody writes over the scaffold: the program, its texts, check, solution and cheats."""
    folder = scaffold.new(tmp_path, TASK_ID, BY_NAME["python"])
    canary = (folder / TOML).read_text().splitlines()[0].removeprefix("# ")
    written = {
        name: text.replace(CANARY, canary)
        for name, text in FILES.items()
        if name.startswith((f"{WORKSPACE}/sums", f"{WORKSPACE}/tests", "tests/check", "solution", "cheats"))
    }
    for stale in (folder / "cheats").iterdir():
        stale.unlink()
    written |= {
        "instruction.md": f"# Sums are too small\n\n`sums 1 2` prints 1.\n\n{CLOSING_SENTENCE}\n",
        f"{WORKSPACE}/README.md": "# sums\n\nPrints the sum. Words exit 2.\n",
    }
    for name, text in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    agents = folder / f"{WORKSPACE}/AGENTS.md"
    agents.write_text(agents.read_text().replace("TODO(task): the program's name", "sums"))
    toml = (
        (folder / TOML)
        .read_text()
        .replace("ground_truth_files = []", 'ground_truth_files = ["sums/core.py"]')
    )
    kept = [line.partition("  # TODO")[0] for line in toml.splitlines() if not line.startswith("  # TODO")]
    (folder / TOML).write_text("\n".join(kept).replace("TODO(task): one line for lists", "Sums") + "\n")

    recording.record(tasks.load(tmp_path, TASK_ID), ProcessSandbox(), None, Event())
    task = tasks.load(tmp_path, TASK_ID)
    found = list(admission.check(task, ProcessSandbox(), None, Event(), runs=1))
    assert not [f"{check.name}: {check.detail}" for check in found if not check.ok]
