from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from cab_runner.sandbox import staging
from cab_runner.sandbox.staging import Staging, give_trees, remove_tree, sandbox_user
from cab_runner.sandbox.users import IN_IMAGE


def test_others_pass_through_but_do_not_list() -> None:
    with Staging() as made:
        folder = made.folder("workspace")
        assert stat.S_IMODE(made.root.stat().st_mode) == 0o711
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
        assert len(os.fspath(made.root / "door.sock")) < 100, "a socket's path has 107 bytes"
        root = made.root
    assert not root.exists()


def test_in_an_image_it_lies_where_only_root_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(IN_IMAGE, "opencode")
    monkeypatch.setattr(staging, "_IN_IMAGE", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with Staging() as made:
        assert made.root.parent == tmp_path


def test_a_mask_does_not_narrow_it() -> None:
    before = os.umask(0o077)
    try:
        with Staging() as made:
            assert stat.S_IMODE(made.folder("workspace").stat().st_mode) == 0o755
    finally:
        os.umask(before)


def test_handing_over_does_not_follow_links(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("x")
    with Staging() as made:
        folder = made.folder("workspace")
        (folder / "sub").mkdir()
        (folder / "sub" / "file").write_text("x")
        (folder / "link").symlink_to(victim)
        (folder / "sub" / "link").symlink_to(victim / "file")
        made.hand_over(folder)
        for path in (folder, folder / "sub", folder / "sub" / "file", folder / "link"):
            assert (path.lstat().st_uid, path.lstat().st_gid) == sandbox_user()
        assert {path.stat().st_uid for path in (victim, victim / "file")} == {os.geteuid()}


def test_given_trees_are_given_whole(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    give_trees((tmp_path,), os.geteuid(), os.getegid())
    assert (tmp_path / "a" / "b").stat().st_uid == os.geteuid()


def test_removal_takes_what_a_job_can_leave(tmp_path: Path) -> None:
    root, victim = tmp_path / "root", tmp_path / "victim"
    victim.mkdir()
    (victim / "precious").write_text("x")
    (root / "locked").mkdir(parents=True)
    (root / "locked" / "file").write_text("x")
    (root / "link").symlink_to(victim)
    os.mkfifo(root / "pipe")
    (root / "-rf").write_text("x")
    (root / "locked").chmod(0)
    here = os.open(root, os.O_RDONLY)
    for _ in range(1500):  # deeper than Python's own walks go
        os.mkdir("d", dir_fd=here)
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)
    remove_tree(root)
    assert not root.exists()
    assert (victim / "precious").exists()
    remove_tree(root)  # twice does no harm


def test_only_the_dead_leave_something(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(staging, "_USUAL", tmp_path)
    with Staging() as living:
        dead = tmp_path / "cab-dead"
        dead.mkdir()
        (dead / "owner").write_text("00000000.1.1.1")
        stranger = tmp_path / "cab-without-owner"
        stranger.mkdir()
        bait = tmp_path / "cab-bait"
        bait.symlink_to(dead)
        assert staging.abandoned() == [dead]
        assert living.root.parent == tmp_path


@pytest.mark.parametrize("name", ["n" * 60, "private"])
def test_a_tmpdir_that_is_no_place_for_it_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / name  # pytest's own folders are closed to others
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    closed = os.geteuid() == 0 or len(str(folder)) > 60
    with Staging() as made:
        assert (made.root.parent != folder) is closed
        (made.root / "owner").write_text(f"00000000.1.{os.getpid()}.1")  # of another boot
        assert made.root in staging.abandoned()
