"""A ledger beside a bill."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.reconcile import Bucket, Reconciliation, reconcile
from cab_proxy.records import Record, Tokens, TokensSource, format_time
from cab_proxy.usage_export import Export, Row

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def call(minute: float = 0, tokens: tuple[int, int] | None = (100, 10), **more: Any) -> Record:
    source = more.pop("source", "reported")
    given_ = Tokens(input=tokens[0], cached=0, output=tokens[1]) if tokens else Tokens()
    return replace(
        Record(
            kind="call",
            call_id=f"c{minute}",
            started_at=format_time(NOON + timedelta(minutes=minute)),
            protocol="chat",
            method="POST",
            path="/v1/chat/completions",
            model_requested="m",
            model_returned="m-1",
            status=200,
            duration_ms=1000.0,
            tokens=given_,
            tokens_source=TokensSource(input=source, cached=source, output=source)
            if tokens
            else TokensSource(),
        ),
        **more,
    )


def row(hour: float, requests: int, input_: int, output: int, **more: Any) -> Row:
    figures = {"requests": requests, "input": input_, "cached": 0, "output": output, "cache_write": None}
    start = NOON + hour * HOUR
    return replace(Row(start=start, end=start + HOUR, model="m-1", figures=figures), **more)


def export(*rows: Row, hours: int = 24) -> Export:
    start = NOON - 12 * HOUR
    return Export(
        name="OpenAI",
        rows=rows,
        figures=("requests", "input", "cached", "output"),
        start=start,
        end=start + hours * HOUR,
    )


def only(found: Reconciliation) -> Bucket:
    [bucket] = found.buckets
    return bucket


def test_what_agrees() -> None:
    found = reconcile([call(1), call(2)], export(row(0, 2, 200, 20)))
    assert found.ok
    assert (found.bucket, found.calls_outside, found.buckets_outside) == ("hour", 0, 0)
    bucket = only(found)
    assert (bucket.start, bucket.model, bucket.verdict) == ("2026-08-01T12:00:00.000000Z", "m-1", "equal")
    assert bucket.reasons == ()
    assert bucket.figures["input"].ledger == 200
    assert "cache_write" not in bucket.figures, "the export has no such column"


@pytest.mark.parametrize("theirs", [row(0, 2, 201, 20), row(0, 2, 199, 20), row(0, 3, 200, 20)])
def test_what_does_not(theirs: Row) -> None:
    found = reconcile([call(1), call(2)], export(theirs))
    assert not found.ok
    assert only(found).verdict == "differs"


def test_keys_and_minutes_add_up() -> None:
    minute = timedelta(minutes=1)
    parts = [row(0, 1, 60, 6, end=NOON + minute), row(0, 1, 140, 14, start=NOON + 9 * minute)]
    assert reconcile([call(1), call(2)], export(*parts)).ok


def test_days() -> None:
    day = row(-12, 2, 200, 20, end=NOON + 12 * HOUR)
    found = reconcile([call(1), call(300)], export(day))
    assert found.ok
    assert (found.bucket, only(found).start) == ("day", "2026-08-01T00:00:00.000000Z")


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (call(3, (90, 9), source="estimated"), "1 estimated"),
        (call(3, (90, 9), source="partial", error_type="truncated"), "1 partial"),
        (call(3, None, error_type="client_disconnect"), "1 without figures"),
        (
            call(3, None, kind="open", duration_ms=None, model_returned=None),
            "1 in flight when the proxy died",
        ),
    ],
)
def test_calls_without_a_reported_figure_explain_more_but_not_less(odd: Record, reason: str) -> None:
    more = only(reconcile([call(1), odd], export(row(0, 2, 150, 14))))
    assert (more.verdict, more.reasons) == ("explained", (reason,))
    less = only(reconcile([call(1), odd], export(row(0, 2, 99, 14))))
    assert less.figures["input"].verdict == "differs"


def test_a_call_across_the_edge_may_count_on_either_side() -> None:
    crossing = call(59.99, (1000, 100), duration_ms=60_000.0)
    ours = [call(1), crossing, call(70)]
    assert reconcile(ours, export(row(0, 2, 1100, 110), row(1, 1, 100, 10))).ok
    found = reconcile(ours, export(row(0, 1, 100, 10), row(1, 2, 1100, 110)))
    assert found.ok
    assert [bucket.verdict for bucket in found.buckets] == ["explained", "explained"]
    assert found.buckets[0].reasons == ("1 across the edge of the bucket",)
    assert not reconcile(ours, export(row(0, 1, 100, 10), row(1, 2, 1101, 110))).ok


def test_refusals_and_errors_are_on_no_bill() -> None:
    refused = call(2, None, status=403, error_type="refused", model_returned=None)
    limited = call(3, None, status=429, error_type="upstream_error", model_returned=None)
    bucket = only(reconcile([call(1), refused, limited], export(row(0, 1, 100, 10))))
    assert bucket.verdict == "equal"
    assert bucket.reasons == ("1 refused by the proxy", "1 failed without usage")


def test_usage_that_went_past_the_proxy_differs() -> None:
    found = reconcile([call(1), call(121)], export(row(0, 1, 100, 10), row(1, 5, 9, 9), row(2, 1, 100, 10)))
    assert [bucket.verdict for bucket in found.buckets] == ["equal", "differs", "equal"]
    assert found.buckets[1].figures["input"].ledger == 0
    assert found.buckets[1].reasons == ("not a call in the ledger: this did not go through the proxy",)


def test_a_call_that_the_export_lacks_differs() -> None:
    found = reconcile([call(1), call(61)], export(row(0, 1, 100, 10)))
    assert [bucket.verdict for bucket in found.buckets] == ["equal", "differs"]


def test_other_times_are_left_out_and_counted() -> None:
    found = reconcile([call(1), call(60 * 13)], export(row(0, 1, 100, 10), row(-3, 7, 7, 7)))
    assert found.ok
    assert (found.calls_outside, found.buckets_outside) == (1, 1)
    assert not reconcile([call(60 * 13)], export(row(0, 1, 100, 10))).ok, "nothing was compared"


def test_unknown_is_not_zero() -> None:
    bucket = only(reconcile([call(1, None)], export(row(0, 1, 100, 10))))
    assert (bucket.figures["input"].ledger, bucket.figures["input"].verdict) == (None, "explained")


def test_json() -> None:
    raw = json.loads(json.dumps(reconcile([call(1)], export(row(0, 1, 90, 10))).to_json()))
    assert raw["ok"] is False
    [bucket] = raw["buckets"]
    assert bucket["verdict"] == "differs"
    assert bucket["figures"]["input"] == {"ledger": 100, "export": 90, "verdict": "differs", "difference": 10}


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 2000), st.integers(0, 50)), min_size=1, max_size=8)
)
def test_a_true_bill_always_agrees(asked: list[tuple[int, int, int]]) -> None:
    ours = [
        replace(call(minute, (n, 2 * n)), call_id=str(number), duration_ms=float(seconds * 1000))
        for number, (minute, seconds, n) in enumerate(asked)
    ]
    for at_end in (False, True):
        rows = [row((minute * 60 + at_end * seconds) // 3600, 1, n, 2 * n) for minute, seconds, n in asked]
        assert reconcile(ours, export(*rows)).ok
