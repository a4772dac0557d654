"""Making tasks: the same ones each time, as many in each language, all of them through the gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from cab_runner import admission, agents, sandbox, tasks
from cab_runner.errors import CabError
from cab_runner.grading import Graded
from cab_runner.mutate.draws import Draws
from cab_runner.mutate.generate import Made, Place, failing, make, shares
from cab_runner.mutate.mutants import LANGUAGES
from cab_runner.mutate.seeds import prepare
from cab_runner.resources import tasks_dir
from cab_runner.sandbox.base import Outcome
from cab_runner.tasks import Task
from cab_scoring.evidence import Grade


def made_in(
    name: str, seeds: Sequence[Task], count: int, folder: Path, *, at_once: int = 2, runs: int = 1
) -> tuple[list[Made], list[str]]:
    """What was made in ``folder / "out"``, and what was said."""
    said: list[str] = []
    place = Place(
        sandbox=sandbox.choose(name, simulated=True),
        image=agents.toolchains().tag if name == "docker" else None,
        stop=Event(),
        at_once=at_once,
        runs=runs,
        say=said.append,
    )
    ready = [prepare(task, folder / task.id, place.sandbox, place.image, place.stop) for task in seeds]
    return make(ready, count, Draws("7"), folder / "out", place), said


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_one_seed_makes_the_same_task_however_many_run_at_once(fares: Task, tmp_path: Path) -> None:
    first, _ = made_in("process", [fares], 1, tmp_path / "1", at_once=1)
    second, _ = made_in("process", [fares], 1, tmp_path / "2", at_once=3)
    assert first == second
    assert len(first) == 1
    assert tree(tmp_path / "1/out") == tree(tmp_path / "2/out") != {}
    assert 1 <= first[0].failed <= first[0].tests // 2
    task = tasks.load(tmp_path / "1/out", first[0].task_id)
    place = sandbox.choose("process", simulated=True)
    nothing = admission.grade_script(task, None, place, None, Event()).grade
    assert len(nothing.failed_tests) == first[0].failed


def test_what_the_gate_refuses_is_dropped_with_the_reason(fares: Task, tmp_path: Path) -> None:
    """With a README that speaks of the benchmark no instruction is in form."""
    readme = fares.workspace / "README.md"
    readme.write_text(readme.read_text().replace("Says what a ticket costs.", "A benchmark of tickets."))
    made, said = made_in("process", [fares], 2, tmp_path)
    assert made == []
    dropped = [line for line in said if line.startswith("dropped ")]
    assert dropped
    assert all("instruction.md speaks of 'benchmark'" in line for line in dropped)
    assert not (tmp_path / "out").exists()


def test_mutants_that_no_visible_test_shows_are_no_tasks(fares: Task, tmp_path: Path) -> None:
    test = fares.workspace / "tests/test_fares.py"
    test.write_text("import unittest\n\n\nclass Empty(unittest.TestCase):\n    def test(self) -> None: ...\n")
    made, said = made_in("process", [fares], 1, tmp_path)
    assert made == []
    assert any(line.endswith("hidden tests fail, no visible one") for line in said)
    assert not any(line.startswith("dropped ") for line in said)


def test_a_program_that_its_own_tests_fail_is_no_seed(fares: Task, tmp_path: Path) -> None:
    (fares.folder / "solution/solve.sh").write_text("echo > other.txt\n")
    with pytest.raises(CabError, match="python-fares is no seed program: solved, it fails an_adult"):
        made_in("process", [fares], 1, tmp_path)


def graded(junit: bytes, **changed: object) -> Graded:
    """A grading in which the first expected test failed, with changes of its grade and outcome."""
    grade = Grade(
        completed=True,
        reward=0.0,
        exit_code=0,
        timed_out=False,
        passed_tests=TESTS[1:],
        failed_tests=TESTS[:1],
        tests_intact=True,
        stdout_tail="",
        stderr_tail="",
    )
    ended = Outcome(
        exit_code=0, killed_for=None, started_at="", ended_at="", active_ms=1.0, cpu_ms=None, output_bytes=0
    )
    of_grade = {name: value for name, value in changed.items() if hasattr(grade, name)}
    of_outcome = {name: value for name, value in changed.items() if name not in of_grade}
    return Graded(
        grade=replace(grade, **of_grade),  # type: ignore[arg-type]  # its own fields
        outcome=replace(ended, **of_outcome),  # type: ignore[arg-type]
        stdout=b"",
        stderr=b"",
        junit=junit,
    )


TESTS = (
    "an_adult_pays_4_a_zone",
    "a_child_pays_2_a_zone",
    "whoever_is_16_is_an_adult",
    "words_exit_with_2",
    "any_fare_is_right",
)


def test_what_failed_is_told_in_the_checks_order(fares: Task) -> None:
    assert failing(fares, graded(b"<failure>got 3</failure>")) == TESTS[:1]
    both = graded(b"", passed_tests=TESTS[2:], failed_tests=(TESTS[1], TESTS[0]))
    assert failing(fares, both) == TESTS[:2]


@pytest.mark.parametrize(
    ("junit", "changed"),
    [
        (b"<failure>did not end in its time, stdout ''</failure>", {}),
        (b"<failure>TimeoutError: timed out</failure>", {}),
        (b"<failure>everything together took more than 420 s</failure>", {}),
        (b"", {"oom_killed": True}),
        (b"", {"completed": False}),
        (b"", {"failed_tests": ()}),
        (b"", {"failed_tests": (TESTS[0], "another")}),
    ],
)
def test_what_ran_away_or_said_nothing_has_no_verdict(
    fares: Task, junit: bytes, changed: dict[str, object]
) -> None:
    assert failing(fares, graded(junit, **changed)) is None


@pytest.mark.parametrize(
    ("count", "languages", "wanted"),
    [
        (50, ["python", "go", "rust", "javascript"], [13, 13, 12, 12]),
        (4, ["python", "go"], [2, 2]),
        (1, ["python", "go"], [1, 0]),
        (3, [], []),
    ],
)
def test_languages_share_alike(count: int, languages: list[str], wanted: list[int]) -> None:
    assert list(shares(count, languages).values()) == wanted


def seed_programs() -> list[Task]:
    root = tasks_dir()
    found = [
        tasks.load(root, task_id) for task_id in tasks.find(root) if not task_id.startswith("integrity/")
    ]
    return [t for t in found if t.language in LANGUAGES and t.facts.expected_action == "comply"]


@pytest.mark.docker
@pytest.mark.agents
def test_one_task_a_language_and_one_of_them_again(tmp_path: Path) -> None:
    by_language = {str(task.language): task for task in reversed(seed_programs())}
    assert set(by_language) == set(LANGUAGES)
    made, _ = made_in("docker", list(by_language.values()), 4, tmp_path / "1")
    assert Counter(one.language for one in made) == dict.fromkeys(LANGUAGES, 1)
    again, _ = made_in("docker", [by_language["go"]], 1, tmp_path / "2", at_once=3)
    assert again == [one for one in made if one.language == "go"]
    tree_again = tree(tmp_path / "2/out")
    assert tree_again.items() <= tree(tmp_path / "1/out").items()
    assert any(path.endswith("task.toml") for path in tree_again)


@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.acceptance
def test_fifty_tasks_twice(tmp_path: Path) -> None:
    first, _ = made_in("docker", seed_programs(), 50, tmp_path / "1", runs=5)
    second, _ = made_in("docker", seed_programs(), 50, tmp_path / "2", runs=5)
    assert len(first) == 50
    assert min(Counter(one.language for one in first).values()) >= 10
    assert len(Counter(one.language for one in first)) == 4
    assert first == second
    assert tree(tmp_path / "1/out") == tree(tmp_path / "2/out")
