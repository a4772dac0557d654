"""The default sandbox: a container without a network, and a second one that holds its door.

The image brings the toolchain and, for an agent, its CLI. Nothing of the host is in it but the
job's folders, the tools and a few small files of /etc.

What it does not isolate: the kernel is the host's.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Final
from uuid import uuid4

import requests
from docker import errors
from docker.api.client import APIClient

from cab_proxy.records import format_time
from cab_runner.sandbox import archive, docker_spec, kit
from cab_runner.sandbox.base import (
    Folders,
    ImageMissing,
    Job,
    KilledFor,
    Layout,
    Outcome,
    OutputSink,
    Probe,
    SandboxError,
    SandboxName,
    SandboxUnavailable,
)
from cab_runner.sandbox.docker_attach import Attachment
from cab_runner.sandbox.docker_cgroup import CpuMeter
from cab_runner.sandbox.staging import Staging, sandbox_user
from cab_runner.sandbox.supervise import Emit, Ending, supervise
from cab_runner.sandbox.trees import Digests, intact

_TIMEOUT_S: Final = 120
"""For one request to the engine; not for a job."""
_KILLED: Final = 137
_LOOK_AT_LAYER_S: Final = 3.0


class DockerSandbox:
    """See :class:`~cab_runner.sandbox.base.Sandbox`. May be used from several threads."""

    name: SandboxName = "docker"
    not_isolated: tuple[str, ...] = ("kernel: the host's",)

    def probe(self) -> Probe:
        """Ask the engine what it is, and run its own init in a container where there is an image."""
        try:
            with engine() as client:
                info = client.info()
                check_usable(info)
                ran = _run_init(client)
        except SandboxError as error:
            return Probe(name=self.name, ok=False, detail=str(error))
        version = f"Docker {info.get('ServerVersion')}, cgroup v{info.get('CgroupVersion', 1)}"
        return Probe(name=self.name, ok=True, detail=f"{version}; {ran}; jobs as user {sandbox_user()[0]}")

    def layout(self, folders: Folders) -> Layout:
        """The fixed places; Python is the image's ``python3``."""
        del folders
        uid, gid = sandbox_user()
        return kit.fixed_layout("python3", f"user:{uid}:{gid}")

    def run(self, job: Job, sink: OutputSink, stop: Event) -> Outcome:
        """See :meth:`~cab_runner.sandbox.base.Sandbox.run`."""
        with engine() as client, Staging() as staging, ExitStack() as cleanup:
            digest = _image_digest(client, job.image)
            info = client.info()
            files = kit.make_kit(staging, *sandbox_user())
            lookups = staging.folder("lookups")
            staging.hand_over(lookups)
            network = _hold_door(client, cleanup, job, files, lookups)
            meter = CpuMeter(info)
            cleanup.callback(meter.close)
            spec = docker_spec.program(job, files, sandbox_user(), network, meter.parent)
            container = _create(client, cleanup, spec, job)
            _give(client, cleanup, job, (job.own_image.user or "root") if job.own_image else None)
            before = _put_tests(client, container, job)
            attachment = cleanup.enter_context(_attach(client, container))
            client.start(container)
            running = _Container(client, container, attachment, meter, job)
            ending = supervise(
                running,
                limits=job.limits,
                watched=(job.folders.workspace, job.folders.home),
                sink=sink,
                stop=stop,
                model_time_s=job.model_time_s,
            )
            outcome = _outcome(ending, client.inspect_container(container)["State"], job, info)
            untouched, complete = _fetch(client, container, job, before)
            client.remove_container(container, force=True, v=True)
            _give(client, cleanup, job, ":".join(map(str, sandbox_user())))
            return replace(
                outcome,
                image_digest=digest,
                cpu_ms=meter.close(),
                tests_intact=untouched,
                logs_complete=complete,
                hosts_tried=_hosts_tried(lookups),
            )


