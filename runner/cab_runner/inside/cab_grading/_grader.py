"""The tests of one task: registered, run in order, and made a verdict."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ._apart import Apart, environment, parse_untrusted
from ._errors import CheckFailedError, GraderError
from ._files import copy_tree
from ._process import Result, adopt_orphans, started
from ._server import Server, accepts
from ._verdict import FILES, Outcome, write

_POLL_S: Final = 0.01
_REMOVAL_LIMIT_S: Final = 60.0

_PROBE: Final = """
import os, sys
home, verdict, *hidden = sys.argv[1:]
if not os.access(home, os.W_OK | os.X_OK): sys.exit("it can't write its own HOME " + home)
if os.access(verdict, os.W_OK): sys.exit("it can write the verdict in " + verdict)
for path in hidden:
    if os.access(path, os.R_OK): sys.exit("it can read " + path)
"""
"""Run as tested code is: exits 0 when that is kept apart."""


@dataclass(slots=True)
class Grader:
    """The tests of one task, and the means to run its code."""

    name: str
    """The task's id."""
    limit_s: float = 420.0
    """For everything together. It lies under the task's ``[verifier] timeout_sec``, so that code which
    wastes time fails its tests instead of taking the verdict away."""
    built: tuple[str, ...] = ()
    """Names at the workspace's top that only builds fill (``target``). Tested code does not get them:
    a fix hidden there would be in nobody's diff."""
    workspace: Path = field(init=False)
    """The finished workspace as the agent left it, for looking at. Tested code runs in :attr:`copy`."""
    scratch: Path = field(init=False)
    """Made for this run, removed after it."""
    _tests: dict[str, Callable[[], None]] = field(init=False, default_factory=dict)
    _setup: Callable[[], None] | None = field(init=False, default=None)
    _verdict: Path = field(init=False)
    _apart: Apart = field(init=False)
    _deadline: float = field(init=False)
    _servers: set[int] = field(init=False, default_factory=set)
    _closed: dict[Path, tuple[int, int]] = field(init=False, default_factory=dict)

    @property
    def python(self) -> str:
        """The interpreter for tested Python programs."""
        return os.path.realpath(sys.executable)

    @property
    def copy(self) -> Path:
        """The copy of the workspace in which tested code runs."""
        return self.scratch / "workspace"

    @property
    def build(self) -> Path:
        """A folder for build artefacts, which tested code may write; Cargo's are in ``cargo`` there."""
        return self.scratch / "build"

    def test(self, test_id: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
        """Register a test; it passes when it returns. Ids are stable: task.toml lists them."""

        def register(function: Callable[[], None]) -> Callable[[], None]:
            if test_id in self._tests:
                raise GraderError(f"two tests are called {test_id!r}")
            self._tests[test_id] = function
            return function

        return register

    def setup(self, function: Callable[[], None]) -> Callable[[], None]:
        """Register what runs once before the tests, such as a build; if it fails, so does every test."""
        self._setup = function
        return function

    def run(
        self,
        command: Sequence[str | Path],
        *,
        stdin: str | bytes = b"",
        timeout_s: float = 20.0,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Result:
        """Run tested code to its end, or kill it after ``timeout_s``.

        ``env`` adds to the few variables that it gets; ``cwd`` is :attr:`copy` or a :meth:`folder`.
        Raises :class:`CheckFailedError` when it can't be started or ended.
        """
        with started(
            command,
            apart=self._apart,
            scratch=self.scratch,
            cwd=cwd or self.copy,
            env=self._environment(env),
            stdin=stdin.encode() if isinstance(stdin, str) else stdin,
            spare=self._servers,
        ) as child:
            try:
                exit_code: int | None = child.process.wait(timeout=self._time(timeout_s))
            except subprocess.TimeoutExpired:
                exit_code = None
            return child.result(exit_code)

    @contextmanager
    def serve(
        self,
        command: Sequence[str | Path],
        *,
        port: int,
        timeout_s: float = 20.0,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Iterator[Server]:
        """Run a server of the tested code, from its first accepted connection to the block's end.

        Raises :class:`CheckFailedError` when it ends, or does not accept within ``timeout_s``.
        """
        with started(
            command,
            apart=self._apart,
            scratch=self.scratch,
            cwd=cwd or self.copy,
            env=self._environment(env),
            spare=self._servers,
        ) as child:
            deadline = time.monotonic() + self._time(timeout_s)
            while not accepts(port):
                exit_code = child.process.poll()
                if exit_code is not None or time.monotonic() > deadline:
                    raise CheckFailedError(f"the server does not listen: {child.result(exit_code)}")
                time.sleep(_POLL_S)
            self._servers.add(child.process.pid)
            try:
                yield Server(port)
            finally:
                self._servers.discard(child.process.pid)

    def folder(self, files: Mapping[str, str] | None = None) -> Path:
        """A new folder with these files, which tested code may write. A text with ``#!`` is executable.

        No two folders are the same, and their names can't be foreseen.
        """
        folder = Path(tempfile.mkdtemp(prefix="case-", dir=self.scratch))
        for name, text in (files or {}).items():
            path = folder / name
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755 if text.startswith("#!") else 0o644)
            self._give(path)
        self._give(folder)
        return folder

    def main(self) -> int:
        """Run all tests and write the verdict. Returns 0 when there is one, whatever it is, else 3."""
        os.umask(0o022)  # what a check makes, tested code can read
        try:
            try:
                problem = self._prepare()
                outcomes = [self._outcome(test_id, problem) for test_id in self._tests]
            finally:
                self._clean_up()
            write(self._verdict, self.name, outcomes)
        except GraderError as error:
            print(f"grader: {error}", file=sys.stderr)
            return 3
        for outcome in outcomes:
            print(f"{'ok' if outcome.problem is None else 'FAILED'} {outcome.test_id}")
            if outcome.problem is not None:
                print(f"    {outcome.problem[:600]!a}")
        return 0

    def _prepare(self) -> str | None:
        """Make ready. Returns why every test must fail, or ``None``. Raises :class:`GraderError`."""
        self._deadline = time.monotonic() + self.limit_s
        self._verdict = Path(os.environ.get("CAB_LOGS_DIR", "/logs")) / "verifier"
        self.workspace = Path(os.environ.get("CAB_WORKSPACE", "/workspace"))
        try:
            self._verdict.mkdir(parents=True, exist_ok=True)
            for name in FILES:
                (self._verdict / name).unlink(missing_ok=True)
            self._apart = parse_untrusted(os.environ.get("CAB_UNTRUSTED"), euid=os.geteuid())
            if not self._tests:
                raise GraderError("no tests are registered")
            if not self.workspace.is_dir():
                raise GraderError(f"there is no workspace at {self.workspace}: set CAB_WORKSPACE")
            self.scratch = Path(tempfile.mkdtemp(prefix="cab-grading-"))
            self.scratch.chmod(0o755)
            for name in ("home", "tmp", "build", "workspace"):
                (self.scratch / name).mkdir()
                self._give(self.scratch / name)
        except OSError as error:
            raise GraderError(f"the grader has no place to work: {error}") from None
        adopt_orphans()
        self._prove_isolation()
        return _attempt(lambda: copy_tree(self.workspace, self.copy, self._give, built=self.built)) or (
            _attempt(self._setup) if self._setup else None
        )

    def _prove_isolation(self) -> None:
        """Try, as the tested code would, to reach what it must not reach."""
        if self._apart.kind == "none":
            return
        tests = Path(os.environ.get("CAB_TESTS_DIR", "/tests"))
        if self._apart.kind == "user":  # Harbor leaves all of them open
            self._close(tests, 0o700)
            self._close(self._verdict, 0o755)
            self._close(self.workspace, 0o700)
        hidden = [tests, *sorted(tests.glob("*")), self.workspace]
        paths = [self.scratch / "home", self._verdict, *hidden]
        try:
            tried = self.run([self.python, "-I", "-S", "-c", _PROBE, *paths])
        except CheckFailedError as error:
            raise GraderError(f"tested code can't be run apart: {error}") from None
        if tried.exit_code != 0:
            raise GraderError(f"tested code is not kept apart: {tried}")

    def _close(self, folder: Path, mode: int) -> None:
        """Take from a folder what ``mode`` does not grant, until the end. A read-only mount stays as it
        is: whether it is open to the tested code, the probe finds out.
        """
        with suppress(OSError):
            info = folder.stat()
            self._closed[folder] = (info.st_uid, info.st_mode & 0o777)
            os.chown(folder, os.geteuid(), -1)  # only an owner may change the mode, and keep it so
            folder.chmod(info.st_mode & mode)

    def _clean_up(self) -> None:
        """Before the verdict is written: tested code may have filled the disk."""
        for folder, (owner, mode) in self._closed.items():
            with suppress(OSError):
                folder.chmod(mode)
                os.chown(folder, owner, -1)
        if hasattr(self, "scratch"):
            # Not by shutil.rmtree, which tested code brings down with folders in folders: it recurses, or
            # from 3.13 on holds a path of every depth, which takes gigabytes.
            with suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    ["rm", "-rf", "--", self.scratch],
                    stderr=subprocess.DEVNULL,
                    timeout=_REMOVAL_LIMIT_S,
                    check=False,
                )

    def _outcome(self, test_id: str, problem: str | None) -> Outcome:
        begun = time.monotonic()
        problem = problem or _attempt(self._tests[test_id])
        return Outcome(test_id=test_id, duration_s=time.monotonic() - begun, problem=problem)

    def _time(self, timeout_s: float) -> float:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise CheckFailedError(f"everything together took more than {self.limit_s:g} s")
        return min(timeout_s, left_s)

    def _environment(self, added: Mapping[str, str] | None) -> dict[str, str]:
        return {**environment(os.environ, scratch=self.scratch, workspace=self.workspace), **(added or {})}

    def _give(self, path: Path) -> None:
        if self._apart.kind == "user":
            os.chown(path, self._apart.uid, self._apart.gid, follow_symlinks=False)


def _attempt(function: Callable[[], None]) -> str | None:
    """Why a test failed, or ``None``. Raises :class:`GraderError` only."""
    try:
        function()
    except GraderError:
        raise
    except CheckFailedError as error:
        return str(error) or "failed"
    except Exception:  # noqa: BLE001 — whatever a test trips over is that test's failure
        return traceback.format_exc(limit=-3)
    return None
