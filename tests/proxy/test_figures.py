"""Reported and estimated figures together."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cab_proxy.estimate import Estimate
from cab_proxy.figures import Figures, completed, fill, reported
from cab_proxy.prices import PriceBook
from cab_proxy.protocols.base import Facts
from cab_proxy.records import Record, Tokens, TokensSource
from fakes.evidence import call

FACTS = Facts(
    model="m",
    system_fingerprint=None,
    finish_reasons=("stop",),
    in_band_error=False,
    error_code=None,
    ended=True,
    usage=Tokens(input=10, output=5, total=15),
    usage_final=True,
    usage_raw={},
    cost_usd=None,
    said=("x",),
    readable=True,
)
PROMPT = Estimate(7, "o200k_base", lower_bound=False)
ANSWER = Estimate(3, "o200k_base×1.2", lower_bound=False)


def test_reported_figures_win() -> None:
    figures = completed(reported(FACTS, broken=False), PROMPT, ANSWER)
    assert figures.tokens == Tokens(input=10, output=5, total=15)
    assert figures.source == TokensSource(input="reported", output="reported", total="reported")
    assert figures.estimator is None
    assert figures.lower_bound is None


def test_estimates_fill_what_is_missing_and_mark_the_sum() -> None:
    facts = replace(FACTS, usage=Tokens(input=10))
    figures = completed(reported(facts, broken=False), PROMPT, ANSWER)
    assert figures.tokens == Tokens(input=10, output=3, total=13)
    assert figures.source == TokensSource(input="reported", output="estimated", total="estimated")
    assert figures.estimator == "o200k_base×1.2"


def test_one_estimate_makes_no_total() -> None:
    figures = completed(Figures(), replace(PROMPT, lower_bound=True), None)
    assert figures.tokens == Tokens(input=7)
    assert figures.source == TokensSource(input="estimated")
    assert figures.lower_bound is True


def test_of_a_cut_answer_there_may_be_more() -> None:
    known_input = reported(replace(FACTS, usage=Tokens(input=10)), broken=True)
    assert completed(known_input, None, ANSWER, cut=True).lower_bound is True
    assert completed(known_input, None, ANSWER).lower_bound is False
    known_output = reported(replace(FACTS, usage=Tokens(output=5)), broken=True)
    assert completed(known_output, PROMPT, ANSWER, cut=True).lower_bound is False


def test_a_broken_stream_has_partial_figures_unless_the_count_was_final() -> None:
    running = replace(FACTS, usage_final=False, ended=False)
    assert reported(running, broken=True).source.output == "partial"
    assert reported(running, broken=False).source.output == "reported"
    assert reported(FACTS, broken=True).source.output == "reported"


def test_nothing_known_is_none() -> None:
    assert completed(reported(replace(FACTS, usage=None), broken=False), None, None) == Figures()


CACHED = Tokens(input=1_000_000, cached=600_000, cache_write=200_000, output=0, total=1_000_000)


@pytest.fixture
def prices(tmp_path: Path) -> PriceBook:
    path = tmp_path / "rates.toml"
    path.write_text(
        '[[price]]\nmodel = "m"\ninput = 10\ncached = 1\ncache_write = 12\ncache_write_1h = 20\noutput = 50\n'
    )
    return PriceBook.load(path)


def filled(prices: PriceBook, facts: Facts, asked: str = "m", before: Record | None = None) -> Record:
    record = replace(before or call(), model_requested=asked)
    fill(record, facts, reported(facts, broken=False), prices)
    return record


def test_a_call_has_a_cost_and_one_without_a_cache(prices: PriceBook) -> None:
    record = filled(prices, replace(FACTS, usage=CACHED, cache_write_1h=200_000))
    assert (record.cost_usd, record.cost_source) == (Decimal("6.6"), "computed")
    assert (record.cost_neutral_usd, record.price_snapshot) == (Decimal(10), prices.name)
    plain = filled(prices, FACTS)
    assert plain.cost_neutral_usd == plain.cost_usd == Decimal("0.00035")


def test_the_endpoints_word_is_no_price_without_a_cache(prices: PriceBook) -> None:
    record = filled(prices, replace(FACTS, usage=CACHED, cost_usd=Decimal("0.5")))
    assert (record.cost_usd, record.cost_source) == (Decimal("0.5"), "reported")
    assert (record.cost_neutral_usd, record.price_snapshot) == (Decimal(10), prices.name)


def test_without_a_price_or_counts_that_agree_there_is_no_such_cost(prices: PriceBook) -> None:
    priced = filled(prices, FACTS)
    other = replace(FACTS, model="other", cost_usd=Decimal("0.5"))
    for facts, cost in (
        (other, Decimal("0.5")),
        (replace(FACTS, usage=replace(CACHED, input=1)), None),
        (replace(FACTS, usage=None), None),
    ):
        record = filled(prices, facts, asked="other", before=priced)
        assert (record.cost_usd, record.cost_neutral_usd, record.price_snapshot) == (cost, None, None)
