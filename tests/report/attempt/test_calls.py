"""Calls of a ledger as text."""

from __future__ import annotations

from cab_proxy.records import Tokens, decode, encode
from cab_report.attempt.calls import SHOWN, of_models, rows
from fakes.evidence import call, failed_call, open_call


def test_figures_have_the_mark_of_their_source() -> None:
    reported, estimated, partial = rows([call(source=each) for each in ("reported", "estimated", "partial")])
    assert (reported.input, estimated.input, partial.input) == ("1,000", "~1,000", "≥1,000")
    assert (reported.source, estimated.source, partial.source) == ("reported", "estimated", "partial")
    assert reported.cached is None


def test_how_a_call_ended_is_said() -> None:
    made = [call(), failed_call(429), open_call(), call(status=429, error_type="budget_exceeded")]
    assert [(each.ended, each.failed) for each in rows(made)] == [
        ("200", False),
        ("429: upstream_error", True),
        ("never ended", True),
        ("429: budget_exceeded by the proxy", True),
    ]


def test_times_are_for_people_and_whole_beside_it() -> None:
    [row] = rows([call(at_s=1.5, took_ms=1234.0)])
    assert (row.clock, row.started_at) == ("12:00:01.500", "2026-07-01T12:00:01.500000Z")
    assert (row.latency, row.ttft) == ("1.2 s", "–")


def test_what_is_no_model_call_is_left_out_and_the_rest_is_bounded() -> None:
    assert of_models([call(), call(protocol=None)]) == [call()]
    assert len(rows([call()] * (SHOWN + 1))) == SHOWN


def test_figures_of_wrong_types_are_shown_as_they_are() -> None:
    strange = call(duration_ms="soon", error_type=["x"])
    strange.status = {"a": 1}  # type: ignore[assignment]
    strange.tokens = Tokens(input="many")  # type: ignore[arg-type]
    strange.started_at = 7  # type: ignore[assignment]
    [row] = rows([decode(encode(strange))])
    assert (row.latency, row.input, row.ended) == ("soon", "many", "{'a': 1}: ['x']")
    assert (row.clock, row.started_at) == ("7", "7")
