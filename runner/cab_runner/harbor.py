"""What a task.toml of Harbor's or Terminal-Bench's own making says, as far as it means something here. Pure.

Read are the keys of schema 1.x, in their older spellings too. What would change the task and cannot be done
here (other containers, several steps, accelerators, …) is refused by name; keys that only describe are left
alone. ``network_mode`` and ``allow_internet`` open nothing: an agent has its door, and what a grader gets is
for whoever runs it to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_AGENT_S: Final = 3600.0
"""Where the task sets none: Harbor then waits for ever."""
_VERIFIER_S: Final = 600.0
_BUILD_S: Final = 600.0
_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMG])\s*", re.IGNORECASE)
_LONGEST_NAME: Final = 100
_UNITS: Final = {"K": 2**10, "M": 2**20, "G": 2**30}
_FROM_HOST: Final = re.compile(r"\$\{([^}:]+)(?::-(.*))?\}")
_CANARY: Final = re.compile(r"<!--.*canary.*-->|#.*canary.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A task's own image, and what runs in it how."""

    dockerfile: bool
    """``environment/`` has a Dockerfile, and is its build context."""
    docker_image: str | None
    """A published image, which goes before the Dockerfile."""
    build_timeout_s: float = _BUILD_S
    workdir: str | None = None
    """In place of the image's WORKDIR."""
    cpus: float | None = None
    memory_bytes: int | None = None
    storage_bytes: int | None = None
    agent_user: str | None = None
    """``None``: the image's own; so for the verifier."""
    verifier_user: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """For every program in the image."""
    verifier_env: Mapping[str, str] = field(default_factory=dict)
    solution_env: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    """What the task counts on and may miss here, each in a few words."""


def environment(raw: Mapping[str, Any], folder: Path) -> Environment:
    """What a task.toml and its folder say of the image. Raises ValueError for what cannot be done here."""
    _refuse(raw, folder)
    declared, verifier, agent = (_table(raw, key) for key in ("environment", "verifier", "agent"))
    image = declared.get("docker_image") or None
    dockerfile = (folder / "environment/Dockerfile").is_file()
    if image is None and not dockerfile:
        raise ValueError("there is neither environment/Dockerfile nor [environment] docker_image")
    return Environment(
        dockerfile=dockerfile,
        docker_image=None if image is None else str(image),
        build_timeout_s=_number(declared, "build_timeout_sec") or _BUILD_S,
        workdir=declared.get("workdir"),
        cpus=_number(declared, "cpus"),
        memory_bytes=_bytes(declared, "memory"),
        storage_bytes=_bytes(declared, "storage"),
        agent_user=_user(agent),
        verifier_user=_user(verifier),
        env=_env(declared, "environment.env"),
        verifier_env=_env(verifier, "verifier.env"),
        solution_env=_env(_table(raw, "solution"), "solution.env"),
        warnings=("agents get no skills ([environment] skills_dir)",) if declared.get("skills_dir") else (),
    )


def timeouts_s(raw: Mapping[str, Any]) -> tuple[float, float]:
    """The agent's and the verifier's clock."""
    agent, verifier = (
        _number(_table(raw, "agent"), "timeout_sec"),
        _number(_table(raw, "verifier"), "timeout_sec"),
    )
    return agent or _AGENT_S, verifier or _VERIFIER_S


def task_id(raw: Mapping[str, Any], folder: Path, taken: Iterable[str]) -> str:
    """``org/name`` of ``[task] name``, else the names of the folder above and of the folder, lower case.

    Safe as part of a path. An organisation of a name in ``taken`` (our categories) is told apart.
    """
    name = str(_table(raw, "task").get("name") or "")
    org, slug = name.split("/", 1) if "/" in name else (folder.parent.name, name or folder.name)
    org, slug = (
        re.sub(r"[^a-z0-9._-]+", "-", part.lower()).strip("-._")[:_LONGEST_NAME] or "task"
        for part in (org, slug)
    )
    return f"{'harbor-' if org in taken else ''}{org}/{slug}"


def instruction(text: str) -> str:
    """What the agent is told: without the canary lines at the beginning, as Harbor tells it."""
    lines = text.split("\n")
    while lines and _CANARY.fullmatch(lines[0].strip()):
        del lines[0]
        while lines and not lines[0].strip():
            del lines[0]
    return "\n".join(lines)


def _refuse(raw: Mapping[str, Any], folder: Path) -> None:
    version = str(raw.get("schema_version", raw.get("version", "1")))
    declared, verifier = _table(raw, "environment"), _table(raw, "verifier")
    there = {
        f"schema {version}": version.partition(".")[0] != "1",
        "several steps ([[steps]])": raw.get("steps"),
        "further containers (environment/docker-compose.yaml)": any(
            (folder / "environment").glob("docker-compose.y*ml")
        ),
        "MCP servers": declared.get("mcp_servers"),
        "a health check": declared.get("healthcheck"),
        "GPUs": declared.get("gpus"),
        "TPUs": declared.get("tpu"),
        f"containers of {declared.get('os')}": str(declared.get("os", "linux")).lower() != "linux",
        "a verifier in an image of its own": verifier.get("environment")
        or verifier.get("environment_mode") == "separate",
        "[[verifier.collect]]": verifier.get("collect"),
        "a conversation to begin with (trajectory.json)": (folder / "trajectory.json").exists(),
    }
    if wanted := [what for what, holds in there.items() if holds]:
        raise ValueError(f"the task needs {', '.join(wanted)}, which cannot be had here")
    for needed in ("instruction.md", "tests/test.sh"):
        if not (folder / needed).is_file():
            raise ValueError(f"{needed} is missing")


def _table(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"[{key}] must be a table")
    return value


def _number(raw: Mapping[str, Any], key: str) -> float | None:
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**9:
        raise ValueError(f"{key} must be a number above 0")
    return float(value)


def _bytes(raw: Mapping[str, Any], key: str) -> int | None:
    """``memory_mb = 2048``, or as it was once written ``memory = "2G"``."""
    if (megabytes := _number(raw, f"{key}_mb")) is not None:
        return int(megabytes * 2**20)
    if (text := raw.get(key)) is None:
        return None
    if not (match := _SIZE.fullmatch(str(text))):
        raise ValueError(f'{key} must be a size like "2G" or "512M"')
    return int(float(match[1]) * _UNITS[match[2].upper()])


def _user(raw: Mapping[str, Any]) -> str | None:
    value = raw.get("user")
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise ValueError("user must be a name or a number")
    return None if value is None else str(value)


def _env(raw: Mapping[str, Any], name: str) -> dict[str, str]:
    """Variables, with the defaults of those that Harbor would take from the host: nothing of it goes in."""
    found = {}
    for key, value in _table(raw, "env").items():
        match = _FROM_HOST.fullmatch(str(value))
        if match and match[2] is None:
            raise ValueError(f"[{name}] wants the host's variable {match[1]}: no sandbox gets any")
        found[key] = match[2] if match else str(value)
    return found
