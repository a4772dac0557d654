from __future__ import annotations

import os
from pathlib import Path

import pytest

from cab_runner.sandbox import cgroup, docker_cgroup
from cab_runner.sandbox.cgroup import Hierarchy
from cab_runner.sandbox.docker_cgroup import CpuMeter


def test_a_parent_group_only_where_it_can_be_removed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    parent = CpuMeter({"CgroupDriver": "cgroupfs"}).parent
    assert parent is not None
    assert parent.startswith("/cab-")
    assert CpuMeter({"CgroupDriver": "systemd"}).parent is None
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert CpuMeter({"CgroupDriver": "cgroupfs"}).parent is None


def test_the_parents_account_is_read_and_the_parent_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(docker_cgroup, "mount_points", lambda: (tmp_path / "cpu", tmp_path / "pids"))
    removed: list[Path] = []
    monkeypatch.setattr(docker_cgroup, "remove_folder", removed.append)
    meter = CpuMeter({"CgroupDriver": "cgroupfs"})
    assert meter.parent is not None
    for controller in ("cpu", "pids"):
        (tmp_path / controller / meter.parent[1:]).mkdir(parents=True)
    (tmp_path / "cpu" / meter.parent[1:] / "cpuacct.usage").write_text("2500000\n")
    assert meter.close() == 2.5
    assert len(removed) == 2


def test_without_a_parent_the_last_reading_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = Path("/proc/self/cgroup").read_text().splitlines()[-1].split(":", 2)[2]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(docker_cgroup, "mounted", lambda: (Hierarchy(frozenset(), tmp_path, tmp_path),))
    folder = tmp_path / own.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    meter = CpuMeter({})
    meter.started(os.getpid())
    meter.sample()
    assert meter.close() is None, "unknown, not 0"
    (folder / "cpu.stat").write_text("usage_usec 1500\n")
    meter.sample()
    (folder / "cpu.stat").unlink()
    meter.sample()
    assert meter.close() == 1.5


def test_a_process_that_is_gone_is_unknown() -> None:
    meter = CpuMeter({})
    meter.started(2**22 + 1)
    meter.sample()
    assert meter.close() is None


def test_mount_points_name_real_folders() -> None:
    assert all(path.is_dir() for path in cgroup.mount_points())
