"""The file behind a chain."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import gc
import os
import resource
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cab_proxy.errors import LedgerWriteError
from cab_proxy.jsonbody import MAX_KEPT_BYTES, keepable
from cab_proxy.ledger import CALL_LINE_BYTES, LedgerWriter
from cab_proxy.ledger_files import files_of, part, verify_ledger
from cab_proxy.records import Chain, Record, encode, verify
from cab_proxy.syncer import Fsync

RECORD = Record(kind="open", call_id="A", started_at="", method="POST", path="/v1/chat/completions")
CALL = replace(RECORD, kind="call")


def test_lines_are_chained_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "calls.jsonl"
    for _ in range(3):
        with LedgerWriter(path) as writer:
            writer.append(RECORD)
            writer.append(replace(RECORD, kind="call"))
            head = writer.head
    found = verify(path.read_bytes())
    assert found.ok, found.problems
    assert found.head == head
    assert len(found.records) == writer.lines == 6
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_long_ledger_is_gone_on_from_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    chain = Chain()
    path.write_bytes(b"".join(chain.link(RECORD) for _ in range(1000)))
    with LedgerWriter(path) as writer:
        assert (writer.lines, writer.head) == (1000, chain.head)


def test_a_torn_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path) as writer:
        writer.append(RECORD)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    with LedgerWriter(path) as writer:
        assert writer.torn_bytes == len(whole) // 2
        writer.append(replace(RECORD, call_id="B"))
    found = verify(path.read_bytes())
    assert found.ok, found.problems
    assert [r.call_id for r in found.records] == ["A", "B"]


def test_a_line_torn_at_any_byte_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path) as writer:
        writer.append(RECORD)
        first = path.read_bytes()
        writer.append(CALL)
    whole = path.read_bytes()
    for end in range(len(first), len(whole)):
        path.unlink()
        path.write_bytes(whole[:end])
        with LedgerWriter(path) as writer:
            assert (writer.lines, writer.torn_bytes) == (1, end - len(first))
        assert path.read_bytes() == first
    with LedgerWriter(path) as writer:
        writer.append(CALL)
    assert path.read_bytes() == whole


def test_a_file_that_is_torn_in_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b'{"schema')
    with LedgerWriter(path) as writer:
        writer.append(RECORD)
    assert verify(path.read_bytes()).ok


def test_long_lines_are_read_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    for _ in range(3):
        with LedgerWriter(path) as writer:
            writer.append(replace(RECORD, path="/" + "x" * 1_500_000))
    assert verify(path.read_bytes()).ok


def test_what_ends_in_no_ledger_line_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with pytest.raises(LedgerWriteError, match=r"no ledger's .not JSON.*choose another"):
        LedgerWriter(path)
    assert path.read_text() == "my notes\n"


def test_one_writer_per_chain(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path), pytest.raises(LedgerWriteError, match="another cab-proxy"):
        LedgerWriter(path)
    LedgerWriter(path).close()


@pytest.mark.parametrize("what", ["folder", "device", "parent"])
def test_what_can_not_be_a_ledger(tmp_path: Path, what: str) -> None:
    path = tmp_path / "calls.jsonl"
    if what == "folder":
        path.mkdir()
    elif what == "device":
        path.symlink_to("/dev/full")
    else:
        (tmp_path / "file").touch()
        path = tmp_path / "file" / "calls.jsonl"
    with pytest.raises(LedgerWriteError) as caught:
        LedgerWriter(path)
    assert str(path) in str(caught.value)


def test_a_closed_ledger_takes_nothing(tmp_path: Path) -> None:
    writer = LedgerWriter(tmp_path / "calls.jsonl")
    writer.close()
    writer.close()
    with pytest.raises(LedgerWriteError, match="closed"):
        writer.append(RECORD)


@pytest.mark.parametrize("fsync", ["each", "interval", "off"])
def test_a_ledger_is_on_the_disk_when_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fsync: Fsync
) -> None:
    synced: list[str] = []
    fdatasync, fsync_folder = os.fdatasync, os.fsync

    def note(fd: int, call: Callable[[int], None]) -> None:
        call(fd)
        synced.append(Path(f"/proc/self/fd/{fd}").readlink().name)

    monkeypatch.setattr(os, "fdatasync", lambda fd: note(fd, fdatasync))
    monkeypatch.setattr(os, "fsync", lambda fd: note(fd, fsync_folder))
    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path, fsync=fsync) as writer:
        assert synced == ([] if fsync == "off" else [tmp_path.name, path.name])
        writer.append(RECORD)
        synced.clear()
        asyncio.run(writer.durable())
        assert synced == ([path.name] if fsync == "each" else [])
        writer.append(CALL)
        synced.clear()
    assert synced == ([] if fsync == "off" else [path.name])


def test_after_a_fault_of_the_disk_no_call_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    path = tmp_path / "calls.jsonl"
    writer = LedgerWriter(path, fsync="each", rotate_bytes=1)
    writer.append(RECORD)
    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(LedgerWriteError, match="Input/output error"):
        asyncio.run(writer.durable())
    with pytest.raises(LedgerWriteError, match="may not be on the disk"):
        writer.append(replace(RECORD, call_id="B"))
    writer.append(CALL)  # what is under way is still written: it may reach the disk
    with pytest.raises(LedgerWriteError):
        writer.close()
    found = verify_ledger(path)
    assert (found.ok, len(found.records), found.in_flight) == (True, 2, ())
    assert files_of(path) == (path,)
    LedgerWriter(path).close()


def test_a_chain_goes_on_over_rotations_and_restarts(tmp_path: Path) -> None:
    """A new call begins a new file, a call that is under way does not."""
    path = tmp_path / "calls.jsonl"
    for number in range(3):
        with LedgerWriter(path, rotate_bytes=1) as writer:
            writer.append(replace(RECORD, call_id=f"{number}a"))
            writer.append(replace(RECORD, call_id=f"{number}b"))
            writer.append(replace(CALL, call_id=f"{number}a"))
            writer.append(replace(CALL, call_id=f"{number}b"))
            assert writer.lines == 4 * number + 4
    found = verify_ledger(path)
    assert found.ok, found.problems
    assert (len(found.records), found.in_flight, found.head) == (12, (), writer.head)
    files = files_of(path)
    assert [file.read_bytes().count(b"\n") for file in files] == [1, 3, 1, 3, 1, 3]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_file_is_rotated_when_it_has_grown_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path, rotate_bytes=3000) as writer:
        for number in range(100):
            writer.append(replace(RECORD, call_id=str(number)))
            writer.append(replace(CALL, call_id=str(number)))
    *older, last = (file.stat().st_size for file in files_of(path))
    assert len(older) > 10
    assert all(3000 <= size < 6000 for size in older)
    assert 0 < last < 6000


def test_what_rotation_leaves_is_gone_on_from(tmp_path: Path) -> None:
    """An empty or absent last file, as a rotation leaves it that was cut off, even of a torn line."""
    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path) as writer:
        writer.append(RECORD)
    path.rename(part(path, 1))
    with part(path, 1).open("ab") as file:
        file.write(b"torn")
    (tmp_path / "calls.jsonl.next").touch()
    with LedgerWriter(path) as writer:
        assert (writer.lines, writer.torn_bytes) == (1, 4)
    with LedgerWriter(path) as writer:
        writer.append(CALL)
    assert verify_ledger(path).ok
    assert len(verify_ledger(path).records) == 2
    assert files_of(path) == tuple(sorted(tmp_path.iterdir()))


def test_where_no_file_can_be_made_the_present_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path, rotate_bytes=1) as writer:
        writer.append(RECORD)
        (tmp_path / "calls.jsonl.next").mkdir()
        writer.append(replace(RECORD, call_id="B"))
        assert files_of(path) == (path,)
        (tmp_path / "calls.jsonl.next").rmdir()
        writer.append(replace(RECORD, call_id="C"))
    assert len(files_of(path)) == 2
    assert verify_ledger(path).ok


def test_a_rotation_that_fails_half_way_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "calls.jsonl"
    rename = Path.rename

    def fail(source: Path, target: Path) -> Path:
        if source.suffix == ".next":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(source, target)

    with LedgerWriter(path, rotate_bytes=1) as writer:
        writer.append(RECORD)
        monkeypatch.setattr(Path, "rename", fail)
        writer.append(replace(RECORD, call_id="B"))
        assert [*tmp_path.iterdir()] == [path]
        writer.append(CALL)
    assert len(verify_ledger(path).records) == 3
    assert verify_ledger(path).ok


@pytest.mark.parametrize("rotate_bytes", [None, 1])
def test_a_part_of_a_line_that_can_not_be_taken_back_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rotate_bytes: int | None
) -> None:
    write = os.write

    def fail(fd: int, size: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path, rotate_bytes=rotate_bytes) as writer:
        writer.append(RECORD)
        with monkeypatch.context() as faults:
            faults.setattr(os, "write", lambda fd, line: write(fd, line[: len(line) // 2]))
            faults.setattr(os, "ftruncate", fail)
            with pytest.raises(LedgerWriteError, match="Input/output error"):
                writer.append(CALL)
            with pytest.raises(LedgerWriteError, match="Input/output error"):
                writer.append(replace(RECORD, call_id="B"))
        assert verify_ledger(path).torn_bytes > 0
        assert files_of(path) == (path,), "a torn line is the last one of all"
        writer.append(replace(RECORD, call_id="B"))
    found = verify_ledger(path)
    assert (found.ok, [record.call_id for record in found.records]) == (True, ["A", "B"])


def test_one_writer_per_chain_also_while_it_rotates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others try at each step of a rotation."""
    path = tmp_path / "calls.jsonl"
    rename, refused = Path.rename, []

    def rename_and_try(source: Path, target: Path) -> Path:
        for step in (lambda: None, lambda: rename(source, target)):
            step()
            with pytest.raises(LedgerWriteError, match="another cab-proxy"):
                LedgerWriter(path)
            refused.append(source.name)
        return target

    with LedgerWriter(path, rotate_bytes=1) as writer:
        writer.append(RECORD)
        monkeypatch.setattr(Path, "rename", rename_and_try)
        writer.append(replace(RECORD, call_id="B"))
        assert refused == ["calls.jsonl"] * 2 + ["calls.jsonl.next"] * 2
        with pytest.raises(LedgerWriteError, match="another cab-proxy"):
            LedgerWriter(path)
    found = verify_ledger(path)
    assert (found.ok, [record.call_id for record in found.records]) == (True, ["A", "B"])


