"""The agents: every module here that holds an ``ADAPTER`` is one.

A new agent is a new file (and a folder under runner/images when its CLI needs one).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Final

from cab_runner.agents.base import Adapter, Claim, WireContext, Wiring
from cab_runner.errors import UsageError

__all__ = [
    "TOOLCHAINS",
    "Adapter",
    "Claim",
    "WireContext",
    "Wiring",
    "all_adapters",
    "get",
    "image_folders",
    "names",
]

TOOLCHAINS: Final = "toolchains"
"""Folder of the image that the agents' are made from, and in which our own tasks are graded."""


def names() -> tuple[str, ...]:
    """Names of all agents, sorted."""
    return tuple(
        sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(__path__) if info.name != "base")
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


def image_folders(adapters: Iterable[Adapter]) -> tuple[str, ...]:
    """Folders under runner/images that these agents need, in the order in which they are built."""
    return (TOOLCHAINS, *(adapter.image for adapter in adapters if adapter.image))
