from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cab_runner.errors import UsageError
from cab_runner.sweep.claim import Claim, holder

RUNNER = """
import sys
from pathlib import Path
from cab_runner.sweep.claim import Claim
with Claim(Path(sys.argv[1])):
    print("claimed", flush=True)
    sys.stdin.read()
"""


@contextmanager
def runner(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the claim until its stdin ends."""
    with subprocess.Popen(
        [sys.executable, "-c", RUNNER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        try:
            yield process
        finally:
            process.kill()


def test_nobody_has_it(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    assert holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == [], "asking leaves nothing"


def test_who_has_it(tmp_path: Path) -> None:
    with Claim(tmp_path):
        assert holder(tmp_path)
        assert holder(tmp_path) == f"process {os.getpid()} on {socket.gethostname()}"
    assert holder(tmp_path) is None
    assert (tmp_path / ".lock").read_bytes() == b"", "no host is named in what is left"


def test_another_runner_has_it(tmp_path: Path) -> None:
    with runner(tmp_path) as process:
        with pytest.raises(UsageError) as refused, Claim(tmp_path):
            pass
        assert holder(tmp_path), "a refused one takes nothing away"
        assert str(refused.value) == (
            f"{tmp_path} is being run by process {process.pid} on {socket.gethostname()}: "
            f"wait for it, or watch it with `cab sweep status {tmp_path}`"
        )


def test_a_killed_runner_has_it_no_longer(tmp_path: Path) -> None:
    with runner(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (tmp_path / ".lock").read_bytes() != b""
        assert holder(tmp_path) is None
        with Claim(tmp_path):
            assert holder(tmp_path) == f"process {os.getpid()} on {socket.gethostname()}"


def test_an_error_lets_go_of_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Claim(tmp_path):
        raise ZeroDivisionError
    assert holder(tmp_path) is None


def test_a_child_does_not_keep_it(tmp_path: Path) -> None:
    with Claim(tmp_path):
        # as every child has it, until it has become another program
        [fd] = [
            int(each.name) for each in Path("/proc/self/fd").iterdir() if is_file(each, tmp_path / ".lock")
        ]
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[fd])
    with child:
        assert holder(tmp_path) is None
        child.communicate(b"\n")


def is_file(fd: Path, file: Path) -> bool:
    return fd.is_symlink() and fd.readlink() == file


def test_a_claim_is_not_refused_because_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment of the claim another process holds the file as those who ask do, and then leaves."""
    (tmp_path / ".lock").touch()
    asking = os.open(tmp_path / ".lock", os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    flock, tried = fcntl.flock, []

    def leaves_after_the_first(fd: int, how: int) -> None:
        tried.append(how)
        try:
            flock(fd, how)
        finally:
            if len(tried) == 1:
                os.close(asking)

    monkeypatch.setattr(fcntl, "flock", leaves_after_the_first)
    with Claim(tmp_path):
        assert len(tried) > 1
        monkeypatch.undo()
        assert holder(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    assert holder(tmp_path / "missing") is None
    with pytest.raises(FileNotFoundError), Claim(tmp_path / "missing"):
        pass
