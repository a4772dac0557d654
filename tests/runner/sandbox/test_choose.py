"""``cab_runner.sandbox`` itself: which sandbox an attempt gets."""

from __future__ import annotations

import pytest

from cab_runner import sandbox
from cab_runner.sandbox.base import Probe, Sandbox, SandboxName, SandboxUnavailable
from cab_runner.sandbox.bwrap import BwrapSandbox
from cab_runner.sandbox.docker import DockerSandbox
from cab_runner.sandbox.in_image import InImageSandbox
from cab_runner.sandbox.users import IN_IMAGE


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which neither docker nor bwrap works."""

    def lacks(name: SandboxName):  # type: ignore[no-untyped-def]  # a probe method
        return lambda self: Probe(name=name, ok=False, detail=f"install {name}")

    monkeypatch.setattr(DockerSandbox, "probe", lacks("docker"))
    monkeypatch.setattr(BwrapSandbox, "probe", lacks("bwrap"))


def works(monkeypatch: pytest.MonkeyPatch, kind: type[Sandbox], name: SandboxName) -> None:
    monkeypatch.setattr(kind, "probe", lambda self: Probe(name=name, ok=True, detail=""))


def test_docker_before_bwrap_before_process(lacking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sandbox.choose(None, simulated=True).name == "process"
    works(monkeypatch, BwrapSandbox, "bwrap")
    assert sandbox.choose(None, simulated=True).name == "bwrap"
    works(monkeypatch, DockerSandbox, "docker")
    assert sandbox.choose(None, simulated=True).name == "docker"
    assert sandbox.choose("bwrap", simulated=False).name == "bwrap"


def test_process_never_serves_a_real_model(lacking: None) -> None:
    with pytest.raises(SandboxUnavailable, match="docker: install docker; bwrap: install bwrap"):
        sandbox.choose(None, simulated=False)
    with pytest.raises(SandboxUnavailable, match="isolates nothing"):
        sandbox.choose("process", simulated=False)
    assert sandbox.choose("process", simulated=True).name == "process"


def test_in_an_image_its_own_kind_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SandboxUnavailable, match="docker run IMAGE"):
        sandbox.choose("in-image", simulated=False)
    monkeypatch.setenv(IN_IMAGE, "opencode")
    works(monkeypatch, InImageSandbox, "in-image")
    assert sandbox.choose(None, simulated=False).name == "in-image"
    with pytest.raises(SandboxUnavailable, match="choose from in-image, process"):
        sandbox.choose("docker", simulated=False)


def test_a_named_sandbox_is_not_replaced(lacking: None) -> None:
    with pytest.raises(SandboxUnavailable, match=r"^bwrap: install bwrap$"):
        sandbox.choose("bwrap", simulated=True)


def test_an_unknown_name() -> None:
    with pytest.raises(SandboxUnavailable, match="no sandbox 'chroot': choose from docker, bwrap, process"):
        sandbox.choose("chroot", simulated=True)
