"""What a sandbox is: one job in, one outcome out, whatever isolates it.

A *job* is one program run to its end in a place of its own: the agent at work, or the grader.
Four kinds of sandbox run jobs (docker, bwrap, in-image, process); the rest of the runner knows only this
module.

Invariants
----------
* The job's only network is the door: ``http://127.0.0.1:<port>``, forwarded to the job's own Unix
  socket. Without a door it has no network at all. (``in-image`` shares its container's network and
  ``process`` isolates nothing: :attr:`Sandbox.not_isolated` says so.)
* stdin is /dev/null. stdout and stderr reach the :class:`OutputSink` in order of arrival, bounded.
* On every way out (end, time limit, flood, stop, exception) the whole of the job is killed and
  removed before :meth:`Sandbox.run` returns.
* The job sees the paths of :class:`Layout`, never the host's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Literal, Protocol

SandboxName = Literal["docker", "bwrap", "in-image", "process"]
Mechanism = Literal["cgroup v1", "cgroup v2", "rlimit", "watchdog", "none"]
KilledFor = Literal["timeout", "output", "disk", "memory"]

NOBODY = 65532
"""User and group of a job when the invoking user is root."""


class SandboxError(Exception):
    """The sandbox itself failed: infrastructure, never the agent's doing."""


class SandboxUnavailable(SandboxError):
    """The machine lacks what the sandbox needs. The message says what to install."""


class ImageMissing(SandboxError):
    """The job's image is not on this machine. The message says how to build it."""


class Interrupted(SandboxError):
    """The stop event was set while the job ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a job may use. Each limit that was kept is recorded with its mechanism."""

    wall_s: float
    agent_s: float | None = None
    """Of the job's own time, without what :attr:`Job.model_time_s` tells; ``wall_s`` holds besides."""
    memory_bytes: int = 4 * 2**30
    processes: int = 512
    cpus: float | None = None
    """CPU share; ``None`` leaves it to the machine."""
    disk_bytes: int = 2 * 2**30
    """Bound on what the job's writable folders may grow to together."""
    output_bytes: int = 16 * 2**20
    """Bound on stdout and stderr together; past it the job is killed for ``output``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """The job's folders on the host. The sandbox's user must be able to write those it gets."""

    workspace: Path
    home: Path
    """A fresh HOME outside the workspace."""
    tests: Path | None = None
    """Hidden tests, for a grader: out of the tested code's reach, read-only."""
    logs: Path | None = None
    """Where a grader's ``verifier/`` verdict is found after the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the job sees things: fixed paths, but the host's own in ``process``."""

    workspace: str
    home: str
    tests: str
    logs: str
    tools: str
    """Folder of the files of :mod:`cab_runner.inside`."""
    python: str
    """A CPython ≥ 3.11 that the job can run."""
    door_port: int
    untrusted: str
    """``CAB_UNTRUSTED`` for a grader: how it runs tested code (see ``inside/cab_grading.py``)."""

    @property
    def door_url(self) -> str:
        """Origin of the door, without ``/v1``."""
        return f"http://127.0.0.1:{self.door_port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnImage:
    """How a job runs in an image that its task brought along (docker only): much as Harbor would run it.

    Its root can be written, its users and their homes are the image's own, and root in it has what a package
    manager needs.
    """

    workdir: str
    """Where the workspace lies; the layout's, too."""
    user: str | None = None
    """By name or number; default: the image's."""
    read_only: Mapping[str, Path] = field(default_factory=dict)
    """Where to mount → folder on the host."""
    internet: bool = False
    """A network that leads outside, in place of none: by the user's word alone, and never with a door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One program to run."""

    name: str
    """Short name for container names and messages, e.g. the run id."""
    role: Literal["agent", "grader", "script"]
    """``grader`` runs so that it can put tested code under another user; the others as one plain
    user without privileges. ``script`` is our own program (solve.sh): like ``agent``, no door."""
    command: tuple[str, ...]
    env: Mapping[str, str]
    """The whole environment; nothing is inherited. PATH, HOME, LANG and TMPDIR are added where absent."""
    layout: Layout
    folders: Folders
    limits: Limits
    image: str | None = None
    """Docker only."""
    own_image: OwnImage | None = None
    """For an image that is not ours."""
    door_image: str | None = None
    """Docker only: has Python for the door's forwarder, which the job's image need not; default: that one."""
    door: Path | None = None
    """Unix socket on the host that leads to the meter."""
    cwd: str | None = None
    """Default: the layout's workspace."""
    model_time_s: Callable[[], float] = lambda: 0.0
    """How long it has waited for the model up to now. Asked when ``limits.agent_s`` may be over."""


class OutputSink(Protocol):
    """Takes the job's output while it runs. Called from one thread at a time."""

    def write(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        """Bytes as they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a job ended."""

    exit_code: int | None
    """Negative or ≥ 128 for a signal, as the platform says; ``None`` when the runner killed it."""
    killed_for: KilledFor | None
    started_at: str
    """UTC, ISO 8601 with ``Z``: when the job's own program started."""
    ended_at: str
    active_ms: float
    """From start to end of the program, without setting up and removing."""
    cpu_ms: float | None
    """CPU time of all its processes, from the cgroup or rusage; ``None`` where unknown."""
    output_bytes: int
    limits: Mapping[str, Mechanism] = field(default_factory=dict)
    """Limit name (``memory``, ``processes``, ``cpus``, ``wall``, ``agent``, ``disk``, ``output``) → what kept
    it."""
    image_digest: str | None = None
    """Registry digest, or the image id of an image built here."""
    oom_killed: bool | None = None
    tests_intact: bool | None = None
    """Whether a grader's tests were at the end what they had been at the start; ``None`` without tests."""
    logs_complete: bool | None = None
    """Whether all that a grader left in its logs was fetched; ``None`` without logs."""
    hosts_tried: tuple[str, ...] | None = None
    """Names that the job asked DNS for, in lower case, sorted, at most 256; ``None`` where nobody watched.
    Addresses that it tried without a name are not among them."""

    @property
    def timed_out(self) -> bool:
        """Whether one of the job's clocks ran out."""
        return self.killed_for == "timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What trying a sandbox on this machine showed."""

    name: SandboxName
    ok: bool
    detail: str
    """A version and what isolates, or in one line what is missing and how to get it."""


class Sandbox(Protocol):
    """A way to run jobs."""

    name: SandboxName
    not_isolated: tuple[str, ...]
    """What a job shares or reaches all the same, a line each, for the record."""

    def probe(self) -> Probe:
        """Try it by running something trivial in it. Never raises."""

    def layout(self, folders: Folders) -> Layout:
        """Where a job with these folders will see them. ``process`` picks a free door port here."""

    def run(self, job: Job, sink: OutputSink, stop: Event) -> Outcome:
        """Run the job to its end.

        Raises :class:`SandboxError` (or a subclass) when the sandbox failed, and
        :class:`Interrupted` when ``stop`` was set; what the sink raises passes through. In all
        cases nothing of the job is left running.
        """
