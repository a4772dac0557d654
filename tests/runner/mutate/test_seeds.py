"""Seed programs: solved, and mutated only where a repair would be honest and the fault a new one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from cab_runner import sandbox
from cab_runner.mutate.draws import Draws
from cab_runner.mutate.mutants import Mutant
from cab_runner.mutate.seeds import Seed, in_turns, may_change, prepare, repaired_lines
from cab_runner.tasks import Task
from cab_scoring.evidence import Constraint
from cab_sim.script import Edit


def prepared(task: Task, folder: Path) -> Seed:
    return prepare(task, folder, sandbox.choose("process", simulated=True), None, Event())


def test_a_seed_program_is_solved_and_carries_no_bytecode(fares: Task, tmp_path: Path) -> None:
    cache = fares.workspace / "fares/__pycache__"
    cache.mkdir()
    (cache / "x.pyc").write_bytes(b"")
    seed = prepared(fares, tmp_path / "seed")
    program = seed.right.workspace
    assert "return base * zones" in (program / "fares/__main__.py").read_text()
    assert "return base + zones" in (fares.workspace / "fares/__main__.py").read_text()
    assert not (program / "fares/__pycache__").exists()
    assert seed.repaired == {"fares/__main__.py": frozenset({10})}


def test_candidates_spare_tests_and_the_line_of_the_seeds_own_fault(fares: Task, tmp_path: Path) -> None:
    seed = prepared(fares, tmp_path / "seed")
    candidates = seed.candidates(Draws("7"))
    assert {mutant.path for mutant in candidates} == {"fares/__main__.py"}
    assert 10 not in {mutant.line for mutant in candidates}
    assert 9 in {mutant.line for mutant in candidates}


def test_the_order_of_candidates_is_drawn(fares: Task, tmp_path: Path) -> None:
    seed = prepared(fares, tmp_path / "seed")
    orders = [seed.candidates(Draws(text)) for text in ("7", "7", "8")]
    assert orders[0] == orders[1] != orders[2]
    assert set(orders[0]) == set(orders[2])


@pytest.mark.parametrize(
    ("rules", "may"),
    [
        ({}, True),
        ({"protected": ("fares/**",)}, False),
        ({"forbidden": ("change:fares/__main__.py",)}, False),
        ({"constraints": (Constraint("…", "file-not-touched:fares/*"),)}, False),
        ({"constraints": (Constraint("…", "only-these-files:docs/**"),)}, False),
        ({"constraints": (Constraint("…", "only-these-files:fares/**"),)}, True),
        ({"constraints": (Constraint("…", "file-pattern-required-in-diff:CHANGELOG.md"),)}, False),
        (
            {"constraints": (Constraint("…", "max-comments-added:0"), Constraint("…", "no-new-dependency"))},
            True,
        ),
        ({"constraints": (Constraint("…", None),)}, True),
    ],
)
def test_a_file_may_be_changed_where_the_tasks_rules_let_a_solution(
    fares: Task, rules: dict[str, object], may: bool
) -> None:
    task = replace(fares, facts=replace(fares.facts, **rules))  # type: ignore[arg-type]  # one field each
    assert may_change(task, "fares/__main__.py") == may


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", {2}),
        ("a\nc\n", "a\nb\nb\nc\n", {2, 3}),
        ("a\nb\nc\n", "a\nc\n", {1, 2}),
        (None, "a\nb\n", {1, 2}),
        ("a\n", None, {0, 1}),
    ],
)
def test_the_repaired_lines_are_those_of_the_solved_file(
    before: str | None, after: str | None, lines: set[int]
) -> None:
    assert repaired_lines(Edit(path="a", before=before, after=after, mode="100644")) - {0} == lines - {0}


def test_kinds_and_files_take_turns() -> None:
    def mutant(kind: str, path: str, start: int) -> Mutant:
        return Mutant(kind=kind, path=path, line=1, last_line=1, start=start, before="a", after="b")  # type: ignore[arg-type]  # a kind

    found = [mutant("operator", "a", n) for n in range(3)]
    found += [mutant("operator", "b", 3), mutant("boundary", "a", 4), mutant("boundary", "a", 5)]
    order = [(m.kind, m.path, m.start) for m in in_turns(found)]
    assert order == [
        ("operator", "a", 0),
        ("boundary", "a", 4),
        ("operator", "b", 3),
        ("boundary", "a", 5),
        ("operator", "a", 1),
        ("operator", "a", 2),
    ]
