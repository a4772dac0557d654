"""kill -9 of a writer: no line is missing whose append had returned, and the chain goes on."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from cab_proxy.ledger import LedgerWriter
from cab_proxy.ledger_files import files_of, verify_ledger
from cab_proxy.records import Record

WRITER = """
import itertools, os, random, sys
from pathlib import Path
from cab_proxy.ledger import LedgerWriter
from cab_proxy.records import Record

path, seed, fsync = sys.argv[1:]
dice = random.Random(int(seed))
opened = []
with LedgerWriter(Path(path), fsync=fsync, rotate_bytes=100_000) as writer:
    for number in itertools.count():
        ends = bool(opened) and dice.random() < 0.5
        call_id = opened.pop(dice.randrange(len(opened))) if ends else f"{seed}-{number}"
        if not ends:
            opened.append(call_id)
        usage = {"x": "y" * dice.choice([10, 1000, 30_000])}  # the kernel ends a long write between two pages
        kind = "call" if ends else "open"
        writer.append(
            Record(kind=kind, call_id=call_id, started_at="", method="POST", path="/", usage_raw=usage)
        )
        os.write(1, f"{kind} {call_id}\\n".encode())
"""


def kill_writers(path: Path, seeds: range) -> None:
    """Writers of one ledger, one after the other, each killed while it writes."""
    returned: set[tuple[str, ...]] = set()
    for seed in seeds:
        command = [sys.executable, "-c", WRITER, str(path), str(seed), ("off", "interval")[seed % 2]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(random.Random(seed).randrange(1, 100)):
                returned.add(tuple(writer.stdout.readline().split()))
            writer.kill()
            returned.update(tuple(line.split()) for line in writer.stdout if line.endswith("\n"))
        found = verify_ledger(path)
        assert found.ok, found.problems
        assert returned <= {(record.kind, record.call_id) for record in found.records}


def test_a_few_kills(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    kill_writers(path, range(5))
    assert len(files_of(path)) > 1
    LedgerWriter(path).close()
    assert verify_ledger(path).torn_bytes == 0


@pytest.mark.acceptance
@pytest.mark.parametrize("batch", range(10))
def test_a_hundred_kills(tmp_path: Path, batch: int) -> None:
    kill_writers(tmp_path / "calls.jsonl", range(10 * batch, 10 * batch + 10))


ROTATION = """
import os, signal, sys
from pathlib import Path
from cab_proxy.ledger import LedgerWriter
from cab_proxy.records import Record

step = 0

def count(event, _):
    global step
    if armed and event.partition(".")[0] in ("open", "os", "fcntl", "ctypes"):
        step += 1
        if step == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

armed = False
sys.addaudithook(count)
with LedgerWriter(Path(sys.argv[1]), fsync="each", rotate_bytes=1) as writer:
    writer.append(Record(kind="open", call_id="A", started_at="", method="POST", path="/"))
    armed = True
    writer.append(Record(kind="open", call_id="B", started_at="", method="POST", path="/"))
    armed = False
"""


def test_a_kill_at_each_step_of_a_rotation(tmp_path: Path) -> None:
    """The steps are the system calls that Python tells of, from the new file to the old one's last."""
    killed, step = 0, 0
    while killed == step:
        step += 1
        path = tmp_path / str(step) / "calls.jsonl"
        done = subprocess.run([sys.executable, "-c", ROTATION, str(path), str(step)], check=False)
        killed += done.returncode == -9
        found = verify_ledger(path)
        assert (found.ok, found.torn_bytes) == (True, 0), found.problems
        lines = len(found.records)
        assert lines == (1 if done.returncode else 2)
        with LedgerWriter(path, rotate_bytes=1) as writer:
            assert writer.lines == lines
            writer.append(Record(kind="open", call_id="C", started_at="", method="POST", path="/"))
        found = verify_ledger(path)
        assert (found.ok, len(found.records)) == (True, lines + 1), found.problems
        assert sorted(path.parent.iterdir()) == sorted(files_of(path))
    assert killed >= 6, "open, lock, the folder, two renames, truncate at least"
