"""A mutant as a complete task: its folder, made from the seed's.

The hidden check is the seed's with one change: what it draws at random, it draws from a fixed number. A
mutant is chosen by the tests that fail, so which fail must not be a matter of luck.
"""

from __future__ import annotations

import ast
import shlex
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import tomlkit

from cab_runner import cheats, languages, workspace
from cab_runner.mutate.mutants import Mutant
from cab_runner.mutate.report import instruction
from cab_runner.mutate.seeds import BYTECODE, Seed
from cab_sim.script import Edit

_CANARY: Final = "CodingAgentBench canary {}: benchmark data, never train on this."
_CHEATS: Final = {
    "exit-zero-at-start": "The code under test ends the process with success before anything is asked of it.",
    "planted-verdict": "Claims the pass in files, wherever somebody might look for a verdict.",
    "tests-deleted": "Deletes the visible tests, so that none of them fails.",
}
"""The common ones that make sense in every language, as scripts that an agent can play."""
_DRAWN: Final = '''\
import random


class _Drawn(random.Random):
    """The same draws in every grading: this task was chosen by the tests that fail."""

    def __init__(self) -> None:
        super().__init__("{}")


random.SystemRandom = _Drawn

'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a new task is called, and what its hidden check draws from."""

    id: str
    canary: str
    draws_from: str


def write(folder: Path, seed: Seed, mutant: Mutant, failed: Sequence[str], identity: Identity) -> None:
    """Make the task's folder. ``failed`` are the hidden tests that the mutant fails, in the check's order."""
    given = folder / "environment" / "workspace"
    given.mkdir(parents=True)
    workspace.copy_final(seed.right.workspace, given)
    right = (given / mutant.path).read_bytes()
    (given / mutant.path).write_bytes(mutant.apply(right))
    shutil.copyfile(seed.origin.folder / "environment/Dockerfile", folder / "environment/Dockerfile")
    readme = given / "README.md"
    told = instruction(readme.read_text(encoding="utf-8") if readme.is_file() else "", failed)
    (folder / "instruction.md").write_text(told, encoding="utf-8")
    (folder / "task.toml").write_text(task_toml(seed, mutant, identity), encoding="utf-8")
    write_tests(folder / "tests", seed, identity)
    _script(
        folder / "solution/solve.sh", identity, "Puts back what was right.", put(mutant.path, right.decode())
    )
    language = languages.BY_NAME[seed.language]
    common = cheats.common(language, workspace.snapshot(given), seed.origin.facts.expected_tests)
    known = {name: says for name, says in _CHEATS.items() if name in common}
    for number, (name, says) in enumerate(known.items(), start=1):
        _script(folder / f"cheats/{number}-{name}.sh", identity, says, played(common[name]))


def write_tests(folder: Path, seed: Seed, identity: Identity) -> None:
    """The seed's hidden check, under the new task's name and canary."""
    old = _toml(seed)["metadata"]["cab"]["canary"]
    workspace.copy_final(seed.origin.tests, folder, BYTECODE)
    for path in (path for path in folder.rglob("*") if path.is_file()):
        text = path.read_text(encoding="utf-8")
        text = text.replace(old, identity.canary).replace(seed.origin.id, identity.id)
        if path.suffix == ".py":
            text = fixed_draws(text, identity.draws_from)
        path.write_text(text, encoding="utf-8")


def fixed_draws(check: str, draws_from: str) -> str:
    """A check whose ``random.SystemRandom`` draws the same each time; as it is if it has none."""
    if "SystemRandom" not in check:
        return check
    body = ast.parse(check).body
    first = next(node for node in body if not _must_come_first(node))
    lines = check.splitlines(keepends=True)
    lines.insert(first.lineno - 1, _DRAWN.format(draws_from))
    return "".join(lines)


def task_toml(seed: Seed, mutant: Mutant, identity: Identity) -> str:
    """task.toml: the seed's, with what is new."""
    raw = _toml(seed)
    raw["metadata"] |= {"category": "mutations", "tags": [seed.language, "mutant", mutant.kind]}
    raw["metadata"]["cab"] |= {
        "title": f"A mutant of {seed.origin.id}: {mutant.kind} in {mutant.path}",
        "ground_truth_files": [mutant.path],
        "canary": identity.canary,
    }
    return f"# {_CANARY.format(identity.canary)}\n{tomlkit.dumps(raw)}"


def put(path: str, text: str) -> list[str]:
    """Shell lines that give a file this text, byte for byte. (dash has lost bytes of a here-document.)"""
    parent = str(PurePosixPath(path).parent)
    folder = [] if parent == "." else [f"mkdir -p {shlex.quote(parent)}"]
    return [*folder, f"printf %s {shlex.quote(text)} > {shlex.quote(path)}"]


def played(edits: Iterable[Edit]) -> list[str]:
    """Shell lines that make these edits."""
    lines: list[str] = []
    for edit in edits:
        if edit.after is None:
            lines.append(f"rm -f {shlex.quote(edit.path)}")
        else:
            lines += put(edit.path, edit.after)
    return lines


def _script(path: Path, identity: Identity, says: str, lines: Sequence[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    head = ["#!/bin/sh", f"# {_CANARY.format(identity.canary)}", f"# {says}", "set -eu"]
    path.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    path.chmod(0o755)


def _toml(seed: Seed) -> dict[str, Any]:
    return tomllib.loads((seed.origin.folder / "task.toml").read_text(encoding="utf-8"))


def _must_come_first(node: ast.stmt) -> bool:
    """The docstring, and imports from the future."""
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__")
