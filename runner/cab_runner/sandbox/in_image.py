"""One container for everything: the job as a user of its own beside the runner, in the agent's image.

For ``docker run IMAGE run-cell …``, where the runner is root without what makes namespaces. Users stand in
for the containers of the docker sandbox (:mod:`~cab_runner.sandbox.users`); the job sees the same places,
because its folders are moved there while it runs.

Invariants
----------
* One job at a time in a container, and when it has ended no process of its user is left, daemons included:
  the kernel kills them in one go, which no fork slips through.
* Nothing that a job's user made lies anywhere but in the job's folders when the next job begins.
* The key is with the proxy and the runner, whom the job's user may neither trace nor signal; the door's
  socket, the ledger and the hidden tests are closed to it by their owners and modes.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Final

from cab_runner.sandbox import kit, landlock, usage
from cab_runner.sandbox.base import (
    Folders,
    Job,
    KilledFor,
    Layout,
    Outcome,
    OutputSink,
    Probe,
    SandboxError,
    SandboxName,
)
from cab_runner.sandbox.cgroup import Cgroup
from cab_runner.sandbox.docker_spec import GRADER_CAPABILITIES
from cab_runner.sandbox.host import HostProgram, Start, forwarding, outcome_of
from cab_runner.sandbox.staging import Staging, give_trees, remove_tree
from cab_runner.sandbox.supervise import supervise
from cab_runner.sandbox.trees import intact, keep_plain_files, tree_digest
from cab_runner.sandbox.users import become, image_agent, lacking, users

ELSEWHERE: Final = "it is for containers of an agent's image: `docker run IMAGE run-cell …`"
IMAGE_ENV: Final = ("CARGO_NET_OFFLINE", "CGO_ENABLED", "GOPROXY", "GOTOOLCHAIN")
"""Settings of the toolchains' image that jobs get too; nothing else of the runner's environment is theirs."""

OPEN_TO_ALL: Final = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock")))  # noqa: S108
"""Folders of the image in which every user may make files."""

_GONE_S: Final = 10.0
_ENDER: Final = """
import os, sys
own, theirs = map(int, sys.argv[1:])
sys.stdin.read()
os.setgroups([])
os.setresgid(own, own, own)
os.setresuid(own, theirs, own)
os.kill(-1, 9)
"""
"""Kills all of a user's processes when its stdin ends, so also when the runner dies. Its effective id may
signal them; its real and its saved one are nobody's, so none of them may signal it."""

_alone = Lock()


class InImageSandbox:
    """See :class:`~cab_runner.sandbox.base.Sandbox`. Jobs of several threads wait for each other."""

    name: SandboxName = "in-image"

    def __init__(self) -> None:
        self._low_ports_refused = landlock.available()
        refused = "; TCP to ports below 1024 is refused (Landlock)" if self._low_ports_refused else ""
        self.not_isolated: tuple[str, ...] = (
            f"network: an agent reaches what the container does{refused}; a call past the door is not "
            "metered, and lacks the key",
            "network of graders: tested code reaches what the container does",
            "kernel: shared with the runner, the proxy and the host",
            "files: what all users may read in the image and in what is mounted, earlier results included",
            "processes: a job sees the names and command lines of all in the container",
        )

    def probe(self) -> Probe:
        """Look where this is, and become the agent's user for a moment."""
        problem = lacking() if image_agent() else ELSEWHERE
        if problem is None:
            trial = subprocess.run(
                [*become(users().agent), "/bin/true"], env={}, capture_output=True, text=True, check=False
            )
            problem = trial.stderr.strip() if trial.returncode else None
        if problem is not None:
            return Probe(name=self.name, ok=False, detail=problem)
        ports = "refused" if self._low_ports_refused else "open"
        return Probe(
            name=self.name,
            ok=True,
            detail=f"image of {image_agent()}, jobs as user {users().agent}; ports below 1024 are {ports}",
        )

    def layout(self, folders: Folders) -> Layout:
        """The fixed places; Python is the image's ``python3``."""
        del folders
        return kit.fixed_layout("python3", f"user:{users().tested}:{users().tested}")

    def run(self, job: Job, sink: OutputSink, stop: Event) -> Outcome:
        """See :meth:`~cab_runner.sandbox.base.Sandbox.run`."""
        if not image_agent():
            raise SandboxError(f"in-image: {ELSEWHERE}")
        tests, logs = kit.grader_folders(job)
        uid = users().tested if job.role == "grader" else users().agent
        before = tree_digest(tests) if tests else {}
        with _alone, Staging() as staging, ExitStack() as cleanup:
            places = {kit.make_kit(staging, uid, uid).inside: kit.TOOLS}
            places |= {job.folders.workspace: kit.WORKSPACE, job.folders.home: kit.HOME}
            places |= {folder: place for folder, place in ((tests, kit.TESTS), (logs, kit.LOGS)) if folder}
            _prepare(job, uid)
            cleanup.callback(_clear, uid)
            for folder, place in places.items():
                _move(folder, place)
                cleanup.callback(_move, Path(place), os.fspath(folder))
            cleanup.enter_context(forwarding(job, become(users().service)))
            program = cleanup.enter_context(_Program(job, uid, low_ports_refused=self._low_ports_refused))
            watched = (*map(Path, places.values()), *OPEN_TO_ALL)
            ending = supervise(
                program,
                limits=job.limits,
                watched=watched,
                sink=sink,
                stop=stop,
                model_time_s=job.model_time_s,
            )
            outcome = outcome_of(ending, program, job, "rlimit")
        return replace(
            outcome,
            tests_intact=intact(before, tree_digest(tests)) if tests else None,
            logs_complete=keep_plain_files(logs) if logs else None,
        )


