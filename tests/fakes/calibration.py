"""Figures of probes and documents of agents, as a calibration leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cab_runner.calibration.documents import SCHEMA_VERSION
from cab_runner.calibration.probes import PROBES

SERVED = {"input": 1000, "output": 100, "cached": 0, "cache_write": 0, "total": 1100}
DIFFERENCE = {
    "earlier": 1,
    "later": 2,
    "path": "messages[0].content",
    "prompt_offset": 1234,
    "value_offset": 12,
    "kept": 0.375,
    "was": "it is 12:00 | now",
    "now": "it is 12:01 `now`",
}
PREFIX = {"requests": 3, "compared": 2, "stored": 0, "marked": 0, "differences": []}


def found(**changed: Any) -> dict[str, Any]:
    """The figures of a probe in which all went well, with some of them changed."""
    values: dict[str, Any] = {
        "date": "2026-07-01",
        "task": "mutations/swap",
        "model": "oracle",
        "faults": [],
        "dead_token": False,
        "limit_s": 60.0,
        "outcome": {"pass": 1, "cause": None, "exit_code": 0, "timed_out": False, "seconds": 2.5},
        "calls": {
            "made": 3,
            "answered": 3,
            "retries": 0,
            "statuses": [[200, 3]],
            "purposes": {"main": 2, "title": 1},
        },
        "metering": {"calls": 3, "cut": 0, "equal": True, "served": SERVED, "differences": []},
        "claim": {
            "source": "stdout",
            "raw_input_includes_cache": True,
            "tokens": {"input": 900, "output": 100},
        },
        "self_report_error": {"input": -0.1, "output": 0.0},
        "first_prompt": {"input": 1000, "system": 700, "tools": 200, "messages": 100},
        "harness_tax": {"harness_tax": 0.9},
        "prefix": PREFIX,
        "hosts_tried": ["registry.example"],
        "left": {
            "agent_files": [".agent"],
            "unexpected": [],
            "home": {"files": 2, "bytes": 1500, "entries": [{"name": ".cache", "files": 2, "bytes": 1500}]},
        },
    }
    return values | changed


def document(agent: str = "some-agent", probes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A document of an agent; by default with every probe, and no fault that was not played."""
    return {
        "schema_version": SCHEMA_VERSION,
        "agent": agent,
        "version": "1.2.3",
        "protocol": "chat",
        "sandbox": "docker",
        "image": f"codingagentbench/agent-{agent}:0123456789ab",
        "image_id": "sha256:00",
        "deviation": {},
        "probes": {probe.name: found() for probe in PROBES} if probes is None else dict(probes),
    }
