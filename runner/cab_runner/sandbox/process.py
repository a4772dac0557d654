"""No sandbox at all: the job as a plain process of this machine, for simulated attempts only.

It serves the demo and the tests inside a plain container, where nothing else works: the model is
our simulator, so the commands are ours. It isolates nothing, neither files nor network, and every
record says ``sandbox: process``. It does keep the time, output and disk limits, and leaves nothing
running.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

from cab_runner.resources import INSIDE
from cab_runner.sandbox import kit, owner
from cab_runner.sandbox.base import (
    Folders,
    Job,
    Layout,
    Outcome,
    OutputSink,
    Probe,
    SandboxError,
    SandboxName,
)
from cab_runner.sandbox.cgroup import Cgroup
from cab_runner.sandbox.host import MARK, HostProgram, Start, outcome_of
from cab_runner.sandbox.staging import give_trees
from cab_runner.sandbox.supervise import supervise
from cab_runner.sandbox.trees import intact, keep_plain_files, tree_digest


class ProcessSandbox:
    """See :class:`~cab_runner.sandbox.base.Sandbox`. May be used from several threads."""

    name: SandboxName = "process"

    def probe(self) -> Probe:
        """Always there, and says what it is."""
        return Probe(name=self.name, ok=True, detail="isolates nothing: simulated attempts only")

    def layout(self, folders: Folders) -> Layout:
        """The host's own paths, and a port that is free right now."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        absent = os.fspath(folders.home / "absent")
        return Layout(
            workspace=os.fspath(folders.workspace),
            home=os.fspath(folders.home),
            tests=os.fspath(folders.tests) if folders.tests else absent,
            logs=os.fspath(folders.logs) if folders.logs else absent,
            tools=os.fspath(INSIDE),
            python=sys.executable,
            door_port=port,
            untrusted="none",
        )

    def run(self, job: Job, sink: OutputSink, stop: Event) -> Outcome:
        """See :meth:`~cab_runner.sandbox.base.Sandbox.run`."""
        folders = job.folders
        tests, logs = kit.grader_folders(job)
        if os.geteuid() == 0:  # the job runs as root too, and git refuses a repository of somebody else
            give_trees(tuple(f for f in (folders.workspace, folders.home, logs) if f), 0, 0)
        temporary = folders.home / "tmp"
        temporary.mkdir(exist_ok=True)
        before = tree_digest(tests) if tests else {}
        start = Start(
            command=job.command,
            env=kit.job_env(job, path=os.environ.get("PATH", kit.SYSTEM_PATH), tmpdir=os.fspath(temporary)),
            cwd=Path(job.cwd or folders.workspace),
        )
        with _door(job), HostProgram(start, job.limits, Cgroup.create(job.limits)) as program:
            watched = (folders.workspace, folders.home, *((logs,) if logs else ()))
            ending = supervise(program, limits=job.limits, watched=watched, sink=sink, stop=stop)
            outcome = outcome_of(ending, program, job, "none")
        return replace(
            outcome,
            tests_intact=intact(before, tree_digest(tests)) if tests else None,
            logs_complete=keep_plain_files(logs) if logs else None,
        )


@contextmanager
def _door(job: Job) -> Iterator[None]:
    """Forward the layout's port to the job's socket while the job runs."""
    if job.door is None:
        yield
        return
    forwarder = subprocess.Popen(
        [
            *(sys.executable, "-I", os.fspath(INSIDE / "door_forwarder.py")),
            *("--socket", os.fspath(job.door), "--listen", f"127.0.0.1:{job.layout.door_port}"),
        ],
        env={MARK: f"{owner.me()}/door"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert forwarder.stdout is not None
    try:
        if forwarder.stdout.readline() != b"ready\n":
            raise SandboxError(
                f"port {job.layout.door_port} was taken before the job could have it: run it again"
            )
        yield
    finally:
        forwarder.kill()
        forwarder.wait()
        forwarder.stdout.close()
