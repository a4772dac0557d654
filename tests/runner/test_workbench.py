"""A command on a copy of a task's workspace: what it saw, what it left."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from cab_runner import workbench
from cab_runner.sandbox.process import ProcessSandbox
from cab_sim.script import Edit
from fakes.tasks import make


def test_it_sees_the_edits_and_its_changes_come_back(tmp_path: Path) -> None:
    task = make(tmp_path)
    edits = (
        Edit(path="new/tool", before=None, after="#!/bin/sh\necho made\n", mode="100755"),
        Edit(path="sums/core.py", before="whatever", after=None),
    )
    command = "new/tool > said; test ! -e sums/core.py; echo last >&2; exit 3"
    ran = workbench.run(task, command, ProcessSandbox(), None, Event(), wall_s=30.0, edits=edits)
    assert (ran.outcome.exit_code, ran.last_line) == (3, "last")
    assert [(change.kind, change.path) for change in ran.left.changes] == [("added", "said")]
    assert ran.after["said"].data == b"made\n"
    assert "said" not in ran.before
    assert (task.workspace / "sums/core.py").is_file(), "it was a copy"
