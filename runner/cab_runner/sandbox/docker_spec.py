"""What the Docker engine is asked for: pure, so that it can be read and tested.

Invariants
----------
* No container of our own images has a network but its own loopback, and none any capability but those named
  here.
* The job's container joins the network of the holder, whose only program is the door's forwarder;
  the meter's socket and the list of names that the job asked for are in the holder alone.
* An agent's root is read-only. A grader's is written through the engine (tests, logs) and by the
  harness; its tested code can write only its workspace and bounded tmpfs.
* In an image that a task brought along the root can be written, and who is root there has what a package
  manager needs: nothing that makes devices or file capabilities, since the workspace is the host's. Only a
  grader's network there is ever more than loopback, where the user said so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from docker.types import LogConfig, Mount, Ulimit

from cab_runner.sandbox import kit, owner
from cab_runner.sandbox.base import Job, Limits, Mechanism, OwnImage

LABEL_RUN: Final = "org.codingagentbench.run"
"""The job's name."""
LABEL_ROLE: Final = "org.codingagentbench.role"
LABEL_OWNER: Final = "org.codingagentbench.owner"
"""The runner's mark, see :mod:`~cab_runner.sandbox.owner`."""

GRADER_CAPABILITIES: Final = ("SETUID", "SETGID", "KILL", "CHOWN", "DAC_OVERRIDE")
"""What the harness needs to run tested code as another user and to read what that leaves."""

OWN_IMAGE_CAPABILITIES: Final = (
    *("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"),
)
"""What programs expect that take root for granted."""

_HOLDER_MEMORY_BYTES: Final = 256 * 2**20
_HOLDER_PROCESSES: Final = 64
_SHM_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Arguments of docker-py's ``create_container``; ``host`` are those of ``create_host_config``."""

    config: Mapping[str, Any]
    host: Mapping[str, Any]


def holder(job: Job, files: kit.Kit, door: Path, door_owner: tuple[int, int], lookups: Path) -> Spec:
    """The container that holds the network, forwards its door and answers its DNS queries.

    ``lookups`` is a folder that ``door_owner`` can write.
    """
    command = [job.layout.python, "-I", f"{kit.TOOLS}/door_forwarder.py"]
    command += ["--socket", kit.DOOR_SOCKET, "--listen", f"127.0.0.1:{kit.DOOR_PORT}"]
    command += ["--lookups", f"{kit.LOOKUPS}/{kit.LOOKED_UP}"]
    mounts = [
        _read_only(files.inside, kit.TOOLS),
        _read_only(door, kit.DOOR_SOCKET),
        Mount(kit.LOOKUPS, os.fspath(lookups), type="bind"),
    ]
    return Spec(
        config={
            **_config(job, "holder"),
            "image": job.door_image or job.image,
            "entrypoint": command,
            "user": f"{door_owner[0]}:{door_owner[1]}",
            "working_dir": "/",
            "environment": {},
            "hostname": "cab",
        },
        host={
            **_confined(),
            "network_mode": "none",
            "read_only": True,
            "mounts": mounts,
            "mem_limit": _HOLDER_MEMORY_BYTES,
            "memswap_limit": _HOLDER_MEMORY_BYTES,
            "pids_limit": _HOLDER_PROCESSES,
        },
    )


def program(job: Job, files: kit.Kit, user: tuple[int, int], network: str, parent: str | None) -> Spec:
    """The job's own container. ``parent`` is the control group to make it in, where we can read it."""
    if job.own_image is not None:
        return _in_own_image(job, job.own_image, files, network, parent)
    grader = job.role == "grader"
    mounts = [
        Mount(kit.WORKSPACE, os.fspath(job.folders.workspace), type="bind"),
        Mount(kit.HOME, os.fspath(job.folders.home), type="bind"),
        _read_only(files.inside, kit.TOOLS),
        _read_only(files.passwd, "/etc/passwd"),
        _read_only(files.group, "/etc/group"),
        _read_only(files.hosts, "/etc/hosts"),
        _read_only(files.resolv, "/etc/resolv.conf"),
    ]
    tmp = f"rw,exec,nosuid,nodev,mode=1777,size={tmp_bytes(job.limits)}"
    host: dict[str, Any] = {
        **_confined(),
        **_bounded(job.limits, parent),
        "network_mode": network,
        "read_only": not grader,
        "mounts": mounts,
        "tmpfs": dict.fromkeys(("/tmp", "/var/tmp", "/run", "/run/lock"), tmp),  # noqa: S108  # in the container
    }
    if grader:
        host["cap_add"] = list(GRADER_CAPABILITIES)
    return Spec(
        config={
            **_config(job, job.role),
            "entrypoint": list(job.command),
            "user": "0:0" if grader else f"{user[0]}:{user[1]}",
            "working_dir": job.cwd or kit.WORKSPACE,
            "environment": kit.job_env(job, path=None),
            **({"hostname": "cab"} if network == "none" else {}),  # the holder's name comes with its network
        },
        host=host,
    )


