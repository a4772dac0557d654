"""What a killed runner left behind: found by its owner's mark, and removed. For ``cab clean``.

What belongs to a runner that still lives, or that cannot be judged, is left alone.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from docker import errors

from cab_runner.sandbox import cgroup, docker, owner, staging, usage
from cab_runner.sandbox.base import SandboxError
from cab_runner.sandbox.docker_spec import LABEL_OWNER
from cab_runner.sandbox.host import MARK


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped:
    """What was removed, by name."""

    containers: tuple[str, ...]
    processes: tuple[int, ...]
    cgroups: tuple[str, ...]
    folders: tuple[str, ...]


def reap() -> Reaped:
    """Remove the containers, processes, control groups and staging folders of runners that have ended."""
    return Reaped(
        containers=tuple(_containers()),
        processes=tuple(_processes()),
        cgroups=tuple(_cgroups()),
        folders=tuple(_folders()),
    )


def _containers() -> Iterable[str]:
    try:
        with docker.engine() as client:
            for found in client.containers(all=True, filters={"label": LABEL_OWNER}):
                if owner.is_gone(found["Labels"][LABEL_OWNER]):
                    with suppress(errors.APIError):  # somebody else was quicker
                        client.remove_container(found["Id"], force=True, v=True)
                        yield found["Names"][0].lstrip("/")
    except SandboxError:
        return  # no engine: then none of its containers either


def _processes() -> Iterable[int]:
    for pid, mark in usage.marked(MARK).items():
        if owner.is_gone(mark.partition("/")[0]):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                yield pid


def _cgroups() -> Iterable[str]:
    for folder in cgroup.abandoned():
        cgroup.kill_all(folder)
        cgroup.remove_folder(folder)
        yield str(folder)


def _folders() -> Iterable[str]:
    for folder in staging.abandoned():
        staging.remove_tree(folder)
        yield str(folder)
