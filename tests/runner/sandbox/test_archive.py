from __future__ import annotations

import io
import os
import stat
import tarfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.sandbox import archive
from cab_runner.sandbox.base import SandboxError
from cab_runner.sandbox.trees import tree_digest


def tar_of(*entries: tuple[str, bytes, bytes | str]) -> bytes:
    """Entries of (name, type, content or link target)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, kind, content in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            if isinstance(content, str):
                info.linkname = content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


REG, DIR, SYM, LNK, FIFO = (
    tarfile.REGTYPE,
    tarfile.DIRTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.FIFOTYPE,
)


def test_what_goes_in_is_roots_alone_and_has_the_trees_digests(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "test.sh").write_text("echo")
    (tmp_path / "deep" / "test.sh").chmod(0o755)
    (tmp_path / "data").write_bytes(b"\0\xff")
    packed = archive.pack(tmp_path, "tests")
    assert archive.digests([packed]) == tree_digest(tmp_path)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        modes = {entry.name: (entry.uid, entry.gid, oct(entry.mode)) for entry in tar}
    assert modes == {
        "tests": (0, 0, "0o700"),
        "tests/data": (0, 0, "0o600"),
        "tests/deep": (0, 0, "0o700"),
        "tests/deep/test.sh": (0, 0, "0o700"),
    }


def test_plain_files_come_out(tmp_path: Path) -> None:
    packed = tar_of(
        ("logs/", DIR, b""), ("logs/verifier/", DIR, b""), ("logs/verifier/reward.txt", REG, b"1\n")
    )
    assert archive.extract([packed], tmp_path, 100) is True
    assert (tmp_path / "verifier" / "reward.txt").read_bytes() == b"1\n"


@pytest.mark.parametrize(
    "hostile",
    [
        ("logs/../../escaped", REG, b"x"),
        ("logs//etc/../../../escaped", REG, b"x"),
        ("logs/link", SYM, "/etc/passwd"),
        ("logs/hard", LNK, "logs/reward.txt"),
        ("logs/pipe", FIFO, b""),
        ("logs/reward.txt/below", REG, b"x"),
        ("logs/" + "n" * 300, REG, b"x"),
        ("logs/large", REG, bytes(101)),
    ],
)
def test_everything_else_is_left_out(tmp_path: Path, hostile: tuple[str, bytes, bytes | str]) -> None:
    target = tmp_path / "logs"
    target.mkdir()
    packed = tar_of(("logs/reward.txt", REG, b"0"), hostile)
    assert archive.extract([packed], target, 100) is False
    assert {path.name for path in tmp_path.rglob("*")} <= {"logs", "reward.txt", "etc"}
    assert (target / "reward.txt").read_bytes() == b"0"


def test_a_link_cannot_be_written_through(tmp_path: Path) -> None:
    target, outside = tmp_path / "logs", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()
    packed = tar_of(("logs/d", SYM, str(outside)), ("logs/d/file", REG, b"x"))
    assert archive.extract([packed], target, 100) is False
    assert list(outside.iterdir()) == []


def test_the_bound_is_on_the_sum(tmp_path: Path) -> None:
    packed = tar_of(("logs/a", REG, bytes(60)), ("logs/b", REG, bytes(60)), ("logs/c", REG, bytes(40)))
    assert archive.extract([packed], tmp_path, 100) is False
    assert {path.name for path in tmp_path.iterdir()} == {"a", "c"}


def test_the_first_of_equal_names_wins(tmp_path: Path) -> None:
    archive.extract([tar_of(("logs/reward.txt", REG, b"0"), ("logs/reward.txt", REG, b"1"))], tmp_path, 100)
    assert (tmp_path / "reward.txt").read_bytes() == b"0"


def test_the_source_is_read_to_its_end(tmp_path: Path) -> None:
    """An HTTP connection that isn't would stay open."""
    packed = tar_of(("logs/a", REG, b"x")) + bytes(100_000)
    chunks = iter([packed[i : i + 512] for i in range(0, len(packed), 512)])
    archive.extract(chunks, tmp_path, 100)
    assert next(chunks, None) is None


