"""Laying out and reading back a workspace, hostile ones included."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
from dulwich.repo import Repo

from cab_runner import workspace
from cab_scoring.evidence import Change


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg/main.py").write_text("print(1)\n")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("pkg/main.py")
    return root


def head(root: Path) -> bytes:
    with Repo(os.fspath(root)) as repository:
        return repository.head()


def test_it_starts_as_the_same_commit_everywhere(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        workspace.prepare(source, tmp_path / name)
    assert head(tmp_path / "one") == head(tmp_path / "two")
    status = subprocess.run(
        ["git", "-c", "safe.directory=*", "status", "--porcelain"],
        cwd=tmp_path / "one", check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert status.stdout == ""


def test_the_users_git_configuration_changes_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.prepare(source, tmp_path / "plain")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text(
        "[user]\nname = Someone\n[commit]\ngpgsign = true\n[init]\ndefaultBranch = trunk\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    workspace.prepare(source, tmp_path / "configured")
    assert head(tmp_path / "configured") == head(tmp_path / "plain")


def test_changes_are_named_by_kind_with_their_lines(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    workspace.prepare(source, root)
    before = workspace.snapshot(root)
    (root / "pkg/main.py").write_text("print(2)\nprint(3)\n")
    (root / "run.sh").unlink()
    (root / "REFUSAL.md").write_text("No.\n")
    (root / "blob").write_bytes(b"\0\1")
    left = workspace.read_back(before, workspace.snapshot(root), extra_git_dir=False)
    assert left.changes == (
        Change(path="REFUSAL.md", kind="added", lines_added=1, lines_removed=0),
        Change(path="blob", kind="added", lines_added=None, lines_removed=None),
        Change(path="pkg/main.py", kind="modified", lines_added=2, lines_removed=1),
        Change(path="run.sh", kind="removed", lines_added=0, lines_removed=1),
    )
    assert left.documents == {"REFUSAL.md": "No.\n"}


def test_a_mode_change_is_a_change(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    workspace.prepare(source, root)
    before = workspace.snapshot(root)
    (root / "run.sh").chmod(0o644)
    assert [change.path for change in workspace.changes(before, workspace.snapshot(root))] == ["run.sh"]


def test_git_of_its_own_is_left_out_and_another_is_noticed(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    workspace.prepare(source, root)
    before = workspace.snapshot(root)
    (root / ".git/hooks").mkdir(exist_ok=True)
    (root / ".git/hooks/post-checkout").write_text("#!/bin/sh\n")
    assert not workspace.has_extra_git(root)
    (root / "pkg/.git").mkdir()
    (root / "pkg/.git/config").write_text("[core]\n")
    assert workspace.has_extra_git(root)
    assert workspace.changes(before, workspace.snapshot(root)) == ()


def test_a_hostile_workspace_is_read_without_following_or_blocking(source: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the host's")
    root = tmp_path / "w"
    workspace.prepare(source, root)
    (root / "out").symlink_to(secret)
    (root / "up").symlink_to("..")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "sock"))
        snapshot = workspace.snapshot(root)
    assert snapshot["out"].data == os.fsencode(secret)
    assert snapshot["up"].data == b".."
    assert snapshot["pipe"].mode == 0
    assert snapshot["sock"].data is None
    workspace.copy_final(root, tmp_path / "copy")
    assert (tmp_path / "copy/out").is_symlink()
    assert (tmp_path / "copy/up").is_symlink()
    assert not (tmp_path / "copy/pipe").exists()
    assert not (tmp_path / "copy/.git").exists()


def test_a_name_that_is_not_utf8_is_printable(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "w") + b"/\xff.txt")).write_text("x")
    changes = workspace.changes({}, workspace.snapshot(tmp_path / "w"))
    assert [change.path for change in changes] == [r"\xff.txt"]


def test_a_symlinked_refusal_is_no_document(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    workspace.prepare(source, root)
    before = workspace.snapshot(root)
    (root / "REFUSAL.md").symlink_to("/etc/hostname")
    left = workspace.read_back(before, workspace.snapshot(root), extra_git_dir=False)
    assert left.documents == {}
