"""A program of a task's own (solve.sh, a cheat, its visible tests) run on a copy of its workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from cab_runner import own_image, workspace
from cab_runner.capture import Capture
from cab_runner.sandbox.base import Folders, Job, Limits, Outcome, Sandbox
from cab_runner.sandbox.staging import Staging
from cab_runner.tasks import Task
from cab_runner.workspace import Snapshot
from cab_scoring.evidence import Workspace
from cab_sim.script import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How it went, and what became of the workspace."""

    outcome: Outcome
    last_line: str
    """What it said last, on stderr where it said anything there."""
    before: Snapshot
    """The workspace that it started with."""
    after: Snapshot
    left: Workspace
    """What it changed, as the scorer sees it."""


def run(
    task: Task,
    command: str,
    sandbox: Sandbox,
    image: str | None,
    stop: Event,
    *,
    wall_s: float,
    edits: Sequence[Edit] = (),
) -> Ran:
    """Run ``sh -c command`` on the task's workspace after these edits.

    Raises what :meth:`Sandbox.run` raises.
    """
    with Staging() as staging:
        folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
        job = Job(
            name=f"script-{task.content_hash[:8]}",
            role="script",
            command=("sh", "-c", command),
            env={},
            layout=sandbox.layout(folders),
            folders=folders,
            limits=Limits(wall_s=wall_s),
            image=image,
        )
        if task.environment:
            job = own_image.lay_out_script(task, job, staging)
        else:
            workspace.prepare(task.workspace, folders.workspace)
        apply(edits, folders.workspace)
        before = workspace.snapshot(folders.workspace)
        if not task.environment:
            staging.hand_over(folders.workspace, folders.home)
        output = Capture()
        outcome = sandbox.run(job, output, stop)
        after = workspace.snapshot(folders.workspace)
        left = workspace.read_back(folders.workspace, before, after)
    return Ran(outcome=outcome, last_line=output.last_line, before=before, after=after, left=left)


def apply(edits: Sequence[Edit], folder: Path) -> None:
    """Make these edits in a folder of ours."""
    for edit in edits:
        path = folder / edit.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if edit.after is not None:
            path.write_bytes(edit.after.encode())
            path.chmod(int(edit.mode, 8) & 0o777)
