"""Templates: text with placeholders for what is known only once a run has its door.

One rule for all of them: ``{name}`` of a placeholder is replaced, ``{{name}}`` stands for the literal
``{name}``, and every other brace is left alone, so that JSON and TOML can be written as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from cab_runner.agents.base import PROMPT_FILE, WireContext, Wiring
from cab_runner.errors import UsageError

PLACEHOLDERS: Final[Mapping[str, Callable[[WireContext], str]]] = {
    "base_url": lambda context: context.base_url,
    "origin": lambda context: context.origin,
    "model": lambda context: context.model,
    "prompt": lambda context: context.prompt,
    "prompt_file": lambda context: f"{context.layout.home}/{PROMPT_FILE}",
    "token": lambda context: context.token,
    "home": lambda context: context.layout.home,
    "workspace": lambda context: context.layout.workspace,
    "context_window": lambda context: str(context.context_window_tokens),
    "max_output": lambda context: str(context.max_output_tokens),
}

_BRACED: Final = re.compile(r"\{\{([A-Za-z_]\w*)\}\}|\{([A-Za-z_]\w*)\}")
_VARIABLE: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_QUOTING: Final = (".json", ".toml")


def check(text: str, where: str) -> None:
    """Raise :class:`UsageError` for a ``{name}`` that is no placeholder, where only a typo explains it."""
    for found in _BRACED.finditer(text):
        if found[2] and found[2] not in PLACEHOLDERS:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise UsageError(
                f"{where}: no placeholder {found[0]}: there are {known}; {{{found[0]}}} is the literal"
            )


def fill(text: str, context: WireContext) -> str:
    """The text with its placeholders replaced."""
    return _fill(text, context, str)


def fill_file(path: str, text: str, context: WireContext) -> str:
    """A file's text, filled; in JSON and TOML files what is filled in is escaped as in their strings."""
    return _fill(text, context, _quoted if path.endswith(_QUOTING) else str)


def with_prompt_file(wiring: Wiring, context: WireContext) -> Wiring:
    """The wiring, with the prompt in a file where something in it mentions that file."""
    path = PLACEHOLDERS["prompt_file"](context)
    texts = (*wiring.command, *wiring.env.values(), *wiring.files.values())
    if PROMPT_FILE in wiring.files or not any(path in text for text in texts):
        return wiring
    return replace(wiring, files={**wiring.files, PROMPT_FILE: context.prompt})


def home_path(text: str) -> str:
    """A path under HOME, as given. Raises :class:`ValueError` for one that could lead out of it."""
    path = PurePosixPath(text)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in text or text.startswith("~"):
        raise ValueError(f"{text!r} is no path under HOME: give a relative one without ..")
    return path.as_posix()


def variable(name: str) -> str:
    """The name of a variable that may be set, as given. Raises :class:`ValueError` for any other."""
    if not _VARIABLE.fullmatch(name) or name == "HOME":
        raise ValueError(f"{name!r} is no variable that can be set")
    return name


def _fill(text: str, context: WireContext, quoted: Callable[[str], str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1]:
            return f"{{{found[1]}}}"
        made = PLACEHOLDERS.get(found[2])
        return quoted(made(context)) if made else found[0]

    return _BRACED.sub(value, text)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")