PACKED = tar_of(("t/", DIR, b""), ("t/a", REG, b"alpha" * 300), ("t/b/", DIR, b""), ("t/b/c", SYM, "../a"))


@given(st.lists(st.integers(0, len(PACKED)), max_size=8))
def test_chunks_fall_anywhere(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(PACKED)]
    chunks = [PACKED[a:b] for a, b in pairwise(edges)]
    assert archive.digests(chunks) == archive.digests([PACKED])
    assert set(archive.digests(chunks)) == {"a", "b", "b/c"}


def test_a_folder_of_an_image_is_unpacked_as_it_is(tmp_path: Path) -> None:
    packed = io.BytesIO()
    entries = [
        ("app", tarfile.DIRTYPE, 0o750, ""),
        ("app/empty", tarfile.DIRTYPE, 0o777, ""),
        ("app/run", tarfile.REGTYPE, 0o4755, ""),
        ("app/same", tarfile.LNKTYPE, 0o755, "app/run"),
        ("app/out", tarfile.SYMTYPE, 0o777, "/etc/passwd"),
        ("app/pipe", tarfile.FIFOTYPE, 0o644, ""),
    ]
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, kind, mode, link in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.linkname = kind, mode, link
            entry.uid, entry.gid = os.geteuid(), os.getegid()
            tar.addfile(entry)
    target = tmp_path / "workspace"
    target.mkdir()
    archive.unpack([packed.getvalue()], target, 0)
    assert sorted(path.name for path in target.iterdir()) == ["empty", "out", "run", "same"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o750
    assert stat.S_IMODE((target / "empty").stat().st_mode) == 0o777
    assert stat.S_IMODE((target / "run").stat().st_mode) == 0o755, "without the set-id bit"
    assert (target / "same").samefile(target / "run")
    assert (target / "out").readlink() == Path("/etc/passwd")


@pytest.mark.parametrize(
    "entries",
    [
        [("app/../../x", tarfile.REGTYPE, b"")],
        [("app/out", tarfile.SYMTYPE, "/"), ("app/out/tmp/x", tarfile.REGTYPE, b"")],
        [("app/out", tarfile.SYMTYPE, "/etc"), ("app/passwd", tarfile.LNKTYPE, "app/out/passwd")],
        [("app/passwd", tarfile.LNKTYPE, "app/../../../etc/passwd")],
    ],
)
def test_what_would_lie_outside_is_an_error(
    tmp_path: Path, entries: list[tuple[str, bytes, bytes | str]]
) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(SandboxError, match="which lies elsewhere"):
        archive.unpack([tar_of(*entries)], tmp_path / "in", 0)
    assert {path.name for path in tmp_path.rglob("*")} <= {"in", "out"}


@pytest.mark.parametrize("there", [True, False])
def test_another_name_of_a_link_does_not_reach_what_it_leads_to(tmp_path: Path, there: bool) -> None:
    victim, target = tmp_path / "victim", tmp_path / "in"
    target.mkdir()
    if there:
        victim.write_text("mine")
        victim.chmod(0o600)
    packed = tar_of(("app/a", SYM, str(victim)), ("app/b", LNK, "app/a"))
    archive.unpack([packed], target, 0)
    assert [(target / name).readlink() for name in "ab"] == [victim, victim]
    assert not there or stat.S_IMODE(victim.stat().st_mode) == 0o600


def test_holes_count_as_what_they_would_take(tmp_path: Path) -> None:
    packed = tar_of(("app/a", REG, b"12345"), ("app/b", REG, b"12345"))
    archive.unpack([packed], tmp_path, 10)
    with pytest.raises(SandboxError, match="holds more than"):
        archive.unpack([packed], tmp_path, 9)
