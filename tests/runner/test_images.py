from __future__ import annotations

import re
import shutil
import socket
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import docker
import pytest

from cab_runner import images
from cab_runner.errors import MachineLacks, UsageError
from cab_runner.images import ImageBuildError, of_folder
from cab_runner.resources import images_dir

BASE = "FROM debian:trixie-slim\nCOPY note.txt /note.txt\n"
CHILD = "ARG BASE=codingagentbench/base\nFROM ${BASE}\nRUN cat /note.txt\n"


def write(root: Path, name: str, dockerfile: str) -> None:
    (root / name).mkdir(exist_ok=True)
    (root / name / "Dockerfile").write_text(dockerfile)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two images, one on top of the other."""
    write(tmp_path, "base", BASE)
    write(tmp_path, "child", CHILD)
    (tmp_path / "base" / "note.txt").write_text("hello\n")
    return tmp_path


def test_images_are_the_folders_with_a_dockerfile(root: Path) -> None:
    (root / "notes").mkdir()
    (root / "README.md").write_text("")
    assert images.names(root) == ("base", "child")


def test_a_dockerfile_names_the_images_of_ours_below_it() -> None:
    assert images.parents(CHILD) == {"BASE": "base"}
    assert images.parents("ARG VERSION=1\nFROM debian:trixie-slim\n") == {}


def test_a_tag_is_repository_name_and_hash(root: Path) -> None:
    assert re.fullmatch(r"codingagentbench/base:[0-9a-f]{12}", of_folder(root, "base").tag)


def test_equal_sources_have_equal_tags_wherever_they_lie(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "wheel" / "images"
    shutil.copytree(root, elsewhere, ignore=shutil.ignore_patterns("wheel"))
    (elsewhere / "base" / "note.txt").chmod(0o755)
    (elsewhere / "base" / ".hidden").write_text("x")
    (elsewhere / "base" / "__pycache__").mkdir()
    (elsewhere / "base" / "__pycache__" / "x.pyc").write_text("x")
    for name in images.names(root):
        assert of_folder(elsewhere, name).tag == of_folder(root, name).tag


@pytest.mark.parametrize("change", ["bytes", "name", "new file"])
def test_another_source_is_another_tag_also_for_the_image_above(root: Path, change: str) -> None:
    before = of_folder(root, "base").tag, of_folder(root, "child").tag
    note = root / "base" / "note.txt"
    if change == "bytes":
        note.write_text("hello!")
    elif change == "name":
        note.rename(note.with_name("nota.txt"))
    else:
        note.with_name("other.txt").write_text("")
    after = of_folder(root, "base").tag, of_folder(root, "child").tag
    assert all(old != new for old, new in zip(before, after, strict=True))


def test_the_image_above_leaves_the_one_below_alone(root: Path) -> None:
    before = of_folder(root, "base").tag
    (root / "child" / "Dockerfile").write_text(CHILD + "RUN true\n")
    assert of_folder(root, "base").tag == before


def test_an_unknown_image_is_the_users_mistake(root: Path) -> None:
    with pytest.raises(UsageError, match="no image 'bse': there are base, child in"):
        of_folder(root, "bse")


@pytest.mark.parametrize("change", ["arguments", "further", "name"])
def test_what_a_folder_is_built_with_is_in_the_tag(root: Path, change: str) -> None:
    values = {"arguments": {"VERSION": "2"}, "further": {"more.txt": b""}, "name": "other"}
    changed = of_folder(root, "child", **{change: values[change]})  # type: ignore[arg-type]  # one of three
    assert changed.tag != of_folder(root, "child").tag
    assert changed.below == of_folder(root, "child").below


def test_an_image_may_stand_on_another_one_than_its_dockerfile_says(root: Path) -> None:
    other = of_folder(root, "base", arguments={"VERSION": "2"})
    moved = of_folder(root, "child", below={"BASE": other})
    assert moved.below == {"BASE": other}
    assert moved.tag != of_folder(root, "child").tag


def test_the_projects_own_images_start_from_debian_and_python_bases_only() -> None:
    bases = {
        line.split()[1]
        for dockerfile in images_dir().glob("*/Dockerfile")
        for line in dockerfile.read_text().splitlines()
        if line.startswith("FROM ") and not line.startswith("FROM ${")
    }
    assert bases <= {
        "debian:bookworm-slim",
        "debian:trixie-slim",
        "python:3.12-slim",
        "python:3.12-slim-bookworm",
    }


def test_without_an_engine_the_message_says_what_to_do(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
    assert not images.docker_answers()
    with pytest.raises(MachineLacks, match="no Docker engine answers: install or start Docker"):
        images.ensure(of_folder(root, "base"))


@dataclass(frozen=True)
class Pair:
    """An image on top of another, with names and sources that nobody else has."""

    root: Path
    base: str
    child: str

    @property
    def note(self) -> Path:
        return self.root / self.base / "note.txt"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """The two as sources; what was built of them is removed afterwards."""
    made = Pair(tmp_path, f"test-base-{uuid4().hex}", f"test-child-{uuid4().hex}")
    write(made.root, made.base, BASE)
    write(made.root, made.child, CHILD.replace("/base", f"/{made.base}"))
    made.note.write_text(uuid4().hex)
    yield made
    client = docker.from_env()
    for name in (made.child, made.base):
        for image in client.images.list(f"codingagentbench/{name}"):
            client.images.remove(str(image.id), force=True)
    client.close()


@pytest.mark.docker
def test_an_image_is_built_with_what_is_below_it_and_only_once(pair: Pair) -> None:
    assert images.docker_answers()
    said: list[str] = []
    tag = images.ensure(of_folder(pair.root, pair.child), said.append)
    assert tag == of_folder(pair.root, pair.child).tag
    assert images.exists(of_folder(pair.root, pair.base).tag)
    assert images.image_id(f"codingagentbench/{pair.child}:latest") == images.image_id(tag) is not None
    assert f"building image {pair.base} (2/2): COPY note.txt /note.txt" in said
    assert any(pair.note.read_text() in line for line in said)

    said.clear()
    assert images.ensure(of_folder(pair.root, pair.child), said.append) == tag
    assert said == []


@pytest.mark.docker
def test_latest_follows_the_image_that_was_used_last(pair: Pair) -> None:
    latest = f"codingagentbench/{pair.base}:latest"
    first = images.ensure(of_folder(pair.root, pair.base))
    old = pair.note.read_text()
    pair.note.write_text("another")
    second = images.ensure(of_folder(pair.root, pair.base))
    assert images.image_id(latest) == images.image_id(second) != images.image_id(first)
    pair.note.write_text(old)
    assert images.ensure(of_folder(pair.root, pair.base)) == first
    assert images.image_id(latest) == images.image_id(first)


@pytest.mark.docker
def test_a_failed_build_shows_its_last_lines_and_leaves_no_tag(pair: Pair) -> None:
    write(pair.root, pair.base, BASE + "RUN echo so it goes && exit 7\n")
    with pytest.raises(ImageBuildError) as caught:
        images.ensure(of_folder(pair.root, pair.child))
    message = str(caught.value)
    assert message.startswith(f"image {pair.base} did not build: ")
    assert "code: 7" in message.splitlines()[0]
    assert message.splitlines()[-1].strip() == "so it goes"
    assert not images.exists(of_folder(pair.root, pair.base).tag)


@pytest.mark.docker
def test_a_dockerfile_that_the_engine_rejects_is_a_build_error(pair: Pair) -> None:
    write(pair.root, pair.base, "FRM debian:trixie-slim\n")
    with pytest.raises(ImageBuildError, match=rf"image {pair.base} did not build: .*FRM"):
        images.ensure(of_folder(pair.root, pair.base))


@pytest.mark.docker
def test_builds_side_by_side_make_what_they_share_once(pair: Pair) -> None:
    said: list[str] = []
    above = [of_folder(pair.root, pair.child, arguments={"N": str(n)}) for n in range(3)]
    with ThreadPoolExecutor(3) as threads:
        tags = list(threads.map(lambda image: images.ensure(image, said.append), above))
    assert all(map(images.exists, tags))
    assert said.count(f"building image {pair.base} (2/2): COPY note.txt /note.txt") == 1


def test_a_foreign_folder_is_built_as_its_maker_would(tmp_path: Path) -> None:
    for name in ("Dockerfile", ".env", "src/__init__.py", "run.sh", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / ".dockerignore").write_text("# what is kept out\nnotes.txt\n")
    (tmp_path / "run.sh").chmod(0o755)
    image = images.ForeignImage(name="task-x", folder=tmp_path)
    with image.context() as context, tarfile.open(fileobj=context) as packed:
        modes = {entry.name: entry.mode & 0o777 for entry in packed if entry.isfile()}
    assert set(modes) == {"Dockerfile", ".dockerignore", ".env", "src/__init__.py", "run.sh"}
    assert modes["run.sh"] == 0o755
    tag = image.tag
    (tmp_path / "run.sh").chmod(0o644)
    assert image.tag != tag


@pytest.mark.docker
def test_a_build_ends_when_its_time_is_over(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:bookworm-slim\nRUN sleep 60\n")
    image = images.ForeignImage(name="task-slow", folder=tmp_path, timeout_s=0.5)
    with pytest.raises(images.ImageBuildError, match="image task-slow did not build"):
        images.ensure(image)


@pytest.mark.docker
def test_a_folder_is_copied_out_of_an_image(tmp_path: Path) -> None:
    images.copy_out("debian:bookworm-slim", "/etc/apt", tmp_path, 2**30)
    assert (tmp_path / "sources.list.d").is_dir()
    with pytest.raises(MachineLacks, match="debian:bookworm-slim has no /nowhere"):
        images.copy_out("debian:bookworm-slim", "/nowhere", tmp_path, 2**30)
