"""The simulator's script for a task: what solve.sh and the cheats do, as edits that a model can play.

solve.sh runs in a sandbox on a copy of the workspace; the difference is the script. It is kept by
the task's hash, so a task is solved once on a machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

from cab_runner import workspace
from cab_runner.capture import Capture
from cab_runner.errors import CabError, UsageError
from cab_runner.sandbox.base import Folders, Job, Limits, Sandbox
from cab_runner.sandbox.staging import Staging
from cab_runner.tasks import Task
from cab_sim.script import Edit, ModelScript, Script

_SCRIPT_S = 120.0


def cache_dir() -> Path:
    """Where scripts are kept: ``$XDG_CACHE_HOME/codingagentbench``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "codingagentbench"


def script_for(task: Task, model: str, sandbox: Sandbox, image: str | None, stop: Event) -> Path:
    """A script file in which the simulator's ``model`` plays this task.

    Raises :class:`UsageError` for a model that the simulator does not have.
    """
    source = _source(task, model)
    path = cache_dir() / "scripts" / f"{task.content_hash[:24]}-{model.replace(':', '-')}.json"
    if path.is_file():
        return path
    models = {model: ModelScript(edits=play(task, source, sandbox, image, stop))} if source else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    script = Script(task=task.id, models=models)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    script.dump(temporary)
    temporary.replace(path)
    return path


def play(task: Task, source: Path, sandbox: Sandbox, image: str | None, stop: Event) -> tuple[Edit, ...]:
    """Run one of the task's scripts on a copy of its workspace; what it changed, as edits."""
    with Staging() as staging:
        folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
        workspace.prepare(task.workspace, folders.workspace)
        before = workspace.snapshot(folders.workspace)
        staging.hand_over(folders.workspace, folders.home)
        layout = sandbox.layout(folders)
        output = Capture()
        job = Job(
            name=f"script-{task.content_hash[:8]}",
            role="script",
            command=("sh", "-c", source.read_text(encoding="utf-8")),
            env={},
            layout=layout,
            folders=folders,
            limits=Limits(wall_s=_SCRIPT_S),
            image=image,
        )
        outcome = sandbox.run(job, output, stop)
        if outcome.exit_code != 0:
            raise CabError(f"{task.id}: {source.name} exited {outcome.exit_code}: {output.last_line}")
        after = workspace.snapshot(folders.workspace)
    return tuple(
        Edit(
            path=path,
            before=_text(before.get(path)),
            after=_text(after.get(path)),
            mode=_mode(after.get(path)),
        )
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )


def _source(task: Task, model: str) -> Path | None:
    if model == "oracle":
        return task.solution
    if model == "null":
        return None
    number = model.removeprefix("cheat:")
    if model.startswith("cheat:") and number.isdigit() and int(number) in task.cheats:
        return task.cheats[int(number)]
    known = ", ".join(["oracle", "null", *(f"cheat:{n}" for n in task.cheats)])
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
