"""Where an agent is going to work on a task: the sandbox, the images, the toolchain, all of it there.

What is missing is found before anything runs: everything here raises :class:`MachineLacks` or
:class:`UsageError` with what to do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event

from cab_runner import agents, images, own_image, sandbox
from cab_runner.agents import Adapter
from cab_runner.doctor import toolchain
from cab_runner.errors import MachineLacks, UsageError
from cab_runner.own_image import Ground
from cab_runner.sandbox.base import Sandbox
from cab_runner.sandbox.users import AGENT_IMAGE, image_agent
from cab_runner.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an agent works on a task, and where that is graded."""

    sandbox: Sandbox
    image: str | None
    """The agent's; docker only."""
    grader_image: str | None
    ground: Ground | None
    """Where the agent works in an image that the task brings along."""


class Preparation:
    """Finds places, builds what they lack, and remembers what it found: for one attempt or for thousands."""

    def __init__(
        self,
        sandbox_name: str | None,
        stop: Event,
        progress: Callable[[str], None],
        *,
        simulated: bool,
        grader_internet: bool = False,
    ) -> None:
        self._sandbox_name, self._simulated = sandbox_name, simulated
        self._grader_internet = grader_internet
        self._stop, self._progress = stop, progress
        self._places: dict[str, Place] = {}
        self._toolchains: set[tuple[str | None, str]] = set()

    def place(self, task: Task, adapter: Adapter) -> Place:
        """A place for this agent and this task, with its images built."""
        usual = self._places.get(adapter.name) or self._usual(adapter)
        if task.environment:
            return self._own(task, adapter, usual)
        if (needed := (task.language, usual.sandbox.name)) not in self._toolchains:
            require_toolchain(task, usual.sandbox, self._stop)
            self._toolchains.add(needed)
        return usual

    def _usual(self, adapter: Adapter) -> Place:
        chosen = choose_sandbox(self._sandbox_name, adapter, simulated=self._simulated)
        _require_image(adapter, chosen)
        image, grader_image = image_refs(chosen, adapter, self._progress)
        place = Place(sandbox=chosen, image=image, grader_image=grader_image, ground=None)
        self._places[adapter.name] = place
        return place

    def _own(self, task: Task, adapter: Adapter, usual: Place) -> Place:
        """A task that brings its own image is worked on and graded in that."""
        if usual.sandbox.name != "docker":
            raise MachineLacks(f"{task.id} brings its own image: it needs --sandbox docker")
        in_image = adapter.install is not None or adapter.image is not None
        ground = own_image.prepare(
            task,
            usual.image if in_image else None,
            self._progress,
            grader_internet=self._grader_internet,
        )
        own_image.require_runs(task, adapter, ground, usual.sandbox, self._stop)
        return replace(usual, image=ground.image, grader_image=ground.image, ground=ground)


def choose_sandbox(name: str | None, adapter: Adapter | None, *, simulated: bool) -> Sandbox:
    """The sandbox for an attempt.

    Raises :class:`MachineLacks` when there is none, or the agent's CLI lives in an image which this is not,
    and docker is not there.
    """
    if adapter is None or (adapter.image is None and adapter.install is None):
        return sandbox.choose(name, simulated=simulated)
    if here := image_agent():
        if adapter.name != here:
            raise MachineLacks(f"this image carries {here} and bash-loop: {adapter.name} has one of its own")
        return sandbox.choose(name, simulated=simulated)
    if name not in (None, "docker"):
        raise MachineLacks(f"{adapter.name} lives in an image: it needs --sandbox docker")
    return sandbox.choose("docker", simulated=simulated)


def image_refs(
    chosen: Sandbox, adapter: Adapter | None, progress: Callable[[str], None]
) -> tuple[str | None, str | None]:
    """The agent's and the grader's image, built first where they are missing; none outside docker."""
    if chosen.name == "in-image":
        return (os.environ.get(AGENT_IMAGE),) * 2
    if chosen.name != "docker":
        return None, None
    grader = images.ensure(agents.toolchains(), progress)
    if adapter is None:
        return grader, grader
    if adapter.image is not None:
        return adapter.image, grader
    if adapter.install is None:
        return grader, grader
    if image := agents.image_of(adapter):
        return images.ensure(image, progress), grader
    built = f"{images.PREFIX}/agent-{adapter.name}:latest"
    if not images.exists(built):
        raise MachineLacks(agents.how_to_build(adapter))
    return built, grader


def require_toolchain(task: Task, chosen: Sandbox, stop: Event) -> None:
    """Raise :class:`MachineLacks` when the sandbox has no toolchain for the task's language."""
    if task.facts.foreign or chosen.name == "docker":
        return
    if toolchain(task.language, chosen, None, stop) is None:
        raise MachineLacks(
            f"{task.id} needs {task.language}, which the {chosen.name} sandbox lacks on this machine: "
            f"use --sandbox docker, or install {task.language} under /usr"
        )


def _require_image(adapter: Adapter, chosen: Sandbox) -> None:
    """Raise an error when docker is to run a command of which no image, or none that is here, was named."""
    if chosen.name != "docker" or adapter.name in agents.names():
        return
    if adapter.image is None:
        raise UsageError(
            "--agent-cmd in docker needs --image REF; a program under /usr can run with --sandbox bwrap"
        )
    if not images.exists(adapter.image):
        raise MachineLacks(f"no image {adapter.image} on this machine: `docker pull` or `docker build` it")
