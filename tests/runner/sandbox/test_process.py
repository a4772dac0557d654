"""What is peculiar to the sandbox that is none; the rest is in test_ends and test_isolation."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from cab_runner.sandbox.base import SandboxError
from cab_runner.sandbox.process import ProcessSandbox
from cab_runner.sandbox.staging import Staging
from fakes.bench import Output, make_bench


def test_it_says_what_it_is() -> None:
    assert ProcessSandbox().probe().detail.startswith("isolates nothing")


def test_paths_are_the_hosts_and_the_port_is_free() -> None:
    with Staging() as staging:
        bench = make_bench("process", staging)
        assert bench.layout.workspace == os.fspath(bench.folders.workspace)
        assert bench.layout.untrusted == "none"
        with socket.create_server(("127.0.0.1", bench.layout.door_port)):
            pass


def test_folders_belong_to_the_user_that_the_job_has() -> None:
    """git refuses to work in a repository that is somebody else's."""
    with Staging() as staging:
        bench = make_bench("process", staging)
        script = "import os, sys; sys.exit(os.stat('.').st_uid != os.getuid())"
        assert bench.run(script).exit_code == 0


def test_a_taken_port_is_the_sandboxs_fault(meter: Path) -> None:
    with Staging() as staging:
        bench = make_bench("process", staging)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            job = bench.job("pass", door=meter)
            job = replace(job, layout=replace(job.layout, door_port=taken.getsockname()[1]))
            with pytest.raises(SandboxError, match="was taken"):
                bench.sandbox.run(job, Output(), Event())
        assert bench.left() == []
