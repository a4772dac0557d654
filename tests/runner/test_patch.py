"""The patch of two snapshots, judged by git itself: applied to the old tree it gives the new one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cab_runner import workspace
from cab_runner.patch import BINARY, changed_lines, make_patch

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git judges the patches")

names = st.sampled_from(["a.txt", "dir/b.py", "dir/sub/c", 'odd "name"\t.md', "ünï.txt", "-dash", "sp ace"])
texts = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from([b"one", b"two", b"three", b"", b"\xff\xfe", b"cr\r"]), max_size=8).map(
        b"\n".join
    ),
)
files = st.one_of(
    st.tuples(st.just("file"), texts),
    st.tuples(st.just("exec"), texts),
    st.tuples(st.just("link"), st.sampled_from([b"a.txt", b"../outside", b"/etc/passwd"])),
)
trees = st.dictionaries(names, files, max_size=5)


def lay(root: Path, tree: dict[str, tuple[str, bytes]]) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name, (kind, content) in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            path.symlink_to(content.decode())
        else:
            path.write_bytes(content)
            path.chmod(0o755 if kind == "exec" else 0o644)


def apply(root: Path, patch: bytes) -> None:
    if patch:
        command = ["git", "apply", "--whitespace=nowarn", "--unsafe-paths", "-p1", "-"]
        subprocess.run(command, cwd=root, input=patch, check=True, capture_output=True)


@needs_git
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(old=trees, new=trees)
def test_git_applies_it(
    tmp_path: Path, old: dict[str, tuple[str, bytes]], new: dict[str, tuple[str, bytes]]
) -> None:
    lay(tmp_path / "old", old)
    lay(tmp_path / "new", new)
    before, after = workspace.snapshot(tmp_path / "old"), workspace.snapshot(tmp_path / "new")
    apply(tmp_path / "old", make_patch(before, after))
    assert workspace.snapshot(tmp_path / "old") == after


def test_equal_snapshots_give_an_empty_patch(tmp_path: Path) -> None:
    lay(tmp_path / "tree", {"a.txt": ("file", b"x\n")})
    snapshot = workspace.snapshot(tmp_path / "tree")
    assert make_patch(snapshot, snapshot) == b""


def test_content_that_was_not_kept_is_named(tmp_path: Path) -> None:
    lay(tmp_path / "tree", {})
    (tmp_path / "tree/big.bin").write_bytes(b"\0" * (workspace.LARGEST_FILE_BYTES + 1))
    patch = make_patch({}, workspace.snapshot(tmp_path / "tree"))
    assert patch == b"# left out, content not kept: big.bin\n"


def test_changed_lines() -> None:
    assert changed_lines(b"a\nb\nc\n", b"a\nB\nc\nd") == ([b"B\n", b"d"], [b"b\n"])
    assert changed_lines(b"", b"one\n") == ([b"one\n"], [])
    assert changed_lines(b"a\0", b"b") is BINARY
    assert changed_lines(None, b"b") is BINARY
