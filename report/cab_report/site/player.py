"""Recordings, and the player that plays them: asciinema-player, from an installed package that carries it.

A recording is read line by line, and only lines that are whole output events reach the page: a runner that
was killed leaves half a line, and what an agent printed may be anything. Without the package pages say how
else a recording is played.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

import orjson

from cab_report.attempt import evidence
from cab_report.site.content import Site
from cab_report.site.parts import Copy

DISTRIBUTION: Final = "mkdocs-asciinema-player"
FILES: Final = ("asciinema-player.min.js", "asciinema-player.css")
FOLDER: Final = "assets/player"
CAST: Final = "terminal.cast"
SHOWN_BYTES: Final = 1_000_000
"""Of a recording; a page holds what it plays."""
_TAIL_BYTES: Final = 64_000
_SIZE: Final = (120, 40)
"""Columns and rows of a recording whose header doesn't say."""
_LARGEST: Final = 200
_LONGEST_S: Final = 1e7
_CLEARS: Final = re.compile(r"\x1b\[[23]J|\x1bc|\x1b\[\?1049[hl]")
_ESCAPES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]|\x1b", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """What can be played of a recording."""

    columns: int
    rows: int
    events: list[tuple[float, str, str]]
    """Seconds since the start, ``o``, and what was printed."""
    cut_at_bytes: int | None
    """Where it was cut because it is too long; None where it is whole."""
    left_out: int
    """Lines that are no output event, a header that can't be used among them."""

    @property
    def data(self) -> list[Any]:
        """As the player takes it."""
        return [{"version": 2, "width": self.columns, "height": self.rows}, *self.events]


def pages(site: Site) -> Iterator[Copy]:
    """The player, once, where there is anything to play."""
    if not any(recorded(each.folder) for one in site.contents.values() for each in one.attempts):
        return
    found = files()
    if not found:
        site.warnings.append(
            f"recordings can't be played on the pages: the package {DISTRIBUTION} is not installed "
            "(pip install 'codingagentbench[pages]')"
        )
    for path in found:
        yield Copy(path=f"{FOLDER}/{path.name}", source=path)


@cache
def files() -> tuple[Path, ...]:
    """The player's script and style sheet; empty where they aren't installed. Nothing is imported."""
    try:
        package = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return ()
    found = [Path(str(package.locate_file(f"mkdocs_asciinema_player/assets/{name}"))) for name in FILES]
    return tuple(found) if all(path.is_file() for path in found) else ()


def recorded(folder: Path) -> Path | None:
    """The recording in an attempt's folder, where its page has it."""
    return evidence.look(folder, CAST).path


def read(path: Path) -> Cast:
    """The recording, as far as it can be played. Raises OSError."""
    with path.open("rb") as file:
        text = file.read(SHOWN_BYTES)
        whole = not file.read(1)
    if not whole:
        text = text[: text.rfind(b"\n") + 1]
    header, *lines = text.splitlines() or [b""]
    size = _size(header)
    events, left_out, last_s = [], 0 if size else 1, 0.0
    for line in lines:
        event = _event(line)
        if event is None:
            left_out += 1
            continue
        last_s = max(last_s, event[0])
        events.append((last_s, "o", event[1]))
    columns, rows = size or _SIZE
    return Cast(
        columns=columns,
        rows=rows,
        events=events,
        cut_at_bytes=None if whole else len(text),
        left_out=left_out,
    )


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines that were printed, without colours; a screen that was drawn at will may have been
    otherwise. Raises OSError.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        lines = file.read().splitlines()[1:]
    printed = "".join(event[1] for line in lines if (event := _event(line)))
    text = _ESCAPES.sub("", _CLEARS.split(printed)[-1])
    shown = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
    return [line for line in shown if line][-count:]


def _size(header: bytes) -> tuple[int, int] | None:
    try:
        value = orjson.loads(header)
        size = value["width"], value["height"]
    except (ValueError, TypeError, KeyError):
        return None
    return size if all(type(each) is int and 0 < each <= _LARGEST for each in size) else None


def _event(line: bytes) -> tuple[float, str] | None:
    try:
        at, kind, text = orjson.loads(line)
    except (ValueError, TypeError):
        return None
    fits = kind == "o" and isinstance(text, str) and type(at) in {int, float} and 0 <= at <= _LONGEST_S
    return (float(at), text) if fits else None
