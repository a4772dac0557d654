"""The simulator's script for a task: what solve.sh and the cheats do, as edits that a model can play.

solve.sh runs in a sandbox on a copy of the workspace; the difference is the script. It is kept by
the task's hash, so a task is solved once on a machine. Common cheats are edits from the start.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from cab_runner import cheats, languages, own_image, workbench, workspace
from cab_runner.errors import CabError, UsageError
from cab_runner.resources import cache_dir
from cab_runner.sandbox.base import Sandbox
from cab_runner.tasks import Task
from cab_scoring.evidence import Workspace
from cab_sim.script import Edit, ModelScript, Script

_SCRIPT_S = 120.0


def script_for(task: Task, model: str, sandbox: Sandbox, image: str | None, stop: Event) -> Path:
    """A script file in which the simulator's ``model`` plays this task.

    Raises :class:`UsageError` for a model that the simulator does not have.
    """
    source = _source(task, model)
    path = cache_dir() / "scripts" / f"{task.content_hash[:24]}-{model.replace(':', '-')}.json"
    if path.is_file() and not isinstance(source, tuple):
        return path
    if isinstance(source, Path):
        source = play(task, source, sandbox, image, stop)
    path.parent.mkdir(parents=True, exist_ok=True)
    script = Script(task=task.id, models={} if source is None else {model: ModelScript(edits=source)})
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    script.dump(temporary)
    temporary.replace(path)
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one of the task's scripts did."""

    edits: tuple[Edit, ...]
    left: Workspace
    """The same as the scorer sees it."""


def play(task: Task, source: Path, sandbox: Sandbox, image: str | None, stop: Event) -> tuple[Edit, ...]:
    """Run one of the task's scripts on a copy of its workspace; what it changed, as edits.

    Raises :class:`CabError` as :func:`perform` does.
    """
    return perform(task, source, sandbox, image, stop).edits


def perform(task: Task, source: Path, sandbox: Sandbox, image: str | None, stop: Event) -> Played:
    """Run one of the task's scripts on a copy of its workspace.

    Raises :class:`CabError` when the script fails or writes what no model plays.
    """
    command = own_image.SOLVE if task.environment else source.read_text(encoding="utf-8")
    ran = workbench.run(task, command, sandbox, image, stop, wall_s=_SCRIPT_S)
    if ran.outcome.exit_code != 0:
        raise CabError(f"{task.id}: {source.name} exited {ran.outcome.exit_code}: {ran.last_line}")
    edits = tuple(
        Edit(
            path=path,
            before=_text(ran.before.get(path)),
            after=_text(ran.after.get(path)),
            mode=_mode(ran.after.get(path)),
        )
        for path in sorted({*ran.before, *ran.after})
        if ran.before.get(path) != ran.after.get(path)
    )
    return Played(edits=edits, left=ran.left)


def common_cheats(task: Task) -> dict[str, tuple[Edit, ...]]:
    """Name → edits of the cheats that are tried on every task of ours (:mod:`cab_runner.cheats`)."""
    if task.environment:
        return {}
    given = workspace.snapshot(task.workspace)
    return cheats.common(languages.BY_NAME[task.language], given, task.facts.expected_tests)


def _source(task: Task, model: str) -> Path | tuple[Edit, ...] | None:
    """The script that the model plays, or its edits; ``None`` for the model that does nothing."""
    if model == "oracle":
        if not task.solution.is_file():
            raise UsageError(f"{task.id} has no solution/solve.sh for the simulator's oracle to play")
        return task.solution
    if model == "null":
        return None
    common = common_cheats(task)
    name = model.removeprefix("cheat:")
    if model.startswith("cheat:"):
        if name.isdigit() and int(name) in task.cheats:
            return task.cheats[int(name)]
        if name in common:
            return common[name]
    known = ", ".join(["oracle", "null", *(f"cheat:{cheat}" for cheat in (*task.cheats, *common))])
    raise UsageError(f"the simulator has no model {model!r} for {task.id}: it plays {known}")


def _text(entry: workspace.Entry | None) -> str | None:
    if entry is None:
        return None
    try:
        if entry.data is not None and entry.mode in (0o100644, 0o100755):
            return entry.data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise CabError("a scripted model writes plain text files only: solve.sh and the cheats must too")


def _mode(entry: workspace.Entry | None) -> str:
    return f"{entry.mode:o}" if entry else "100644"
