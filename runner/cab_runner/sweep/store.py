"""What a sweep's folder holds: the records, what a killed runner left, and what was locked.

The records are the truth: a resumed sweep counts them, and nothing else.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from cab_proxy import records
from cab_runner import __version__, evidence_store, results
from cab_runner.errors import CabError, UsageError
from cab_runner.plan import Settings
from cab_runner.results import CellKey
from cab_runner.sandbox.staging import remove_tree
from cab_runner.sweep.claim import CLAIM
from cab_runner.sweep.config import SweepConfig
from cab_runner.sweep.schedule import stands
from cab_scoring.aggregate import Attempt
from cab_scoring.score import score

LOCK: Final = "lock.json"
CONFIG: Final = "sweep.toml"
_PROXY_ENDS_S: Final = 30.0
_LOOK_S: Final = 0.1
_RUN_ID: Final = re.compile(r"[0-9A-Z]{26}")
MODELS_LISTED: Final = "models_listed"
"""Key of the lock that is a fingerprint of each endpoint, not a promise."""
SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is there already."""

    attempts: Counter[tuple[str, str, str]]
    """(agent, model, task) → attempts that complete a slot."""
    spent: tuple[Attempt, ...]
    """Of all attempts, void ones included."""
    untold: tuple[Mapping[str, Any], ...]
    """The cells of those among ``unended`` that have a record."""


def standing(folder: Path, unended: Collection[str] = ()) -> Standing:
    """Count the records of a sweep. ``unended`` are run ids of whose end nothing was told.

    Raises :class:`CabError` for a record that can't be read.
    """
    attempts: Counter[tuple[str, str, str]] = Counter()
    spent, untold = [], []
    for path, cell in results.cells(folder):
        try:
            spent.append(Attempt.from_cell(cell))
            identity = cell["identity"]
            if identity["run_id"] in unended:
                untold.append(cell)
            if stands(cell):
                attempts[identity["agent"], identity["model"], identity["task"]] += 1
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise CabError(f"{path} holds no cell record ({error!r}): move it away") from None
    return Standing(attempts=attempts, spent=tuple(spent), untold=tuple(untold))


def recover(config: SweepConfig, unended: Iterable[str]) -> None:
    """Publish what a killed runner had under way: void, with all that was metered.

    ``unended`` are run ids of whose end nothing was told. Where no agent had been started, nothing stays.
    """
    staged = config.results / ".partial"
    for record in sorted(staged.glob("*/cell.json")):
        if json.loads(record.read_bytes())["identity"]["sweep_id"] == config.sweep_id:
            _publish(config, record.parent)
    for run_id in unended:
        if _RUN_ID.fullmatch(run_id) and (partial := staged / run_id).is_dir():
            remove_tree(partial)


def _publish(config: SweepConfig, partial: Path) -> None:
    """The record that was written ahead, scored on what the ledger says once its proxy has ended."""
    _await_proxy(partial / "calls.jsonl")
    # whatever the runner was at when it was killed: there is no whole record of it
    evidence = replace(evidence_store.read(partial), runner_fault="interrupted", grade=None)
    scored = score(evidence, config.settings.methodology)
    cell = json.loads((partial / "cell.json").read_bytes())
    cell |= {"scores": scored.scores, "meter": scored.meter, "failure": scored.failure.to_json()}
    cell["provenance"]["ledger_head"] = records.verify((partial / "calls.jsonl").read_bytes()).head
    results.write_json(partial / "cell.json", cell)
    results.publish(partial, config.results, CellKey.of(cell), None)


def _await_proxy(ledger: Path) -> None:
    """Wait for a killed runner's proxy: it drains its calls, and holds a lock on the ledger until it ends."""
    with ledger.open("rb") as file:
        for _ in range(int(_PROXY_ENDS_S / _LOOK_S)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_LOOK_S)
            else:
                return


def lock(
    config: SweepConfig, images: Mapping[str, str | None], listed_models: Mapping[str, list[str]]
) -> dict[str, Any]:
    """``lock.json``: what must not change while the sweep goes on."""
    settings = config.settings
    return {
        "schema_version": SCHEMA_VERSION,
        "sweep_id": config.sweep_id,
        "n_attempts": config.n_attempts,
        "seed": config.seed,
        "tasks": {task.id: task.content_hash for task in config.tasks.values()},
        "agents": {adapter.name: adapter.version for adapter in config.adapters.values()},
        "images": dict(images),
        "endpoints": {
            name: {
                "endpoint": each.wanted.endpoint,
                "models": list(each.models),
                "faults": list(each.wanted.faults),
            }
            for name, each in config.endpoints.items()
        },
        MODELS_LISTED: {
            name: _hash("\n".join(sorted(listed))) for name, listed in listed_models.items() if listed
        },
        "agent_commands": {name: _hash(text) for name, text in config.commands.items()},
        "sandbox": config.sandbox_name,
        "settings": _settings(settings),
        "prices": _hash(settings.prices.read_text(encoding="utf-8")) if settings.prices else None,
        "plugins": {plugin.name: plugin.sha256 for plugin in settings.plugins},
        "proxy_version": __version__,
    }


def _settings(settings: Settings) -> dict[str, Any]:
    """All of them; what is a file is held to by its hash instead."""
    plain = {each.name: getattr(settings, each.name) for each in fields(settings)}
    del plain["prices"], plain["plugins"]
    return {**plain, "budget": settings.budget.to_json(), "allow": list(settings.allow)}


def entries(folder: Path) -> list[str]:
    """What is in a sweep's folder once it has begun: all but the mark of who runs it."""
    return [path.name for path in folder.iterdir() if path.name != CLAIM]


def hold_to(folder: Path, now: Mapping[str, Any]) -> None:
    """Write the lock, or hold a resumed sweep to the one that is there.

    Raises :class:`UsageError` for the first thing that has changed: attempts before and after it would not be
    of the same sweep.
    """
    path = folder / LOCK
    if not path.exists():
        results.write_json(path, dict(now))
        return
    try:
        then = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CabError(f"{path} cannot be read ({error})") from None
    if not isinstance(then, dict):
        raise CabError(f"{path} is no sweep's lock: it holds {type(then).__name__}")
    if what := difference(then, now):
        raise UsageError(
            f"{what} changed since the sweep began: start a new one with another --sweep-id, or bring back "
            "what it was"
        )


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    """The first thing in which two locks differ, by its name."""
    for name, value in other.items():
        # an endpoint may list more by now
        if name != MODELS_LISTED and one.get(name) != value:
            return f"{name}{_first_difference(one.get(name), value)}"
    return None


def _first_difference(one: object, other: object) -> str:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return ""
    return f" ({next(key for key in sorted({*one, *other}) if one.get(key) != other.get(key))})"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
