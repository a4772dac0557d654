"""Every sandbox that this machine has, on a bench of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cab_runner.sandbox.staging import Staging
from cab_runner.sandbox.users import image_agent
from fakes.bench import Bench, make_bench, serve_echo

# the suite may be run in a container of an agent's image, which has one kind of its own
ISOLATING = (
    ["in-image"]
    if image_agent()
    else [pytest.param("docker", marks=pytest.mark.docker), pytest.param("bwrap", marks=pytest.mark.bwrap)]
)


@pytest.fixture(params=[*ISOLATING, "process"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Every sandbox that this machine has."""
    with Staging() as staging:
        made = make_bench(request.param, staging)
        yield made
        assert made.left() == []


@pytest.fixture(params=ISOLATING)
def isolating(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The sandboxes that isolate."""
    with Staging() as staging:
        made = make_bench(request.param, staging)
        yield made
        assert made.left() == []


@pytest.fixture
def meter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Unix socket with a server behind it, which the sandbox's user owns, as the proxy's are."""
    with Staging() as staging:
        path = staging.folder("door") / "m.sock"
        with serve_echo(path):
            yield path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A TCP port on every address of this machine."""
    with socket.create_server(("0.0.0.0", 0)) as server:  # that is what is tested
        yield server
