"""Command lines that make a process somebody else. What they come to is tried in an image."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cab_runner.sandbox import users
from cab_runner.sandbox.users import IN_IMAGE, become, image_agent, lacking, may_enter, may_forge, service


def test_no_two_are_the_same_and_none_is_root() -> None:
    here = users.users()
    ids = {here.agent, here.tested, here.service, here.ender}
    assert len(ids) == 4
    assert all(20_000 <= uid < 65_536 for uid in ids)


def test_containers_of_one_machine_have_users_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["3d1fe5a0c1b2", "77aa01c9e4d3"])
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", next(names), "", "", "")))
    one, other = users.users(), users.users()
    assert abs(one.agent - other.agent) >= 4


def test_a_plain_user_keeps_nothing() -> None:
    command = become(4711)
    assert {"--reuid=4711", "--regid=4711", "--clear-groups", "--no-new-privs"} <= set(command)
    assert {"--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"} <= set(command)
    assert not any("securebits" in word for word in command)
    assert command[-1] == "--"


def test_root_is_bounded_without_inheritance() -> None:
    command = become(0, ["kill", "chown"])
    assert {"--bounding-set=-all,+kill,+chown", "--inh-caps=-all", "--ambient-caps=-all"} <= set(command)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that all may enter, as pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_folder_that_others_may_write_or_replace_can_be_forged(open_folder: Path) -> None:
    outer, inner = open_folder / "results", open_folder / "results" / "sweep"
    inner.mkdir(parents=True)
    assert not may_forge(inner)
    assert not may_forge(inner / "not there" / "yet")
    outer.chmod(0o1777)
    assert not may_forge(inner), "what is there stays there: the folder above is sticky"
    assert may_forge(outer / "not there"), "they could make it first"
    outer.chmod(0o777)
    assert may_forge(inner)
    open_folder.chmod(0o700)
    assert not may_forge(inner), "nobody comes so far"
    open_folder.chmod(0o755)
    outer.chmod(0o755)
    inner.chmod(0o1777)
    assert may_forge(inner)


def test_a_folder_of_an_agents_own_can_be_forged(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = users.Users(agent=open_folder.stat().st_uid, tested=1, service=2, ender=3)
    monkeypatch.setattr(users, "users", lambda: agent)
    open_folder.chmod(0o500)
    assert may_forge(open_folder)


def test_a_folder_that_is_closed_anywhere_on_its_way_is_entered_by_nobody(open_folder: Path) -> None:
    inner = open_folder / "inner"
    inner.mkdir(mode=0o755)
    assert may_enter(inner)
    open_folder.chmod(0o700)
    assert not may_enter(inner)


def test_services_are_themselves_but_in_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv(IN_IMAGE, raising=False)
    assert image_agent() is None
    assert service() == []
    monkeypatch.setenv(IN_IMAGE, "opencode")
    assert image_agent() == "opencode"
    assert f"--reuid={users.users().service}" in service()
    assert "--ambient-caps=-all,+chown,+dac_override" in service()


def test_who_is_not_root_can_make_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert lacking() == "it needs root in the container, to drop to others: `docker run` without --user"
    monkeypatch.setenv(IN_IMAGE, "opencode")
    assert service() == []
