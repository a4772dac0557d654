"""What the agent could find in what it is given: the hidden tests, the answer, or what came before.

Pure but for reading the task's files. Lines are compared without their indentation; short ones say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from cab_runner.admission.form import files_below, read, seen_files
from cab_runner.tasks import Task
from cab_sim.script import Edit

WINDOW_LINES: Final = 3
"""So many lines of a hidden test in a row, and so long in all, are no coincidence."""
WINDOW_CHARS: Final = 100
TELLING_CHARS: Final = 24
"""A line of the solution that is shorter may stand elsewhere by chance."""

_LEAST_LINE_CHARS: Final = 8
_BOILERPLATE: Final = re.compile(r"(?:import|from) |sys\.path\.insert\(|sys\.exit\(")
_LEFTOVER_FOLDERS: Final = frozenset(
    {".git", ".hg", ".svn", "__pycache__", ".pytest_cache", ".mypy_cache", "target", "node_modules"}
)
_LEFTOVER_SUFFIXES: Final = frozenset(
    {".orig", ".rej", ".patch", ".diff", ".old", ".save", ".bak", ".swp", ".pyc", ".class", ".o", ".so"}
)


def problems(task: Task, solution: Sequence[Edit]) -> list[str]:
    """Every leak, in words."""
    seen = {path.relative_to(task.folder).as_posix(): read(path) for path in seen_files(task)}
    hidden = {path.relative_to(task.folder).as_posix(): read(path) for path in files_below(task.tests)}
    return [*_leftovers(task), *_hidden_tests(hidden, seen), *_answer(solution, seen)]


def _leftovers(task: Task) -> Iterator[str]:
    """History, backups and build products."""
    root = task.folder / "environment"
    reported: set[PurePosixPath] = set()
    for path in sorted(root.rglob("*")):
        name = PurePosixPath(path.relative_to(task.folder).as_posix())
        if reported & set(name.parents):
            continue
        if name.name in _LEFTOVER_FOLDERS or name.suffix in _LEFTOVER_SUFFIXES or name.name.endswith("~"):
            reported.add(name)
            yield f"{name} is a leftover: history, backups and build products tell what was changed"


def _hidden_tests(hidden: dict[str, str], seen: dict[str, str]) -> Iterator[str]:
    places = {name: _windows(text) for name, text in seen.items()}
    for test, text in hidden.items():
        windows = _windows(text)
        for name, found in places.items():
            if shared := windows & found:
                yield f"{name} has lines of {test}: {min(shared)[0]!r}, …"


def _windows(text: str) -> set[tuple[str, ...]]:
    """Every few lines in a row that say something."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if len(line) >= _LEAST_LINE_CHARS and not _BOILERPLATE.match(line)]
    windows = {tuple(lines[i : i + WINDOW_LINES]) for i in range(len(lines) - WINDOW_LINES + 1)}
    return {window for window in windows if sum(map(len, window)) >= WINDOW_CHARS}


def _answer(solution: Sequence[Edit], seen: dict[str, str]) -> Iterator[str]:
    """A line that the solution writes, wherever it stands: in prose, in a comment, in a patch."""
    for edit in solution:
        telling = _telling(edit)
        for name, text in seen.items():
            itself = name == f"environment/workspace/{edit.path}"  # where lines may be moved
            if not itself and (line := next((line for line in telling if line in text), None)):
                yield f"{name} has what the solution writes into {edit.path}: {line!r}"


def _telling(edit: Edit) -> list[str]:
    lines = dict.fromkeys(line.strip() for line in (edit.after or "").splitlines())
    before = edit.before or ""
    return [
        line
        for line in lines
        if len(line) >= TELLING_CHARS and line not in before and not _BOILERPLATE.match(line)
    ]
