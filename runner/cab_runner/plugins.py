"""Plugins: small TOML overlays on how an agent is started (docs/plugins.md).

:func:`load` reads one and refuses anything that it does not understand; :func:`apply` lays a stack of
them over an adapter's wiring, in order.

Invariants
----------
* What leads the agent to its meter stays: no plugin changes a variable, or a value in a configuration, in
  which the adapter put the door or the run's token.
* A plugin writes under HOME only, and reads nothing but its TOML file and plain files beside it.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import tomlkit

from cab_runner import templates
from cab_runner.agents.base import WireContext, Wiring
from cab_runner.errors import UsageError

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_KEYS: Final = frozenset({"name", "description", "agents", "args", "env", "files"})
_KINDS: Final = {"str": "string", "dict": "table", "list": "list"}
_FILE_KEYS: Final = frozenset({"path", "env_key", "text", "source", "merge"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that the agent finds in its HOME."""

    path: str
    """Under HOME."""
    text: str
    template: bool
    """A ``source`` is none: it is written as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A table that goes into a configuration: tables are merged, any other value is replaced."""

    place: str
    """A JSON or TOML file under HOME, or a variable that holds JSON."""
    in_env: bool
    """Whether it is a variable."""
    table: Mapping[str, Any]
    """Its strings are templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One overlay."""

    name: str
    description: str
    agents: tuple[str, ...] | None
    """The agents that it is for; ``None``: all."""
    args: tuple[str, ...]
    """Templates, appended to the command."""
    env: Mapping[str, str]
    """Variable → template."""
    files: tuple[Written | Merged, ...]
    sha256: str
    """Of the TOML file and its sources."""

    @property
    def env_keys(self) -> set[str]:
        """The variables that it sets or merges something into."""
        return {*self.env, *(f.place for f in self.files if isinstance(f, Merged) and f.in_env)}

    def is_for(self, agent: str) -> bool:
        """Whether an agent of this name gets it."""
        return self.agents is None or agent in self.agents


def load_all(paths: Iterable[Path]) -> tuple[Plugin, ...]:
    """Read a stack. Raises :class:`UsageError` for a plugin that can't be used, or is there twice."""
    stack = tuple(map(load, paths))
    names = [plugin.name for plugin in stack]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"two plugins are named {min(twice)!r}: records could not tell them apart")
    return stack


def load(path: Path) -> Plugin:
    """Read one plugin. Raises :class:`UsageError` that names the file, the key and what is expected."""
    try:
        content = path.read_bytes()
        raw = tomllib.loads(content.decode())
    except OSError as error:
        raise UsageError(f"plugin {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"plugin {path} is not TOML: {error}") from None
    try:
        return _plugin(raw, path.parent, content)
    except (ValueError, UsageError) as error:
        raise UsageError(f"plugin {path}: {error}") from None


def apply(stack: Sequence[Plugin], wiring: Wiring, context: WireContext) -> Wiring:
    """The wiring with a stack laid over it.

    Raises :class:`UsageError` where a plugin would lead the agent away from its meter, or does not fit
    what the adapter wrote.
    """
    own = wiring
    for plugin in stack:
        try:
            wiring = _laid_over(plugin, wiring, own, context)
        except ValueError as error:
            raise UsageError(f"plugin {plugin.name}: {error}") from None
    return templates.with_prompt_file(wiring, context)


def _plugin(raw: Mapping[str, Any], folder: Path, content: bytes) -> Plugin:
    _only(raw, _KEYS, "a plugin")
    name = _typed(raw, "name", str, "")
    if not _NAME.fullmatch(name):
        raise ValueError("name must be letters, digits, dots, dashes and underscores")
    env = _typed(raw, "env", dict, {})
    for key, value in env.items():
        templates.check(_typed(env, templates.variable(key), str, value), f"[env] {key}")
    args = _strings(raw, "args")
    for argument in args:
        templates.check(argument, "args")
    files = tuple(_file(entry, folder) for entry in _typed(raw, "files", list, []))
    return Plugin(
        name=name,
        description=_typed(raw, "description", str, ""),
        agents=_strings(raw, "agents") if "agents" in raw else None,
        args=args,
        env=env,
        files=files,
        sha256=_hash(content, files),
    )


def _hash(content: bytes, files: Iterable[Written | Merged]) -> str:
    digest = hashlib.sha256(content)
    for file in files:
        if isinstance(file, Written) and not file.template:
            digest.update(hashlib.sha256(file.text.encode()).digest())
    return digest.hexdigest()


def _file(entry: object, folder: Path) -> Written | Merged:
    if not isinstance(entry, dict):
        raise ValueError("files must be tables: [[files]]")
    _only(entry, _FILE_KEYS, "[[files]]")
    contents = [key for key in ("text", "source", "merge") if key in entry]
    if ("path" in entry) == ("env_key" in entry) or len(contents) != 1:
        raise ValueError("[[files]] needs path or env_key, and one of text, source and merge")
    if "env_key" in entry:
        if contents != ["merge"]:
            raise ValueError("env_key takes merge only: [env] sets a variable")
        variable = templates.variable(_typed(entry, "env_key", str, ""))
        return Merged(place=variable, in_env=True, table=_typed(entry, "merge", dict, {}))
    path = templates.home_path(_typed(entry, "path", str, ""))
    if contents == ["merge"]:
        if not path.endswith((".json", ".toml")):
            raise ValueError(f"{path}: merge is for files that end in .json or .toml")
        return Merged(place=path, in_env=False, table=_typed(entry, "merge", dict, {}))
    if contents == ["text"]:
        return Written(path=path, text=_typed(entry, "text", str, ""), template=True)
    return Written(path=path, text=_source(folder, _typed(entry, "source", str, "")), template=False)


def _source(folder: Path, name: str) -> str:
    path = folder.resolve() / name
    if Path(name).is_absolute() or path.resolve() != path or not path.is_file():
        raise ValueError(f"source {name!r} must be a plain file beside the TOML file: no link, no ..")
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"source {name!r} is not UTF-8 text") from None


