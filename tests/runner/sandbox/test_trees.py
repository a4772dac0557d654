from __future__ import annotations

import os
from pathlib import Path

import pytest

from cab_runner.sandbox.trees import intact, keep_plain_files, tree_digest


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "test.sh").write_text("echo")
    (tmp_path / "link").symlink_to("a/test.sh")
    return tmp_path


def test_an_untouched_tree_is_intact(tree: Path) -> None:
    assert intact(tree_digest(tree), tree_digest(tree))


def test_caches_of_the_interpreter_are_no_change(tree: Path) -> None:
    before = tree_digest(tree)
    (tree / "a" / "__pycache__").mkdir()
    (tree / "a" / "__pycache__" / "x.pyc").write_bytes(b"")
    assert intact(before, tree_digest(tree))


def test_every_change_is_one(tree: Path) -> None:
    before = tree_digest(tree)

    def changed() -> bool:
        return not intact(before, tree_digest(tree))

    script = tree / "a" / "test.sh"
    script.write_text("true")
    assert changed()
    script.write_text("echo")
    assert not changed()
    script.chmod(0o755)
    assert changed()
    script.chmod(0o644)
    (tree / "a" / "conftest.py").write_text("")
    assert changed()
    (tree / "a" / "conftest.py").unlink()
    (tree / "link").unlink()
    assert changed()
    (tree / "link").symlink_to("elsewhere")
    assert changed()
    (tree / "link").unlink()
    (tree / "link").mkdir()
    assert changed()


def test_only_plain_files_are_kept(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "precious").write_text("x")
    (tree / "out").symlink_to(outside)
    os.link(outside / "precious", tree / "hard")
    os.mkfifo(tree / "a" / "pipe")
    assert keep_plain_files(tree) is False
    assert sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*")) == ["a", "a/test.sh"]
    assert (outside / "precious").read_text() == "x"
    assert keep_plain_files(tree) is True
