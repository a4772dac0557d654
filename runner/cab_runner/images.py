"""The images that agents and graders run in, built here and named after what is in their folders.

An image is a folder with a Dockerfile under the images folder (:func:`cab_runner.resources.images_dir`).
``ARG X=codingagentbench/<folder>`` in its Dockerfile names an image of ours below it; the build
passes that one's tag as ``X``.

Invariants
----------
* A tag is ``codingagentbench/<name>:<12 hex digits>``, a hash of the names and bytes of the folder's files
  and of the tags below. Equal sources have equal tags on every machine; file modes and times don't count.
* An image whose tag exists is not built again. ``codingagentbench/<name>:latest`` follows the one used
  last, so that a task's ``FROM codingagentbench/toolchains`` works.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import docker
from docker.api.client import APIClient
from docker.errors import DockerException, ImageNotFound

from cab_runner.errors import MachineLacks, UsageError

Progress = Callable[[str], None]
"""Told in a few words what the build is doing now."""

PREFIX: Final = "codingagentbench"

_PARENT: Final = re.compile(rf"^ARG\s+(\w+)={PREFIX}/([\w.-]+)\s*$", re.MULTILINE)
_STEP: Final = re.compile(r"Step (\d+)/(\d+) : (.*)")
_TERMINAL: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NOISE: Final = ("---> ", "Removing intermediate container")
_KEPT_LINES: Final = 15


class ImageBuildError(MachineLacks):
    """An image did not build. The message ends with the build's last lines."""


def names(root: Path) -> tuple[str, ...]:
    """All images that can be built from ``root``."""
    return tuple(sorted(dockerfile.parent.name for dockerfile in root.glob("*/Dockerfile")))


def parents(dockerfile: str) -> dict[str, str]:
    """Images of ours that a Dockerfile builds on: build argument → image name."""
    return dict(_PARENT.findall(dockerfile))


def tag_of(root: Path, name: str) -> str:
    """The tag of the image as its sources are now. Raises :class:`UsageError` for an unknown name."""
    digest = hashlib.sha256()
    sources = _sources(root, name)
    for path, data in sources.items():
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    for argument, parent in parents(sources["Dockerfile"].decode()).items():
        digest.update(f"{argument}\0{tag_of(root, parent)}\0".encode())
    return f"{PREFIX}/{name}:{digest.hexdigest()[:12]}"


def image_id(tag: str) -> str | None:
    """The id of an image on this machine, ``None`` when it is not there."""
    with _engine() as engine:
        return _image_id(engine, tag)


def exists(tag: str) -> bool:
    """Whether an image is on this machine. Raises :class:`MachineLacks` without a Docker engine."""
    return image_id(tag) is not None


def docker_answers() -> bool:
    """Whether a Docker engine can be asked."""
    try:
        with _engine():
            return True
    except MachineLacks:
        return False


def ensure(root: Path, name: str, progress: Progress = lambda _: None) -> str:
    """The image's tag, built first where it is missing, and those below it before.

    Raises :class:`ImageBuildError`, and :class:`MachineLacks` without a Docker engine.
    """
    tag = tag_of(root, name)
    with _engine() as engine:
        if (found := _image_id(engine, tag)) is None:
            build(root, name, progress)
        elif found != _image_id(engine, f"{PREFIX}/{name}:latest"):
            engine.api.tag(tag, f"{PREFIX}/{name}", "latest")
    return tag


def build(root: Path, name: str, progress: Progress = lambda _: None) -> str:
    """Build the image, and those below it that are missing; returns its tag. Raises as :func:`ensure`."""
    sources = _sources(root, name)
    arguments = {
        argument: ensure(root, parent, progress)
        for argument, parent in parents(sources["Dockerfile"].decode()).items()
    }
    tag = tag_of(root, name)
    with _engine() as engine:
        with closing(_output(engine.api, name, sources, tag, arguments)) as events:
            _follow(name, events, progress)
        engine.api.tag(tag, f"{PREFIX}/{name}", "latest")
    return tag


def _output(
    api: APIClient, name: str, sources: Mapping[str, bytes], tag: str, arguments: Mapping[str, str]
) -> Generator[dict[str, Any], None, None]:
    """Have the engine build, and yield what it says. Raises :class:`ImageBuildError` when it refuses.

    Not by ``api.build``: that one leaves its connection open when the build fails.
    """
    settings = {"t": tag, "buildargs": json.dumps(dict(arguments)), "rm": "1", "forcerm": "1"}
    with api.post(
        f"{api.base_url}/v{api.api_version}/build",
        params=settings,
        data=_context(sources),
        headers={"Content-Type": "application/x-tar"},
        stream=True,
    ) as response:
        if not response.ok:
            raise ImageBuildError(f"image {name} did not build: {response.text.strip()}")
        for line in response.iter_lines(chunk_size=None):
            yield json.loads(line)


def _follow(name: str, events: Iterator[dict[str, Any]], progress: Progress) -> None:
    """Report a build's output until it ends. Raises :class:`ImageBuildError` when it failed."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    step = ""
    for event in events:
        if error := event.get("error"):
            raise ImageBuildError("\n  ".join((f"image {name} did not build: {error.strip()}", *last)))
        for line in _TERMINAL.sub("", event.get("stream") or event.get("status") or "").splitlines():
            text = line.strip()
            if found := _STEP.fullmatch(text):
                step, text = f" ({found[1]}/{found[2]})", found[3]
            if text and not text.startswith(_NOISE):
                last.append(text)
                progress(f"building image {name}{step}: {text[:100]}")


def _sources(root: Path, name: str) -> dict[str, bytes]:
    """The folder's files, sorted by path; hidden files and bytecode are no sources."""
    folder = root / name
    if not (folder / "Dockerfile").is_file():
        raise UsageError(f"no image {name!r}: there are {', '.join(names(root)) or 'none'} in {root}")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
    }


def _context(sources: Mapping[str, bytes]) -> io.BytesIO:
    """The build context as a tar of plain files: equal sources make equal bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, data in sources.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    packed.seek(0)
    return packed


@contextmanager
def _engine() -> Iterator[docker.DockerClient]:
    try:
        client = docker.from_env()
    except DockerException as error:
        raise MachineLacks(f"no Docker engine answers: install or start Docker ({error})") from None
    try:
        client.ping()
    except (DockerException, OSError) as error:
        raise MachineLacks(f"no Docker engine answers: install or start Docker ({error})") from None
    else:
        yield client
    finally:
        client.close()


def _image_id(engine: docker.DockerClient, tag: str) -> str | None:
    try:
        return engine.images.get(tag).id
    except ImageNotFound:
        return None