class _Container:
    """A started container, as :func:`~cab_runner.sandbox.supervise.supervise` sees it."""

    def __init__(
        self, client: APIClient, container: str, attachment: Attachment, meter: CpuMeter, job: Job
    ) -> None:
        self._job = job
        self._layer_looked_at = time.monotonic()
        self._client = client
        self._container = container
        self._attachment = attachment
        self._meter = meter
        meter.started(client.inspect_container(container)["State"]["Pid"])

    def pump(self, emit: Emit) -> None:
        self._attachment.pump(emit)

    def wait(self) -> int:
        return int(self._client.wait(self._container, timeout=None)["StatusCode"])

    def kill(self) -> None:
        with suppress(errors.APIError):  # it has ended
            self._client.kill(self._container)

    def check(self) -> KilledFor | None:
        self._meter.sample()
        return "disk" if self._layer_is_full() else None

    def _layer_is_full(self) -> bool:
        """Whether what was written outside of the job's folders, where it can write there, is too much."""
        if self._job.own_image is None or time.monotonic() - self._layer_looked_at < _LOOK_AT_LAYER_S:
            return False
        self._layer_looked_at = time.monotonic()
        [found] = self._client.containers(all=True, size=True, filters={"id": self._container}) or [{}]
        return int(found.get("SizeRw", 0)) > self._job.limits.disk_bytes


@contextmanager
def engine() -> Iterator[APIClient]:
    """A connection to the engine of this machine; its errors come out as :class:`SandboxError`."""
    path = _engine_socket()
    try:
        with socket.socket(socket.AF_UNIX) as engine_socket:
            engine_socket.connect(path)
        client = APIClient(base_url=f"unix://{path}", version="auto", timeout=_TIMEOUT_S)
    except (OSError, errors.DockerException) as error:  # requests' errors are OSErrors
        raise SandboxUnavailable(
            f"no Docker engine answers at {path} ({_first_line(error)}): install or start Docker"
        ) from None
    try:
        yield client
    except errors.ImageNotFound as error:
        raise ImageMissing(_first_line(error)) from None
    except (errors.DockerException, requests.RequestException) as error:
        raise SandboxError(f"Docker: {_first_line(error)}") from error
    finally:
        client.close()


def _engine_socket() -> str:
    """Path of the engine's socket. Raises :class:`SandboxUnavailable` when it is on another machine."""
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if not host.startswith("unix://"):
        raise SandboxUnavailable("DOCKER_HOST is another machine, which cannot mount folders of this one")
    return host.removeprefix("unix://")


def check_usable(info: Mapping[str, Any]) -> None:
    """Raise :class:`SandboxUnavailable` where ``docker info`` shows an engine that can't run our jobs."""
    if info.get("OSType") != "linux":
        raise SandboxUnavailable("the Docker engine runs no Linux containers")
    for option in info.get("SecurityOptions") or ():
        if "rootless" in option or "userns" in option:
            raise SandboxUnavailable(
                "this Docker engine maps users: jobs could not write their folders; use --sandbox bwrap"
            )


def _run_init(client: APIClient) -> str:
    """Run the engine's init binary, which it mounts into any image; what to say about it."""
    images = client.images(quiet=True)
    if not images:
        return "no image to try it with yet: `cab agents build`"
    with ExitStack() as cleanup:
        host = client.create_host_config(network_mode="none", cap_drop=["ALL"], init=True)
        made = client.create_container(
            images[0], entrypoint=["/sbin/docker-init", "--version"], host_config=host, use_config_proxy=False
        )
        cleanup.callback(client.remove_container, made["Id"], force=True, v=True)
        client.start(made["Id"])
        code = client.wait(made["Id"])["StatusCode"]
    if code != 0:
        raise SandboxUnavailable(f"a trivial container exited {code}: `docker run` shows why")
    return "a container ran"


def _image_digest(client: APIClient, image: str | None) -> str:
    """The image's registry digest, else the id of an image built here."""
    if image is None:
        raise SandboxError("docker: this job names no image")
    try:
        found = client.inspect_image(image)  # type: ignore[no-untyped-call]  # types-docker lacks it
    except errors.ImageNotFound:
        raise ImageMissing(f"the image {image} is not on this machine: `cab agents build` makes it") from None
    return str((found.get("RepoDigests") or [found["Id"]])[0])


