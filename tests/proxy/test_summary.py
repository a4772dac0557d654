"""Totals for people and programs."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

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
    call(
        "A",
        **COUNTED,
        ttft_ms=100.0,
        cost_usd=Decimal("0.001"),
        cost_source="reported",
        model_returned="m-1",
    ),
    call("B", **COUNTED, ttft_ms=300.0, model_requested="m-2", request_hash="same"),
    call("C", status=500, error_type="upstream_error"),
    call("D", error_type="client_disconnect", **COUNTED),
    call("E", kind="open", duration_ms=None, status=None),
    call("F", status=403, error_type="refused"),
    call("G", protocol=None),
    call("H", **COUNTED, request_hash="same", model_requested="m-2"),
]


def test_totals() -> None:
    summary = summarise(RECORDS)
    assert (summary.calls, summary.refused, summary.other) == (6, 1, 1)
    assert summary.models == ("m-1", "m-2")
    total = summary.tokens["total"]
    assert (total.value, total.known, total.source) == (6000, 4, "reported")
    assert summary.coverage == pytest.approx(4 / 6)
    assert summary.tokens["cached"].value is None
    assert (summary.cost_usd, summary.cost_known) == (Decimal("0.001"), 1)
    assert summary.ttft_ms == 200.0
    assert summary.model_time_ms == 1000.0
    waste = summary.waste
    assert (waste.calls, waste.failed, waste.aborted) == (3, 1, 2)
    assert waste.total_tokens.value == 1500
    assert {fault: (of.calls, of.total_tokens.value) for fault, of in waste.by_fault.items()} == {
        "agent": (2, 1500),
        "endpoint": (1, None),
    }
    assert (waste.duplicates.calls, waste.duplicates.total_tokens.value) == (1, 1500)
    assert summary.operations is None


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
    priced = call("I", **COUNTED, cost_usd=Decimal("0.1"), cost_source="computed")
    lines = summary_lines(summarise([*RECORDS, priced]), 4000.0)
    assert lines == [
        "  calls       7 (m-1, m-2), 1 refused, 1 other requests",
        "  input       5,000 (reported, 5 of 7 calls)",
        "  output      2,500 (reported, 5 of 7 calls)",
        "  total       7,500 (reported, 5 of 7 calls)",
        "  cost        $0.101 (computed, 2 of 7 calls)",
        "  TTFT        200 ms (median)",
        "  model time  1.00 s of 4.00 s wall, 25%",
        "  wasted      3 calls (1 failed, 2 aborted), 1,500 tokens",
        "    agent     2 calls, 1,500 tokens",
        "    endpoint  1 calls, unknown tokens",
        "  asked again 1 calls, 1,500 tokens (may be sampling)",
    ]


def test_operations() -> None:
    records = [
        call("A", operation_id="A", attempt=1, status=500, error_type="upstream_error"),
        call("B", operation_id="A", attempt=2, retry_of="A"),
        call("C", operation_id="C", attempt=3, status=429, error_type="upstream_error"),
        call("D", operation_id="D", attempt=1),
        call("E"),
    ]
    found = summarise(records).operations
    assert found is not None
    assert (found.known, found.count, found.retried) == (4, 3, 2)
    assert (found.max_attempts, found.unanswered) == (3, 1)
    lines = summary_lines(summarise(records))
    assert lines[1] == "  operations  3, 2 retried (up to 3 attempts), 1 unanswered, 4 of 5 calls"
    assert summary_lines(summarise(records[3:4]))[1] == "  operations  1"


def test_purposes() -> None:
    records = [
        call("A", purpose="main", **COUNTED),
        call("B", purpose="main", **COUNTED),
        call("C", purpose="title"),
        call("D", purpose="router", status=403, error_type="refused"),
        call("E"),
    ]
    summary = summarise(records)
    assert {purpose: group.calls for purpose, group in summary.purposes.items()} == {"main": 2, "title": 1}
    assert summary_lines(summary)[1:4] == [
        "  by purpose  3 of 4 calls",
        "    main      2 calls, 3,000 tokens",
        "    title     1 calls, unknown tokens",
    ]
    assert summary.to_json()["purposes"]["main"]["total_tokens"]["value"] == 3000
    assert summarise(records[-1:]).purposes == {}


@pytest.mark.parametrize(
    ("sources", "weakest"),
    [
        (["reported"], "reported"),
        (["computed", "reported"], "computed"),
        (["reported", "estimated", "computed"], "estimated"),
        (["estimated", None], "unknown"),
        ([], None),
    ],
)
def test_a_sum_of_money_is_as_good_as_its_weakest_part(
    sources: list[str | None], weakest: str | None
) -> None:
    records = [call(str(n), cost_usd=Decimal(1), cost_source=name) for n, name in enumerate(sources)]
    assert summarise([*records, call("Z")]).cost_source == weakest


def test_a_name_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in "".join(summary_lines(summarise([call("A", model_returned="\x1b[2Jm")])))


def test_json() -> None:
    raw = json.loads(json.dumps(summarise(RECORDS).to_json()))
    assert raw["cost_usd"] == "0.001"
    assert raw["tokens"]["total"] == {"value": 6000, "known": 4, "source": "reported"}
    assert raw["waste"]["aborted"] == 2
    assert raw["waste"]["by_fault"]["agent"]["calls"] == 2
    assert raw["waste"]["duplicates"]["note"] == "may be sampling"
    assert raw["operations"] is None
