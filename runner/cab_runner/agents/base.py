"""What an agent adapter is: data, how to start the agent, and how to read what it says of itself.

An adapter is one module of this package with an ``ADAPTER``; nothing else in the runner names an
agent. How to read what an agent says of itself is in :mod:`.reports`.

Factory mode is the vendor's defaults plus *wiring* (endpoint, key, model, limits) plus what makes the
agent run unattended and offline. Whatever else an adapter sets is in its ``deviation``, and is left out
where the context says ``strict_factory``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from cab_proxy.records import Tokens
from cab_runner.sandbox.base import Layout

AGENT_FOLDER: Final = "/opt/cab/agent"
"""Of the agent's CLI, in an image of ours."""
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
    """Shell, run once all is installed, in :data:`AGENT_FOLDER`."""
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
    """The reports verbatim, in order; at most the first :data:`.reports.MAX_RAW_ITEMS`."""
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
