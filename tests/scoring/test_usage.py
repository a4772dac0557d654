from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from cab_proxy.records import Record, Tokens
from cab_scoring.usage import has_usage, tokens_axis, usage_of, usd, weakest
from cab_scoring.wire import model_calls
from fakes.evidence import call, failed_call, ledgers, open_call


def test_sums() -> None:
    used = usage_of([call(tokens=(10, 2)), call(at_s=1, tokens=(20, 3))])
    assert (used.tokens["input"], used.tokens["output"], used.total_tokens) == (30, 5, 35)
    assert used.coverage == 1
    assert used.complete
    assert weakest(used) == "reported"


def test_no_calls_have_used_nothing() -> None:
    used = usage_of([])
    assert used.total_tokens == 0
    assert used.effective_tokens == 0
    assert used.cost_usd == used.cost_neutral_usd == 0
    assert used.coverage is None
    assert used.complete
    assert weakest(used) is None


def test_unknown_is_not_zero() -> None:
    used = usage_of([call(tokens=(None, None))])
    assert used.total_tokens is None
    assert used.effective_tokens is None
    assert used.cost_usd is None
    assert used.cost_neutral_usd is None
    assert used.coverage == 0
    assert not used.complete


def test_a_partly_known_sum_is_a_lower_bound() -> None:
    used = usage_of([call(tokens=(10, 2)), open_call(at_s=1)])
    assert used.total_tokens == 12
    assert used.coverage == 0.5
    assert not used.complete


@pytest.mark.parametrize(
    "record",
    [
        call(source="partial"),
        call(lower_bound=True),
        call(tokens=(10, None)),
        call(tokens=(None, 10)),
        call(source="estimated", error_type="client_disconnect"),
    ],
)
def test_what_is_not_usage_in_full(record: Record) -> None:
    assert not has_usage(record)


@pytest.mark.parametrize("record", [call(source="estimated"), call(error_type="client_disconnect")])
def test_what_is_usage_in_full(record: Record) -> None:
    assert has_usage(record)


def test_an_error_answer_is_no_gap() -> None:
    used = usage_of([failed_call(429), call(at_s=1, tokens=(10, 2))])
    assert used.calls == 2
    assert used.total_tokens == 12
    assert used.coverage == 1


def test_an_estimate_marks_the_sum() -> None:
    used = usage_of([call(), call(at_s=1, source="estimated")])
    assert weakest(used) == "estimated"
    assert used.coverage == 1


def test_effective_tokens_weigh_by_price() -> None:
    cached = replace(call(), tokens=Tokens(input=1000, cached=600, cache_write=100, output=50, total=1050))
    assert usage_of([cached]).effective_tokens == pytest.approx(300 + 0.1 * 600 + 1.25 * 100 + 5 * 50)


def test_an_endpoint_that_reports_more_cached_than_input_earns_no_credit() -> None:
    odd = replace(call(), tokens=Tokens(input=100, cached=900, output=0, total=100))
    assert usage_of([odd]).effective_tokens == pytest.approx(90)


def test_without_cache_figures_all_input_is_uncached() -> None:
    assert usage_of([call(tokens=(1000, 100))]).effective_tokens == 1500


def test_money_is_exact() -> None:
    used = usage_of([call(cost_usd=Decimal("0.1")), call(at_s=1, cost_usd=Decimal("0.2"))])
    assert usd(used.cost_usd) == "0.3"
    assert used.cost_coverage == 1
    assert usd(Decimal("1E-7")) == "0.0000001"
    assert usd(None) is None


def test_cost_has_a_coverage_of_its_own() -> None:
    assert usage_of([call(cost_usd=Decimal(1)), call(at_s=1)]).cost_coverage == 0.5


def test_cost_without_a_cache_is_a_sum_of_its_own() -> None:
    """Calls of before there was such a figure, or without a price, leave a gap in it alone."""
    neutral = call(cost_usd=Decimal("0.1"), cost_neutral_usd=Decimal("0.3"))
    axis = tokens_axis(usage_of([neutral, call(at_s=1, cost_usd=Decimal("0.1"))]), 1, observed=True)
    assert (axis["cost_usd"], axis["cost_coverage"]) == ("0.2", 1)
    assert (axis["cost_neutral_usd"], axis["cost_neutral_coverage"]) == ("0.3", 0.5)


def test_axis_of_a_pass() -> None:
    axis = tokens_axis(usage_of([call(cost_usd=Decimal("0.5"))]), 1, observed=True)
    assert axis["tokens_per_correct_task"] == axis["total_tokens"] == 1100
    assert axis["usd_per_correct_task"] == axis["cost_usd"] == "0.5"
    assert axis["pass_used_for_division"] == 1


@pytest.mark.parametrize("passed", [0, None])
def test_nothing_is_divided_by_a_fail(passed: int | None) -> None:
    axis = tokens_axis(usage_of([call(cost_usd=Decimal("0.5"))]), passed, observed=True)
    assert axis["tokens_per_correct_task"] is None
    assert axis["usd_per_correct_task"] is None
    assert axis["total_tokens"] == 1100


def test_an_agent_that_never_ran_leaves_tokens_unknown() -> None:
    unknown = tokens_axis(usage_of([]), None, observed=False)
    assert unknown.pop("model_calls") == 0
    assert set(unknown.values()) == {None}
    assert {*unknown, "model_calls"} == set(tokens_axis(usage_of([]), None, observed=True))


@given(ledgers())
def test_more_calls_never_use_less(ledger: tuple[Record, ...]) -> None:
    calls = model_calls(ledger)
    for end in range(len(calls)):
        fewer, more = usage_of(calls[:end]), usage_of(calls[: end + 1])
        assert more.calls == fewer.calls + 1
        if fewer.total_tokens is not None and more.total_tokens is not None:
            assert more.total_tokens >= fewer.total_tokens
        assert more.coverage is None or 0 <= more.coverage <= 1
