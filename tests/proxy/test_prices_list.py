"""What a price list's rates come to, call by call."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.prices_list import Model, Price, Rates, Seller
from cab_proxy.records import Tokens

# Anthropic's rates of Claude Sonnet 4.5
# (https://platform.claude.com/docs/en/about-claude/pricing)
LONG = Rates(
    input=Decimal(6),
    cached=Decimal("0.60"),
    cache_write=Decimal("7.50"),
    cache_write_1h=Decimal(12),
    output=Decimal("22.50"),
)
SONNET = Rates(
    input=Decimal(3),
    cached=Decimal("0.30"),
    cache_write=Decimal("3.75"),
    cache_write_1h=Decimal(6),
    output=Decimal(15),
    tiers=((200_000, LONG),),
)
EMBEDDING = Rates(input=Decimal("0.02"))

counts = st.integers(0, 2**63 - 1)
usd = st.decimals(0, 1_000_000, places=20)


@st.composite
def tokens(draw: st.DrawFn) -> Tokens:
    plain, cached, written, output = draw(st.tuples(counts, counts, counts, counts))
    return Tokens(input=plain + cached + written, cached=cached, cache_write=written, output=output)


rates = st.builds(
    Rates,
    input=usd,
    cached=st.none() | usd,
    cache_write=st.none() | usd,
    cache_write_1h=st.none() | usd,
    output=usd,
)


@pytest.mark.parametrize(
    ("counted", "hour", "expected"),
    [
        pytest.param(Tokens(input=1_000, output=100), 0, "0.0045", id="plain: 1000×3 + 100×15"),
        pytest.param(Tokens(input=1_000, output=0), 0, "0.003", id="no output"),
        pytest.param(Tokens(input=0, output=0), 0, "0", id="nothing"),
        pytest.param(
            Tokens(input=10_000, cached=8_000, cache_write=1_500, output=200),
            0,
            "0.012525",  # 500×3 + 8000×0.3 + 1500×3.75 + 200×15 = 12525
            id="cached and written are parts of input",
        ),
        pytest.param(
            Tokens(input=10_000, cached=8_000, cache_write=1_500, output=200),
            1_000,
            "0.014775",  # 1000 of the 1500 at 6, not 3.75
            id="written for an hour",
        ),
        pytest.param(Tokens(input=200_000, output=10), 0, "0.60015", id="at the border"),
        pytest.param(Tokens(input=200_001, output=10), 0, "1.200231", id="above it, all tokens"),
        pytest.param(
            Tokens(input=200_001, cached=200_000, output=10),
            0,
            "0.120231",
            id="cached ones fill the tier too",
        ),
        pytest.param(Tokens(input=10, output=1_000_000), 0, "15.00003", id="output fills none"),
    ],
)
def test_worked_examples(counted: Tokens, hour: int, expected: str) -> None:
    assert SONNET.cost(counted, hour) == Decimal(expected)


@pytest.mark.parametrize(
    ("rated", "counted", "hour"),
    [
        pytest.param(SONNET, Tokens(), 0, id="nothing known"),
        pytest.param(SONNET, Tokens(input=10), 0, id="output unknown"),
        pytest.param(SONNET, Tokens(output=10), 0, id="input unknown"),
        pytest.param(SONNET, Tokens(input=10, cached=11, output=1), 0, id="more cached than there were"),
        pytest.param(SONNET, Tokens(input=10, cached=6, cache_write=5, output=1), 0, id="together more"),
        pytest.param(
            SONNET, Tokens(input=10, cache_write=5, output=1), 6, id="more for an hour than written"
        ),
        pytest.param(EMBEDDING, Tokens(input=10, output=1), 0, id="output without a rate"),
    ],
)
def test_unknown_is_none(rated: Rates, counted: Tokens, hour: int) -> None:
    assert rated.cost(counted, hour) is None


@pytest.mark.parametrize("output", [None, 0])
def test_embeddings_need_no_output(output: int | None) -> None:
    assert EMBEDDING.cost(Tokens(input=1_000, output=output), 0) == Decimal("0.00002")


def test_a_rate_that_is_not_given_is_that_of_input() -> None:
    only = Rates(input=Decimal(3), output=Decimal(15))
    cached = Tokens(input=1_000, cached=500, cache_write=400, output=0)
    assert only.cost(cached, 0) == only.cost(Tokens(input=1_000, output=0), 0) == Decimal("0.003")


def test_an_hour_without_a_rate_is_billed_as_any_write() -> None:
    written = Tokens(input=1_000, cache_write=1_000, output=0)
    assert replace(SONNET, cache_write_1h=None).cost(written, 1_000) == SONNET.cost(written, 0)


def test_the_last_tier_below_counts() -> None:
    tiered = Rates(
        input=Decimal(1),
        tiers=((10, Rates(input=Decimal(2))), (20, Rates(input=Decimal(3)))),
    )
    costs = [tiered.cost(Tokens(input=count), 0) for count in (10, 11, 20, 21)]
    assert costs == [Decimal(f"{micro}e-6") for micro in (10, 22, 40, 63)]


def test_free_is_known() -> None:
    free = Rates(input=Decimal(0), output=Decimal(0)).cost(Tokens(input=7, output=7), 0)
    assert free is not None
    assert format(free, "f") == "0"


@given(rates, tokens())
def test_every_digit_is_exact(rated: Rates, counted: Tokens) -> None:
    assert counted.input is not None
    assert counted.cached is not None
    assert counted.cache_write is not None
    assert counted.output is not None
    plain = counted.input - counted.cached - counted.cache_write
    cached = rated.input if rated.cached is None else rated.cached
    write = rated.input if rated.cache_write is None else rated.cache_write
    exact = (
        plain * Fraction(rated.input)
        + counted.cached * Fraction(cached)
        + counted.cache_write * Fraction(write)
        + counted.output * Fraction(rated.output or 0)
    ) / 1_000_000
    cost = rated.cost(counted, 0)
    assert cost is not None
    assert Fraction(cost) == exact >= 0


@given(rates, tokens(), tokens())
def test_without_tiers_costs_add_up(rated: Rates, one: Tokens, other: Tokens) -> None:
    def plus(a: int | None, b: int | None) -> int:
        return (a or 0) + (b or 0)

    both = Tokens(
        input=plus(one.input, other.input),
        cached=plus(one.cached, other.cached),
        cache_write=plus(one.cache_write, other.cache_write),
        output=plus(one.output, other.output),
    )
    costs = [rated.cost(each, 0) for each in (one, other, both)]
    assert None not in costs
    first, second, together = (Fraction(cost or 0) for cost in costs)
    assert together == first + second


@given(tokens(), counts)
def test_more_tokens_never_cost_less(counted: Tokens, more: int) -> None:
    assert counted.input is not None
    assert counted.output is not None
    cost = SONNET.cost(counted, 0)
    longer = SONNET.cost(replace(counted, input=counted.input + more), 0)
    chattier = SONNET.cost(replace(counted, output=counted.output + more), 0)
    assert cost is not None
    assert longer is not None
    assert chattier is not None
    assert cost <= min(longer, chattier)


OLD, NEW, NIGHT = (Rates(input=Decimal(usd)) for usd in (10, 2, 1))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2025, 6, 9, 23, 59, 59, tzinfo=UTC), OLD),
        (datetime(2025, 6, 10, tzinfo=UTC), NEW),
        (datetime(2025, 6, 10, 1, tzinfo=timezone(timedelta(hours=2))), OLD),  # UTC counts
        (datetime(2025, 6, 9, 23, tzinfo=timezone(timedelta(hours=-2))), NEW),
    ],
)
def test_a_price_holds_from_its_day_on(at: datetime, expected: Rates) -> None:
    prices = (Price(rates=OLD), Price(rates=NEW, since=date(2025, 6, 10)))
    assert Model(names=("o3",), prices=prices).rates(at) is expected


@pytest.mark.parametrize(
    ("begin", "end", "hour", "minute", "expected"),
    [
        (time(0, 30), time(16, 30), 0, 29, OLD),
        (time(0, 30), time(16, 30), 0, 30, NIGHT),
        (time(0, 30), time(16, 30), 16, 30, OLD),
        (time(16, 30), time(0, 30), 16, 29, OLD),
        (time(16, 30), time(0, 30), 23, 59, NIGHT),
        (time(16, 30), time(0, 30), 0, 29, NIGHT),
        (time(16, 30), time(0, 30), 0, 30, OLD),
    ],
)
def test_hours_of_the_day(begin: time, end: time, hour: int, minute: int, expected: Rates) -> None:
    model = Model(names=("r1",), prices=(Price(rates=OLD), Price(rates=NIGHT, hours=(begin, end))))
    assert model.rates(datetime(2025, 3, 1, hour, minute, tzinfo=UTC)) is expected


def test_a_model_may_have_no_price() -> None:
    at = datetime(2025, 3, 1, tzinfo=UTC)
    assert Model(names=("x",)).rates(at) is None
    assert Model(names=("x",), prices=(Price(rates=OLD), Price(rates=None))).rates(at) is None


@pytest.mark.parametrize(
    ("known", "name", "called"),
    [
        ("gpt-5", "gpt-5", True),
        ("gpt-5", "gpt-5-mini", False),
        ("gpt-5*", "gpt-5-mini", True),
        ("*gpt-5", "x/gpt-5", True),
        ("*gpt-5", "x/gpt-5-mini", False),
        ("*claude-v2*", "anthropic.claude-v2:1", True),
        ("gpt-*-mini", "gpt-5-mini", True),
        ("gpt-4.1", "gpt-4x1", False),
        ("gpt-4.1*", "gpt-4x1", False),
        ("*", "anything\nat all", True),
    ],
)
def test_names(known: str, name: str, called: bool) -> None:
    assert Model(names=("other", known)).is_called(name) is called


def test_names_by_expression() -> None:
    model = Model(names=("opus",), regex=r"^opus-\d{8}$")
    assert model.is_called("opus")
    assert model.is_called("opus-20260101")
    assert not model.is_called("opus-2026")


def test_the_first_model_that_is_called_so_is_meant() -> None:
    mini, gpt = Model(names=("gpt-5-mini", "gpt-5.2-2025-12-11")), Model(names=("gpt-5*",))
    seller = Seller(url=re.compile(""), anywhere=re.compile("(?:openai/)?(?=gpt-)"), models=(mini, gpt))
    assert seller.find("gpt-5-mini") is mini
    assert seller.find("gpt-5-mini-2") is gpt
    assert seller.find("openai/gpt-5-mini") is mini
    assert seller.find("somebody/gpt-5-mini") is None
    assert Seller(url=re.compile(""), models=(mini,)).find("gpt-5.2-20251211") is mini
    assert Seller(url=re.compile(""), models=(mini,)).find("gpt-5.2-20259911") is None
