"""What an agent adapter is: data, how to start the agent, and how to read what it says of itself.

An adapter is one module of this package with an ``ADAPTER``; nothing else in the project names an
agent. It holds no I/O but the reading of the agent's own report, which comes from a folder that the
agent could write: symlinks, pipes and files beyond a bound count as absent there.

Factory mode is the vendor's defaults plus *wiring* (endpoint, key, model, limits) plus what makes the
agent run unattended and offline. Whatever else an adapter sets is in its ``deviation``.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from cab_proxy.records import Tokens
from cab_runner.sandbox.base import Layout

MAX_REPORT_BYTES: Final = 16 * 2**20
MAX_RAW_ITEMS: Final = 200


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """How one run of the agent is started."""

    command: tuple[str, ...]
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
    version: str
    protocol: Literal["chat"]
    """The wire protocol that it speaks to the endpoint."""
    image: str | None
    """Folder under runner/images that holds its CLI; ``None`` for an agent that every sandbox can
    run. An agent with an image needs docker."""
    own_files: tuple[str, ...] = ()
    """Globs of its own state files in a workspace."""
    deviation: tuple[str, ...] = ()
    """What it sets beyond factory mode, in words."""
    wire: Callable[[WireContext], Wiring]
    claim: Callable[[str, Path], Claim | None] = no_claim
    """(stdout, HOME) → its own token report, ``None`` when there is none."""
    render: Callable[[str], str | None] | None = None
    """For an agent whose stdout is a stream of JSON events: one line of it → text for the recording,
    ``None`` for an event that shows nothing. Any other line comes back as it is."""


def read_report(home: Path, name: str) -> str:
    """A report file that the agent left in its HOME; empty when there is none that may be read."""
    try:
        descriptor = os.open(home / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_REPORT_BYTES).decode("utf-8", "replace")
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
