"""Totals for people and programs."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cab_proxy.records import Record, Tokens, TokensSource
from cab_proxy.summary import summarise, summary_lines

BASE = Record(
    kind="call",
    call_id="A",
    started_at="2026-01-02T03:04:05.000000Z",
    method="POST",
    path="/v1/chat/completions",
    protocol="chat",
    status=200,
    duration_ms=1000.0,
)


def call(call_id: str, **more: Any) -> Record:
    return replace(BASE, call_id=call_id, **more)


COUNTED = {
    "tokens": Tokens(input=1000, output=500, total=1500),
    "tokens_source": TokensSource(input="reported", output="reported", total="reported"),
}
RECORDS = [
    call("A", kind="open"),
    call("A", **COUNTED, ttft_ms=100.0, cost_usd=Decimal("0.001"), model_returned="m-1"),
    call("B", **COUNTED, ttft_ms=300.0, model_requested="m-2"),
    call("C", status=500, error_type="upstream_error"),
    call("D", error_type="client_disconnect", **COUNTED),
    call("E", kind="open", duration_ms=None, status=None),
    call("F", status=403, error_type="refused"),
    call("G", protocol=None),
]


def test_totals() -> None:
    summary = summarise(RECORDS)
    assert (summary.calls, summary.refused, summary.other) == (5, 1, 1)
    assert summary.models == ("m-1", "m-2")
    total = summary.tokens["total"]
    assert (total.value, total.known, total.source) == (4500, 3, "reported")
    assert summary.tokens["cached"].value is None
    assert (summary.cost_usd, summary.cost_known) == (Decimal("0.001"), 1)
    assert summary.ttft_ms == 200.0
    assert summary.model_time_ms == 1000.0
    waste = summary.waste
    assert (waste.calls, waste.failed, waste.aborted) == (3, 1, 2)
    assert waste.total_tokens.value == 1500


def test_nothing_is_unknown_rather_than_zero() -> None:
    summary = summarise([])
    assert summary.calls == 0
    assert summary.cost_usd is None
    assert summary.ttft_ms is None
    assert summary.tokens["input"].value is None
    text = "\n".join(summary_lines(summary, 0.0))
    assert "$" not in text
    assert text.count("unknown") == 5


def test_lines() -> None:
    lines = summary_lines(summarise(RECORDS), 4000.0)
    assert lines == [
        "  calls       5 (m-1, m-2), 1 refused, 1 other requests",
        "  input       3,000 (reported, 3 of 5 calls)",
        "  output      1,500 (reported, 3 of 5 calls)",
        "  total       4,500 (reported, 3 of 5 calls)",
        "  cost        $0.001 (reported, 1 of 5 calls)",
        "  TTFT        200 ms (median)",
        "  model time  1.00 s of 4.00 s wall, 25%",
        "  wasted      3 calls (1 failed, 2 aborted), 1,500 tokens",
    ]


def test_json() -> None:
    raw = json.loads(json.dumps(summarise(RECORDS).to_json()))
    assert raw["cost_usd"] == "0.001"
    assert raw["tokens"]["total"] == {"value": 4500, "known": 3, "source": "reported"}
    assert raw["waste"]["aborted"] == 2
