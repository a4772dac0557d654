"""The file behind a chain."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cab_proxy.errors import LedgerWriteError
from cab_proxy.ledger import LedgerWriter
from cab_proxy.records import Record, verify

RECORD = Record(kind="open", call_id="A", started_at="", method="POST", path="/v1/chat/completions")


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
    found = verify(path.read_bytes())
    assert found.ok
    assert found.torn_bytes == 0
    assert before == after == str(len(found.records))
    assert found.head == head
