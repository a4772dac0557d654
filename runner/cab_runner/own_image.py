"""The image that a task of Harbor's own making brings along, and an agent's CLI carried into it.

The image is the task's, unchanged: built or pulled, never built upon. What lies in its working directory is
copied out, and mounted there again for every program that runs in it, so that a change can be seen. The agent
comes as the folder that each agent's image keeps it in (:data:`~cab_runner.agents.base.AGENT_FOLDER`), copied
out once for an image and mounted read-only.

Invariants
----------
* Nothing of the image runs outside of a sandbox.
* An agent's folder that is in the cache is complete: it was renamed into place.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Final

from cab_runner import images
from cab_runner.agents.base import AGENT_FOLDER, Adapter
from cab_runner.capture import Capture
from cab_runner.errors import MachineLacks, UsageError
from cab_runner.harbor import Environment
from cab_runner.images import ForeignImage, Progress, of_folder
from cab_runner.resources import cache_dir, images_dir
from cab_runner.sandbox.base import Folders, Interrupted, Job, Layout, Limits, OwnImage, Sandbox, SandboxError
from cab_runner.sandbox.kit import SYSTEM_PATH
from cab_runner.sandbox.staging import Staging
from cab_runner.tasks import Task
from cab_scoring.network_tools import network_tools_in

SOLVE: Final = "/solution/solve.sh"
"""The solution's program, as Harbor calls it; with all that lies beside it."""
_STORAGE_BYTES: Final = 10 * 2**30
"""Where the task names none."""
_PROBE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A task's own image, looked at."""

    image: str
    workdir: str
    path: str
    """The image's PATH."""
    environment: Environment
    bundle: Path | None = None
    """The agent's folder, on the host."""
    door_image: str | None = None

    def layout(self, layout: Layout) -> Layout:
        """Where a job sees things: the workspace where the image has it, and the Python that agents bring."""
        return replace(layout, workspace=self.workdir, python=f"{AGENT_FOLDER}/python/bin/python3")

    def env(self, wiring: Mapping[str, str]) -> dict[str, str]:
        """An agent's environment: its own commands come first."""
        own = {"PATH": f"{AGENT_FOLDER}/bin:{self.path}", "IS_SANDBOX": "1"}  # else some will not run as root
        return {**self.environment.env, **own, **wiring}

    def for_agent(self) -> OwnImage:
        """How the agent runs here."""
        carried = {} if self.bundle is None else {AGENT_FOLDER: self.bundle}
        return OwnImage(workdir=self.workdir, user=self.environment.agent_user, read_only=carried)


def prepare(task: Task, agent_image: str | None, progress: Progress, *, grader_internet: bool) -> Ground:
    """Make ready what an agent needs to work on such a task: its image, the agent's folder, the door's image.

    ``agent_image`` holds the agent; ``None`` for bash-loop, which needs a Python alone. Raises
    :class:`MachineLacks` and :class:`UsageError`.
    """
    assert task.environment is not None
    ground = look(task, _ensure(task, progress))
    warnings = list(task.environment.warnings)
    if images.config_of(ground.image).get("Entrypoint"):
        warnings.append("its image's ENTRYPOINT is not run")
    tools = network_tools_in((task.tests / "test.sh").read_text("utf-8", "replace"))
    if tools and not grader_internet:
        warnings.append(f"its test.sh runs {', '.join(tools)} and finds no network: see --grader-network")
    for warning in warnings:
        progress(f"warning: {task.id}: {warning}")
    python = images.ensure(of_folder(images_dir(), "python"), progress)
    return replace(ground, bundle=_bundle(agent_image or python), door_image=python)


def look(task: Task, image: str | None) -> Ground:
    """What there is to know of a task's image. Raises :class:`UsageError` where it cannot be worked in."""
    assert task.environment is not None
    assert image is not None
    config = images.config_of(image)
    workdir = posixpath.normpath(task.environment.workdir or config.get("WorkingDir") or "/")
    if not workdir.startswith("/") or workdir.strip("/") in {"", "proc", "sys", "dev"}:
        raise UsageError(
            f"{task.id}: the image works in {workdir}, and a workspace must be a folder of its own: "
            "give it a WORKDIR"
        )
    path = next((line[5:] for line in config.get("Env") or () if line.startswith("PATH=")), SYSTEM_PATH)
    return Ground(image=image, workdir=workdir, path=path, environment=task.environment)


