from __future__ import annotations

from decimal import Decimal

from hypothesis import given

from cab_proxy.records import Record
from cab_scoring.meter import meter_of, waste_of
from fakes.evidence import call, failed_call, ledgers, open_call


def test_a_ledger_in_numbers() -> None:
    ledger = (
        open_call(at_s=0),
        call(at_s=0, tokens=(100, 10), cost_usd=Decimal("0.01"), cost_source="reported"),
        failed_call(429, at_s=1),
        call(at_s=2, tokens=(200, 20), source="estimated"),
        call(at_s=3, status=400, error_type="refused", tokens=(None, None)),
        call(at_s=4, protocol=None, tokens=(None, None)),
        open_call(at_s=5),
    )
    meter = meter_of(ledger)
    waste = meter.pop("waste")
    assert waste["calls"] == 2
    assert meter == {
        "calls": 4,
        "calls_with_usage": 2,
        "calls_failed": 2,
        "calls_in_flight": 1,
        "calls_refused_by_proxy": 1,
        "other_requests": 1,
        "coverage": 2 / 3,
        "tokens": {
            "input": 300,
            "cached": None,
            "cache_write": None,
            "output": 30,
            "reasoning": None,
            "total": 330,
        },
        "sources": {
            "input": "estimated",
            "cached": "none",
            "cache_write": "none",
            "output": "estimated",
            "reasoning": "none",
            "total": "estimated",
        },
        "reported": {"input": 100, "output": 10},
        "estimated": {"input": 200, "output": 20},
        "effective_tokens": 450,
        "cost_usd": "0.01",
        "cost_coverage": 1 / 3,
        "cost_sources": ["reported"],
    }


def test_no_waste() -> None:
    assert waste_of([call(), call(at_s=1)]) == {
        "calls": 0,
        "tokens": 0,
        "coverage": None,
        "ms": 0,
        "by_fault": {},
    }


def test_back_off_is_not_the_time_of_calls() -> None:
    failed = [failed_call(429, retry_after_ms=4000.0), failed_call(429, at_s=2)]
    assert waste_of(failed)["ms"] == 1000


def test_the_failed_call_is_the_waste_not_its_retry() -> None:
    waste = waste_of([failed_call(500, request_hash="q", took_ms=70.0), call(at_s=2, request_hash="q")])
    assert waste["calls"] == 1
    assert waste["ms"] == 70
    assert waste["tokens"] is None  # a 500 says nothing of what it cost
    assert list(waste["by_fault"]) == ["endpoint"]


def test_a_question_asked_again_may_be_sampling() -> None:
    waste = waste_of([call(request_hash="q"), call(at_s=2, request_hash="q", tokens=(50, 5))])
    assert waste["by_fault"] == {
        "duplicate": {"calls": 1, "tokens": 55, "coverage": 1, "ms": 500, "note": "may be sampling"}
    }
    assert waste["tokens"] == 55


def test_the_canonical_question_decides() -> None:
    same = [call(at_s=n, request_hash=str(n), request_hash_canonical="q") for n in range(3)]
    assert waste_of(same)["calls"] == 2
    other = [call(at_s=n, request_hash="q", request_hash_canonical=str(n)) for n in range(3)]
    assert waste_of(other)["calls"] == 0


def test_whose_fault() -> None:
    calls = [
        failed_call(429, at_s=0),
        failed_call(400, at_s=1),
        failed_call(401, at_s=2),
        call(at_s=3, error_type="client_disconnect", tokens=(9, 1)),
        open_call(at_s=4),
    ]
    by_fault = waste_of(calls)["by_fault"]
    assert {fault: amount["calls"] for fault, amount in by_fault.items()} == {
        "agent": 3,
        "endpoint": 1,
        "user": 1,
    }
    assert by_fault["agent"]["tokens"] == 10
    assert by_fault["agent"]["coverage"] == 0.5


@given(ledgers())
def test_faults_add_up_to_the_waste_and_waste_to_no_more_than_all(ledger: tuple[Record, ...]) -> None:
    meter = meter_of(ledger)
    waste = meter["waste"]
    assert sum(amount["calls"] for amount in waste["by_fault"].values()) == waste["calls"] <= meter["calls"]
    assert waste["ms"] <= sum(amount["ms"] for amount in waste["by_fault"].values()) + 1e-6
