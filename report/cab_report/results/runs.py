"""One attempt as the tables need it, out of its cell record; and finding the records.

A record that can't be read is a warning and not the end: thousands of others can. It is left out of every
table. An attempt that is found twice, under overlapping folders or as a copy, is one attempt. Unknown is
None, never 0; keys that a record of an older schema version lacks are unknown.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

import orjson

from cab_report.results import axes
from cab_scoring.aggregate import Attempt

Kind = Literal["real", "provisional", "simulated"]
"""What an attempt may be compared with: its own kind only."""

SCHEMA_VERSION: Final = 1
"""The newest version of a cell record that is understood."""
SELF_REPORTED: Final = ("input", "output", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt."""

    run_id: str | None
    sweep_id: str | None
    attempt: int | None
    """Its number within the cell and sweep."""
    started_at: str | None
    """ISO 8601, UTC."""
    agent: str
    agent_version: str | None
    behavior_mode: str | None
    sandbox: str | None
    endpoint: str | None
    clock: str | None
    """Of the time limit."""
    methodology: str | None
    model: str
    task: str
    task_hash: str | None
    kind: Kind
    cause: str
    """Of the failure table; ``none`` when nothing went wrong."""
    fault: str
    sums: Attempt
    estimated: bool
    """Whether an estimate is among its tokens."""
    cached_tokens: int | None
    """Input that the endpoint served from its cache; None where it doesn't say."""
    wall_ms: float | None
    model_ms: float | None
    self_report_error: Mapping[str, float | None]
    """Claimed / served − 1 by :data:`SELF_REPORTED`."""
    own_prompt_tokens: int | None
    """System prompts and tool schemas, of calls whose prompt was taken apart."""
    prompt_tokens: int | None
    """All of those calls' prompts, by the same count."""
    waste_tokens: int | None
    waste_complete: bool
    """Whether ``waste_tokens`` is all of it."""
    waste_by_fault: Mapping[str, int]
    """Tokens, where they are known."""
    waste_ms: float | None
    axes: Mapping[str, float | None]
    """By :data:`~cab_report.results.axes.MEASURES`, as :func:`~cab_report.results.axes.measured` has it."""
    composite_high: float | None
    """Upper bound of the composite; ``axes`` have the lower."""

    @classmethod
    def from_cell(cls, cell: Mapping[str, Any]) -> Self:
        """Read a cell record. Raises KeyError, TypeError, ValueError, AttributeError or ArithmeticError for
        what is none.
        """
        identity, scores, meter = cell["identity"], cell["scores"], cell["meter"]
        failure = cell["failure"] or {"cause": "none", "fault": "–"}
        latency, tax = scores["latency"], scores.get("harness_tax") or {}
        error, waste = scores.get("self_report_error") or {}, meter["waste"]
        sums = Attempt.from_cell(cell)
        if sums.passed not in {None, 0, 1}:
            raise ValueError(f"pass is {sums.passed!r}")
        _number(scores["tokens"], "total_tokens")
        own = _sum([_number(tax, "system_tokens"), _number(tax, "tools_tokens")])
        return cls(
            run_id=identity.get("run_id"),
            sweep_id=identity.get("sweep_id"),
            attempt=identity.get("attempt"),
            started_at=cell.get("timing", {}).get("started_at"),
            agent=str(identity["agent"]),
            agent_version=identity.get("agent_version"),
            behavior_mode=identity.get("behavior_mode"),
            sandbox=identity.get("sandbox"),
            endpoint=identity.get("endpoint"),
            clock=cell.get("timing", {}).get("timeout_on"),
            methodology=cell.get("provenance", {}).get("methodology_version"),
            model=str(identity["model"]),
            task=str(identity["task"]),
            task_hash=cell.get("provenance", {}).get("task_hash"),
            kind="simulated" if identity["simulated"] else "provisional" if cell["provisional"] else "real",
            cause=str(failure["cause"]),
            fault=str(failure["fault"]),
            sums=sums,
            estimated=scores["tokens"]["tokens_source"] == "estimated",
            cached_tokens=_number(scores["tokens"], "cached_tokens"),
            wall_ms=_number(latency, "wall_clock_ms"),
            model_ms=_number(latency, "model_call_ms"),
            self_report_error={kind: _number(error, kind) for kind in SELF_REPORTED},
            own_prompt_tokens=own,
            prompt_tokens=_sum([own, _number(tax, "messages_tokens")]),
            waste_tokens=_number(waste, "tokens"),
            waste_complete=waste["tokens"] is not None and waste["coverage"] in {None, 1},
            waste_by_fault={
                fault: tokens
                for fault, amount in waste["by_fault"].items()
                if (tokens := _number(amount, "tokens")) is not None
            },
            waste_ms=_number(waste, "ms"),
            axes=axes.measured(scores),
            composite_high=axes.composite_bound(scores, 1),
        )


def _number(record: Mapping[str, Any], key: str) -> Any:
    """None where it is unknown, or an older record lacks it. Raises TypeError."""
    value = record.get(key)
    if value is not None and not isinstance(value, int | float):
        raise TypeError(f"{key} is {value!r}")
    return value


def _sum(parts: Sequence[int | None]) -> int | None:
    """None where a part is unknown."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What lies under some folders."""

    runs: tuple[Run, ...]
    folders: tuple[Path, ...]
    """Of each of ``runs``, in the same order."""
    warnings: tuple[str, ...]
    """One line for each record that was left out."""


def read(folders: Iterable[Path]) -> Found:
    """The attempts under the folders, in order of their paths."""
    runs: dict[object, tuple[Run, Path]] = {}
    warnings = []
    for path in dict.fromkeys(path for folder in folders for path in _records(folder)):
        try:
            run = Run.from_cell(_current(orjson.loads(path.read_bytes())))
        except OSError as error:
            warnings.append(f"{path} is left out: {error.strerror}")
        except KeyError as error:
            warnings.append(f"{path} is left out: no cell record, it lacks {error}")
        except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
            warnings.append(f"{path} is left out: no cell record ({error})")
        else:
            runs.setdefault(run.run_id or path, (run, path.parent))
    return Found(
        runs=tuple(run for run, _ in runs.values()),
        folders=tuple(folder for _, folder in runs.values()),
        warnings=tuple(warnings),
    )


def _records(folder: Path) -> Iterator[Path]:
    """cell.json files in order; what lies in a hidden folder is no complete attempt."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if "cell.json" in files:
            folders.clear()
            yield Path(here, "cell.json").resolve()


def _current(cell: Any) -> Mapping[str, Any]:
    if not isinstance(cell, dict):
        raise TypeError("not a JSON object")
    version = cell.get("schema_version", 0)
    if version > SCHEMA_VERSION:
        raise ValueError(f"schema_version {version}: upgrade this program")
    return cell
