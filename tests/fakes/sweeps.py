"""Sweeps as programs: started, killed, resumed, and what their folders hold then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cab_proxy import records
from cab_runner import results

SMALL = ("-a", "bash-loop", "-m", "oracle", "-t", "mutations/python-sunday-off-by-one", "--endpoint", "sim")


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("CAB_", "OPENAI_"))}


@contextmanager
def sweeping(cwd: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``cab sweep --json`` under way; killed at the end where it still runs."""
    command = [sys.executable, "-m", "cab_runner.cli", "sweep", "--json", *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def events_of(running: subprocess.Popen[str], kind: str) -> Iterator[dict[str, Any]]:
    """Its events of one kind, as they come; ends when it does."""
    assert running.stdout
    for line in running.stdout:
        event = json.loads(line)
        if event["event"] == kind:
            yield event


def until(running: subprocess.Popen[str], kind: str, count: int = 1) -> None:
    """Wait until so many events of a kind have come."""
    found = events_of(running, kind)
    for _ in range(count):
        next(found)


def killed_after(cwd: Path, ended: int, *arguments: str) -> None:
    """Run a sweep until so many attempts have ended, and kill it there."""
    with sweeping(cwd, *arguments) as running:
        until(running, "attempt_ended", ended)
        running.send_signal(signal.SIGKILL)


def cells(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    return list(results.cells(folder))


def causes(folder: Path) -> Counter[str]:
    return Counter((cell["failure"] or {"cause": "none"})["cause"] for _, cell in cells(folder))


def assert_exactly(folder: Path, attempts_a_cell: int, n_cells: int) -> None:
    """Each cell stands exactly so often, nothing ran twice, and what the simulator counted is metered."""
    standing: Counter[str] = Counter()
    run_ids = []
    for attempt, cell in cells(folder):
        run_ids.append(cell["identity"]["run_id"])
        if cell["failure"] is None or cell["failure"]["counted"]:
            standing[cell["identity"]["cell_id"]] += 1
        served = (attempt / "sim-calls.jsonl").read_text().splitlines()
        ledger = records.verify((attempt / "calls.jsonl").read_bytes())
        assert ledger.ok
        assert len([call for call in ledger.records if call.kind == "call" and call.protocol]) == len(served)
    assert len(set(run_ids)) == len(run_ids)
    assert standing == dict.fromkeys(standing, attempts_a_cell)
    assert len(standing) == n_cells
    assert not list((folder.parent / ".partial").iterdir())
