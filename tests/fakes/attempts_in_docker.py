"""``cab run-cell`` in docker, as its user runs it, and its record held against the simulator's count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cab_proxy import records
from fakes.commands import cab


def run_cell(folder: Path, *arguments: str) -> tuple[dict[str, Any], Path]:
    """The cell record, and the attempt's folder."""
    done = cab("run-cell", "--sandbox", "docker", "--json", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    [shown] = json.loads(done.stdout)
    return shown["cell"], folder / shown["folder"]


def assert_passed_and_metered(cell: dict[str, Any], attempt: Path) -> None:
    """It passed; each call is in the ledger as it was served, reported by the endpoint."""
    assert cell["failure"] is None
    assert cell["scores"]["pass_rate"]["pass"] == 1, (attempt / "grade.stdout").read_text()
    served = [json.loads(line) for line in (attempt / "sim-calls.jsonl").read_text().splitlines()]
    metered = records.calls_of(records.verify((attempt / "calls.jsonl").read_bytes()).records)
    assert metered
    assert {call.tokens_source.total for call in metered} == {"reported"}
    assert sorted((c.tokens.input, c.tokens.output) for c in metered) == sorted(
        (s["prompt_tokens"], s["completion_tokens"]) for s in served
    )
    assert cell["scores"]["tokens"]["total_tokens"] == sum(s["total_tokens"] for s in served)
