"""The images that agents and graders run in, built here and named after what they are made from.

A folder with a Dockerfile under the images folder (:func:`cab_runner.resources.images_dir`) is an image;
several images may be made from one folder, with other build arguments. ``ARG X=codingagentbench/<folder>``
in a Dockerfile names an image of ours below it; the build passes that one's tag as ``X``.

Invariants
----------
* A tag is ``codingagentbench/<name>:<12 hex digits>``, a hash of the names and bytes of all files of the
  build, of its arguments and of the tags below. Equal sources have equal tags on every machine; file modes
  and times don't count.
* An image of somebody else's folder (:class:`ForeignImage`) is built as ``docker build`` builds it: there
  hidden files, modes and links count, and are in the hash.
* An image whose tag exists is not built again, and one that several builds need is built once.
  ``codingagentbench/<name>:latest`` follows the one used last, so that a task's
  ``FROM codingagentbench/toolchains`` works.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO, Any, Final, cast

import docker
import requests
from docker.api.client import APIClient
from docker.errors import APIError, DockerException, ImageNotFound
from docker.utils.build import tar

from cab_runner.errors import MachineLacks, UsageError
from cab_runner.sandbox import archive, docker_spec, owner
from cab_runner.tasks import content_hash

Progress = Callable[[str], None]
"""Told in a few words what the build is doing now."""

PREFIX: Final = "codingagentbench"

_PARENT: Final = re.compile(rf"^ARG\s+(\w+)={PREFIX}/([\w.-]+)\s*$", re.MULTILINE)
_STEP: Final = re.compile(r"Step (\d+)/(\d+) : (.*)")
_TERMINAL: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NOISE: Final = ("---> ", "Removing intermediate container")
_KEPT_LINES: Final = 15

_building: Final[defaultdict[str, Lock]] = defaultdict(Lock)
"""One lock a tag: builds run side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image is made from."""

    name: str
    """``codingagentbench/<name>``."""
    folder: Path
    """Has the Dockerfile, and is its build context."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Build argument → value."""
    below: Mapping[str, Image] = field(default_factory=dict)
    """Build argument → the image of ours whose tag it gets."""
    further: Mapping[str, bytes] = field(default_factory=dict)
    """Path in the build context → content: files from outside the folder."""
    timeout_s: float | None = None
    """Bound on the build; what it stands on does not count."""

    @property
    def tag(self) -> str:
        """Its tag as its sources are now."""
        digest = hashlib.sha256()
        for path, data in self.sources().items():
            digest.update(f"{path}\0{len(data)}\0".encode() + data)
        values = {**self.arguments, **{argument: image.tag for argument, image in self.below.items()}}
        for argument, value in values.items():
            digest.update(f"{argument}\0{value}\0".encode())
        return f"{PREFIX}/{self.name}:{digest.hexdigest()[:12]}"

    def context(self) -> IO[bytes]:
        """The build context: a tar."""
        return _context(self.sources())

    def sources(self) -> dict[str, bytes]:
        """The files of the build, sorted by path; hidden files and bytecode are no sources."""
        found = {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
            and not any(part.startswith((".", "__")) for part in path.relative_to(self.folder).parts)
        }
        return dict(sorted({**found, **self.further}.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignImage(Image):
    """An image made from a folder that is not ours, as its maker would."""

    @property
    def tag(self) -> str:
        """Its tag as its folder is now."""
        return f"{PREFIX}/{self.name}:{content_hash(self.folder)[:12]}"

    def context(self) -> IO[bytes]:
        """The folder as it is, but for what its .dockerignore names."""
        ignore = self.folder / ".dockerignore"
        lines = ignore.read_text("utf-8").splitlines() if ignore.is_file() else []
        patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        return cast("IO[bytes]", tar(self.folder, exclude=patterns, dockerfile=("Dockerfile", None)))


def of_folder(
    root: Path,
    folder: str,
    *,
    name: str | None = None,
    arguments: Mapping[str, str] | None = None,
    below: Mapping[str, Image] | None = None,
    further: Mapping[str, bytes] | None = None,
) -> Image:
    """The image of a folder under ``root``; what its Dockerfile stands on, if ``below`` says nothing else,
    are the images of the folders named there. Raises :class:`UsageError` for an unknown folder.
    """
    dockerfile = root / folder / "Dockerfile"
    if not dockerfile.is_file():
        raise UsageError(f"no image {folder!r}: there are {', '.join(names(root)) or 'none'} in {root}")
    given = below or {}
    return Image(
        name=name or folder,
        folder=root / folder,
        arguments=arguments or {},
        below={
            argument: given.get(argument) or of_folder(root, parent)
            for argument, parent in parents(dockerfile.read_text("utf-8")).items()
        },
        further=further or {},
    )


class ImageBuildError(MachineLacks):
    """An image did not build. The message ends with the build's last lines."""


def names(root: Path) -> tuple[str, ...]:
    """All images that can be built from ``root``."""
    return tuple(sorted(dockerfile.parent.name for dockerfile in root.glob("*/Dockerfile")))


def parents(dockerfile: str) -> dict[str, str]:
    """Images of ours that a Dockerfile builds on: build argument → image name."""
    return dict(_PARENT.findall(dockerfile))


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


def ensure(image: Image, progress: Progress = lambda _: None) -> str:
    """The image's tag, built first where it is missing, and those below it before.

    May be called from several threads. Raises :class:`ImageBuildError`, and :class:`MachineLacks` without a
    Docker engine.
    """
    tag = image.tag
    with _building[tag], _engine() as engine:
        if (found := _image_id(engine, tag)) is None:
            _build(engine.api, image, tag, progress)
        if found is None or found != _image_id(engine, f"{PREFIX}/{image.name}:latest"):
            engine.api.tag(tag, f"{PREFIX}/{image.name}", "latest")
    return tag


def pull(reference: str, progress: Progress = lambda _: None) -> None:
    """Fetch an image from its registry. Raises :class:`MachineLacks` where that fails."""
    with _engine() as engine:
        try:
            for event in engine.api.pull(reference, stream=True, decode=True):
                if error := event.get("error"):
                    raise MachineLacks(f"no image {reference}: {error}")
                progress(f"pulling {reference}: {event.get('status', '')}")
        except APIError as error:
            raise MachineLacks(f"no image {reference}: {error.explanation}") from None


def config_of(reference: str) -> dict[str, Any]:
    """``Config`` of an image that is on this machine: its WorkingDir, Env, User, Entrypoint."""
    with _engine() as engine:
        config: dict[str, Any] = engine.images.get(reference).attrs["Config"]
        return config


def copy_out(reference: str, path: str, target: Path, limit_bytes: int) -> None:
    """Copy a folder of an image, of which nothing runs, to ``target``.

    Raises :class:`MachineLacks` when the image or the folder is not there, :class:`SandboxError` for more
    than ``limit_bytes``.
    """
    label = {docker_spec.LABEL_OWNER: owner.me()}
    with _engine() as engine:
        try:
            # a program that an image need not have: it is not started
            made = engine.api.create_container(
                reference, command=["true"], labels=label, use_config_proxy=False
            )
            try:
                chunks, _ = engine.api.get_archive(made["Id"], path)
                archive.unpack(chunks, target, limit_bytes)
            finally:
                engine.api.remove_container(made["Id"], force=True, v=True)
        except APIError as error:
            raise MachineLacks(f"{reference} has no {path}: {error.explanation}") from None


def _build(api: APIClient, image: Image, tag: str, progress: Progress) -> None:
    below = {argument: ensure(parent, progress) for argument, parent in image.below.items()}
    deadline = None if image.timeout_s is None else time.monotonic() + image.timeout_s
    try:
        with closing(_output(api, image, tag, {**image.arguments, **below})) as events:
            _follow(image.name, events, progress, deadline)
    except (requests.Timeout, requests.ConnectionError) as error:  # how a stream's silence ends
        raise ImageBuildError(f"image {image.name} did not build: {error}") from None


def _output(
    api: APIClient, image: Image, tag: str, arguments: Mapping[str, str]
) -> Generator[dict[str, Any], None, None]:
    """Have the engine build, and yield what it says. Raises :class:`ImageBuildError` when it refuses.

    Not by ``api.build``: that one leaves its connection open when the build fails.
    """
    settings = {"t": tag, "buildargs": json.dumps(dict(arguments)), "rm": "1", "forcerm": "1"}
    with (
        image.context() as context,
        api.post(
            f"{api.base_url}/v{api.api_version}/build",
            params=settings,
            data=context,
            headers={"Content-Type": "application/x-tar"},
            stream=True,
            timeout=image.timeout_s,
        ) as response,
    ):
        if not response.ok:
            raise ImageBuildError(f"image {image.name} did not build: {response.text.strip()}")
        for line in response.iter_lines(chunk_size=None):
            yield json.loads(line)


def _follow(
    name: str, events: Iterator[dict[str, Any]], progress: Progress, deadline: float | None = None
) -> None:
    """Report a build's output until it ends. Raises :class:`ImageBuildError` where it fails."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    step = ""
    for event in events:
        if deadline is not None and time.monotonic() > deadline:
            raise ImageBuildError(f"image {name} did not build in the time that its task gives it")
        if error := event.get("error"):
            raise ImageBuildError("\n  ".join((f"image {name} did not build: {error.strip()}", *last)))
        for line in _TERMINAL.sub("", event.get("stream") or event.get("status") or "").splitlines():
            text = line.strip()
            if found := _STEP.fullmatch(text):
                step, text = f" ({found[1]}/{found[2]})", found[3]
            if text and not text.startswith(_NOISE):
                last.append(text)
                progress(f"building image {name}{step}: {text[:100]}")


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
    except APIError as error:
        raise MachineLacks(f"the Docker engine does not take {tag!r}: {error.explanation}") from None
