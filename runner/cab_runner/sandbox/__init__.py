"""Sandboxes: which there are, and which one this machine offers."""

from __future__ import annotations

from cab_runner.sandbox.base import Sandbox, SandboxUnavailable
from cab_runner.sandbox.bwrap import BwrapSandbox
from cab_runner.sandbox.docker import DockerSandbox
from cab_runner.sandbox.in_image import ELSEWHERE, InImageSandbox
from cab_runner.sandbox.process import ProcessSandbox
from cab_runner.sandbox.users import image_agent


def all_sandboxes() -> tuple[Sandbox, ...]:
    """Every kind for where this is, in the order in which they are preferred."""
    if image_agent():
        return InImageSandbox(), ProcessSandbox()
    return DockerSandbox(), BwrapSandbox(), ProcessSandbox()


def choose(name: str | None, *, simulated: bool) -> Sandbox:
    """The named sandbox, else the first that works here: docker, bwrap, process; in an agent's image
    in-image, process.

    ``process`` isolates nothing and is for attempts whose model is the simulator (``simulated``).
    Raises :class:`SandboxUnavailable` saying what to install.
    """
    kinds = {sandbox.name: sandbox for sandbox in all_sandboxes()}
    if name == "in-image" and name not in kinds:
        raise SandboxUnavailable(f"in-image: {ELSEWHERE}")
    if name is not None and name not in kinds:
        raise SandboxUnavailable(f"there is no sandbox {name!r}: choose from {', '.join(kinds)}")
    if name == "process" and not simulated:
        raise SandboxUnavailable(
            "the sandbox process isolates nothing: it runs only attempts at the simulator"
        )
    lacks = []
    for sandbox in kinds.values():
        if name not in (None, sandbox.name) or (sandbox.name == "process" and not simulated):
            continue
        probe = sandbox.probe()
        if probe.ok:
            return sandbox
        lacks.append(f"{sandbox.name}: {probe.detail}")
    raise SandboxUnavailable("; ".join(lacks))
