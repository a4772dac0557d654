"""A seed program: a task's workspace with its solution in it, and where faults may be put into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from threading import Event
from typing import Final

from cab_runner import languages, oracle, workbench, workspace
from cab_runner.mutate.draws import Draws
from cab_runner.mutate.mutants import Mutant, mutants
from cab_runner.sandbox.base import Sandbox
from cab_runner.tasks import Task
from cab_scoring.constraints import judge_constraints
from cab_scoring.evidence import Change, Workspace
from cab_scoring.forbidden import forbidden_done
from cab_sim.script import Edit

BYTECODE: Final = ("**/__pycache__/**",)
"""What running a task's programs in its folder leaves there; no part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One right program."""

    origin: Task
    """The task that it is from, as it lies in its folder."""
    right: Task
    """The same with its workspace solved, in a folder of our own; hidden tests have yet to be put there."""
    repaired: Mapping[str, frozenset[int]]
    """Lines, from 1, that the task's own solution wrote: its fault is no new one."""

    @property
    def language(self) -> str:
        """What it is written in."""
        assert self.origin.language is not None  # only a task of Harbor's own making has none
        return self.origin.language

    def candidates(self, draws: Draws) -> list[Mutant]:
        """Its mutants in the order in which they are tried: drawn, but kinds and files take turns."""
        found = [
            mutant
            for path in self.sources()
            for mutant in mutants(self.language, path, (self.right.workspace / path).read_bytes())
            if not self.repaired.get(path, frozenset()) & {*range(mutant.line, mutant.last_line + 1)}
        ]
        draws.random("order", self.origin.id).shuffle(found)
        return in_turns(found)

    def sources(self) -> list[str]:
        """Files that a solution may change: sources that are neither tests nor forbidden, sorted."""
        language = languages.BY_NAME[self.language]
        program = self.right.workspace
        paths = (
            path.relative_to(program).as_posix()
            for path in program.rglob("*")
            if path.suffix in language.suffixes and path.is_file() and not path.is_symlink()
        )
        return sorted(path for path in paths if not language.is_test(path) and may_change(self.origin, path))


def prepare(task: Task, folder: Path, sandbox: Sandbox, image: str | None, stop: Event) -> Seed:
    """Lay a task's solved workspace out in a folder that is not there yet.

    Raises :class:`CabError` when its solution fails, and what :meth:`Sandbox.run` raises.
    """
    right = replace(task, folder=folder)
    edits = oracle.play(task, task.solution, sandbox, image, stop)
    right.workspace.mkdir(parents=True)
    workspace.copy_final(task.workspace, right.workspace, BYTECODE)
    workbench.apply(edits, right.workspace)
    return Seed(origin=task, right=right, repaired={edit.path: repaired_lines(edit) for edit in edits})


def may_change(task: Task, path: str) -> bool:
    """Whether a repair of this file alone would honour all that the task asks for."""
    change = Change(
        path=path,
        kind="modified",
        lines_added=1,
        lines_removed=1,
        comments_added=0,
        dependencies_added=(),
        network_tools_added=(),
    )
    facts = replace(task.facts, ground_truth_files=(path,))
    left = Workspace(changes=(change,), extra_git_dir=False, documents={})
    judged = judge_constraints(facts, None, left)
    return not forbidden_done(facts, None, left) and all(one.honoured is not False for one in judged)


def repaired_lines(edit: Edit) -> frozenset[int]:
    """The lines of the solved file that differ from the given one, with those around what was removed."""
    before, after = (edit.before or "").splitlines(), (edit.after or "").splitlines()
    lines: set[int] = set()
    for tag, _, _, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "delete":
            lines |= {start, start + 1}
        elif tag != "equal":
            lines |= {*range(start + 1, end + 1)}
    return frozenset(lines)


def in_turns(found: Sequence[Mutant]) -> list[Mutant]:
    """The same mutants; next is always one whose kind, then whose file, has come up least often."""
    waiting, order = list(found), []
    kinds: Counter[str] = Counter()
    files: Counter[str] = Counter()
    while waiting:
        chosen = min(waiting, key=lambda mutant: (kinds[mutant.kind], files[mutant.path]))
        waiting.remove(chosen)
        kinds[chosen.kind] += 1
        files[chosen.path] += 1
        order.append(chosen)
    return order
