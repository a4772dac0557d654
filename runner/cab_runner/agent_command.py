"""An agent by its command line alone: an adapter made of templates (docs/plugins.md), for ``--agent-cmd``.

The command is split as a shell would split it, *before* anything is filled in, and no shell runs it: a
prompt is one argument whatever is in it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from cab_runner import agents, templates
from cab_runner.agents.base import Adapter, WireContext, WireProtocol, Wiring
from cab_runner.errors import UsageError

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.+-]*", re.ASCII)


def adapter(
    command: str,
    *,
    name: str | None = None,
    image: str | None = None,
    protocol: WireProtocol | None = None,
    env: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    own_files: tuple[str, ...] = (),
) -> Adapter:
    """The adapter of a command. ``env`` and ``files`` (path under HOME → text) are templates, too.

    Raises :class:`UsageError` for a command that can't be split, an unknown placeholder in command or
    environment, and a name that can't be had.
    """
    try:
        parts = tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"--agent-cmd: {error} in {command!r}") from None
    if not parts:
        raise UsageError("--agent-cmd is empty: give the program and its arguments")
    for part in parts:
        templates.check(part, "--agent-cmd")
    for key, text in (env or {}).items():
        templates.check(text, f"--agent-env {key}")

    def wire(context: WireContext) -> Wiring:
        wiring = Wiring(
            command=tuple(templates.fill(part, context) for part in parts),
            env={key: templates.fill(text, context) for key, text in (env or {}).items()},
            files={path: templates.fill_file(path, text, context) for path, text in (files or {}).items()},
        )
        return templates.with_prompt_file(wiring, context)

    return Adapter(
        name=_name(name or PurePosixPath(parts[0]).name),
        version=None,
        protocol=protocol,
        image=image,
        own_files=own_files,
        wire=wire,
    )


def env_of(given: Iterable[str]) -> dict[str, str]:
    """``--agent-env`` options. Raises :class:`UsageError` for one that isn't ``KEY=TEMPLATE``."""
    pairs = [_pair("--agent-env", "KEY=TEMPLATE", text) for text in given]
    try:
        return {templates.variable(key): text for key, text in pairs}
    except ValueError as error:
        raise UsageError(f"--agent-env: {error}") from None


def files_of(given: Iterable[str]) -> dict[str, str]:
    """``--agent-file`` options, read. Raises :class:`UsageError` for what is no path or can't be read."""
    files = {}
    for option in given:
        path, source = _pair("--agent-file", "PATH_UNDER_HOME=LOCAL_FILE", option)
        try:
            files[templates.home_path(path)] = Path(source).read_text("utf-8")
        except OSError as error:
            raise UsageError(f"--agent-file: {source}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UsageError(f"--agent-file: {source} is not UTF-8 text") from None
        except ValueError as error:
            raise UsageError(f"--agent-file: {error}") from None
    return files


def _pair(option: str, form: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise UsageError(f"{option} {text!r} must look like {form}")
    return key, value


def _name(name: str) -> str:
    if name in agents.names():
        raise UsageError(f"there is an agent {name} already: give --agent-name another, for the records")
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for records: give --agent-name letters, digits and dashes")
    return name
