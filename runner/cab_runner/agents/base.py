"""What an agent adapter is: data, how to start the agent, and how to read what it says of itself.

An adapter is one module of this package with an ``ADAPTER``; nothing else in the project names an
agent. It holds no I/O but the reading of the agent's own report, which comes from a folder that the
agent could write: symlinks, pipes and files beyond a bound count as absent there.

Factory mode is the vendor's defaults plus *wiring* (endpoint, key, model, limits) plus what makes the
agent run unattended and offline. Whatever else an adapter sets is in its ``deviation``, and is left out
where the context says ``strict_factory``.
"""

from __future__ import annotations

import fnmatch
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from cab_proxy.records import Tokens
from cab_runner.sandbox.base import Layout

MAX_REPORT_BYTES: Final = 16 * 2**20
MAX_REPORT_NAMES: Final = 1_000
MAX_RAW_ITEMS: Final = 200
SHOWN_OUTPUT_CHARS: Final = 4_000
"""Bound on what :attr:`Adapter.render` shows of one tool's output."""

PROMPT_FILE: Final = "cab-prompt.md"
"""Path under HOME of the prompt, for an agent that reads it from there."""

WireProtocol = Literal["chat", "responses", "messages", "gemini"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """How an agent's CLI gets into its image: the values of a Dockerfile under runner/images."""

    source: Literal["npm", "pypi", "binary"]
    """The folder of that Dockerfile: a registry, or ``binary`` for what none of them has."""
    packages: tuple[str, ...] = ()
    """With their exact versions, as the registry's installer takes them."""
    before: str | None = None
    """Day (UTC, ``YYYY-MM-DD``): of all further dependencies those are taken that were there before it."""
    commands: tuple[str, ...]
    """Programs to put on PATH, as their packages name them."""
    setup: str = ""
    """Shell, run once all is installed, in ``/opt/cab/agent``."""
    published_at: str | None = None
    """Where the maker publishes the binary, for people who are to fetch it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireContext:
    """What an adapter is given to start its agent with."""

    prompt: str
    model: str
    base_url: str
    """The door as an OpenAI base URL, ``…/v1``."""
    origin: str
    """The door without ``/v1``."""
    token: str
    """The run's token; the real key never comes here."""
    layout: Layout
    context_window_tokens: int
    max_output_tokens: int
    max_turns: int | None
    """Bound on the model's turns, for agents that have such an option."""
    strict_factory: bool = False
    """Leave out the adapter's deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """How one run of the agent is started."""

    command: tuple[str, ...]
    """Further arguments may be appended."""
    env: Mapping[str, str]
    """Added to PATH, HOME, LANG and TMPDIR; the whole of the agent's environment besides them."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path under HOME → text, written before the agent starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The agent's own token report."""

    source: str
    """Where it was found, e.g. ``stdout step_finish.tokens``."""
    raw: tuple[Mapping[str, Any], ...]
    """The reports verbatim, in order; at most the first :data:`MAX_RAW_ITEMS`."""
    raw_input_includes_cache: bool
    """Whether the raw input figures include tokens read from the cache."""
    tokens: Tokens
    """The reports added up, normalised as in the ledger: input includes cache, output reasoning.
    A kind that any of them leaves out is ``None``."""

    def to_json(self) -> dict[str, Any]:
        """As the cell record keeps it."""
        return {
            "source": self.source,
            "raw": [dict(item) for item in self.raw],
            "raw_input_includes_cache": self.raw_input_includes_cache,
            "tokens": asdict(self.tokens),
        }


def no_claim(stdout: str, home: Path) -> Claim | None:  # noqa: ARG001  # the signature of Adapter.claim
    """Of an agent that reports no tokens."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One agent CLI."""

    name: str
    """The module's name with ``-`` for ``_``."""
    version: str | None
    """``None`` where only whoever gave the command knows it."""
    protocol: WireProtocol | None
    """The wire protocol that it speaks to the endpoint."""
    install: Install | None = None
    """What its image is built from; ``None`` for an agent that needs none, or brings its own."""
    image: str | None = None
    """Reference of an image that somebody else built."""
    verified: str | None = None
    """The day on which this version was last seen to solve a task here; ``None``: never."""
    own_files: tuple[str, ...] = ()
    """Globs of its own state files in a workspace."""
    deviation: Mapping[str, str] = field(default_factory=dict)
    """What it sets beyond factory mode → why."""
    failure: str = "exit code"
    """How it shows that it failed, in words."""
    wire: Callable[[WireContext], Wiring]
    claim: Callable[[str, Path], Claim | None] = no_claim
    """(stdout, HOME) → its own token report, ``None`` when there is none."""
    render: Callable[[str], str | None] | None = None
    """For an agent whose stdout is a stream of JSON events: one line of it → text for the recording,
    ``None`` for an event that shows nothing. Any other line comes back as it is."""


def on_stdin(context: WireContext, *command: str) -> tuple[str, ...]:
    """The command with :data:`PROMPT_FILE` as its stdin: no prompt is an option there."""
    return ("sh", "-c", 'exec "$@" <"$0"', f"{context.layout.home}/{PROMPT_FILE}", *command)


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
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def add_up(parts: list[Tokens]) -> Tokens:
    """Sum of each kind over the reports; a kind that one of them leaves out is unknown."""
    sums: dict[str, int | None] = {}
    for kind in ("input", "cached", "cache_write", "output", "reasoning", "total"):
        figures = [getattr(part, kind) for part in parts]
        sums[kind] = None if None in figures or not figures else sum(figures)
    return Tokens(**sums)
