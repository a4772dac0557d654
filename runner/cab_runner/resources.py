"""Where tasks and image sources are: in the checkout, else in what the wheel carries."""

from __future__ import annotations

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


def images_dir() -> Path:
    """The folder of Dockerfiles, a folder an image."""
    return _first("images")


def _first(name: str) -> Path:
    checkout = _CHECKOUT / ("tasks" if name == "tasks" else "runner/images")
    if (_CHECKOUT / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    return _CARRIED / name
