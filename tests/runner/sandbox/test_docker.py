"""What is Docker's alone; what it shares with the others is in test_isolation, test_ends, test_grader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from cab_runner.sandbox import docker
from cab_runner.sandbox.base import ImageMissing, SandboxError, SandboxUnavailable
from cab_runner.sandbox.docker import DockerSandbox
from cab_runner.sandbox.staging import Staging
from fakes.bench import Bench, Output, make_bench

pytestmark = pytest.mark.docker


@pytest.fixture
def docker_bench() -> object:
    with Staging() as staging:
        made = make_bench("docker", staging)
        yield made
        assert made.left() == []


def test_probe_runs_a_container() -> None:
    probe = DockerSandbox().probe()
    assert probe.ok
    assert "cgroup v" in probe.detail


def test_an_image_that_is_not_here(docker_bench: Bench) -> None:
    job = replace(docker_bench.job("pass"), image="cab/not-built:1")
    with pytest.raises(ImageMissing, match=r"cab/not-built:1.*cab agents build"):
        docker_bench.sandbox.run(job, Output(), Event())


def test_a_job_must_name_its_image(docker_bench: Bench) -> None:
    with pytest.raises(SandboxError, match="names no image"):
        docker_bench.sandbox.run(replace(docker_bench.job("pass"), image=None), Output(), Event())


def test_the_image_is_recorded(docker_bench: Bench) -> None:
    outcome = docker_bench.run("pass")
    assert outcome.image_digest is not None
    assert "sha256:" in outcome.image_digest


def test_logs_beyond_the_bound_are_left_out_and_said(docker_bench: Bench) -> None:
    script = "import os\nwith open(os.environ['LOGS'] + '/large', 'wb') as f: f.write(bytes(3_000_000))"
    outcome = docker_bench.run(script, role="grader", output_bytes=1_000_000)
    assert outcome.logs_complete is False
    assert docker_bench.folders.logs is not None
    assert list(docker_bench.folders.logs.iterdir()) == []


LOOK_UP = """
import socket
for name in ("B.example", "a.example", "b.example", "localhost", socket.gethostname()):
    try:
        socket.getaddrinfo(name, 443)
        print("found")
    except socket.gaierror as error:
        print(socket.EAI_NONAME == error.errno)
for path in ("/run/cab/lookups", "/run/cab/lookups/names"):
    print(__import__("os").path.exists(path))
"""


def test_names_that_a_job_asks_for_do_not_exist_at_once_and_are_known(
    docker_bench: Bench, meter: Path
) -> None:
    output = Output()
    outcome = docker_bench.run(LOOK_UP, door=meter, output=output)
    assert output.of("stdout").split() == [b"True"] * 3 + [b"found"] * 2 + [b"False"] * 2
    assert outcome.hosts_tried == ("a.example", "b.example")


def test_a_job_that_asks_for_nothing_tried_no_host(docker_bench: Bench, meter: Path) -> None:
    assert docker_bench.run("pass", door=meter).hosts_tried == ()


def test_without_a_door_nobody_watches(docker_bench: Bench) -> None:
    output = Output()
    assert docker_bench.run(LOOK_UP, output=output).hosts_tried is None
    assert output.of("stdout").split() == [b"False"] * 3 + [b"found"] * 2 + [b"False"] * 2


def test_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    probe = DockerSandbox().probe()
    assert not probe.ok
    assert probe.detail.startswith("no Docker engine answers")
    assert "\n" not in probe.detail


def test_an_engine_on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    with pytest.raises(SandboxUnavailable, match="another machine"), docker.engine():
        pass


def test_engines_that_map_users_are_refused() -> None:
    with pytest.raises(SandboxUnavailable, match="maps users"):
        docker.check_usable(
            {"OSType": "linux", "SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]}
        )
    with pytest.raises(SandboxUnavailable, match="Linux"):
        docker.check_usable({"OSType": "windows"})
    docker.check_usable({"OSType": "linux", "SecurityOptions": None})


def test_times_with_nine_digits() -> None:
    assert docker.moment("2025-11-21T21:22:46.027659123Z").microsecond == 27659
    assert docker.moment("2025-11-21T21:22:46Z").second == 46
