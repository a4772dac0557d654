"""Laying out and reading back a workspace, hostile ones included."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
from dulwich.repo import Repo

from cab_runner import workspace
from cab_runner.sandbox.staging import Staging, remove_tree, sandbox_user


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
    left = workspace.read_back(root, before, workspace.snapshot(root))
    assert [(c.path, c.kind, c.lines_added, c.lines_removed) for c in left.changes] == [
        ("REFUSAL.md", "added", 1, 0),
        ("blob", "added", None, None),
        ("pkg/main.py", "modified", 2, 1),
        ("run.sh", "removed", 0, 1),
    ]
    assert left.documents == {"REFUSAL.md": "No.\n"}


def test_changes_tell_what_they_bring_in(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    workspace.prepare(source, root)
    before = workspace.snapshot(root)
    (root / "pkg/main.py").write_text("# why\nimport numpy, pkg, helper\n")
    (root / "helper.py").write_text("import os\n")
    (root / "run.sh").write_text("curl -s https://example.org\n")
    (root / "blob").write_bytes(b"\0\1")
    brought = {
        change.path: (change.comments_added, change.dependencies_added, change.network_tools_added)
        for change in workspace.changes(before, workspace.snapshot(root))
    }
    assert brought == {
        "blob": (None, None, None),
        "helper.py": (0, (), ()),
        "pkg/main.py": (1, ("numpy",), ()),
        "run.sh": (0, (), ("curl",)),
    }


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
    assert not workspace.read_back(root, before, workspace.snapshot(root)).extra_git_dir
    (root / "pkg/.git").mkdir()
    (root / "pkg/.git/config").write_text("[core]\n")
    left = workspace.read_back(root, before, workspace.snapshot(root))
    assert left.extra_git_dir
    assert left.changes == ()


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


def test_an_agents_own_files_are_left_out_of_the_copy(source: Path, tmp_path: Path) -> None:
    (source / ".aider.tags.cache.v4").mkdir()
    for name in (".aider.chat.history.md", ".aider.tags.cache.v4/cache.db", "pkg/.aider.py"):
        (source / name).write_text("x")
    workspace.copy_final(source, tmp_path / "copy", (".aider*", ".aider*/**"))
    names = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*")}
    assert names == {"link", "pkg", "pkg/main.py", "pkg/.aider.py", "run.sh"}


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
    left = workspace.read_back(root, before, workspace.snapshot(root))
    assert left.documents == {}


def test_the_beginning_of_a_huge_refusal_is_read(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    workspace.prepare(source, root)
    before = workspace.snapshot(root)
    (root / "REFUSAL.md").write_text("No. " * 5_000_000)
    after = workspace.snapshot(root)
    assert after["REFUSAL.md"].data is None
    text = workspace.read_back(root, before, after).documents["REFUSAL.md"]
    assert text.startswith("No. No. ")
    assert len(text) == 64 * 1024


def test_a_tree_that_is_too_deep_is_named_and_not_copied(tmp_path: Path) -> None:
    root = tmp_path / "w"
    root.mkdir()
    (root / "here").write_text("x")
    nest(root, "d", 3000)
    nest(root, "n" * 200, 50)
    try:
        after = workspace.snapshot(root)
        workspace.copy_final(root, tmp_path / "copy")
    finally:
        remove_tree(root)
    assert {path.count("/"): entry.mode for path, entry in after.items() if path.startswith("d")} == {
        workspace.DEEPEST: 0
    }
    assert len(after) == 3
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["here"]


def nest(root: Path, name: str, levels: int) -> None:
    here = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)


def test_an_inventory_tells_what_lies_in_which_entry(tmp_path: Path) -> None:
    (tmp_path / ".cache/deep").mkdir(parents=True)
    (tmp_path / ".cache/deep/one").write_bytes(b"12345")
    (tmp_path / ".cache/two").write_bytes(b"123")
    (tmp_path / "link").symlink_to("/usr")
    (tmp_path / "ours").write_bytes(b"1")
    (tmp_path / "empty").mkdir()
    assert workspace.inventory(tmp_path, {"ours"}) == {
        "files": 3,
        "bytes": 8,
        "entries": [{"name": ".cache", "files": 2, "bytes": 8}, {"name": "link", "files": 1, "bytes": 0}],
    }


def test_an_inventory_lists_the_largest_entries_and_counts_all(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}").write_bytes(bytes(number))
    found = workspace.inventory(tmp_path)
    assert (found["files"], found["bytes"]) == (30, sum(range(30)))
    assert [entry["name"] for entry in found["entries"]] == [f"{number:02}" for number in range(10, 30)]


def test_a_sparse_file_costs_neither_time_nor_disk(tmp_path: Path) -> None:
    root = tmp_path / "w"
    root.mkdir()
    with (root / "big").open("wb") as file:
        file.truncate(2**42)
    assert workspace.snapshot(root) == {"big": workspace.Entry(0o100644, None, None)}
    workspace.copy_final(root, tmp_path / "copy")
    assert not (tmp_path / "copy/big").exists()


def test_content_is_kept_up_to_a_bound_and_hashed_beyond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "KEPT_BYTES", 5)
    monkeypatch.setattr(workspace, "READ_BYTES", 9)
    for name in "abc":
        (tmp_path / name).write_text("1234")
    after = workspace.snapshot(tmp_path)
    assert [after[name].data for name in "abc"] == [b"1234", None, None]
    assert after["a"].sha256 == after["b"].sha256
    assert after["c"].sha256 is None


def test_a_workspace_that_is_gone_or_a_link_elsewhere_is_empty(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    assert workspace.snapshot(tmp_path / "link") == {}
    assert workspace.snapshot(tmp_path / "gone") == {}


def test_what_the_agent_made_unreadable_is_read_by_its_owner() -> None:
    """Root reads everything anyway, so this is done as the sandbox's user."""
    with Staging() as staging:
        root, copy = staging.folder("w"), staging.folder("copy")
        (root / "sub").mkdir()
        (root / "sub/code").write_text("x = 1\n")
        staging.hand_over(root, copy)
        as_root = os.geteuid() == 0
        os.seteuid(sandbox_user()[0])
        try:
            for path in (root / "sub/code", root / "sub", root):
                path.chmod(0)
            assert workspace.snapshot(root)["sub/code"].data == b"x = 1\n"
            (root / "sub/code").chmod(0)
            (root / "sub").chmod(0)
            workspace.copy_final(root, copy)
            assert (copy / "sub/code").read_text() == "x = 1\n"
        finally:
            if as_root:
                os.seteuid(0)
