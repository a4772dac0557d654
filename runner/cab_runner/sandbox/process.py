"""No sandbox at all: the job as a plain process of this machine, for simulated attempts only.

It serves the demo and the tests inside a plain container, where nothing else works: the model is
our simulator, so the commands are ours. It isolates nothing, neither files nor network, and every
record says ``sandbox: process``. It does keep the time, output and disk limits, and leaves nothing
running.
"""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

from cab_runner.resources import INSIDE
from cab_runner.sandbox import kit
from cab_runner.sandbox.base import (
    Folders,
    Job,
    Layout,
    Outcome,
    OutputSink,
    Probe,
    SandboxName,
)
from cab_runner.sandbox.cgroup import Cgroup
from cab_runner.sandbox.host import HostProgram, Start, forwarding, outcome_of
from cab_runner.sandbox.staging import give_trees
from cab_runner.sandbox.supervise import supervise
from cab_runner.sandbox.trees import intact, keep_plain_files, tree_digest


class ProcessSandbox:
    """See :class:`~cab_runner.sandbox.base.Sandbox`. May be used from several threads."""

    name: SandboxName = "process"
    not_isolated: tuple[str, ...] = ("everything: files, network and processes are those of the machine",)

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
        with forwarding(job), HostProgram(start, job.limits, Cgroup.create(job.limits)) as program:
            watched = (folders.workspace, folders.home, *((logs,) if logs else ()))
            ending = supervise(
                program,
                limits=job.limits,
                watched=watched,
                sink=sink,
                stop=stop,
                model_time_s=job.model_time_s,
            )
            outcome = outcome_of(ending, program, job, "none")
        return replace(
            outcome,
            tests_intact=intact(before, tree_digest(tests)) if tests else None,
            logs_complete=keep_plain_files(logs) if logs else None,
        )
