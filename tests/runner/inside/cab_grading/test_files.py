from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from cab_runner.inside.cab_grading import _files
from cab_runner.inside.cab_grading._errors import CheckFailedError
from cab_runner.inside.cab_grading._files import copy_tree, digests, read_regular, write_whole


def keep(_path: Path) -> None:
    """No owner to change."""


def test_reading_follows_no_link_and_opens_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "link").symlink_to("secret")
    os.mkfifo(tmp_path / "pipe")
    assert read_regular(tmp_path / "secret") == "s"
    for name in ("link", "pipe", "missing", "."):
        with pytest.raises(CheckFailedError):
            read_regular(tmp_path / name)


def test_reading_is_bounded_and_never_fails_on_bytes(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"\xff" * (2 * _files.READ_LIMIT_BYTES))
    assert len(read_regular(path)) == _files.READ_LIMIT_BYTES


def test_a_copy_holds_files_folders_and_links_as_they_are(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "deep" / "empty").mkdir(parents=True)
    target.mkdir()
    (source / "run.sh").write_text("x")
    (source / "run.sh").chmod(0o4755)
    (source / "deep" / "text").write_text("y")
    (source / "out").symlink_to("/etc/passwd")
    (source / "folder").symlink_to("/etc")
    os.mkfifo(source / "pipe")
    (source / ".git").mkdir()
    (source / ".git" / "config").write_text("[core]")
    given: list[str] = []
    copy_tree(source, target, lambda path: given.append(path.relative_to(target).as_posix()))
    assert sorted(given) == ["deep", "deep/empty", "deep/text", "folder", "out", "run.sh"]
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*")) == sorted(given)
    assert (target / "run.sh").stat().st_mode & 0o7777 == 0o755
    assert (target / "deep" / "text").stat().st_mode & 0o7777 == 0o644
    assert (target / "out").readlink() == Path("/etc/passwd")


def test_what_a_build_left_is_not_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    for name in (
        "target/x.rs",
        "src/target/y.rs",
        "p/__pycache__/p.cpython-313.pyc",
        "__pycache__/z.py",
        "greetd",
    ):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("t")
    target.mkdir()
    copy_tree(source, target, keep, built=("target", "greetd"))
    assert {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()} == {
        "src/target/y.rs"
    }


def test_a_file_of_holes_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(_files.COPY_LIMIT_BYTES + 1)
    assert digests(tmp_path) == {"holes": None}


@pytest.mark.parametrize(("limit", "value"), [("COPY_LIMIT_FILES", 3), ("COPY_LIMIT_BYTES", 10)])
def test_a_workspace_that_is_too_large_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(_files, limit, value)
    source, target = tmp_path / "a", tmp_path / "b"
    source.mkdir()
    target.mkdir()
    for number in range(5):
        (source / str(number)).write_text("four")
    with pytest.raises(CheckFailedError, match="too large"):
        copy_tree(source, target, keep)


def test_digests_name_every_file_and_hash_regular_ones(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(b"data")
    (tmp_path / "link").symlink_to("sub/a")
    (tmp_path / "way").symlink_to("sub")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref")
    assert digests(tmp_path) == {
        "sub/a": hashlib.sha256(b"data").hexdigest(),
        "link": None,
        "way": None,
        "pipe": None,
    }


def test_writing_replaces_in_one_step_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("untouched")
    (tmp_path / "reward.txt").symlink_to("elsewhere")
    write_whole(tmp_path / "reward.txt", b"1\n")
    assert (tmp_path / "elsewhere").read_text() == "untouched"
    assert (tmp_path / "reward.txt").read_bytes() == b"1\n"
    assert not (tmp_path / "reward.txt").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "reward.txt"]
