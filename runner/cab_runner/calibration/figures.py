"""What a probe's attempt folder says, as figures: three counts of the same tokens, and what the agent did.

Invariants
----------
* *Served* is the simulator's own count, *metered* the ledger, *claimed* the agent's report. None is made from
  another.
* Unknown is ``None``, never 0.
* No path or host of this machine, no body: of a prompt only what :mod:`.prefix` shows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any, Final

from cab_proxy.records import NO_TOKENS, Record, reached_endpoint, succeeded
from cab_runner import evidence_store
from cab_runner.calibration import prefix
from cab_scoring.evidence import Evidence
from cab_scoring.honesty import error_of

Json = dict[str, Any]
Served = Mapping[str, Any]
"""One line of the simulator's count."""

KINDS: Final = {
    "input": "prompt_tokens",
    "output": "completion_tokens",
    "cached": "cached_tokens",
    "cache_write": "cache_write_tokens",
    "total": "total_tokens",
}
"""Kind of token → its name in the simulator's count."""
MAIN: Final = "main"
_MOST_DIFFERENCES: Final = 20


def of_attempt(folder: Path, cell: Json) -> Json:
    """The figures of a finished attempt."""
    evidence = evidence_store.read(folder)
    calls = [call for call in evidence.calls if is_model_call(call)]
    metered = [call for call in calls if reached_endpoint(call)]
    served = read_served(folder / "sim-calls.jsonl")
    claim, scores = cell["claim"], cell["scores"]
    return {
        "outcome": outcome(evidence, cell),
        "calls": behaviour(calls),
        "metering": metering(served, metered),
        "claim": claim and {name: value for name, value in claim.items() if name != "raw"},
        "self_report_error": error_of(evidence.claimed or NO_TOKENS, served_tokens(served)),
        "first_prompt": first_prompt(metered),
        "harness_tax": scores["harness_tax"],
        "prefix": conversation(metered, folder / "bodies"),
        "hosts_tried": cell["network"]["hosts_tried"],
        "left": {
            "agent_files": scores["blast_radius"]["agent_files"],
            "unexpected": scores["blast_radius"]["unexpected_changes"],
            "home": cell["left_in_home"],
        },
    }


def is_model_call(call: Record) -> bool:
    """Whether the agent meant to call a model: with a wrong token nothing is read, and every POST counts."""
    return call.protocol is not None or (call.error_type == "unauthorized" and call.method == "POST")


def read_served(path: Path) -> list[Json]:
    """The simulator's count, in order of arrival; a simulator that was never called wrote none."""
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return sorted(map(json.loads, lines), key=lambda count: int(count["n"]))


def outcome(evidence: Evidence, cell: Json) -> Json:
    """How the attempt ended. A task without tests has no ``pass``."""
    run = evidence.run
    active_ms = run.container_active_ms if run else None
    return {
        "pass": cell["scores"]["pass_rate"]["pass"] if evidence.task.expected_tests else None,
        "cause": cell["failure"] and cell["failure"]["cause"],
        "exit_code": run and run.exit_code,
        "timed_out": run and run.timed_out,
        "seconds": None if active_ms is None else round(active_ms / 1000, 1),
    }


def behaviour(calls: Sequence[Record]) -> Json:
    """The model calls that the agent made, those included that the proxy refused.

    Which of them are retries is known only where all were read.
    """
    operations = {call.operation_id for call in calls}
    purposes = Counter(call.purpose for call in calls if call.purpose is not None)
    statuses = groupby(call.status for call in calls)
    return {
        "made": len(calls),
        "answered": sum(map(succeeded, calls)),
        "retries": None if None in operations else len(calls) - len(operations),
        "statuses": [[status, len(list(run))] for status, run in statuses],
        "purposes": dict(sorted(purposes.items())) or None,
    }


def served_tokens(served: Iterable[Served]) -> dict[str, int | None]:
    """Sum of each kind over the calls in which a model ran; ``None`` where it ran in none."""
    ran = [count for count in served if count["prompt_tokens"] is not None]
    return {kind: sum(count[name] for count in ran) if ran else None for kind, name in KINDS.items()}


def metering(served: Sequence[Served], calls: Sequence[Record]) -> Json:
    """What was served beside what was metered, call by call. ``equal`` when each call served is in the ledger
    with the same figures, reported, and no other is.

    Of an answer that broke off no usage was on the wire: it is ``cut``, and only has to be there.
    """
    left, missed = list(calls), []
    for count in served:
        match = next((n for n, call in enumerate(left) if agrees(call, count)), None)
        if match is None:
            missed.append(count)
        else:
            del left[match]
    differences = [
        {"served": count and _count(count), "metered": call and _metered(call)}
        for count, call in zip_longest(missed, left)
    ]
    return {
        "calls": len(served),
        "cut": sum(not count["completed"] for count in served),
        "equal": not differences,
        "served": served_tokens(served),
        "differences": differences[:_MOST_DIFFERENCES],
    }


def agrees(call: Record, count: Served) -> bool:
    """Whether a ledger's call is what the simulator served."""
    reported = call.tokens_source.total == "reported"
    on_the_wire = count["completed"] and count["prompt_tokens"] is not None
    if call.status != count["status"] or reported != on_the_wire:
        return False
    if not on_the_wire:
        return True
    # an endpoint that has no cache says nothing of it
    return all((getattr(call.tokens, kind) or 0) == count[name] for kind, name in KINDS.items())


def _count(count: Served) -> Json:
    return {"status": count["status"], **{kind: count[name] for kind, name in KINDS.items()}}


def _metered(call: Record) -> Json:
    said = {"status": call.status, "error_type": call.error_type, "source": call.tokens_source.total}
    return said | {kind: getattr(call.tokens, kind) for kind in KINDS}


def is_main(call: Record) -> bool:
    """Whether a call is of the main conversation, as far as anything is known."""
    return call.purpose in (MAIN, None)


def first_prompt(calls: Iterable[Record]) -> Json | None:
    """Of the main conversation's first answered call: input tokens, and the prompt's parts."""
    call = next((call for call in calls if is_main(call) and succeeded(call)), None)
    return {"input": call.tokens.input, **(call.prompt_parts or {})} if call else None


def conversation(calls: Iterable[Record], bodies: Path) -> Json | None:
    """The main conversation's requests beside each other; ``None`` where their bodies were not kept."""
    main = [call for call in calls if is_main(call) and succeeded(call)]
    paths = [bodies / f"{call.call_id}.request" for call in main]
    protocols = {call.protocol for call in main}
    if len(protocols) != 1 or not all(path.is_file() for path in paths):
        return None
    found = prefix.stability(str(protocols.pop()), [path.read_bytes() for path in paths])
    return found.to_json() if found else None
