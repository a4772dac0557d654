"""The agents: every module here that holds an ``ADAPTER`` is one.

A new agent is a new file.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from cab_runner.agents.base import Adapter, Claim, Install, WireContext, Wiring
from cab_runner.errors import UsageError
from cab_runner.images import Image, of_folder
from cab_runner.resources import grading_library, images_dir, own_code

__all__ = [
    "Adapter",
    "Claim",
    "Install",
    "WireContext",
    "Wiring",
    "all_adapters",
    "base_of_tasks",
    "carrying_image_of",
    "get",
    "how_to_build",
    "image_of",
    "installable",
    "names",
    "sandbox_images",
    "toolchains",
]

DEPENDENCIES_BEFORE: Final = "2026-11-20"
"""Our own dependencies in an image are those that were there before this day (UTC)."""


def names() -> tuple[str, ...]:
    """Names of all agents, sorted."""
    return tuple(
        sorted(
            info.name.replace("_", "-")
            for info in pkgutil.iter_modules(__path__)
            if info.name not in ("base", "reports")
        )
    )


def get(name: str) -> Adapter:
    """The adapter of an agent. Raises :class:`UsageError` when there is no such agent."""
    if name not in names():
        raise UsageError(f"no agent {name!r}: there are {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    adapter: Adapter = module.ADAPTER
    return adapter


def all_adapters() -> tuple[Adapter, ...]:
    """Every adapter, by name."""
    return tuple(get(name) for name in names())


def installable() -> tuple[Adapter, ...]:
    """Every adapter but those whose binary has to be brought along."""
    return tuple(a for a in all_adapters() if a.install is None or a.install.source != "binary")


def sandbox_images() -> tuple[Image, ...]:
    """The image that tasks are graded in, and those that agents work in as far as they can be built."""
    return toolchains(), *filter(None, map(image_of, installable()))


def toolchains() -> Image:
    """The image that the agents' are made from, and in which our own tasks are graded."""
    return of_folder(images_dir(), "toolchains")


def base_of_tasks() -> Image:
    """What our tasks' own Dockerfiles start from, where another harness than this builds them."""
    return of_folder(images_dir(), "tasks", further=grading_library())


def image_of(adapter: Adapter, download: bytes | None = None) -> Image | None:
    """The image that an agent's sandbox is made from; ``None`` for an agent that needs none.

    One whose maker publishes a binary elsewhere can be built from a ``download`` of it alone, and has
    no image without.
    """
    install = adapter.install
    if install is None or (install.source == "binary" and download is None):
        return None
    arguments = {"COMMANDS": " ".join(install.commands)}
    if download is None:
        arguments |= {
            "PACKAGES": " ".join(install.packages),
            "BEFORE": install.before or "",
            "SETUP": install.setup,
        }
    return of_folder(
        images_dir(),
        install.source,
        name=f"agent-{adapter.name}",
        arguments=arguments,
        further={} if download is None else {"download": download},
    )


def carrying_image_of(adapter: Adapter, agent: Image | None) -> Image:
    """The agent's image with ``cab``, the proxy and the tasks in it, for people who run one container.

    Agents in a sandbox work in the image below it, which holds no task.
    """
    return of_folder(
        images_dir(),
        "cell",
        name=adapter.name,
        arguments={"NAME": adapter.name},
        below={
            "AGENT": agent or toolchains(),
            "SELF": of_folder(
                images_dir(), "self", arguments={"BEFORE": DEPENDENCIES_BEFORE}, further=own_code()
            ),
        },
    )


def how_to_build(adapter: Adapter) -> str:
    """What to say of an agent whose binary has to be brought along."""
    assert adapter.install is not None
    return (
        f"no registry has {adapter.name}'s binary: get it from {adapter.install.published_at}, then "
        f"`cab agents build {adapter.name} --binary FILE --sha256 HEX`"
    )