def test_a_file_that_was_rotated_away_while_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock on it says nothing: by then it is not the ledger's last file."""
    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path) as writer:
        writer.append(RECORD)
    flock = fcntl.flock

    def rotated_before(fd: int, how: int) -> None:
        monkeypatch.undo()
        path.rename(part(path, 1))
        flock(fd, how)

    monkeypatch.setattr(fcntl, "flock", rotated_before)
    with LedgerWriter(path) as writer:
        writer.append(CALL)
    assert [len(file.read_bytes().splitlines()) for file in files_of(path)] == [1, 1]
    assert verify_ledger(path).ok


def test_the_longest_line_of_a_call_has_room() -> None:
    """Texts as long as records hold them, of the characters that take most."""
    usage = {"x": "\x01" * ((MAX_KEPT_BYTES - 20) // 6)}
    assert keepable(usage) == usage
    text = "\udcff" * 512
    longest = replace(
        CALL, path="/" + "\xff" * 2047, model_requested=text, model_returned=text, system_fingerprint=text,
        error_code=text, finish_reasons=("\x01" * 64,) * 32, usage_raw=usage,
    )  # fmt: skip
    assert len(encode(longest)) < CALL_LINE_BYTES


def test_a_closed_file_takes_no_more_than_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with LedgerWriter(path, rotate_bytes=1) as writer:
        writer.append(RECORD)
        kept = path.stat().st_blocks * 512
        writer.append(replace(RECORD, call_id="B"))
    if kept < CALL_LINE_BYTES:
        pytest.skip("this file system keeps no room")
    assert [file.stat().st_blocks * 512 < 65536 for file in files_of(path)] == [True, True]


def test_what_is_kept_in_memory_is_the_calls_in_flight(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path / "calls.jsonl", rotate_bytes=100_000) as writer:

        def calls(numbers: range) -> int:
            for number in numbers:
                writer.append(replace(RECORD, call_id=str(number)))
                writer.append(replace(CALL, call_id=str(number)))
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            before = calls(range(1000))
            assert calls(range(1000, 4000)) - before < 10_000
        finally:
            tracemalloc.stop()


FULL_DISK = """
import sys
from pathlib import Path
from cab_proxy.errors import LedgerWriteError
from cab_proxy.ledger import LedgerWriter
from cab_proxy.records import Record
record = Record(kind="open", call_id="A", started_at="", method="POST", path="/" + "x" * 500)
writer = LedgerWriter(Path(sys.argv[1]))
try:
    while writer.lines < 100:
        writer.append(record)
except LedgerWriteError:
    lines = writer.lines
    try:
        writer.append(record)
    except LedgerWriteError:
        print(lines, writer.lines, writer.head)
"""


def test_a_line_that_fits_only_in_part_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
    )
    before, after, head = done.stdout.split()
    assert int(before) > 0
    found = verify(path.read_bytes())
    assert found.ok
    assert found.torn_bytes == 0
    assert before == after == str(len(found.records))
    assert found.head == head
