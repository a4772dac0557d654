"""A runner that was killed with -9 leaves something behind; what it leaves is found and removed."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cab_runner.sandbox import cgroup, usage
from cab_runner.sandbox.reap import reap
from fakes.bench import KINDS, Bench, Output

RUNNER = """
import sys
from pathlib import Path
from fakes.bench import make_bench, Output
from cab_runner.sandbox.staging import Staging
with Staging() as staging:
    bench = make_bench(sys.argv[1], staging)
    def ready():
        print(bench.job_name, staging.root, flush=True)
    bench.run("import time; print(1, flush=True); time.sleep(600)", output=Output(seen=ready))
"""


@pytest.fixture(
    params=[
        pytest.param("docker", marks=pytest.mark.docker),
        pytest.param("bwrap", marks=pytest.mark.bwrap),
        "process",
    ]
)
def killed_runner(request: pytest.FixtureRequest) -> tuple[str, str, Path, int]:
    """Kind, job name, staging folder and process id of a runner that was killed while a job ran."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", RUNNER, request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as runner:
        assert runner.stdout is not None
        job_name, root = runner.stdout.readline().split()
        runner.send_signal(signal.SIGKILL)
    return request.param, job_name, Path(root), runner.pid


def test_what_a_killed_runner_left_is_removed(killed_runner: tuple[str, str, Path, int]) -> None:
    kind, job_name, root, pid = killed_runner
    assert root.exists()
    reaped = reap()
    assert str(root) in reaped.folders
    assert not root.exists()
    if kind == "docker":
        assert any(job_name in name for name in reaped.containers)
    if kind == "process":
        assert reaped.processes or reaped.cgroups
    assert [f for tree in cgroup.mounted() for f in tree.own.glob(f"cab-*.{pid}.*")] == []
    assert [f for mount in cgroup.mount_points() for f in mount.glob(f"cab-*.{pid}.*")] == []
    for left in usage.marked("CAB_TEST_JOB", job_name):  # bwrap's die with it: give the kernel a moment
        ended = select.poll()
        ended.register(os.pidfd_open(left), select.POLLIN)
        assert ended.poll(10_000)
    assert KINDS[kind]().probe().ok


def test_what_a_living_runner_uses_is_left_alone(bench: Bench) -> None:
    found: list[object] = []

    def look() -> None:
        found.append(reap())

    outcome = bench.run("import time; print(1, flush=True); time.sleep(0.1)", output=Output(seen=look))
    assert outcome.exit_code == 0
    assert len(found) == 1
    assert bench.staging.root.exists()
