"""Reading what an agent says of itself: files in its HOME, its stream of JSON events, token counts.

Whatever is read here, the agent could have written: symlinks, pipes and files beyond a bound count as absent,
and a value of another kind than it ought to be as none.
"""

from __future__ import annotations

import fnmatch
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from cab_proxy.records import TOKEN_KINDS, Tokens
from cab_runner.agents.base import Claim

MAX_REPORT_BYTES: Final = 16 * 2**20
MAX_REPORT_NAMES: Final = 1_000
MAX_RAW_ITEMS: Final = 200
MAX_TOKENS: Final = 10**15
"""More is no count: JSON has integers that no division takes."""
SHOWN_OUTPUT_CHARS: Final = 4_000
"""Bound on what a recording shows of one tool call, and of its output."""


def read_report(home: Path, path: str) -> str:
    """A report file that the agent left in its HOME; empty when there is none that may be read."""
    return next(iter(read_reports(home, path)), "")


def read_reports(home: Path, pattern: str) -> list[str]:
    """Report files of the agent's, by path, where a folder has a name that it chose: ``logs/*/events.jsonl``.

    Together they are bounded as one is, and so is how many names are tried.
    """
    texts: list[str] = []
    room = MAX_REPORT_BYTES
    with _opened(str(home), os.O_DIRECTORY) as folder:
        for file in _files(folder, pattern.split("/")):
            data = file.read(room)
            texts.append(data.decode("utf-8", "replace"))
            if (room := room - len(data)) == 0:
                break
    return texts


def _files(folder: int | None, parts: Sequence[str]) -> Iterator[BinaryIO]:
    """Regular files below an open folder, each open while it is looked at."""
    first, *rest = parts
    for name in () if folder is None else _names(folder, first):
        with _opened(name, os.O_DIRECTORY if rest else os.O_NONBLOCK, folder) as descriptor:
            if rest:
                yield from _files(descriptor, rest)
            elif descriptor is not None and stat.S_ISREG(os.fstat(descriptor).st_mode):
                with open(descriptor, "rb", closefd=False) as file:
                    yield file


def _names(folder: int, part: str) -> list[str]:
    if "*" not in part:
        return [part]
    with os.scandir(folder) as entries:
        names = [entry.name for entry in islice(entries, MAX_REPORT_NAMES)]
    return sorted(fnmatch.filter(names, part))


@contextmanager
def _opened(name: str, flags: int, folder: int | None = None) -> Iterator[int | None]:
    """``None`` for what cannot be opened, a symlink among it."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags, dir_fd=folder)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def json_lines(text: str) -> Iterator[dict[str, Any]]:
    """The lines that are JSON objects; all others are passed over."""
    for line in text.split("\n"):
        if (event := json_object(line)) is not None:
            yield event


def json_object(line: str) -> dict[str, Any] | None:
    """A line as a JSON object, ``None`` for anything else."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def last_event(stdout: str, kind: str) -> dict[str, Any]:
    """Of a stream of JSON events the last of a ``type``; an empty object where there is none."""
    last: dict[str, Any] = {}
    for event in json_lines(stdout):
        if event.get("type") == kind:
            last = event
    return last


def object_at(value: object, *path: str) -> dict[str, Any]:
    """The JSON object that lies there; an empty one where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """A value that ought to be a JSON array; an empty one for anything else."""
    return value if isinstance(value, list) else []


def count(value: object) -> int | None:
    """A token count as an agent wrote it; ``None`` for what is none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS:
        return value
    return None


def sum_of(*figures: int | None) -> int | None:
    """Their sum; unknown where one of them is, or there is none."""
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known and len(known) == len(figures) else None


def add_up(parts: Iterable[Tokens]) -> Tokens:
    """Sum of each kind over the reports; a kind that one of them leaves out is unknown."""
    parts = [*parts]
    return Tokens(**{kind: sum_of(*(getattr(part, kind) for part in parts)) for kind in TOKEN_KINDS})


def claim_of(
    reports: Sequence[Mapping[str, Any]],
    tokens: Callable[[Mapping[str, Any]], Tokens],
    *,
    source: str,
    includes_cache: bool,
) -> Claim | None:
    """The claim that an agent's reports add up to; ``None`` where it made none."""
    if not reports:
        return None
    return Claim(
        source=source,
        raw=tuple(reports[:MAX_RAW_ITEMS]),
        raw_input_includes_cache=includes_cache,
        tokens=add_up(map(tokens, reports)),
    )


def of_events(render: Callable[[dict[str, Any]], str | None]) -> Callable[[str], str | None]:
    """An :attr:`.base.Adapter.render` of what shows one event; a line that is none comes back as it is."""

    def render_line(line: str) -> str | None:
        event = json_object(line)
        return line if event is None else render(event)

    return render_line


def shown_call(name: object, arguments: object) -> str:
    """A tool call as a person reads it: its command, else its arguments."""
    shown = object_at(arguments).get("command") or json.dumps(arguments, ensure_ascii=False)
    return f"| {name}  {shown}"[:SHOWN_OUTPUT_CHARS]


def shown_texts(content: object) -> str:
    """The texts of a list of content parts."""
    return "\n".join(str(part["text"]) for part in map(object_at, list_of(content)) if "text" in part)


def shown_blocks(content: object) -> str | None:
    """Content blocks as Anthropic's messages have them: text, tool calls and their output."""
    return "\n".join(filter(None, map(_shown_block, map(object_at, list_of(content))))) or None


def _shown_block(block: Mapping[str, Any]) -> str:
    match block.get("type"):
        case "text":
            return str(block.get("text"))
        case "tool_use":
            return shown_call(block.get("name"), block.get("input"))
        case "tool_result":
            content = block.get("content")
            shown = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
            return shown[:SHOWN_OUTPUT_CHARS].rstrip()
    return ""