class _Program(HostProgram):
    """A job whose processes are found by their user, wherever they have gone."""

    def __init__(self, job: Job, uid: int, *, low_ports_refused: bool) -> None:
        self._uid = uid
        self._ender = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _ENDER, str(users().ender), str(uid)],
            env={},  # the runner's has the key
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            super().__init__(
                Start(
                    command=_command(job, uid, low_ports_refused=low_ports_refused),
                    env=_env(job),
                    cwd=Path(job.cwd or kit.WORKSPACE),
                ),
                job.limits,
                Cgroup.create(job.limits),
            )
        except BaseException:
            self._end_user()
            raise

    def kill(self) -> None:
        """Kill what root holds of it, then all of the job's user. Raises :class:`SandboxError`."""
        super().kill()
        self._end_user()
        deadline = time.monotonic() + _GONE_S
        while self._living():
            if time.monotonic() > deadline:
                raise SandboxError("processes of the job do not end although they were killed")
            time.sleep(0.005)

    def check(self) -> KilledFor | None:
        """Reap, too: who dies after its parent falls to the container's first process, perhaps the runner,
        and counts against the limit until then.
        """
        self._living()
        return super().check()

    def processes(self) -> set[int]:
        """By descent from the program, and by the job's user."""
        return {*super().processes(), *self._living()}

    def _end_user(self) -> None:
        assert self._ender.stdin
        self._ender.stdin.close()
        self._ender.wait()

    def _living(self) -> list[int]:
        found = []
        for pid, dead in usage.of_user(self._uid).items():
            if not dead:
                found.append(pid)
            elif pid != self.pid:  # that one is waited for elsewhere
                with suppress(ChildProcessError):  # somebody else's child
                    os.waitpid(pid, os.WNOHANG)
        return found


def _command(job: Job, uid: int, *, low_ports_refused: bool) -> list[str]:
    limit = ["/usr/bin/prlimit", f"--nproc={job.limits.processes}:{job.limits.processes}", "--"]
    if job.role == "grader":  # it asks servers of the tested code, at ports of its own choice
        return [*become(0, [name.lower() for name in GRADER_CAPABILITIES]), *limit, *job.command]
    refusing = [sys.executable, "-I", "-S", landlock.__file__] if low_ports_refused else []
    return [*refusing, *become(uid), *limit, *job.command]


def _env(job: Job) -> dict[str, str]:
    given = {name: os.environ[name] for name in IMAGE_ENV if name in os.environ}
    # what a harness leaves there is for nobody else to see
    tmpdir = f"{kit.HOME}/tmp" if job.role == "grader" else "/tmp"  # noqa: S108  # cleared after each job
    return {**given, **kit.job_env(job, path=os.environ.get("PATH", kit.SYSTEM_PATH), tmpdir=tmpdir)}


def _prepare(job: Job, uid: int) -> None:
    """Give everything to whom it belongs, and the job's user a name."""
    folders = job.folders
    tests, logs = kit.grader_folders(job)
    give_trees((folders.workspace,), uid, uid)
    if job.role == "grader":
        give_trees((folders.home, *filter(None, (logs,))), 0, 0)
        (folders.home / "tmp").mkdir(exist_ok=True)
    else:
        give_trees((folders.home,), uid, uid)
    if tests:
        tests.chmod(0o700)
    if job.door:
        os.chown(job.door, users().service, users().service)
    try:
        pwd.getpwuid(uid)
    except KeyError:  # programs ask for their user's name, and some end without an answer
        name = "cab-tested" if uid == users().tested else "cab"
        for path, line in (
            ("/etc/passwd", f"{name}:x:{uid}:{uid}:{name}:{kit.HOME}:/bin/sh\n"),
            ("/etc/group", f"{name}:x:{uid}:\n"),
        ):
            with Path(path).open("a", encoding="ascii") as accounts:
                accounts.write(line)


def _move(folder: Path, place: str) -> None:
    """By renaming, over an empty folder if there is one: it stays the same folder at its only path."""
    try:
        folder.rename(place)
    except OSError as error:
        raise SandboxError(
            f"cannot put a job's folder at {place} ({error.strerror}): a container has room for one "
            "job at a time"
        ) from None


def _clear(uid: int) -> None:
    """Remove what the job's user left where everybody may write, and in the kernel."""
    for place in filter(Path.is_dir, OPEN_TO_ALL):
        for path in place.iterdir():
            if path.lstat().st_uid == uid:
                remove_tree(path)
    # System V's segments, queues and semaphores outlive processes, and are removed by their user only
    subprocess.run([*become(uid), "/usr/bin/ipcrm", "--all"], env={}, capture_output=True, check=False)
