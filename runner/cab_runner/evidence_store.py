"""What an attempt leaves for the scorer, on disk and back: ``cab score`` reads nothing else.

``lock.json`` holds what was fixed before the run, ``grade.json`` what was seen after it,
``calls.jsonl`` the meter's ledger, ``agent.stdout`` and ``agent.stderr`` what the agent printed.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from cab_proxy import records
from cab_runner.errors import CabError
from cab_runner.results import write_json
from cab_scoring.evidence import AgentRun, Evidence, Grade, TaskFacts, Workspace, tokens_from_json

SCHEMA_VERSION: Final = 1
_OUTPUT_CHARS: Final = 200_000


def agent_output(folder: Path) -> str:
    """What the agent printed, both streams, the end of each."""
    return "\n".join(
        (folder / name).read_bytes()[-_OUTPUT_CHARS:].decode("utf-8", "replace")
        for name in ("agent.stdout", "agent.stderr")
        if (folder / name).is_file()
    )


def read_calls(folder: Path) -> tuple[records.Record, ...]:
    """The attempt's calls; a ledger that was never begun has none."""
    path = folder / "calls.jsonl"
    return records.calls_of(records.verify(path.read_bytes()).records) if path.is_file() else ()


def write(folder: Path, evidence: Evidence) -> None:
    """Write what no other file of the attempt holds."""
    run = evidence.run.to_json() if evidence.run else None
    if run:
        del run["output"]  # it is agent.stdout and agent.stderr
    write_json(
        folder / "grade.json",
        {
            "schema_version": SCHEMA_VERSION,
            "grade": evidence.grade.to_json() if evidence.grade else None,
            "workspace": evidence.workspace.to_json() if evidence.workspace else None,
            "run": run,
            "runner_fault": evidence.runner_fault,
            "endpoint_healthy": evidence.endpoint_healthy,
            "claimed": evidence.claimed and asdict(evidence.claimed),
        },
    )


def read(folder: Path) -> Evidence:
    """The evidence of a recorded attempt. Raises :class:`CabError` when a file is missing or broken."""
    try:
        lock = _load(folder / "lock.json")
        seen = _load(folder / "grade.json")
        run = seen["run"]
        return Evidence(
            task=TaskFacts.from_json(lock["task"]["facts"]),
            run=AgentRun.from_json({**run, "output": agent_output(folder)}) if run else None,
            workspace=Workspace.from_json(seen["workspace"]) if seen["workspace"] else None,
            grade=Grade.from_json(seen["grade"]) if seen["grade"] else None,
            calls=read_calls(folder),
            runner_fault=seen["runner_fault"],
            endpoint_healthy=seen["endpoint_healthy"],
            claimed=tokens_from_json(seen.get("claimed")),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CabError(f"{folder}: stored evidence is incomplete or broken ({error})") from None


def _load(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_bytes())
    if not isinstance(value, dict) or value.get("schema_version", 0) > SCHEMA_VERSION:
        raise ValueError(f"{path.name} is not of schema_version {SCHEMA_VERSION} or older")
    return value
