"""Where tasks, image sources and our own code are: in the checkout, else in what the wheel carries."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from cab_runner.errors import UsageError

_PACKAGE: Final = Path(__file__).resolve().parent
_CHECKOUT: Final = _PACKAGE.parents[1]
_CARRIED: Final = _PACKAGE / "_data"

INSIDE: Final = _PACKAGE / "inside"
"""The files that run inside sandboxes."""


def tasks_dir(given: Path | None = None) -> Path:
    """The folder of ``<category>/<slug>`` tasks: the given one, else the checkout's, else the wheel's.

    Raises :class:`UsageError` when a given folder does not exist.
    """
    if given is not None:
        if not given.is_dir():
            raise UsageError(
                f"no tasks folder at {given}: give --tasks-dir a folder of <category>/<slug> tasks"
            )
        return given.resolve()
    return _first("tasks")


def cache_dir() -> Path:
    """What can be made again lies there: ``$XDG_CACHE_HOME/codingagentbench``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "codingagentbench"


def images_dir() -> Path:
    """The folder of Dockerfiles, a folder an image."""
    return _first("images")


def _first(name: str) -> Path:
    checkout = _CHECKOUT / ("tasks" if name == "tasks" else "runner/images")
    if (_CHECKOUT / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    return _CARRIED / name


@cache
def own_code() -> dict[str, bytes]:
    """What an image carries of this project: ``requirements.txt``, and a wheel's content in ``packages/``."""
    found: dict[str, bytes] = {}
    for package in ("cab_proxy", "cab_report", "cab_runner", "cab_scoring", "cab_sim"):
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        found |= _files(Path(spec.origin).parent, package)
    found |= _files(tasks_dir(), "cab_runner/_data/tasks") | _files(images_dir(), "cab_runner/_data/images")
    found[f"codingagentbench-{version('codingagentbench')}.dist-info/METADATA"] = (
        f"Metadata-Version: 2.1\nName: codingagentbench\nVersion: {version('codingagentbench')}\n".encode()
    )
    needed = "".join(f"{line}\n" for line in requires("codingagentbench") or () if "extra ==" not in line)
    return {"requirements.txt": needed.encode()} | {f"packages/{name}": data for name, data in found.items()}


def grading_library() -> dict[str, bytes]:
    """``cab_grading``, which hidden checks import, by path."""
    return _files(INSIDE / "cab_grading", "cab_grading")


def _files(folder: Path, prefix: str) -> dict[str, bytes]:
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