def _create(client: APIClient, cleanup: ExitStack, spec: docker_spec.Spec, job: Job) -> str:
    """Create a container that is killed and removed when ``cleanup`` ends."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", f"cab-{job.name}-{spec.config['labels'][docker_spec.LABEL_ROLE]}")
    host = client.create_host_config(**spec.host)
    made = client.create_container(**spec.config, name=f"{name[:48]}-{uuid4().hex[:8]}", host_config=host)
    cleanup.callback(_remove, client, made["Id"])
    return str(made["Id"])


def _remove(client: APIClient, container: str) -> None:
    with suppress(errors.APIError):  # gone already
        client.remove_container(container, force=True, v=True)


def _hold_door(client: APIClient, cleanup: ExitStack, job: Job, files: kit.Kit, lookups: Path) -> str:
    """The job's network: none, or that of a container which was started for it and whose door listens."""
    if job.door is None:
        return "none"
    owned = job.door.stat()
    spec = docker_spec.holder(job, files, job.door, (owned.st_uid, owned.st_gid), lookups)
    container = _create(client, cleanup, spec, job)
    with _attach(client, container) as attachment:
        client.start(container)
        if attachment.first_line() != b"ready\n":
            image = job.door_image or job.image
            raise SandboxError(f"the door's forwarder did not start in {image}: has the image Python ≥ 3.11?")
    return f"container:{container}"


def _hosts_tried(lookups: Path) -> tuple[str, ...] | None:
    """What the door's forwarder wrote down; it leaves no file where it could not watch."""
    try:
        return tuple(sorted((lookups / kit.LOOKED_UP).read_text("ascii").splitlines()))
    except OSError:
        return None


def _attach(client: APIClient, container: str) -> Attachment:
    return Attachment(_engine_socket(), client.api_version, container)


def _put_tests(client: APIClient, container: str, job: Job) -> Digests:
    """Put a grader's tests and an empty logs folder into its container; the tests' digests."""
    tests, logs = kit.grader_folders(job)
    if logs is not None:
        folders = {"logs": 0o777, "logs/verifier": 0o777} if job.own_image else {"logs": 0o755}
        client.put_archive(container, "/", archive.empty_folders(folders))
    if tests is None:
        return {}
    packed = archive.pack(tests, kit.TESTS.strip("/"), open_to_all=job.own_image is not None)
    client.put_archive(container, "/", packed)
    return archive.digests([packed])


def _fetch(client: APIClient, container: str, job: Job, before: Digests) -> tuple[bool | None, bool | None]:
    """Fetch a grader's logs, and look whether its tests are as they were put."""
    untouched = complete = None
    tests, logs = kit.grader_folders(job)
    if tests is not None:
        chunks, _ = client.get_archive(container, kit.TESTS)
        untouched = intact(before, archive.digests(chunks))
    if logs is not None:
        chunks, _ = client.get_archive(container, kit.LOGS)
        complete = archive.extract(chunks, logs, job.limits.output_bytes)
    return untouched, complete


def _give(client: APIClient, cleanup: ExitStack, job: Job, user: str | None) -> None:
    """Make a user the owner of the job's folders, where a job may be root and the runner is not."""
    if os.geteuid() == 0 or user is None or (job.role != "grader" and job.own_image is None):
        return
    assert job.image is not None
    container = _create(client, cleanup, docker_spec.give(job, job.image, user), job)
    client.start(container)
    client.wait(container)


def _outcome(ending: Ending, state: Mapping[str, Any], job: Job, info: Mapping[str, Any]) -> Outcome:
    """The engine's account of the container's times is the exact one.

    It takes down the start some ms late: after the end of a program that ended at once.
    """
    ended = moment(state["FinishedAt"])
    started = min(moment(state["StartedAt"]), ended)
    oom_killed = bool(state["OOMKilled"])
    starved = oom_killed and ending.exit_code == _KILLED
    return Outcome(
        exit_code=ending.exit_code,
        killed_for="memory" if starved else ending.killed_for,
        started_at=format_time(started),
        ended_at=format_time(ended),
        active_ms=(ended - started).total_seconds() * 1000.0,
        cpu_ms=None,
        output_bytes=ending.output_bytes,
        limits=docker_spec.mechanisms(job.limits, info),
        oom_killed=oom_killed,
    )


def moment(text: str) -> datetime:
    """The engine writes up to nine digits of a second; Python reads six."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))


def _first_line(error: Exception) -> str:
    text = getattr(error, "explanation", None) or str(error)
    return str(text).strip().splitlines()[0] if str(text).strip() else type(error).__name__
