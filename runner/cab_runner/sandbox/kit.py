"""What a sandbox gives every job besides its own folders: fixed paths, an account, the tools.

Two sandboxes (docker, bwrap) show a job the same places, so that a task or an agent need not know
which one it is in.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cab_runner.resources import INSIDE
from cab_runner.sandbox.base import Job, Layout
from cab_runner.sandbox.staging import Staging

WORKSPACE: Final = "/workspace"
HOME: Final = "/home/cab"
TESTS: Final = "/tests"
LOGS: Final = "/logs"
TOOLS: Final = "/opt/cab/inside"
DOOR_SOCKET: Final = "/run/cab/door.sock"
DOOR_PORT: Final = 8080
LOOKUPS: Final = "/run/cab/lookups"
"""Folder that the door's forwarder can write."""
LOOKED_UP: Final = "names"
"""File in it: the names that the job asked DNS for."""

SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Kit:
    """Files on the host, for one job, that its sandbox mounts read-only."""

    inside: Path
    """A copy of :mod:`cab_runner.inside` that any user can read."""
    passwd: Path
    group: Path
    nsswitch: Path
    hosts: Path
    resolv: Path


def make_kit(staging: Staging, uid: int, gid: int) -> Kit:
    """Write the files: the job's user has a name and a home, and nobody of the host is in them."""
    folder = staging.folder("kit")
    inside = folder / "inside"
    shutil.copytree(INSIDE, inside, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (inside, *inside.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    names = ("passwd", "group", "nsswitch.conf", "hosts", "resolv.conf")
    kit = Kit(inside, *(folder / name for name in names))
    contents = {
        kit.passwd: f"root:x:0:0:root:/root:/bin/sh\ncab:x:{uid}:{gid}:cab:{HOME}:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        kit.group: f"root:x:0:\ncab:x:{gid}:\nnogroup:x:65534:\n",
        kit.nsswitch: "passwd: files\ngroup: files\nhosts: files\n",
        kit.hosts: "127.0.0.1 localhost cab\n::1 localhost\n",
        # the options are for jobs without a door, where nobody answers and musl waits
        kit.resolv: "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    }
    for path, text in contents.items():
        path.write_text(text, encoding="ascii")
        path.chmod(0o644)
    return kit


def fixed_layout(python: str, untrusted: str) -> Layout:
    """The layout of sandboxes that have a file system of their own."""
    return Layout(
        workspace=WORKSPACE,
        home=HOME,
        tests=TESTS,
        logs=LOGS,
        tools=TOOLS,
        python=python,
        door_port=DOOR_PORT,
        untrusted=untrusted,
    )


def portable(text: str, layout: Layout) -> str:
    """A job's text for the record: the fixed places in place of the layout's, which may name the host."""
    places = {layout.tools: TOOLS, layout.workspace: WORKSPACE, layout.home: HOME, layout.python: "python3"}
    for path, name in places.items():
        text = text.replace(path, name)
    return text


def grader_folders(job: Job) -> tuple[Path | None, Path | None]:
    """Tests and logs, which only a grader gets."""
    return (job.folders.tests, job.folders.logs) if job.role == "grader" else (None, None)


def job_env(job: Job, *, path: str | None, tmpdir: str = "/tmp") -> dict[str, str]:  # noqa: S108  # the job's own
    """The job's environment with what every program expects to find. ``path`` None: the image has one."""
    given = {"HOME": job.layout.home, "LANG": "C.UTF-8", "TMPDIR": tmpdir, **({"PATH": path} if path else {})}
    return {**given, **job.env}
