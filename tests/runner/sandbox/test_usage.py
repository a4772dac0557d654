from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cab_runner.sandbox import usage


def test_the_bound_is_on_all_folders_together(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for folder in (a, b):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "file").write_bytes(bytes(range(256)) * 400)
    assert not usage.exceeds([a], 150_000)
    assert usage.exceeds([a, b], 150_000)


def test_links_and_holes_take_no_space(tmp_path: Path) -> None:
    folder, large = tmp_path / "w", tmp_path / "large"
    folder.mkdir()
    large.write_bytes(b"x" * 1_000_000)
    (folder / "link").symlink_to(large)
    (folder / "loop").symlink_to(folder)
    with (folder / "sparse").open("wb") as file:
        file.truncate(10**9)
    (folder / "one").write_bytes(b"x" * 50_000)
    for n in range(20):
        os.link(folder / "one", folder / f"name{n}")
    assert not usage.exceeds([folder], 200_000)


def test_too_many_files_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(20):
        (tmp_path / str(n)).touch()
    assert not usage.exceeds([tmp_path], 10**9)
    monkeypatch.setattr(usage, "LARGEST_TREE", 10)
    assert usage.exceeds([tmp_path], 10**9)


def test_a_tree_too_deep_for_a_path_is_measured(tmp_path: Path) -> None:
    """It was once called too large, which ended a job or not by when the watchdog happened to look."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    file = os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here)
    os.write(file, b"x" * 1_000_000)
    os.close(file)
    os.close(here)
    assert not usage.exceeds([tmp_path], 2_000_000)
    assert usage.exceeds([tmp_path], 900_000)
    subprocess.run(["rm", "-rf", *(str(path) for path in tmp_path.iterdir())], check=True)


def test_a_folder_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    assert not usage.exceeds([tmp_path / "absent"], 0)


CHILDREN = """
import os, sys
if os.fork() == 0:
    held = bytearray(b"x") * 30_000_000
    while sum(os.times()[:2]) < 0.05: pass
    print(os.getpid(), flush=True)
    sys.stdin.read()
    os._exit(0)
os.wait()
"""


def test_a_tree_of_processes_and_its_memory() -> None:
    env = {**os.environ, "CAB_TEST_USAGE": "42"}
    command = [sys.executable, "-c", CHILDREN]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert set(usage.tree_of(process.pid)) == {process.pid, child}
        assert usage.memory_of(usage.tree_of(process.pid)) > 30_000_000
        assert usage.cpu_ms_of_tree(process.pid) > 0
        assert usage.marked("CAB_TEST_USAGE") == {process.pid: "42", child: "42"}
        assert usage.marked("CAB_TEST_USAGE", "4") == {}
        process.communicate()
    assert usage.memory_of(usage.tree_of(process.pid)) == 0


def test_a_users_processes_and_which_of_them_are_dead() -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        own = usage.of_user(os.getuid())
        assert (own[os.getpid()], own[process.pid]) == (False, False)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert usage.of_user(os.getuid())[process.pid] is True
    assert process.pid not in usage.of_user(os.getuid())
    assert usage.of_user(2**31 - 2) == {}
    assert usage.cpu_ms_of_tree(process.pid) == 0
