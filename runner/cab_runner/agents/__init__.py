"""The agents: every module here that holds an ``ADAPTER`` is one.

A new agent is a new file (and a folder under runner/images when its CLI needs one).
"""

from __future__ import annotations

import importlib
import pkgutil

from cab_runner.agents.base import Adapter, Claim, WireContext, Wiring
from cab_runner.errors import UsageError

__all__ = ["Adapter", "Claim", "WireContext", "Wiring", "all_adapters", "get", "names"]


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