def limits(environment: Environment, wall_s: float) -> Limits:
    """What the task gives its jobs, as far as this machine has it."""
    bounds = Limits(wall_s=wall_s)
    return replace(
        bounds,
        memory_bytes=environment.memory_bytes or bounds.memory_bytes,
        disk_bytes=environment.storage_bytes or _STORAGE_BYTES,
        cpus=environment.cpus and min(environment.cpus, float(os.cpu_count() or 1)),
    )


def lay_out(ground: Ground, folders: Folders) -> None:
    """Copy what lies in the image's working directory to the workspace; HOME is any user's to write."""
    bound = ground.environment.storage_bytes or _STORAGE_BYTES
    images.copy_out(ground.image, ground.workdir, folders.workspace, bound)
    open_to_all(folders.home)


def open_to_all(folder: Path) -> None:
    """Let whatever user the image has write in a folder and below."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)


def lay_out_script(task: Task, job: Job, staging: Staging) -> Job:
    """The task's own program, the solution above all, as a job in its image, its folders laid out."""
    ground = look(task, job.image)
    lay_out(ground, job.folders)
    staging.shut()
    solution = staging.root / "solution"
    if task.solution.is_file():
        shutil.copytree(task.solution.parent, solution, symlinks=True)
        (solution / task.solution.name).chmod(0o755)
    environment = ground.environment
    return replace(
        job,
        env={"DEBIAN_FRONTEND": "noninteractive", **environment.env, **environment.solution_env},
        layout=ground.layout(job.layout),
        limits=limits(environment, job.limits.wall_s),
        own_image=OwnImage(
            workdir=ground.workdir, read_only={"/solution": solution} if solution.is_dir() else {}
        ),
    )


def _ensure(task: Task, progress: Progress) -> str:
    """The task's image, built or pulled where it is not here. A published one goes first, as in Harbor."""
    environment = task.environment
    assert environment is not None
    published = environment.docker_image
    if published is not None:
        if images.exists(published):
            return published
        try:
            images.pull(published, progress)
        except MachineLacks as error:
            if not environment.dockerfile:
                raise
            progress(f"warning: {error}; building environment/Dockerfile in its place")
        else:
            return published
    image = ForeignImage(
        name=f"task-{re.sub('[^a-z0-9]+', '-', task.id).strip('-')}",
        folder=task.folder / "environment",
        timeout_s=environment.build_timeout_s,
    )
    return images.ensure(image, progress)


def _bundle(image: str) -> Path:
    """The agent's folder of an image, in the cache."""
    image_id = images.image_id(image)
    if image_id is None:
        raise MachineLacks(f"no image {image} on this machine: `cab agents build` makes ours")
    place = cache_dir() / "bundles" / image_id.removeprefix("sha256:")[:24]
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".partial-") as partial:
            folder = Path(partial) / "agent"
            folder.mkdir()
            images.copy_out(image, AGENT_FOLDER, folder, _STORAGE_BYTES)
            if not place.is_dir():
                folder.rename(place)
    return place


def require_runs(task: Task, adapter: Adapter, ground: Ground, sandbox: Sandbox, stop: Event) -> None:
    """Raise :class:`MachineLacks` where what the agent runs on does not start in the image."""
    assert ground.bundle is not None
    commands = adapter.install.commands if adapter.install else ()
    candidates = ("python/bin/python3", "node/bin/node", *(f"bin/{name}" for name in commands))
    program = next((path for path in candidates if (ground.bundle / path).exists()), None)
    if program is None:
        return  # somebody else's image: only it knows
    with Staging() as staging:
        folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
        open_to_all(folders.home)
        output = Capture()
        job = Job(
            name="probe",
            role="script",
            command=("sh", "-c", 'exec "$0" --version', f"{AGENT_FOLDER}/{program}"),
            env={},
            layout=ground.layout(sandbox.layout(folders)),
            folders=folders,
            limits=Limits(wall_s=_PROBE_S),
            image=ground.image,
            own_image=ground.for_agent(),
        )
        try:
            ended = sandbox.run(job, output, stop)
            said = output.last_line
        except Interrupted:
            raise
        except SandboxError as error:
            ended, said = None, str(error)
    if ended is None or ended.exit_code != 0:
        raise MachineLacks(
            f"{adapter.name} does not run in the image of {task.id} ({said}): agents need /bin/sh and "
            "a glibc of 2.28 or later there, so neither Alpine nor an empty image will do"
        )
