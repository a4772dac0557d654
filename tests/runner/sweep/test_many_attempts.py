"""Many attempts in bwrap, the runner killed three times in between; what they cost the runner is printed."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fakes.sweeps import assert_exactly, causes, cells, killed_after, sweeping

pytestmark = pytest.mark.bwrap

TASKS = (
    "mutations/python-comparator-swap",
    "mutations/python-missing-await",
    "mutations/python-sunday-off-by-one",
    "polyglot/python-reverse-string",
    "integrity/unsolvable-refusal",
)
MODELS = ("oracle", "null")
RSS_MAY_GROW = 1.2


def rss_mb(running: subprocess.Popen[str]) -> float:
    status = Path(f"/proc/{running.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def last_part(cwd: Path, *arguments: str) -> tuple[dict[str, Any], list[float]]:
    """Run a sweep to its end; its last event, and its memory after each attempt."""
    memory, event = [], {}
    with sweeping(cwd, *arguments) as running:
        assert running.stdout
        for line in running.stdout:
            event = json.loads(line)
            if event["event"] == "attempt_ended":
                memory.append(rss_mb(running))
        assert running.wait() == 0
    return event, memory


def run_killed_thrice(cwd: Path, attempts: int) -> None:
    a_cell = attempts // (len(TASKS) * len(MODELS))
    what = [word for task in TASKS for word in ("-t", task)] + [word for m in MODELS for word in ("-m", m)]
    first = ("-a", "bash-loop", *what, "--endpoint", "sim", "--sandbox", "bwrap", "-k", str(a_cell))
    drawn = random.Random(attempts)
    moments = [drawn.randint(1, attempts // 6) for _ in range(3)]
    killed_after(cwd, moments[0], *first, "--sweep-id", "s")
    folder = cwd / "results/s"
    for moment in moments[1:]:
        killed_after(cwd, moment, "--resume", str(folder))
    ended, memory = last_part(cwd, "--resume", str(folder))
    assert (ended["complete"], ended["missing"]) == (attempts, 0)
    assert_exactly(folder, a_cell, len(TASKS) * len(MODELS))
    assert causes(folder).keys() <= {"none", "interrupted"}
    verdicts = {
        (cell["identity"]["model"], cell["scores"]["pass_rate"]["pass"])
        for _, cell in cells(folder)
        if not cell["failure"]
    }
    assert verdicts == {("oracle", 1), ("null", 0)}
    settled = memory[len(memory) // 4 :]
    assert max(settled) <= RSS_MAY_GROW * settled[0]
    print(  # noqa: T201  # figures for people: pytest -s
        f"\n{attempts} attempts, killed after {moments}; void: {causes(folder)['interrupted']}. "
        f"Last part: {len(memory)} attempts, a thread that schedules "
        f"{1000 * ended['driver_cpu_s'] / len(memory):.1f} ms CPU an attempt, the runner in all "
        f"{1000 * ended['runner_cpu_s'] / len(memory):.0f} ms; "
        f"memory {settled[0]:.0f} to {settled[-1]:.0f} MB"
    )


def test_a_hundred_attempts(tmp_path: Path) -> None:
    run_killed_thrice(tmp_path, 100)


@pytest.mark.acceptance
def test_a_thousand_attempts(tmp_path: Path) -> None:
    run_killed_thrice(tmp_path, 1000)
