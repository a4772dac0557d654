"""How to point an installed agent CLI at any endpoint through ``cab-proxy``, as text for a shell.

An adapter that is given placeholders instead of a run wires the agent in the terms of
:mod:`cab_runner.templates`: what comes out is a description for machines, and with a shell variable for
each placeholder it is a script. The endpoint's key is in neither: the proxy reads it from the variable that
is named. Nobody's own configuration is touched: files go to a fresh folder, and the agent is told of it by
its variables, or gets it as its HOME.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from cab_runner.agents.base import AGENT_FOLDER, Adapter, WireContext, Wiring
from cab_runner.plan import CONTEXT_WINDOW_TOKENS, MAX_OUTPUT_TOKENS
from cab_runner.resources import INSIDE
from cab_runner.sandbox.base import Layout

LEDGER: Final = "calls.jsonl"
NO_KEY: Final = "metered"
"""What the agent shows in place of a key; the proxy puts the endpoint's there."""

_VARIABLES: Final = {"prompt": "PROMPT", "model": "MODEL", "home": "CAB_HOME", "workspace": "PWD"}
_PLACEHOLDER: Final = re.compile(r"\{(" + "|".join(_VARIABLES) + r")\}")
_END: Final = "CAB_END"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How the agent is started. Texts hold ``{prompt}``, ``{home}``, ``{workspace}``, and ``{model}`` where
    none was named.
    """

    agent: str
    version: str | None
    verified: str | None
    """The day on which this version was last seen to work; ``None``: never."""
    endpoint: str
    proxy: tuple[str, ...]
    """The meter's command."""
    env: dict[str, str]
    files: dict[str, str]
    """Path under ``{home}`` → text."""
    home_is_fresh: bool
    """Whether the agent finds these files by its HOME alone, so that HOME must be ``{home}``."""
    command: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The same for machines."""
        return asdict(self)


def recipe(
    adapter: Adapter, endpoint: str, *, model: str | None = None, key_env: str | None = None, port: int = 8080
) -> Recipe:
    """The recipe for an agent at an endpoint (``…/v1``), with the proxy on a port of 127.0.0.1.

    ``key_env`` names the variable with the endpoint's key; without one the proxy looks at ``CAB_KEY``.
    """
    listen = f"127.0.0.1:{port}"
    key = () if key_env is None else ("--key-env", key_env)
    wiring = adapter.wire(
        WireContext(
            prompt="{prompt}",
            model=model or "{model}",
            base_url=f"http://{listen}/v1",
            origin=f"http://{listen}",
            token=NO_KEY,
            layout=_layout(port),
            context_window_tokens=CONTEXT_WINDOW_TOKENS,
            max_output_tokens=MAX_OUTPUT_TOKENS,
            max_turns=None,
        )
    )
    return Recipe(
        agent=adapter.name,
        version=adapter.version,
        verified=adapter.verified,
        endpoint=endpoint,
        proxy=(
            "cab-proxy",
            "--upstream",
            endpoint,
            "--listen",
            listen,
            "--ledger",
            LEDGER,
            "--no-live",
            *key,
        ),
        # what leads into our image leads nowhere here
        env={name: text for name, text in wiring.env.items() if not text.startswith(AGENT_FOLDER)},
        files=dict(wiring.files),
        home_is_fresh=not all(_is_told(path, wiring) for path in wiring.files),
        command=wiring.command,
    )


def script(made: Recipe) -> str:
    """The recipe as text for ``sh``, or to paste into a shell: it leaves nothing set, running or written
    but the ledger.
    """
    known = (
        f"It is how version {made.version} was run here on {made.verified}."
        if made.verified
        else f"It is from the documentation of version {made.version}: nobody has run it here."
    )
    needed = ["PROMPT", *(["MODEL"] if _uses(made, "model") else [])]
    files = [line for path, text in made.files.items() for line in _heredoc(path, text)]
    fresh = [
        f"# {made.agent} looks for its files in HOME only, so it gets a fresh one: your own settings of it",
        "# are neither used nor touched",
        'export HOME="$CAB_HOME"',
    ]
    sections = (
        [
            f"# {made.agent} at {made.endpoint} through a meter. Set {' and '.join(needed)} first.",
            f"# {known}",
            "# It runs unattended: it asks nobody before it runs commands, and no sandbox is around it.",
            "(",
            *(f': "${{{name}:?set {name} first}}"' for name in needed),
            'CAB_HOME=$(mktemp -d) && mkfifo "$CAB_HOME/ready" || exit',
        ],
        [
            "# the meter, which alone needs the key",
            f'{shlex.join(made.proxy)} --ready-fd 3 3>"$CAB_HOME/ready" &',
            "CAB_PROXY=$!",
            "trap 'kill $CAB_PROXY 2>/dev/null; wait $CAB_PROXY; rm -r \"$CAB_HOME\"' EXIT",
            "trap 'exit 130' INT TERM",
            'read -r CAB_READY <"$CAB_HOME/ready" || exit',
        ],
        ["# files for the agent, in a fresh folder", *files] if files else [],
        [
            "# its environment",
            *(f"export {name}={_quoted(text)}" for name, text in sorted(made.env.items())),
            *(fresh if made.home_is_fresh else []),
        ],
        [
            "# the agent",
            " ".join(map(_quoted, made.command)) + " </dev/null",
            "CAB_EXIT=$?",
            f"cab ledger summary {LEDGER} >&2",
            "exit $CAB_EXIT",
            ")",
        ],
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _layout(port: int) -> Layout:
    """Of no sandbox: the user's own machine, which has no tests, logs or tested code."""
    return Layout(
        workspace="{workspace}",
        home="{home}",
        tests="",
        logs="",
        tools=str(INSIDE),
        python=sys.executable,
        door_port=port,
        untrusted="none",
    )


def _is_told(path: str, wiring: Wiring) -> bool:
    """Whether the agent is told of a file, or of a folder that it lies in, by its command or environment."""
    places = [f"{{home}}/{place}" for place in (path, *map(str, PurePosixPath(path).parents)) if place != "."]
    return any(place in text for text in (*wiring.command, *wiring.env.values()) for place in places)


def _uses(made: Recipe, placeholder: str) -> bool:
    texts = (*made.command, *made.env.values(), *made.files.values())
    return any(f"{{{placeholder}}}" in text for text in texts)


def _quoted(text: str) -> str:
    """A word for the shell, in which placeholders are variables."""
    return _replaced(text, shlex.quote, '"${}"') or "''"


def _heredoc(path: str, text: str) -> list[str]:
    folder = PurePosixPath(path).parent
    made = [] if str(folder) == "." else [f'mkdir -p "$CAB_HOME"/{shlex.quote(str(folder))}']
    body = _replaced(text, lambda literal: re.sub(r"([$`\\])", r"\\\1", literal), "${{{}}}")
    return [*made, f'cat >"$CAB_HOME"/{shlex.quote(path)} <<{_END}', body.removesuffix("\n"), _END]


def _replaced(text: str, literal: Callable[[str], str], variable: str) -> str:
    """A text with its literal parts made safe, and its placeholders as shell variables."""
    parts = _PLACEHOLDER.split(text)
    return "".join(
        variable.format(_VARIABLES[part]) if index % 2 else literal(part) if part else ""
        for index, part in enumerate(parts)
    )
