"""A bench for sandboxes: real folders, real jobs, a meter to reach, and what was left running."""

from __future__ import annotations

import os
import socketserver
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from uuid import uuid4

from cab_runner.sandbox import docker, usage
from cab_runner.sandbox.base import Folders, Job, Layout, Limits, Outcome, Sandbox
from cab_runner.sandbox.bwrap import BwrapSandbox
from cab_runner.sandbox.docker import DockerSandbox
from cab_runner.sandbox.docker_spec import LABEL_RUN
from cab_runner.sandbox.in_image import InImageSandbox
from cab_runner.sandbox.process import ProcessSandbox
from cab_runner.sandbox.staging import Staging, sandbox_user
from cab_runner.sandbox.users import users

IMAGE = "python:3.12-slim"
MARK = "CAB_TEST_JOB"

KINDS: dict[str, Callable[[], Sandbox]] = {
    "docker": DockerSandbox,
    "bwrap": BwrapSandbox,
    "in-image": InImageSandbox,
    "process": ProcessSandbox,
}


@dataclass
class Output:
    """A sink that keeps everything, and calls ``seen`` when something arrives."""

    seen: Callable[[], None] = lambda: None
    pieces: list[tuple[str, bytes]] = field(default_factory=list)

    def write(self, stream: str, data: bytes) -> None:
        self.pieces.append((stream, data))
        self.seen()

    def of(self, stream: str) -> bytes:
        return b"".join(data for name, data in self.pieces if name == stream)


@dataclass
class Bench:
    """One sandbox with one set of folders."""

    sandbox: Sandbox
    staging: Staging
    folders: Folders
    layout: Layout
    job_name: str

    def job(
        self,
        script: str,
        *,
        role: str = "agent",
        door: Path | None = None,
        env: Mapping[str, str] | None = None,
        wall_s: float = 60.0,
        **limits: float,
    ) -> Job:
        places = {"WORKSPACE": self.layout.workspace, "TESTS": self.layout.tests, "LOGS": self.layout.logs}
        more = {"DOOR": self.layout.door_url, "UNTRUSTED": self.layout.untrusted, "TOOLS": self.layout.tools}
        return Job(
            name=self.job_name,
            role=role,  # type: ignore[arg-type]  # one of the three words
            command=(self.layout.python, "-I", "-c", script),
            env={MARK: self.job_name, **places, **more, **(env or {})},
            layout=self.layout,
            folders=self.folders,
            limits=Limits(wall_s=wall_s, **limits),  # type: ignore[arg-type]  # as Limits has them
            image=IMAGE,
            door=door,
        )

    def run(
        self, script: str, *, output: Output | None = None, stop: Event | None = None, **job: object
    ) -> Outcome:
        """Run a Python script as a job."""
        return self.sandbox.run(
            self.job(script, **job),  # type: ignore[arg-type]  # as job() has them
            output or Output(),
            stop or Event(),
        )

    def left(self) -> list[str]:
        """What of this bench's jobs is still there: processes by the host's view, containers."""
        found = [f"process {pid}" for pid in usage.marked(MARK, self.job_name)]
        if isinstance(self.sandbox, InImageSandbox):  # where root may not look into others' environments
            found += [
                f"process {pid}" for uid in (users().agent, users().tested) for pid in usage.of_user(uid)
            ]
        if isinstance(self.sandbox, DockerSandbox):
            with docker.engine() as client:
                label = f"{LABEL_RUN}={self.job_name}"
                found += [str(c["Names"]) for c in client.containers(all=True, filters={"label": label})]
        return found


def make_bench(kind: str, staging: Staging) -> Bench:
    folders = Folders(
        workspace=staging.folder("workspace"),
        home=staging.folder("home"),
        tests=staging.folder("tests"),
        logs=staging.folder("logs"),
    )
    assert folders.tests is not None
    assert folders.logs is not None
    (folders.tests / "secret.txt").write_text("the expected answer")
    staging.hand_over(folders.workspace, folders.home, folders.logs)
    sandbox = KINDS[kind]()
    return Bench(sandbox, staging, folders, sandbox.layout(folders), f"t-{uuid4().hex[:12]}")


class _Echo(socketserver.BaseRequestHandler):
    """Answers with all that it was sent, once the sender has ended its half."""

    def handle(self) -> None:
        received = bytearray()
        while data := self.request.recv(65536):
            received += data
        self.request.sendall(b"meter:" + received)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = False


def serve_echo(path: Path) -> _Serving:
    return _Serving(path)


class _Serving:
    def __init__(self, path: Path) -> None:
        self._server = _Server(str(path), _Echo)
        if os.geteuid() == 0:
            os.chown(path, *sandbox_user())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
