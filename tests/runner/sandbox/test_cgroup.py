from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cab_runner.sandbox import cgroup
from cab_runner.sandbox.base import Limits
from cab_runner.sandbox.cgroup import Cgroup, Hierarchy, hierarchies

V1_MOUNTS = """\
30 24 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw
32 30 0:28 / /sys/fs/cgroup/systemd rw,nosuid - cgroup cgroup rw,xattr,name=systemd
33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
34 30 0:30 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
35 30 0:31 /docker/abc /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids
"""
V1_GROUPS = """\
12:pids:/docker/abc
9:memory:/user.slice
4:cpu,cpuacct:/
1:name=systemd:/user.slice/session-1.scope
0::/user.slice/session-1.scope
"""


def test_version_1_with_a_container_in_between() -> None:
    found = {
        tuple(sorted(h.controllers)): (str(h.mount), str(h.own)) for h in hierarchies(V1_MOUNTS, V1_GROUPS)
    }
    base = "/sys/fs/cgroup"
    assert found == {
        (): (f"{base}/unified", f"{base}/unified/user.slice/session-1.scope"),
        ("cpu", "cpuacct"): (f"{base}/cpu,cpuacct", f"{base}/cpu,cpuacct"),
        ("memory",): (f"{base}/memory", f"{base}/memory/user.slice"),
        ("pids",): (f"{base}/pids", f"{base}/pids"),
    }


def test_version_2() -> None:
    mounts = "24 1 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
    (found,) = hierarchies(mounts, "0::/user.slice/a.scope\n")
    assert found == Hierarchy(frozenset(), Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/user.slice/a.scope"))


def test_no_groups_at_all() -> None:
    assert hierarchies("", "") == ()
    made = Cgroup.create(Limits(wall_s=1.0), ())
    assert (made.kept, made.cpu_ms(), made.oom_killed()) == ({}, None, None)
    made.add(os.getpid())
    made.kill()
    made.remove()


def tree_v2(root: Path, enabled: str) -> Hierarchy:
    """A unified tree whose middle group may have children with the controllers in ``enabled``."""
    own = root / "slice" / "app.scope"
    own.mkdir(parents=True)
    for group, controllers in ((root, ""), (root / "slice", enabled), (own, "")):
        (group / "cgroup.subtree_control").write_text(controllers)
    return Hierarchy(frozenset(), root, own)


def test_version_2_makes_a_sibling_below_the_nearest_group_that_delegates(tmp_path: Path) -> None:
    limits = Limits(wall_s=1.0, memory_bytes=1000, processes=7, cpus=1.5)
    made = Cgroup.create(limits, (tree_v2(tmp_path, "cpu memory pids\n"),))
    assert made.kept == {"memory": "cgroup v2", "processes": "cgroup v2", "cpus": "cgroup v2"}
    (folder,) = (tmp_path / "slice").glob("cab-*")
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert written == {
        "memory.max": "1000",
        "memory.swap.max": "0",
        "pids.max": "7",
        "cpu.max": "150000 100000",
    }
    (folder / "cpu.stat").write_text("usage_usec 2500\nuser_usec 1\n")
    (folder / "memory.events").write_text("oom 3\noom_kill 1\n")
    assert made.cpu_ms() == 2.5
    assert made.oom_killed() is True


def test_version_2_without_delegation_keeps_nothing(tmp_path: Path) -> None:
    assert Cgroup.create(Limits(wall_s=1.0), (tree_v2(tmp_path, "cpu\n"),)).kept == {}


def test_a_group_that_cannot_be_entered_is_not_claimed(tmp_path: Path) -> None:
    made = Cgroup.create(Limits(wall_s=1.0), (tree_v2(tmp_path, "memory pids\n"),))
    (folder,) = (tmp_path / "slice").glob("cab-*")
    for path in folder.iterdir():
        path.unlink()
    (folder / "cgroup.procs").mkdir()  # writing to it fails
    (folder / "cgroup.procs").chmod(0o700)
    made.add(os.getpid())
    assert made.kept == {}


def test_a_real_group_holds_counts_and_kills() -> None:
    made = Cgroup.create(Limits(wall_s=60.0, memory_bytes=2**28, processes=20))
    if "processes" not in made.kept:
        made.remove()
        pytest.skip("this machine lets us make no control group")
    script = "import time\nwhile time.process_time() < 0.1: pass\nprint(1, flush=True)\ninput()"
    command = [sys.executable, "-c", f"input()\n{script}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        made.add(process.pid)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"1\n"
        cpu_ms = made.cpu_ms()
        made.kill()
        assert process.wait() == -9
    assert cpu_ms is None or cpu_ms > 50
    assert made.oom_killed() is False
    made.remove()
    assert not [
        path for tree in cgroup.mounted() for path in tree.own.glob("cab-*") if str(os.getpid()) in path.name
    ]
