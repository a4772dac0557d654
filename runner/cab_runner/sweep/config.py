"""What a sweep is asked for: the same words in flags and in a TOML file.

The file's keys are the names of the long options with underscores (``agent``, ``n_attempts``,
``max_tokens``), and two kinds of tables besides: ``[[endpoints]]``, for models that are served elsewhere than
at ``endpoint``, and ``[[agent_commands]]``, agents that are no adapter of ours.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, get_args

import tomlkit

from cab_runner import agent_command, agents, endpoints, tasks
from cab_runner.agents.base import Adapter, WireProtocol
from cab_runner.endpoints import Wanted
from cab_runner.errors import UsageError
from cab_runner.plan import Settings
from cab_runner.sweep.schedule import Slot, Spending, in_turns
from cab_runner.tasks import Task

DEFAULT_ENDPOINT: Final = "default"
"""Name of the endpoint of ``--endpoint``."""
TABLES: Final = ("endpoints", "agent_commands")
_ENDPOINT_KEYS: Final = {"name": str, "url": str, "key_env": str, "models": list, "n_concurrent": int}
_COMMAND_KEYS: Final = {
    "name": str, "command": str, "image": str, "protocol": str, "env": dict, "files": dict, "own_files": list
}  # fmt: skip
_WORDS: Final = {
    str: "a text",
    list: "a list of texts",
    int: "a whole number, 1 or more",
    dict: "a table of texts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    """One endpoint of a sweep."""

    name: str
    wanted: Wanted
    models: tuple[str, ...]
    n_concurrent: int
    """Attempts at once, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepConfig:
    """All that a sweep is asked for, checked."""

    sweep_id: str
    adapters: Mapping[str, Adapter]
    endpoints: Mapping[str, EndpointConfig]
    tasks: Mapping[str, Task]
    n_attempts: int
    n_concurrent: int
    max_retries: int
    seed: int
    sandbox_name: str | None
    commands: Mapping[str, str] = field(default_factory=dict)
    """Agents that are given by their command: name → all that defines them, as text."""
    results: Path
    settings: Settings = field(default_factory=Settings)
    spending: Spending = field(default_factory=Spending)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", self.sweep_id, re.ASCII):
            raise UsageError(f"--sweep-id {self.sweep_id!r}: give letters, digits, dots and dashes")

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.results / self.sweep_id

    @property
    def slots(self) -> list[Slot]:
        """Every wanted attempt, in the order in which they are taken."""
        endpoint_of = {model: each.name for each in self.endpoints.values() for model in each.models}
        cells = [
            (agent, model, task) for agent in self.adapters for model in endpoint_of for task in self.tasks
        ]
        return [
            Slot(agent=agent, model=model, task=task, endpoint=endpoint_of[model], number=number)
            for agent, model, task, number in in_turns(cells, self.n_attempts, self.seed)
        ]


