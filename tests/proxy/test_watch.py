"""Calls added up as they come."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from cab_proxy.records import Record, Tokens, TokensSource
from cab_proxy.summary import summarise
from cab_proxy.watch import MAX_MODELS, MAX_RUNS, NONE, OTHER, Histogram, Tally, Watch
from fakes.evidence import ledgers

BASE = Record(
    kind="call",
    call_id="A",
    started_at="2026-01-02T03:04:05.000000Z",
    method="POST",
    path="/v1/chat/completions",
    protocol="chat",
    model_requested="m",
    status=200,
    duration_ms=1000.0,
)
COUNTED = {
    "tokens": Tokens(input=1000, cached=400, output=500, total=1500),
    "tokens_source": TokensSource(input="reported", cached="reported", output="estimated", total="estimated"),
}


def call(**more: Any) -> Record:
    return replace(BASE, **more)


def told(watch: Watch, **more: Any) -> None:
    """Tell of a call from its beginning to its end."""
    watch.began(call(kind="open", **more))
    watch.ended(call(**more))


def tally(watch: Watch, run_id: str | None = None) -> Tally:
    return dict(watch.recent(MAX_RUNS))[run_id]


def test_a_call_from_beginning_to_end() -> None:
    watch = Watch(iter(range(100)).__next__)
    changes: list[int] = []
    watch.on_change = lambda: changes.append(watch.total.in_flight)
    watch.began(call(kind="open", run_id="r"))
    run = tally(watch, "r")
    assert (run.calls, run.in_flight, run.model) == (0, 1, "m")
    assert (run.input.value, run.cost_usd.value, run.ttft_ms) == (None, None, None)
    watch.ended(
        call(run_id="r", **COUNTED, model_returned="m-1", cost_usd=Decimal("0.1"), cost_source="computed")
    )
    assert (run.calls, run.in_flight, run.failed, run.refused) == (1, 0, 0, 0)
    assert (run.model, run.first_at, run.last_at) == ("m-1", 1, 2)
    assert (run.input.value, run.input.known, run.input.source) == (1000, 1, "reported")
    assert (run.output.value, run.output.source) == (500, "estimated")
    assert (run.cost_usd.value, run.cost_usd.source) == (Decimal("0.1"), "computed")
    assert changes == [1, 0]


@given(ledgers())
def test_counts_are_those_of_the_summary(records: tuple[Record, ...]) -> None:
    watch = Watch()
    for record in records:
        watch.began(replace(record, kind="open"))
        if record.kind == "call":
            watch.ended(record)
    summary = summarise(record for record in records if record.kind == "call")
    total = watch.total
    assert (total.calls, total.refused) == (summary.calls, summary.refused)
    assert total.in_flight == sum(record.kind == "open" for record in records)
    assert total.failed == summary.waste.calls
    for kind, ours in (("input", total.input), ("output", total.output)):
        theirs = summary.tokens[kind]
        assert (ours.value, ours.known, ours.source or "none") == (theirs.value, theirs.known, theirs.source)
    assert (total.cost_usd.value, total.cost_usd.known) == (summary.cost_usd, summary.cost_known)
    assert sum(watch.calls.values()) == sum(record.kind == "call" for record in records)
    assert sum(figures.with_tokens for figures in watch.models.values()) == summary.tokens["total"].known


def test_what_is_no_model_call_is_only_under_way() -> None:
    watch = Watch()
    told(watch, protocol=None, model_requested=None)
    assert (watch.total.calls, watch.total.in_flight, watch.total.failed) == (0, 0, 0)
    assert watch.calls == {(NONE, NONE, "2xx", NONE): 1}
    assert watch.models == {}


def test_a_background_call_has_its_figures_later() -> None:
    watch = Watch()
    told(watch)
    watch.completed(call(**COUNTED, cost_usd=Decimal(1), cost_source="reported"))
    assert (watch.total.calls, watch.total.input.value, watch.total.input.known) == (1, 1000, 1)
    assert watch.calls == {("m", "chat", "2xx", NONE): 1}
    assert watch.models["m"].cost_usd == {"reported": 1}
    assert sum(watch.models["m"].duration_s.counts) == 1


@pytest.mark.parametrize(
    ("sources", "weakest"),
    [
        (("reported", "reported"), "reported"),
        (("reported", "computed", "reported"), "computed"),
        (("partial", "estimated", "reported"), "estimated"),
        (("estimated", None, "reported"), "unknown"),
    ],
)
def test_a_sum_is_as_good_as_its_weakest_part(sources: tuple[str | None, ...], weakest: str) -> None:
    watch = Watch()
    for source in sources:
        told(watch, cost_usd=Decimal(1), cost_source=source)
    assert watch.total.cost_usd.source == weakest
    assert watch.total.cost_usd.value == len(sources)


def test_ttft_is_the_median_of_the_last_calls() -> None:
    watch = Watch()
    for ttft_ms in [9000.0] * 100 + [float(n) for n in range(32)]:
        told(watch, ttft_ms=ttft_ms)
    told(watch)
    assert watch.total.ttft_ms == 15.5


def test_figures_of_a_model_have_their_kind_and_source() -> None:
    watch = Watch()
    told(watch, **COUNTED, ttft_ms=250.0, proxy_overhead_ms=0.2)
    told(watch, **COUNTED)
    [figures] = watch.models.values()
    assert figures.tokens == {
        ("input", "reported"): 2000,
        ("cached", "reported"): 800,
        ("output", "estimated"): 1000,
    }
    assert (figures.with_tokens, figures.with_cost, figures.cost_usd) == (2, 0, {})
    assert (sum(figures.ttft_s.counts), figures.ttft_s.sum) == (1, 0.25)
    assert (sum(figures.overhead_s.counts), figures.overhead_s.sum) == (1, 0.0002)
    assert figures.duration_s.sum == 2.0


def test_a_bound_of_a_histogram_belongs_to_what_is_below_it() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0):
        histogram.add(value)
    assert histogram.counts == [2, 2, 2]


def test_runs_are_remembered_up_to_a_number() -> None:
    watch = Watch(iter(range(10**6)).__next__)
    watch.began(call(kind="open", run_id="busy"))
    for number in range(MAX_RUNS + 50):
        told(watch, run_id=f"r{number}", **COUNTED)
        told(watch, run_id="first", **COUNTED)
    names = [run_id for run_id, _ in watch.recent(10**6)]
    assert len(names) == MAX_RUNS
    assert names[:2] == ["busy", "first"]
    assert names[-1] == f"r{MAX_RUNS + 49}"
    assert watch.total.calls == 2 * (MAX_RUNS + 50)
    assert [run_id for run_id, _ in watch.recent(2)] == ["first", f"r{MAX_RUNS + 49}"]


def test_made_up_models_have_no_label() -> None:
    watch = Watch()
    for number in range(10 * MAX_MODELS):
        told(watch, model_requested=f"made-up-{number}", status=404, error_type="upstream_error")
    told(watch, model_requested="true")
    told(watch, model_requested="true", status=500, error_type="upstream_error")
    assert watch.calls == {
        (OTHER, "chat", "4xx", "upstream_error"): 10 * MAX_MODELS,
        ("true", "chat", "2xx", NONE): 1,
        ("true", "chat", "5xx", "upstream_error"): 1,
    }


def test_labels_are_bounded_where_an_endpoint_takes_any_model() -> None:
    watch = Watch()
    for number in range(10 * MAX_MODELS):
        told(watch, model_requested=f"m{number}", **COUNTED)
    assert len(watch.models) == MAX_MODELS + 1
    assert watch.models[OTHER].tokens["input", "reported"] == 9 * MAX_MODELS * 1000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gpt-5 ümlaut", "gpt-5 ümlaut"),
        ("\x1b[2Jx\n\ud800", "?[2Jx??"),
        ("x" * 200, "x" * 100),
    ],
)
def test_names_are_printable(text: str, shown: str) -> None:
    watch = Watch()
    told(watch, model_requested=text)
    assert watch.total.calls == 1
    assert list(watch.models) == [shown]
    assert tally(watch).model == shown
