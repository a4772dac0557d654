"""Attempts as logs of Inspect (``EvalLog``, format version 2, JSON).

Contract: :func:`logs` makes one log per sweep × agent × model: the agent is its solver, a task is a sample,
an attempt an epoch. The score ``pass`` is C or I. A void attempt is a sample with an error and without a
score, in no mean. Accuracy is the mean over tasks of the mean over their scored attempts.

Inspect reads an absent count as 0, so a sample has usage only where input and output are known. They are sums
over the calls whose figures are known: ``coverage`` in the metadata says which share of the calls that is.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import fmean
from typing import Any, Final

from cab_report.exports import dollars, facts, known

FORMAT_VERSION: Final = 2

_TRACEBACK: Final = {"traceback": "", "traceback_ansi": ""}
"""Inspect wants both beside every error's message."""

Json = dict[str, Any]


def logs(cells: Iterable[Mapping[str, Any]], exported_at: datetime) -> Iterator[tuple[str, Json]]:
    """File name and document of each log. ``exported_at`` (UTC) dates those of which no attempt started."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for cell in cells:
        identity = cell["identity"]
        groups[identity["sweep_id"], identity["agent"], identity["model"]].append(cell)
    for key, found in sorted(groups.items()):
        document = _log(*key, found, exported_at)
        yield _file_name(document["eval"]), document


def _log(
    sweep: str, agent: str, model: str, cells: Sequence[Mapping[str, Any]], exported_at: datetime
) -> Json:
    ordered = sorted(cells, key=lambda cell: (cell["identity"]["attempt"], cell["identity"]["task"]))
    samples = [_sample(cell, model) for cell in ordered]
    tasks = sorted({sample["id"] for sample in samples})
    started = min((sample["started_at"] for sample in samples if "started_at" in sample), default=None)
    completed = max((sample["completed_at"] for sample in samples if "completed_at" in sample), default=None)
    coverages = [cell["scores"]["tokens"]["coverage"] for cell in cells]
    usage = _sum([sample["model_usage"][model] for sample in samples if "model_usage" in sample])
    return {
        "version": FORMAT_VERSION,
        "status": "success",
        "eval": {
            "created": started or exported_at.isoformat(),
            "run_id": sweep,
            "task": sweep,
            "task_id": hashlib.sha256("\0".join((sweep, agent, model)).encode()).hexdigest()[:22],
            "solver": agent,
            "model": model,
            "dataset": {"name": sweep, "samples": len(tasks), "sample_ids": tasks},
            "config": {"epochs": max(sample["epoch"] for sample in samples), "fail_on_error": False},
            "tags": ["simulated"] if any(cell["identity"]["simulated"] for cell in cells) else [],
            "metadata": {
                "attempts": len(samples),
                "void_attempts": sum("error" in sample for sample in samples),
                "usage_complete": all(coverage in {None, 1} for coverage in coverages),
            },
        },
        "plan": {"steps": [{"solver": agent}]},
        "results": {
            "total_samples": len(samples),
            "completed_samples": sum("error" not in sample for sample in samples),
            "scores": [_results(samples, tasks)],
        },
        "stats": known(
            {
                "started_at": started,
                "completed_at": completed,
                "model_usage": {model: usage} if usage else None,
            }
        ),
        "samples": samples,
    }


def _sample(cell: Mapping[str, Any], model: str) -> Json:
    identity, timing, failure = cell["identity"], cell["timing"], cell["failure"]
    graded, wall_clock_ms = cell["scores"]["pass_rate"], timing["wall_clock_ms"]
    usage = _usage(cell["scores"]["tokens"])
    why = [f"{failure['cause']}: {failure['detail']}"] if failure else []
    scores = error = None
    if failure and not failure["counted"]:
        error = {"message": why[0], **_TRACEBACK}
    elif graded["pass"] is not None:
        explanation = "; ".join([*why, *graded["reasons"]]) or None
        scores = {"pass": known({"value": "C" if graded["pass"] else "I", "explanation": explanation})}
    return known(
        {
            "id": identity["task"],
            "epoch": identity["attempt"],
            "input": f"{identity['task']} (its text is not recorded)",
            "target": "",
            "scores": scores,
            "metadata": facts(cell),
            "model_usage": {model: usage} if usage else None,
            "started_at": timing["started_at"],
            "completed_at": timing["ended_at"],
            "total_time": None if wall_clock_ms is None else wall_clock_ms / 1000,
            "uuid": identity["run_id"],
            "error": error,
        }
    )


def _usage(tokens: Mapping[str, Any]) -> Json:
    """Inspect's ``ModelUsage``, whose input is without what was read from or written to a cache."""
    given, made, cached, written = (
        tokens[f"{kind}_tokens"] for kind in ("prompt", "completion", "cached", "cache_write")
    )
    if given is None or made is None:
        return {}
    return known(
        {
            "input_tokens": max(0, given - (cached or 0) - (written or 0)),
            "output_tokens": made,
            "total_tokens": given + made,
            "input_tokens_cache_write": written,
            "input_tokens_cache_read": cached,
            "reasoning_tokens": tokens["reasoning_tokens"],
            "total_cost": dollars(tokens["cost_usd"]),
        }
    )


def _sum(usages: Sequence[Json]) -> Json:
    names = dict.fromkeys(name for usage in usages for name in usage)
    return {name: sum(usage[name] for usage in usages if name in usage) for name in names}


def _results(samples: Iterable[Json], tasks: Sequence[str]) -> Json:
    passed: dict[str, list[bool]] = defaultdict(list)
    for sample in samples:
        if "scores" in sample:
            passed[sample["id"]].append(sample["scores"]["pass"]["value"] == "C")
    metrics: Json = {}
    if passed:
        metrics["accuracy"] = {"name": "accuracy", "value": fmean(map(fmean, passed.values()))}
    return {
        "name": "pass",
        "scorer": "pass",
        "reducer": "mean",
        "scored_samples": len(passed),
        "unscored_samples": len(tasks) - len(passed),
        "metrics": metrics,
    }


def _file_name(spec: Json) -> str:
    """As Inspect names its own, ``<time>_<task>_<model>_<task id>``: it lists no other JSON."""
    time = datetime.fromisoformat(spec["created"]).strftime("%Y-%m-%dT%H-%M-%S+00-00")
    names = (spec["task"], f"{spec['solver']}-{spec['model']}")
    task, model = (re.sub(r"[^\w.-]|_", "-", name, flags=re.ASCII)[:80] for name in names)
    return f"{time}_{task}_{model}_{spec['task_id']}.json"
