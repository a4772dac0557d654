"""``cab agents`` as its user sees it."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import docker
import pytest

from cab_runner import agents, images
from fakes.commands import cab


def test_the_table_has_every_agent_and_what_is_known_of_it(tmp_path: Path) -> None:
    shown = cab("agents", "list", cwd=tmp_path).stdout
    listed = {
        agent["name"]: agent for agent in json.loads(cab("agents", "list", "--json", cwd=tmp_path).stdout)
    }
    assert listed.keys() == set(agents.names())
    for adapter in agents.all_adapters():
        assert adapter.name in shown
        assert listed[adapter.name]["verified"] == adapter.verified
        assert listed[adapter.name]["deviation"] == dict(adapter.deviation)


def build(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return cab("agents", "build", *arguments, cwd=cwd)


def test_a_binary_that_is_missing_is_asked_for_with_where_to_get_it(tmp_path: Path) -> None:
    done = build(tmp_path, "crush")
    assert done.returncode == 3
    assert done.stderr.startswith("cab: no registry has crush's binary: get it from https://")
    assert "cab agents build crush --binary FILE --sha256 HEX" in done.stderr


def test_a_binary_must_be_what_its_checksum_says(tmp_path: Path) -> None:
    (tmp_path / "crush").write_bytes(b"x")
    done = build(tmp_path, "crush", "--binary", "crush", "--sha256", "0" * 64)
    assert done.returncode == 2
    assert hashlib.sha256(b"x").hexdigest() in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("crush", "--binary", "nowhere", "--sha256", "0"), "nowhere: No such file"),
        (("crush", "--binary", "http://x/crush", "--sha256", "0"), "a file, or an https URL"),
        (("crush", "--binary", "crush"), "go together"),
        (("opencode", "--binary", "crush", "--sha256", "0"), "no registry has"),
        (("nobody",), "no agent 'nobody'"),
    ],
)
def test_a_build_that_makes_no_sense_is_one_line(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = build(tmp_path, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def archive_of(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo(f"release/{name}")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.parametrize("packed", [False, True], ids=["binary", "archive"])
def test_a_binary_that_was_brought_along_is_on_the_images_path(tmp_path: Path, packed: bool) -> None:
    program = b"#!/bin/sh\necho it is me\n"
    adapter = replace(agents.get("crush"), name=f"test-{uuid4().hex}")
    image = agents.image_of(adapter, archive_of("crush", program) if packed else program)
    assert image
    tag = images.ensure(image)
    client = docker.from_env()
    try:
        assert client.containers.run(tag, ["crush"], user="65532", remove=True) == b"it is me\n"
    finally:
        client.images.remove(tag, force=True)
        client.images.remove(f"codingagentbench/{image.name}:latest", force=True)
        client.close()
