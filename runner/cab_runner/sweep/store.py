"""What a sweep's folder holds: the records, what a killed runner left, and what was locked.

The records are the truth: a resumed sweep counts them, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cab_proxy import records
from cab_runner import __version__, evidence_store, results
from cab_runner.errors import CabError, UsageError
from cab_runner.results import CellKey
from cab_runner.sandbox.staging import remove_tree
from cab_runner.sweep.config import SweepConfig
from cab_runner.sweep.schedule import stands
from cab_scoring.aggregate import Attempt
from cab_scoring.score import score

LOCK: Final = "lock.json"
CONFIG: Final = "sweep.toml"
SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What is there already."""

    standing: Counter[tuple[str, str, str]]
    """(agent, model, task) → attempts that complete a slot."""
    spent: tuple[Attempt, ...]
    """Of all attempts, void ones included."""
    untold: tuple[Mapping[str, Any], ...]
    """The cells of those among ``unended`` that have a record."""


def recorded(folder: Path, unended: Collection[str] = ()) -> Recorded:
    """Count the records of a sweep. ``unended`` are run ids of whose end nothing was told.

    Raises :class:`CabError` for a record that can't be read.
    """
    standing: Counter[tuple[str, str, str]] = Counter()
    spent, untold = [], []
    for _, cell in results.cells(folder):
        spent.append(Attempt.from_cell(cell))
        if cell["identity"]["run_id"] in unended:
            untold.append(cell)
        if stands(cell):
            identity = cell["identity"]
            standing[identity["agent"], identity["model"], identity["task"]] += 1
    return Recorded(standing=standing, spent=tuple(spent), untold=tuple(untold))


def recover(config: SweepConfig, unended: Iterable[str]) -> None:
    """Publish what a killed runner had under way: void, with all that was metered.

    ``unended`` are run ids of whose end nothing was told. Where no agent had been started, nothing stays.
    """
    for run_id in unended:
        partial = config.results / ".partial" / run_id
        if (partial / "cell.json").is_file():
            _publish(config, partial)
        elif partial.is_dir():
            remove_tree(partial)


def _publish(config: SweepConfig, partial: Path) -> None:
    """The record that was written ahead, scored on what the ledger says by now."""
    evidence = evidence_store.read(partial)
    scored = score(evidence, config.settings.methodology)
    cell = json.loads((partial / "cell.json").read_bytes())
    cell |= {"scores": scored.scores, "meter": scored.meter, "failure": scored.failure.to_json()}
    cell["provenance"]["ledger_head"] = records.verify((partial / "calls.jsonl").read_bytes()).head
    results.write_json(partial / "cell.json", cell)
    identity = cell["identity"]
    key = CellKey(
        sweep_id=identity["sweep_id"],
        agent=identity["agent"],
        model=identity["model"],
        task_id=identity["task"],
    )
    results.publish(partial, config.results, key, None)


def lock(
    config: SweepConfig, images: Mapping[str, Any], listed_models: Mapping[str, list[str]]
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
                "lists": _hash("\n".join(sorted(listed_models[name]))) if listed_models.get(name) else None,
            }
            for name, each in config.endpoints.items()
        },
        "budget": settings.budget.to_json(),
        "prices": _hash(settings.prices.read_text(encoding="utf-8")) if settings.prices else None,
        "plugins": {plugin.name: plugin.sha256 for plugin in settings.plugins},
        "methodology_version": settings.methodology,
        "proxy_version": __version__,
    }


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
    except ValueError as error:
        raise CabError(f"{path} cannot be read ({error})") from None
    for name, value in now.items():
        # an endpoint may list more models by now; its own ones are checked when they are called
        if name != "endpoints" and then.get(name) != value:
            what = _first_difference(then.get(name), value)
            raise UsageError(
                f"{name}{what} changed since the sweep began: start a new one with another --sweep-id, or "
                "bring back what it was"
            )


def _first_difference(then: object, now: object) -> str:
    if not isinstance(then, dict) or not isinstance(now, dict):
        return ""
    return f" ({next(key for key in sorted({*then, *now}) if then.get(key) != now.get(key))})"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