def _in_own_image(job: Job, own: OwnImage, files: kit.Kit, network: str, parent: str | None) -> Spec:
    grader = job.role == "grader"
    mounts = [Mount(own.workdir, os.fspath(job.folders.workspace), type="bind")]
    if not grader:
        mounts += [
            Mount(kit.HOME, os.fspath(job.folders.home), type="bind"),
            _read_only(files.inside, kit.TOOLS),
        ]
    if not own.internet:
        mounts += [_read_only(files.hosts, "/etc/hosts"), _read_only(files.resolv, "/etc/resolv.conf")]
    mounts += [_read_only(source, target) for target, source in own.read_only.items()]
    return Spec(
        config={
            **_config(job, job.role),
            "entrypoint": list(job.command),
            "working_dir": job.cwd or own.workdir,
            "environment": dict(job.env) if grader else {"HOME": kit.HOME, **job.env},
            **({} if own.user is None else {"user": own.user}),
            **({"hostname": "cab"} if network == "none" else {}),
        },
        host={
            **_confined(),
            **_bounded(job.limits, parent),
            "network_mode": "bridge" if own.internet else network,
            "mounts": mounts,
            "cap_add": list(OWN_IMAGE_CAPABILITIES),
        },
    )


def give(job: Job, image: str, user: str) -> Spec:
    """A container that makes ``user`` the owner of a job's folders: where the runner, who is not root, and a
    job that is have to do with the same files.
    """
    workspace = job.own_image.workdir if job.own_image else kit.WORKSPACE
    mounts = [
        Mount(workspace, os.fspath(job.folders.workspace), type="bind"),
        Mount(kit.HOME, os.fspath(job.folders.home), type="bind"),
    ]
    command = ["chown", "-R", "-h", user, workspace, kit.HOME]
    return Spec(
        config={**_config(job, "give"), "image": image, "entrypoint": command, "user": "0:0"},
        host={
            **_confined(),
            "network_mode": "none",
            "read_only": True,
            "mounts": mounts,
            # not DAC_READ_SEARCH: with it, a chown that an image brings along opens any host file by handle
            "cap_add": ["CHOWN", "DAC_OVERRIDE"],
        },
    )


def tmp_bytes(limits: Limits) -> int:
    """Bound of each tmpfs; what is in them counts as the job's memory."""
    return min(limits.disk_bytes, limits.memory_bytes // 2)


def mechanisms(limits: Limits, info: Mapping[str, Any]) -> dict[str, Mechanism]:
    """What keeps each limit, by the engine's own account of this machine (``docker info``)."""
    group: Mechanism = "cgroup v2" if str(info.get("CgroupVersion")) == "2" else "cgroup v1"
    kept: dict[str, Mechanism] = {
        "wall": "watchdog",
        "disk": "watchdog",
        "output": "watchdog",
        "memory": group if info.get("MemoryLimit") else "none",
        "processes": group if info.get("PidsLimit") else "none",
    }
    if limits.agent_s is not None:
        kept["agent"] = "watchdog"
    if limits.cpus is not None:
        kept["cpus"] = group if info.get("CpuCfsQuota") else "none"
    return kept


def _config(job: Job, role: str) -> dict[str, Any]:
    return {
        "image": job.image,
        "labels": {LABEL_RUN: job.name, LABEL_ROLE: role, LABEL_OWNER: owner.me()},
        "healthcheck": {"test": ["NONE"]},
        "use_config_proxy": False,  # else the user's proxy settings, credentials included, go in
    }


def _bounded(limits: Limits, parent: str | None) -> dict[str, Any]:
    return {
        "shm_size": _SHM_BYTES,
        "mem_limit": limits.memory_bytes,
        "memswap_limit": limits.memory_bytes,
        "pids_limit": limits.processes,
        **({} if limits.cpus is None else {"nano_cpus": round(limits.cpus * 1e9)}),
        **({} if parent is None else {"cgroup_parent": parent}),
    }


def _confined() -> dict[str, Any]:
    return {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "init": True,
        "log_config": LogConfig(type="none", config={}),  # the output is ours to bound, not a log's to grow
        "ulimits": [Ulimit(name="core", soft=0, hard=0)],
    }


def _read_only(source: Path, target: str) -> Mount:
    return Mount(target, os.fspath(source), type="bind", read_only=True)
