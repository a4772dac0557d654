"""Usage objects as they were seen on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cab_proxy.protocols.usage import cost_of, is_zero, merge, normalise, usage_in
from cab_proxy.records import Tokens


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        pytest.param(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 15,
                "prompt_tokens_details": {"cached_tokens": 4},
                "completion_tokens_details": {"reasoning_tokens": 2},
            },
            Tokens(input=10, cached=4, output=5, reasoning=2, total=15),
            id="OpenAI",
        ),
        pytest.param(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "prompt_cache_hit_tokens": 8,
                "prompt_cache_miss_tokens": 2,
            },
            Tokens(input=10, cached=8, output=5, total=15),
            id="DeepSeek",
        ),
        pytest.param(
            {"prompt_tokens": 10, "completion_tokens": 5, "cached_tokens": 3},
            Tokens(input=10, cached=3, output=5, total=15),
            id="Kimi",
        ),
        pytest.param(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 22,
                "completion_tokens_details": {"reasoning_tokens": 7},
            },
            Tokens(input=10, output=12, reasoning=7, total=22),
            id="xAI: reasoning outside",
        ),
        pytest.param(
            {
                "prompt_tokens": 33,
                "completion_tokens": 7163,
                "total_tokens": 7196,
                "citation_tokens": 19028,
                "num_search_queries": 21,
                "reasoning_tokens": 193947,
            },
            Tokens(input=33, output=201110, reasoning=193947, total=201143),
            id="Perplexity: more reasoning than output",
        ),
        pytest.param(
            {
                "prompt_tokens": 31,
                "completion_tokens": 467,
                "total_tokens": 498,
                "prompt_tokens_details": {"cached_tokens": 0},
                "cache_creation_input_tokens": 1253,
                "cache_read_input_tokens": 0,
            },
            Tokens(input=1284, cached=0, cache_write=1253, output=467, total=1751),
            id="LiteLLM: more written to the cache than prompt",
        ),
        pytest.param(
            {
                "prompt_tokens": 1328,
                "completion_tokens": 5,
                "prompt_tokens_details": {
                    "cached_tokens": 20,
                    "cache_creation_input_tokens": 1308,
                    "cache_type": "ephemeral",
                },
            },
            Tokens(input=1328, cached=20, cache_write=1308, output=5, total=1333),
            id="Qwen: all of the prompt is about the cache",
        ),
        pytest.param(
            {"cache_n": 236, "prompt_n": 1, "prompt_ms": 30.958, "predicted_n": 35},
            Tokens(input=237, cached=236, output=35, total=272),
            id="llama.cpp's timings",
        ),
        pytest.param(
            {"prompt_n": 1, "prompt_ms": 30.958, "predicted_n": 35},
            Tokens(output=35),
            id="llama.cpp's timings before they told of the cache",
        ),
        pytest.param(
            {"prompt_tokens": 7, "completion_tokens": 2, "prompt_n": 1, "cache_n": 1, "predicted_n": 9},
            Tokens(input=7, cached=1, output=2, total=9),
            id="usage and timings: the first row counts",
        ),
        pytest.param(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 6},
            },
            Tokens(input=10, cached=0, cache_write=6, output=5, total=15),
            id="OpenRouter",
        ),
        pytest.param(
            {"prompt_tokens": 10, "completion_tokens": None, "prompt_tokens_details": None},
            Tokens(input=10),
            id="nulls",
        ),
        pytest.param(
            {"prompt_tokens": -1, "completion_tokens": "5", "total_tokens": True}, Tokens(), id="nonsense"
        ),
    ],
)
def test_normalise(usage: dict[str, Any], tokens: Tokens) -> None:
    assert normalise(usage) == tokens


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        ({"usage": {"prompt_tokens": 1}}, True),
        ({"choices": [{"usage": {"prompt_tokens": 1}}]}, True),
        ({"x_groq": {"usage": {"prompt_tokens": 1}}}, True),
        ({"usage": None, "choices": [{"usage": {"prompt_tokens": 1}}]}, True),
        ({"usage": None}, False),
        ({"usage": {}}, False),
        ({"usage": []}, False),
        ({"choices": None, "x_groq": 3}, False),
        ({"choices": [3, {"usage": None}, {"usage": {"prompt_tokens": 1}}]}, True),
        ({"usage": {}, "timings": {"prompt_tokens": 1}}, True),
    ],
)
def test_where_usage_lies(frame: dict[str, Any], found: bool) -> None:
    assert usage_in(frame) == ({"prompt_tokens": 1} if found else None)


def test_merge_takes_the_last_value_that_is_not_null() -> None:
    old = {"a": 1, "b": 2, "d": {"x": 1, "y": 2}}
    new = {"a": None, "b": 3, "c": None, "d": {"x": None, "y": 5}}
    assert merge(old, new) == {"a": 1, "b": 3, "c": None, "d": {"x": 1, "y": 5}}


def test_zero() -> None:
    assert is_zero({"prompt_n": 0, "cache_n": 0, "predicted_n": 0})
    assert not is_zero({"predicted_n": 1})
    assert not is_zero({"total_tokens": 1})
    assert is_zero({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0})
    assert not is_zero({"prompt_tokens": 0, "completion_tokens": 1})


@pytest.mark.parametrize(
    ("cost", "usd"),
    [
        (0.00123, Decimal("0.00123")),
        ("0.5", Decimal("0.5")),
        (0, Decimal(0)),
        (1e-7, Decimal("1e-7")),
        (None, None),
        (True, None),
        ("free", None),
        (-1, None),
        (float("nan"), None),
        ({"total": 1}, None),
        ("1e-99999999", None),
        ("0e-99999999", Decimal(0)),
        ("1e-29", Decimal("1e-29")),
        ("1e9", None),
        ("0." + "1" * 62 + "e-7", None),
    ],
)
def test_cost(cost: object, usd: Decimal | None) -> None:
    found = cost_of({"cost": cost})
    assert found == usd
    assert len(f"{found:f}" if found is not None else "") < 100


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        pytest.param(
            {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}},
            Decimal("0.21"),
            id="own key: the fee and the provider's price",
        ),
        pytest.param(
            {"cost": 0.2, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.2}},
            Decimal("0.2"),
            id="a part of the same cost",
        ),
        pytest.param(
            {"cost": 0.01, "is_byok": True, "cost_details": None}, Decimal("0.01"), id="only the fee"
        ),
        pytest.param({"cost": {"total_cost": 0.3, "request_cost": 0.1}}, Decimal("0.3"), id="Perplexity"),
        pytest.param({"cost_in_usd_ticks": 37756000}, Decimal("0.0037756"), id="xAI"),
        pytest.param({"cost_in_usd_ticks": "1e99999999"}, None, id="no cost"),
        pytest.param({"cost_in_usd_ticks": "1e-25"}, None, id="less than is kept"),
    ],
)
def test_costs_of_other_endpoints(usage: dict[str, Any], usd: Decimal | None) -> None:
    assert cost_of(usage) == usd
