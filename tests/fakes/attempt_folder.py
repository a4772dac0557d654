"""A whole attempt folder, as the runner leaves one: the record, the ledger, the trace, what was printed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cab_proxy.records import Chain, Record
from cab_runner import evidence_store
from cab_scoring.evidence import Evidence
from fakes.evidence import call, evidence
from fakes.recorded import recorded

CALLS = (call(request_hash="a" * 64, purpose="main", ttft_ms=80.0), call(at_s=2.0, source="estimated"))
CAST = '{"version": 2, "width": 120, "height": 40}\n[0.5, "o", "$ make\\r\\n"]\n[1.5, "o", "done\\r\\n"]\n'
IDENTITY = {
    "agent_version": "1",
    "endpoint": "https://llm.example/v1",
    "sandbox": "docker",
    "behavior_mode": "factory",
    "container_image": "codingagentbench/x:1",
    "image_digest": f"sha256:{'1' * 64}",
    "exit_code": 0,
}


def write(
    results: Path,
    given: Evidence | None = None,
    *,
    attempt: int = 1,
    identity: dict[str, Any] | None = None,
    files: dict[str, str | bytes | None] | None = None,
    **named: Any,
) -> Path:
    """Write one attempt under a folder of results; returns its folder.

    ``identity`` is put over the record's. ``files``, by name, are there in place of the usual ones; None is a
    file that is missing. ``named`` is as in :func:`fakes.cells.cell`.
    """
    given = given or evidence(calls=CALLS)
    cell = recorded(given, attempt=attempt, **named)
    own = cell["identity"]
    own |= {**IDENTITY, "run_id": f"{own['cell_id'].replace('/', '-')}-{attempt}", **(identity or {})}
    lines, head = ledger(given.calls)
    cell["provenance"] |= {"ledger_head": head, "methodology_version": "1.0"}
    folder = results.joinpath(*own["cell_id"].split("/"), str(attempt))
    folder.mkdir(parents=True)
    evidence_store.write(folder, given)
    whole: dict[str, str | bytes | None] = {
        "cell.json": json.dumps(cell),
        "lock.json": json.dumps({"schema_version": 1, "task": {"facts": given.task.to_json(), "hash": "a1"}}),
        "calls.jsonl": lines,
        "trace.jsonl": trace(),
        "terminal.cast": CAST,
        "agent.stdout": "$ make\ndone\n",
        "agent.stderr": "",
        "workspace.patch": "diff --git a/src/app.py b/src/app.py\n",
        "grade.stdout": "2 passed\n",
        "grade.stderr": "",
        "junit.xml": "<testsuites/>\n",
    }
    for name, content in {**whole, **(files or {})}.items():
        if content is None:
            (folder / name).unlink(missing_ok=True)
        else:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def ledger(calls: Iterable[Record]) -> tuple[bytes, str]:
    """The file of these calls, and its head."""
    chain, lines = Chain(), b""
    for each in calls:
        if each.kind == "call":
            lines += chain.link(replace(each, kind="open", status=None, error_type=None))
        lines += chain.link(each)
    return lines, chain.head


def trace() -> str:
    """Three spans, one within another; the last never ended."""
    spans = (
        span("run", None, "adapter_run", 0, 10_000.0, exit_code=0),
        span("box", "run", "container", 1, 8_500.0, command=["x", "-m", "small-1"]),
        span("call", "box", "model_call", 2, None),
    )
    return "".join(json.dumps(each) + "\n" for each in spans)


def span(
    span_id: str, parent_id: str | None, kind: str, at_s: int, took_ms: float | None, **attrs: object
) -> dict[str, Any]:
    """One line of a trace."""
    return {
        "span_id": span_id,
        "parent_id": parent_id,
        "kind": kind,
        "name": f"the {kind}",
        "started_at": f"2026-07-01T12:00:{at_s:02}.000000Z",
        "duration_ms": took_ms,
        "attrs": attrs,
        "error": "in_flight" if took_ms is None else None,
    }
