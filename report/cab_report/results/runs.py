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

from cab_report.attempt import evidence
from cab_report.results import axes, fields
from cab_report.results.fields import flag, name, number, text
from cab_scoring.aggregate import Attempt
from cab_scoring.failure import FAILURES

Kind = Literal["real", "provisional", "simulated"]
"""What an attempt may be compared with: its own kind only."""

SCHEMA_VERSION: Final = 1
"""The newest version of a cell record that is understood."""
SITE_MARKER: Final = "cab-site.json"
"""The file by which a folder is known to be a site."""
NO_RECORD: Final = (
    ArithmeticError, AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What reading something else as a cell record raises."""
SELF_REPORTED: Final = ("input", "output", "total")
VERDICTS: Final[Mapping[int | None, str]] = {1: "passed", 0: "failed", None: "no verdict"}
"""By whether a counted attempt passed."""


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

    @property
    def verdict(self) -> str:
        """One of :data:`VERDICTS`, or ``void``."""
        return VERDICTS[self.sums.passed] if self.sums.counted else "void"

    @property
    def begun(self) -> tuple[str, str]:
        """The order of a cell's attempts."""
        return self.started_at or "", str(self.run_id)

    @property
    def stands(self) -> tuple[bool, tuple[str, str]]:
        """Highest for the one that stands for its cell: the last counted one, whatever its verdict; else the
        last.
        """
        return self.sums.counted, self.begun

    @classmethod
    def from_cell(cls, cell: Mapping[str, Any]) -> Self:
        """Read a cell record. Raises one of :data:`NO_RECORD` for what is none."""
        identity, scores, meter = cell["identity"], cell["scores"], cell["meter"]
        timing, provenance = cell.get("timing", {}), cell.get("provenance", {})
        failure = cell["failure"] or {"cause": "none", "fault": "–"}
        latency, tax = scores["latency"], scores.get("harness_tax") or {}
        error, waste = scores.get("self_report_error") or {}, meter["waste"]
        cause = name(failure, "cause")
        own = _sum([number(tax, "system_tokens"), number(tax, "tools_tokens")])
        return cls(
            run_id=text(identity, "run_id"),
            sweep_id=text(identity, "sweep_id"),
            attempt=number(identity, "attempt"),
            started_at=text(timing, "started_at"),
            agent=name(identity, "agent"),
            agent_version=text(identity, "agent_version"),
            behavior_mode=text(identity, "behavior_mode"),
            sandbox=text(identity, "sandbox"),
            endpoint=text(identity, "endpoint"),
            clock=text(timing, "timeout_on"),
            methodology=text(provenance, "methodology_version"),
            model=name(identity, "model"),
            task=name(identity, "task"),
            task_hash=text(provenance, "task_hash"),
            kind=_kind(cell),
            cause=cause,
            fault=name(failure, "fault"),
            sums=_sums(cell, cause),
            estimated=scores["tokens"]["tokens_source"] == "estimated",
            cached_tokens=number(scores["tokens"], "cached_tokens"),
            wall_ms=number(latency, "wall_clock_ms"),
            model_ms=number(latency, "model_call_ms"),
            self_report_error={kind: number(error, kind, least=-1) for kind in SELF_REPORTED},
            own_prompt_tokens=own,
            prompt_tokens=_sum([own, number(tax, "messages_tokens")]),
            waste_tokens=number(waste, "tokens"),
            waste_complete=waste["tokens"] is not None and waste["coverage"] in {None, 1},
            waste_by_fault={
                fault: tokens
                for fault, amount in waste["by_fault"].items()
                if (tokens := number(amount, "tokens")) is not None
            },
            waste_ms=number(waste, "ms"),
            axes=axes.measured(scores),
            composite_high=axes.composite_bound(scores, 1),
        )


def _kind(cell: Mapping[str, Any]) -> Kind:
    simulated, provisional = flag(cell["identity"], "simulated"), flag(cell, "provisional")
    return "simulated" if simulated else "provisional" if provisional else "real"


def _sums(cell: Mapping[str, Any], cause: str) -> Attempt:
    number(cell["scores"]["tokens"], "total_tokens")
    sums = Attempt.from_cell(cell)
    if sums.passed not in {None, 0, 1}:
        raise ValueError("pass is neither 0 nor 1")
    if cause in FAILURES and sums.counted is not FAILURES[cause].counted:
        raise ValueError(f"{cause} is counted against the failure table")
    if not sums.counted and sums.passed is not None:
        raise ValueError("void, and yet with a verdict")
    fields.check_usd(sums.cost_usd)
    fields.check_usd(sums.cost_neutral_usd)
    return sums


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
    found: dict[object, tuple[Run, Path]] = {}
    warnings: list[str] = []
    for folder in dict.fromkeys(each for given in folders for each in _attempts(given, warnings)):
        path = folder / "cell.json"
        try:
            run = Run.from_cell(_current(orjson.loads(evidence.content(folder, "cell.json"))))
        except evidence.Unreadable as error:
            warnings.append(f"{path} is left out: {error}")
        except KeyError as error:
            warnings.append(f"{path} is left out: no cell record, it lacks {error}")
        except NO_RECORD as error:
            warnings.append(f"{path} is left out: no cell record ({error})")
        else:
            key = (run.kind, run.agent, run.model, run.task, run.run_id) if run.run_id else folder
            first, there = found.setdefault(key, (run, folder))
            if first != run:
                warnings.append(f"{path} is left out: {there} says otherwise of the same run")
    return Found(
        runs=tuple(run for run, _ in found.values()),
        folders=tuple(folder for _, folder in found.values()),
        warnings=tuple(warnings),
    )


def _attempts(folder: Path, warnings: list[str]) -> Iterator[Path]:
    """Folders with a cell.json in order. What lies in a hidden folder is no complete attempt, and the copies
    that a site has are none.
    """

    def unseen(error: OSError) -> None:
        warnings.append(f"{error.filename} is left out: {error.strerror}")

    for here, folders, files in os.walk(folder, onerror=unseen):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if SITE_MARKER in files:
            folders.clear()
        elif "cell.json" in files:
            folders.clear()
            yield Path(here).resolve()


def _current(cell: Any) -> Mapping[str, Any]:
    if not isinstance(cell, dict):
        raise TypeError("not a JSON object")
    version = cell.get("schema_version", 0)
    if version > SCHEMA_VERSION:
        raise ValueError(f"schema_version {version}: upgrade this program")
    return cell