def load_file(path: Path) -> dict[str, Any]:
    """A sweep's TOML file. Raises :class:`UsageError`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML file: {error}") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


def to_toml(values: Mapping[str, Any]) -> str:
    """The same as :func:`load_file` reads it; what is not set is left out."""
    return tomlkit.dumps(
        {
            name: value
            for name, value in values.items()
            if value is not None and value is not False and value != []
        }
    )


def adapters_of(names: Sequence[str], commands: Sequence[Mapping[str, Any]]) -> dict[str, Adapter]:
    """Agents by name: ours, and those given by their command. Raises :class:`UsageError`."""
    found = [agents.get(name) for name in names]
    for number, table in enumerate(commands, start=1):
        _check(table, _COMMAND_KEYS, ("command",), f"agent_commands {number}")
        if table.get("protocol") not in (None, *get_args(WireProtocol)):
            raise UsageError(
                f"agent_commands {number}: protocol must be one of {', '.join(get_args(WireProtocol))}"
            )
        found.append(
            agent_command.adapter(
                table["command"],
                name=table.get("name"),
                image=table.get("image"),
                protocol=table.get("protocol"),
                env=table.get("env"),
                files=agent_command.files_of(_file_options(table)),
                own_files=tuple(table.get("own_files", ())),
            )
        )
    if not found:
        raise UsageError("no agent: give -a NAME (`cab agents list`), or [[agent_commands]] in the file")
    return _by_name(found, "agent")


def commands_of(tables: Sequence[Mapping[str, Any]], adapters: Mapping[str, Adapter]) -> dict[str, str]:
    """Name → all that defines an agent that is given by its command, the text of its files included."""
    names = [name for name in adapters if name not in agents.names()]
    return {
        name: json.dumps([table, agent_command.files_of(_file_options(table))], sort_keys=True)
        for name, table in zip(names, tables, strict=True)
    }


def _file_options(table: Mapping[str, Any]) -> list[str]:
    return [f"{path}={source}" for path, source in table.get("files", {}).items()]


def endpoints_of(
    given: Mapping[str, Any],
    tables: Sequence[Mapping[str, Any]],
    *,
    faults: tuple[str, ...],
    n_concurrent: int,
) -> dict[str, EndpointConfig]:
    """Endpoints by name: that of ``--endpoint`` with ``--model``, and those of the file.

    Raises :class:`UsageError`.
    """
    found = []
    if given["models"]:
        if not given["endpoint"]:
            raise UsageError(
                "no endpoint: give --endpoint URL (or set CAB_ENDPOINT), --endpoint sim, or --endpoint local"
            )
        wanted = Wanted(
            endpoint=endpoints.parse(given["endpoint"]),
            key=endpoints.key_from(given["key"], given["key_env"]),
            faults=faults,
        )
        limit = given["endpoint_n_concurrent"] or n_concurrent
        found.append(
            EndpointConfig(
                name=DEFAULT_ENDPOINT, wanted=wanted, models=tuple(given["models"]), n_concurrent=limit
            )
        )
    for number, table in enumerate(tables, start=1):
        _check(table, _ENDPOINT_KEYS, ("name", "url", "models"), f"endpoints {number}")
        found.append(
            EndpointConfig(
                name=table["name"],
                wanted=Wanted(
                    endpoint=endpoints.parse(table["url"]),
                    key=endpoints.key_from(None, table["key_env"]) if "key_env" in table else None,
                ),
                models=tuple(table["models"]),
                n_concurrent=table.get("n_concurrent", n_concurrent),
            )
        )
    models = [model for each in found for model in each.models]
    if not models:
        raise UsageError("no model: give -m MODEL with --endpoint, or [[endpoints]] in the file")
    if twice := sorted({model for model in models if models.count(model) > 1}):
        raise UsageError(f"model {twice[0]} is given twice: a sweep asks each model at one endpoint")
    return _by_name(found, "endpoint")


def tasks_of(root: Path, patterns: Sequence[str]) -> dict[str, Task]:
    """Tasks by id. Raises :class:`UsageError` for a pattern that names none."""
    if not patterns:
        raise UsageError("no task: give -t GLOB (`cab tasks list`), such as -t 'polyglot/*'")
    found = {task.folder: task for pattern in patterns for task in tasks.resolve(root, pattern)}
    return dict(sorted(_by_id(list(found.values())).items()))


def settled(root: Path, patterns: Sequence[str]) -> list[str]:
    """The same patterns, those of folders absolute, so that they name the same tasks from anywhere."""
    return [
        pattern if tasks.find(root, pattern) else str(Path(pattern).expanduser().absolute())
        for pattern in patterns
    ]


def _by_id(found: Sequence[Task]) -> dict[str, Task]:
    ids = [task.id for task in found]
    if twice := sorted({task_id for task_id in ids if ids.count(task_id) > 1}):
        raise UsageError(f"task {twice[0]} is given twice, in different folders")
    return {task.id: task for task in found}


def doubts(config: SweepConfig, listed_models: Mapping[str, list[str]]) -> Iterator[str]:
    """What may not be what was meant, a line each: models that an endpoint does not list, idle plugins."""
    for name, each in config.endpoints.items():
        for model in each.models:
            if (listed := listed_models.get(name)) and model not in listed:
                yield f"{each.wanted.endpoint} does not list a model {model!r}; trying it all the same"
    for plugin in config.settings.plugins:
        for agent in config.adapters:
            if not plugin.is_for(agent):
                yield f"plugin {plugin.name} is not for {agent}: left out"


def _check(table: Mapping[str, Any], known: Mapping[str, type], needed: Sequence[str], where: str) -> None:
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{where}: unknown key {key}; there are {', '.join(sorted(known))}")
        if not _is(value, known[key]):
            raise UsageError(f"{where}: {key} must be {_WORDS[known[key]]}")
    if lacking := [key for key in needed if not table.get(key)]:
        raise UsageError(f"{where}: {lacking[0]} is missing")


def _is(value: object, kind: type) -> bool:
    if isinstance(value, list | dict):
        texts = value.values() if isinstance(value, dict) else value
        return isinstance(value, kind) and all(isinstance(text, str) for text in texts)
    return type(value) is kind and (not isinstance(value, int) or value >= 1)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


def _by_name(found: Sequence[_N], what: str) -> dict[str, _N]:
    names = [each.name for each in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"{what} {twice[0]} is given twice")
    return {each.name: each for each in found}
