"""The worker as Ray runs it: in a process of its own, told things more than once, killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cab_runner.sweep.parcel import unpack

TEXT = """
agent = ["bash-loop"]
model = ["oracle"]
task = ["mutations/python-sunday-off-by-one"]
endpoint = "sim"
sandbox = "process"
sweep_id = "s"
"""
PROGRAM = """
import json, sys, threading
from concurrent.futures import ThreadPoolExecutor
from cab_runner.cli.sweep_options import asked_by
from cab_runner.sweep import ray_worker
from cab_runner.sweep.node import Order
from cab_runner.sweep.schedule import Slot

def say(value):
    print(json.dumps(value), flush=True)

worker = ray_worker.Worker(asked_by, sys.argv[1])
said = worker.prepare()
say(said)
"""
TWICE = """
ray_worker._CHUNK_BYTES = 1000
slot = Slot(agent="bash-loop", model="oracle", task="mutations/python-sunday-off-by-one",
            endpoint="default", number=1)
order = Order(run_id="01M81N3ASP6GQG28ECC49AY7BP", slot=slot, tries=1)
with ThreadPoolExecutor(2) as threads:
    one, two = threads.map(worker.run, [order, order])
assert one == two
finished, size, parcel = one
assert finished.cell is None
while len(parcel) < size:
    parcel += worker.read(order.run_id, len(parcel))
open("parcel", "wb").write(parcel)
worker.forget(order.run_id)
worker.forget(order.run_id)
say([str(path) for path in worker._results.parent.rglob("*") if path.is_file() and path.name != "owner"])
worker.close()
"""
WAIT = "sys.stdin.read()"


@contextmanager
def program(folder: Path, text: str, more: str) -> Iterator[subprocess.Popen[str]]:
    """What it stages lies in ``folder``, and only it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        os.chmod(short, 0o711)  # noqa: PTH101  # the sandbox's user passes through
        (folder / "staged").symlink_to(short)
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM + more, text], cwd=folder, env={**os.environ, "TMPDIR": short},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as running:  # fmt: skip
            try:
                yield running
            finally:
                running.kill()


def said(running: subprocess.Popen[str]) -> Any:
    assert running.stdout
    return json.loads(running.stdout.readline())


def test_an_order_runs_once_however_often_it_is_told(tmp_path: Path) -> None:
    with program(tmp_path, TEXT, TWICE) as running:
        assert said(running)["sweep_id"] == "s"
        assert said(running) == []
        assert running.wait() == 0
        assert not list((tmp_path / "staged").iterdir())
    with (tmp_path / "parcel").open("rb") as parcel:
        unpack(parcel, tmp_path / "attempt")
    cell = json.loads((tmp_path / "attempt/cell.json").read_bytes())
    assert cell["identity"]["run_id"] == "01M81N3ASP6GQG28ECC49AY7BP"
    assert cell["scores"]["pass_rate"]["pass"] == 1
    served = (tmp_path / "attempt/sim-calls.jsonl").read_text().splitlines()
    assert len(served) == cell["meter"]["calls"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('agent = ["nobody"]', "nobody"),
        ('task = ["polyglot/not-there"]', "polyglot/not-there"),
        ("max_tokens = 0", "--max-tokens"),
        ('key_env = "CAB_TEST_NO_SUCH"', "CAB_TEST_NO_SUCH"),
    ],
)
def test_what_a_node_lacks_it_says_in_a_line(tmp_path: Path, line: str, why: str) -> None:
    key = line.split(maxsplit=1)[0]
    text = "\n".join([each for each in TEXT.splitlines() if not each.startswith(key + " ")] + [line])
    with program(tmp_path, text, "worker.close()") as running:
        what = said(running)
        assert isinstance(what, str)
        assert why in what
        assert "\n" not in what
        assert running.wait() == 0


def test_nothing_stays_of_one_that_is_killed(tmp_path: Path) -> None:
    with program(tmp_path, TEXT, WAIT) as running:
        said(running)
        staged = tmp_path / "staged"
        assert list(staged.iterdir())
        running.kill()
        running.wait()
        while list(staged.iterdir()):
            os.sched_yield()
