"""The image that tasks are built and graded in: Go starts with a compiled standard library."""

from __future__ import annotations

from threading import Event

import pytest

from cab_runner import agents
from cab_runner.capture import Capture
from cab_runner.sandbox.base import Folders, Job, Limits
from cab_runner.sandbox.docker import DockerSandbox
from cab_runner.sandbox.staging import Staging

SCRIPT = """
set -eu
printf 'module m\\n\\ngo 1.24\\n' > go.mod
printf 'package main\\n\\nimport _ "net/http"\\n\\nfunc main() {}\\n' > main.go
go build -x -o m . 2>&1 | grep -c '/compile ' || true
GOCACHE=off go version > /dev/null
ls
"""


@pytest.mark.docker
@pytest.mark.agents
def test_a_first_build_compiles_the_program_alone() -> None:
    with Staging() as staging:
        folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
        staging.hand_over(folders.workspace, folders.home)
        sandbox, output = DockerSandbox(), Capture()
        job = Job(
            name="warm-go",
            role="script",
            command=("sh", "-c", SCRIPT),
            env={},
            layout=sandbox.layout(folders),
            folders=folders,
            limits=Limits(wall_s=120.0),
            image=agents.toolchains().tag,
        )
        outcome = sandbox.run(job, output, Event())
    assert outcome.exit_code == 0, output.stderr
    assert output.stdout.split() == [b"1", b"go.mod", b"m", b"main.go"]
