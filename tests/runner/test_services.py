"""Child services: started when they say so, ended on every way out."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from contextlib import suppress

import pytest

from cab_runner import services
from cab_runner.errors import MachineLacks
from cab_runner.sandbox import users


def test_it_is_ready_at_its_first_line_and_ends_with_its_context() -> None:
    code = "import sys; print('ready', sys.stdin.readline().strip(), flush=True); sys.stdin.read()"
    with services.child("echo", [sys.executable, "-c", code], stdin_line="key") as running:
        assert running.first_line == "ready key"
        assert running.process.poll() is None
    assert running.process.poll() is not None


def test_one_that_fails_to_start_says_why_in_one_line() -> None:
    code = "import sys; sys.exit('Error: no such thing')"
    with (
        pytest.raises(MachineLacks, match=r"^echo did not start: no such thing$"),
        services.child("echo", [sys.executable, "-c", code]),
    ):
        pass


def test_one_that_ends_before_it_reads_its_key_says_why_too() -> None:
    code = "import sys; sys.exit('Error: no such thing')"
    with (
        pytest.raises(MachineLacks, match=r"^echo did not start: no such thing$"),
        services.child("echo", [sys.executable, "-c", code], stdin_line="k" * 2**20),
    ):
        pass


def test_one_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_STOP_S", 0.2)
    code = "import signal as s; s.signal(s.SIGTERM, s.SIG_IGN); print('up', flush=True); s.pause()"
    with services.child("deaf", [sys.executable, "-c", code]) as running:
        pass
    assert running.process.returncode == -9


def test_a_service_gets_no_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAB_KEY", "secret")
    code = "import os; print('key' if 'CAB_KEY' in os.environ else 'none', flush=True)"
    with services.child("s", [sys.executable, "-c", code]) as running:
        assert running.first_line == "none"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_in_an_image_a_service_is_a_user_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(users.IN_IMAGE, "opencode")
    code = "import os; print(*{*os.getresuid(), *os.getresgid()}, os.getgroups(), flush=True)"
    with services.child("s", ["/usr/bin/python3", "-c", code]) as running:
        assert running.first_line == f"{users.users().service} []"


def test_the_services_end_when_the_runner_is_killed() -> None:
    """The simulator, started by a runner that dies without a word, sees its standard input end."""
    code = (
        "import os, subprocess, sys; from cab_runner import services\n"
        "with services.child('cab-sim', [sys.executable, '-m', 'cab_sim']) as sim:\n"
        "    print(sim.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    runner = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid = int(runner.stdout)
    with suppress(ProcessLookupError), os.fdopen(os.pidfd_open(pid)) as process:
        select.select([process], [], [])


def test_the_context_ends_it_when_its_body_fails() -> None:
    code = "print('up', flush=True); import time; time.sleep(600)"
    with pytest.raises(RuntimeError), services.child("s", [sys.executable, "-c", code]) as running:
        raise RuntimeError
    assert running.process.poll() is not None
