"""A mutant as a task: whole, told apart from its seed, and put right by its solution byte for byte."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from threading import Event

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cab_runner import sandbox, tasks
from cab_runner.admission import form, leaks
from cab_runner.mutate.draws import Draws
from cab_runner.mutate.seeds import Seed, prepare
from cab_runner.mutate.write import Identity, fixed_draws, played, put, write
from cab_runner.tasks import Task
from cab_sim.script import Edit

IDENTITY = Identity(
    id="mutations/python-fares-x", canary="11111111-2222-4333-8444-555555555555", draws_from="5eed"
)


@pytest.fixture
def seed(fares: Task, tmp_path: Path) -> Seed:
    return prepare(fares, tmp_path / "seed", sandbox.choose("process", simulated=True), None, Event())


@pytest.fixture
def task(seed: Seed, tmp_path: Path) -> Task:
    """The first mutant of its program, written."""
    mutant = seed.candidates(Draws("7"))[0]
    write(tmp_path / "made" / IDENTITY.id, seed, mutant, ["words_exit_with_2"], IDENTITY)
    return tasks.load(tmp_path / "made", IDENTITY.id)


def play(script: Path, folder: Path) -> None:
    subprocess.run(["sh", script], cwd=folder, check=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_task_is_in_form_and_does_not_leak(task: Task) -> None:
    assert [*form.problems(task), *form.canary_problems(task), *leaks.problems(task, ())] == []


def test_one_edit_makes_it_and_the_solution_takes_it_back(task: Task, seed: Seed) -> None:
    right, given_files = contents(seed.right.workspace), contents(task.workspace)
    assert {path for path in right if right[path] != given_files[path]} == set(task.facts.ground_truth_files)
    play(task.solution, task.workspace)
    assert contents(task.workspace) == right


def test_every_cheat_changes_something_and_repairs_nothing(task: Task, seed: Seed) -> None:
    [path] = task.facts.ground_truth_files
    before = contents(task.workspace)
    for script in task.cheats.values():
        play(script, task.workspace)
        after = contents(task.workspace)
        assert after != before
        assert after[path] != (seed.right.workspace / path).read_bytes()


def test_task_toml_is_the_seeds_but_for_what_is_new(task: Task, fares: Task) -> None:
    old, new = (tomllib.loads((t.folder / "task.toml").read_text())["metadata"]["cab"] for t in (fares, task))
    assert {key for key in old if old[key] != new[key]} == {"title", "canary"}
    assert task.instruction.startswith("# fares does not do what it should\n")
    assert "- words exit with 2\n" in task.instruction


def test_nothing_is_left_of_the_seeds_name_and_canary(task: Task, fares: Task) -> None:
    for path, data in contents(task.tests).items():
        assert fares.id.encode() + b"." not in data, path
        assert form.canary_line(IDENTITY.canary).encode() in data


def test_a_check_draws_the_same_each_time() -> None:
    check = '"""What.\n\nIt is."""\n\nfrom __future__ import annotations\n\nimport random\n%s\n'
    for imported, name in (("", "random.SystemRandom"), ("from random import SystemRandom", "SystemRandom")):
        source = fixed_draws(check % f"{imported}\ndrawn = [{name}().random() for _ in range(2)]", "5eed")
        first: dict[str, list[float]] = {}
        second: dict[str, list[float]] = {}
        for names in (first, second):
            exec(compile(source, "check", "exec", dont_inherit=True), names)
        assert first["drawn"] == second["drawn"]
        assert source.startswith(
            '"""What.\n\nIt is."""\n\nfrom __future__ import annotations\n\nimport random\n'
        )


def test_a_check_without_draws_stays_as_it_is() -> None:
    assert fixed_draws("import random\n", "5eed") == "import random\n"


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0")))
@example("it's `x` $(y) \\n %s\n")
@example("EOF\x80\n")
def test_a_file_is_put_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("put")
    script = "\n".join(put("a b/c's.txt", text))
    subprocess.run(["sh", "-eu"], input=script.encode(), cwd=folder, check=True)
    assert (folder / "a b/c's.txt").read_bytes() == text.encode()


def test_edits_are_played(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("x")
    edits = [
        Edit(path="old", before="x", after=None, mode="100644"),
        Edit(path="new/a", before=None, after="y\n", mode="100644"),
    ]
    subprocess.run(["sh", "-eu"], input="\n".join(played(edits)).encode(), cwd=tmp_path, check=True)
    assert contents(tmp_path) == {"new/a": b"y\n"}