def _only(raw: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    if unknown := set(raw) - known:
        raise ValueError(f"unknown key {min(unknown)!r}: {where} has {', '.join(sorted(known))}")


def _typed(raw: Mapping[str, Any], key: str, kind: type[T], default: T) -> T:
    value = raw.get(key, default)
    if not isinstance(value, kind):
        raise ValueError(f"{key} must be a {_KINDS[kind.__name__]}")
    return value


def _strings(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = _typed(raw, key, list, [])
    if not all(isinstance(item, str) for item in value):
        raise ValueError(f"{key} must be a list of strings")
    return tuple(value)


def _laid_over(plugin: Plugin, wiring: Wiring, own: Wiring, context: WireContext) -> Wiring:
    """``own`` is the adapter's wiring, before any plugin. Raises :class:`ValueError`."""
    leads = _leads_to_the_meter(context)
    for key in plugin.env:
        if leads(own.env.get(key, "")):
            raise ValueError(f"{key} leads the agent to its meter and can't be set")
    env = {**wiring.env, **{key: templates.fill(text, context) for key, text in plugin.env.items()}}
    files = dict(wiring.files)
    for file in plugin.files:
        if isinstance(file, Written):
            if file.path in own.files:
                raise ValueError(f"{file.path} is the agent's own wiring: use merge")
            text = file.text
            files[file.path] = templates.fill_file(file.path, text, context) if file.template else text
        else:
            texts = env if file.in_env else files
            table = _filled(file.table, context)
            texts[file.place] = _merged_text(texts.get(file.place), table, file.place, leads)
    command = (*wiring.command, *(templates.fill(argument, context) for argument in plugin.args))
    return replace(wiring, command=command, env=env, files=files)


def _leads_to_the_meter(context: WireContext) -> Callable[[object], bool]:
    marks = (urlsplit(context.origin).netloc, context.token)
    return lambda value: any(mark in str(value) for mark in marks)


def _filled(value: Any, context: WireContext) -> Any:
    if isinstance(value, str):
        return templates.fill(value, context)
    if isinstance(value, Mapping):
        return {templates.fill(key, context): _filled(item, context) for key, item in value.items()}
    return [_filled(item, context) for item in value] if isinstance(value, list) else value


def _merged_text(
    text: str | None, table: Mapping[str, Any], place: str, leads: Callable[[object], bool]
) -> str:
    toml = place.endswith(".toml")
    try:
        before = (tomllib.loads if toml else json.loads)(text or ("" if toml else "{}"))
    except ValueError:
        before = None
    if not isinstance(before, dict):
        raise ValueError(f"{place} holds no {'TOML' if toml else 'JSON object'} to merge into")
    after = _merged(before, table, place, leads)
    return tomlkit.dumps(after) if toml else json.dumps(after, ensure_ascii=False, indent=1)


def _merged(
    before: Mapping[str, Any], table: Mapping[str, Any], place: str, leads: Callable[[object], bool]
) -> dict[str, Any]:
    after = dict(before)
    for key, value in table.items():
        old, where = before.get(key), f"{place}: {key}"
        if isinstance(old, dict) and isinstance(value, Mapping):
            after[key] = _merged(old, value, where, leads)
        elif leads(old):
            raise ValueError(f"{where} leads the agent to its meter and can't be set")
        else:
            after[key] = value
    return after
