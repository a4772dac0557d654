"""Which price book knows which model at which endpoint, and what a user's own file may say."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from cab_proxy.errors import ConfigError
from cab_proxy.prices import PriceBook
from cab_proxy.records import Tokens

OPENAI = "https://api.openai.com/v1"
GATEWAY = "https://llm.corp.example/v1"
AT = datetime(2025, 9, 1, tzinfo=UTC)
MILLION = Tokens(input=1_000_000, cached=0, cache_write=0, output=1_000_000)


@pytest.fixture(scope="module")
def shipped() -> PriceBook:
    return PriceBook.shipped()


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], PriceBook]:
    def load(text: str) -> PriceBook:
        path = tmp_path / "rates.toml"
        path.write_text(text)
        return PriceBook.load(path)

    return load


def price(book: PriceBook, upstream: str | None, model: str | None) -> Decimal | None:
    return book.cost(upstream=upstream, model=model, tokens=MILLION, at=AT)


def test_the_snapshot_says_what_it_is(shipped: PriceBook) -> None:
    data = resources.files("cab_proxy").joinpath("data", "prices.json").read_bytes()
    raw = json.loads(data)
    assert {"source", "version", "taken", "home", "licence", "unit"} <= raw.keys()
    assert shipped.name == f"genai-prices {raw['taken']} sha256:{hashlib.sha256(data).hexdigest()[:12]}"
    assert PriceBook.shipped() is shipped
    assert len(data) < 500_000
    assert max(map(len, data.splitlines())) < 2_000, "a model is a line"


def test_every_rate_of_the_snapshot_is_a_decimal_number() -> None:
    def strings(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                strings(inner, name)
        elif isinstance(value, list):
            for inner in value:
                strings(inner, key)
        else:
            assert not isinstance(value, float)
            if key in {"input", "cached", "cache_write", "cache_write_1h", "output"}:
                assert re.fullmatch(r"\d{1,6}(\.\d{1,20})?", value), value

    strings(json.loads(resources.files("cab_proxy").joinpath("data", "prices.json").read_text()))


# From the sellers' own pages, of models whose price has long stood.
@pytest.mark.parametrize(
    ("upstream", "model", "tokens", "at", "expected"),
    [
        pytest.param(  # 1.25 / 0.125 / 10: https://platform.openai.com/docs/pricing
            OPENAI,
            "gpt-5",
            Tokens(input=3_000, cached=2_048, output=700),
            AT,
            "0.008446",
            id="OpenAI, cached",
        ),
        pytest.param(  # 10 / 40 until 2025-06-10, then 2 / 8
            OPENAI,
            "o3",
            Tokens(input=1_000, output=1_000),
            datetime(2025, 6, 9, tzinfo=UTC),
            "0.05",
            id="before",
        ),
        pytest.param(OPENAI, "o3", Tokens(input=1_000, output=1_000), AT, "0.01", id="after a price cut"),
        pytest.param(  # 3 / 3.75 / 0.30 / 15: https://platform.claude.com/docs/en/about-claude/pricing
            "https://api.anthropic.com",
            "claude-sonnet-4-20250514",
            Tokens(input=5_000, cached=3_000, cache_write=1_000, output=400),
            AT,
            "0.01365",  # 1000×3 + 3000×0.3 + 1000×3.75 + 400×15
            id="Anthropic, cached and written",
        ),
        pytest.param(  # 1.25 / 10 up to 200,000, then 2.50 / 15: https://ai.google.dev/gemini-api/docs/pricing
            "https://generativelanguage.googleapis.com/v1beta",
            "models/gemini-2.5-pro",
            Tokens(input=200_000, output=100),
            AT,
            "0.251",
            id="Google, at the tier's border",
        ),
        pytest.param(
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "gemini-2.5-pro",
            Tokens(input=200_001, output=100),
            AT,
            "0.5015025",
            id="Google, above it",
        ),
        pytest.param(  # 0.27 / 1.10, at night 0.135 / 0.55
            "https://api.deepseek.com/v1",
            "deepseek-chat",
            Tokens(input=1_000_000, output=0),
            datetime(2025, 3, 1, 12, tzinfo=UTC),
            "0.27",
            id="DeepSeek by day",
        ),
        pytest.param(
            "https://api.deepseek.com/v1",
            "deepseek-chat",
            Tokens(input=1_000_000, output=0),
            datetime(2025, 3, 1, 17, tzinfo=UTC),
            "0.135",
            id="DeepSeek by night",
        ),
    ],
)
def test_worked_examples(
    shipped: PriceBook, upstream: str, model: str, tokens: Tokens, at: datetime, expected: str
) -> None:
    assert shipped.cost(upstream=upstream, model=model, tokens=tokens, at=at) == Decimal(expected)


@pytest.mark.parametrize(
    ("upstream", "model"),
    [
        pytest.param("https://API.openai.com/v1".lower(), "GPT-5", id="case"),
        pytest.param(OPENAI, "gpt-5-2025-08-07", id="dated"),
        pytest.param(OPENAI, "gpt-5-20250807", id="dated as LiteLLM writes it"),
        pytest.param("https://openrouter.ai/api/v1", "openai/gpt-5", id="a router that is a seller"),
        pytest.param("https://mine.openai.azure.com/openai/v1", "gpt-5", id="a reseller"),
        pytest.param(GATEWAY, "gpt-5", id="a gateway"),
        pytest.param(GATEWAY, "openai/gpt-5", id="a gateway that names the maker"),
        pytest.param("https://8.8.8.8/v1", "gpt-5", id="a public address"),
    ],
)
def test_gpt_5_is_known(shipped: PriceBook, upstream: str, model: str) -> None:
    assert price(shipped, upstream, model) == Decimal("11.25")


@pytest.mark.parametrize(
    "model", ["claude-opus-4-1", "anthropic/claude-opus-4-1-20250805", "gemini/gemini-2.5-pro"]
)
def test_what_only_its_maker_serves_is_known_behind_a_gateway(shipped: PriceBook, model: str) -> None:
    assert price(shipped, GATEWAY, model) is not None


@pytest.mark.parametrize(
    ("upstream", "model"),
    [
        pytest.param(OPENAI, "nothing-like-it", id="no such model"),
        pytest.param(OPENAI, "claude-opus-4-1", id="another seller's"),
        pytest.param(OPENAI, "gpt-audio", id="output may be speech"),
        pytest.param("https://api.perplexity.ai", "sonar", id="billed by the request, too"),
        pytest.param(
            "https://api.z.ai/api/anthropic", "claude-opus-4-1", id="a known seller's own substitute"
        ),
        pytest.param(GATEWAY, "gpt-oss-120b", id="open weights"),
        pytest.param(GATEWAY, "deepseek-chat", id="open weights that one could host"),
        pytest.param(GATEWAY, "llama-3.1-8b", id="sold at many prices"),
        pytest.param(GATEWAY, "somebody/gpt-5", id="somebody's"),
        pytest.param(GATEWAY, "qwen-distilled-from-claude-opus-4-1", id="named after it"),
        pytest.param("http://127.0.0.1:8000/v1", "gpt-5", id="loopback"),
        pytest.param("http://localhost:11434/v1", "gpt-5", id="localhost"),
        pytest.param("http://[::1]/v1", "gpt-5", id="loopback, IPv6"),
        pytest.param("http://10.0.0.7/v1", "gpt-5", id="private address"),
        pytest.param("http://100.64.0.9/v1", "gpt-5", id="shared address space"),
        pytest.param("http://ollama:11434", "gpt-5", id="a neighbour's name"),
        pytest.param("http://host.docker.internal:4000", "gpt-5", id="the container's host"),
        pytest.param("http://api.openai.com.local/v1", "gpt-5", id="looks like one"),
        pytest.param(None, "gpt-5", id="no endpoint"),
        pytest.param(OPENAI, None, id="no model"),
        pytest.param(OPENAI, "", id="empty model"),
    ],
)
def test_the_unknown_has_no_price(shipped: PriceBook, upstream: str | None, model: str | None) -> None:
    assert price(shipped, upstream, model) is None


def test_unknown_counts_have_no_price(shipped: PriceBook) -> None:
    for tokens in (Tokens(), Tokens(input=1), Tokens(output=1)):
        assert shipped.cost(upstream=OPENAI, model="gpt-5", tokens=tokens, at=AT) is None
        assert shipped.cost_neutral(upstream=OPENAI, model="gpt-5", tokens=tokens, at=AT) is None


def test_cache_neutral_is_the_price_without_a_cache(shipped: PriceBook) -> None:
    where: dict[str, Any] = {"upstream": "https://api.anthropic.com", "model": "claude-opus-4-1"}
    cached = Tokens(input=10_000, cached=6_000, cache_write=3_000, output=10)
    plain = replace(cached, cached=0, cache_write=0)
    neutral = shipped.cost_neutral(**where, tokens=cached, at=AT)
    assert neutral == shipped.cost(**where, tokens=plain, at=AT) == Decimal("0.15075")
    assert shipped.cost(**where, tokens=cached, at=AT) == Decimal("0.081")


def test_writes_for_an_hour_cost_more(shipped: PriceBook) -> None:
    written = Tokens(input=1_000_000, cache_write=1_000_000, output=0)
    costs = [
        shipped.cost(
            upstream="https://api.anthropic.com",
            model="claude-opus-4-1",
            tokens=written,
            at=AT,
            cache_write_1h=hour,
        )
        for hour in (0, 1_000_000)
    ]
    assert costs == [Decimal("18.75"), Decimal(30)]


def test_limits_are_known_wherever_the_model_runs(shipped: PriceBook) -> None:
    for upstream in (OPENAI, GATEWAY, "http://127.0.0.1:4000/v1"):
        assert shipped.limits(upstream, "gpt-5") == (400_000, None)
    assert shipped.limits("http://127.0.0.1:8000/v1", "llama-3.1-8b") == (None, None)
    assert shipped.limits(None, None) == (None, None)


OWN = """
[[price]]
model = "gpt-5*"
upstream = "llm.corp.example"
input = 1
cached = 0.1
output = 8.00
context_window = 300_000
tiers = [{above = 1_000, input = 2, output = 12}, {above = 2_000, cached = 0.3}]

[[price]]
model = "llama-3.1-8b"
input = 0
output = 0
max_output = 8_192

[[price]]
model = "*"
upstream = "*.lan:8000"
input = 0.05
output = 0.05
"""


def test_own_rates_are_the_only_ones(own: Callable[[str], PriceBook]) -> None:
    book = own(OWN)
    assert re.fullmatch(r"rates\.toml sha256:[0-9a-f]{12}", book.name)
    assert price(book, GATEWAY, "GPT-5-mini") == Decimal(14)
    assert price(book, "http://llm.corp.example:8443", "gpt-5") == Decimal(14)
    assert price(book, "http://127.0.0.1:8000/v1", "llama-3.1-8b") == 0
    assert price(book, None, "llama-3.1-8b") == 0
    assert price(book, "http://gpu.lan:8000/v1", "whatever") == Decimal("0.1")
    for upstream, model in (
        (OPENAI, "gpt-5"),
        (GATEWAY, "claude-opus-4-1"),
        ("http://gpu.lan:9000", "whatever"),
        ("http://llm.corp.example.evil.example/v1", "gpt-5"),
        ("http://evil.example/llm.corp.example/", "gpt-5"),
    ):
        assert price(book, upstream, model) is None


def test_own_tiers_keep_what_they_do_not_name(own: Callable[[str], PriceBook]) -> None:
    book = own(OWN)

    def cost(count: int) -> Decimal | None:
        counted = Tokens(input=count, cached=1_000, output=0)
        return book.cost(upstream=GATEWAY, model="gpt-5", tokens=counted, at=AT)

    assert [cost(count) for count in (1_000, 1_001, 2_000, 2_001)] == [
        Decimal(f"{micro}e-6") for micro in (100, 102, 2_100, 2_302)
    ]


def test_own_limits_come_before_the_shipped_ones(own: Callable[[str], PriceBook]) -> None:
    book = own(OWN)
    assert book.limits(GATEWAY, "gpt-5") == (300_000, None)
    assert book.limits(OPENAI, "gpt-5") == (400_000, None)
    assert book.limits(None, "llama-3.1-8b") == (None, 8_192)


def test_the_first_entry_that_fits_counts(own: Callable[[str], PriceBook]) -> None:
    entry = '[[price]]\nmodel = "{}"\ninput = {}\noutput = 0\n'
    book = own(entry.format("gpt-5", 1) + entry.format("gpt-*", 2))
    assert [price(book, GATEWAY, model) for model in ("gpt-5", "gpt-4")] == [Decimal(1), Decimal(2)]


def test_the_name_changes_with_the_rates(own: Callable[[str], PriceBook]) -> None:
    assert own(OWN).name != own(OWN.replace("8.00", "8.01")).name


VALID = 'model = "m"\ninput = 1\noutput = 1\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it must hold [[price]] entries and nothing else"),
        ("price = 3", "it must hold [[price]] entries and nothing else"),
        (f"name = 'x'\n[[price]]\n{VALID}", "it must hold [[price]] entries and nothing else"),
        ("price = [3]", "price 1: there is something that is not a table"),
        ("[[price]", "Expected"),
        ("[[price]]\ninput = 1\noutput = 1", "price 1: model is missing"),
        ('[[price]]\nmodel = ""\ninput = 1\noutput = 1', "price 1: model must be a name"),
        ('[[price]]\nmodel = "m"\noutput = 1', "price 1: input is missing"),
        (f'[[price]]\n{VALID}\n[[price]]\nmodel = "m"\ninput = 1', "price 2: output is missing"),
        (f"[[price]]\n{VALID}inptu = 2", "price 1: 'inptu' is unknown; known are cache_write, "),
        (f"[[price]]\n{VALID}cached = -1", "price 1: cached must be US dollars per million tokens"),
        (f"[[price]]\n{VALID}cached = nan", "price 1: cached must be US dollars"),
        (f"[[price]]\n{VALID}cached = inf", "price 1: cached must be US dollars"),
        (f"[[price]]\n{VALID}cached = true", "price 1: cached must be US dollars"),
        (f"[[price]]\n{VALID}cached = false", "price 1: cached must be US dollars"),
        (f"[[price]]\n{VALID}cached = 'much'", "price 1: cached must be US dollars"),
        (f"[[price]]\n{VALID}cached = 1e7", "price 1: cached must be US dollars"),
        (f"[[price]]\n{VALID}cached = 1e-21", "price 1: cached must be US dollars"),
        (f"[[price]]\n{VALID}cached = 1e99999999999999999999", "price 1: cached must be US dollars"),
        (f"[[price]]\n{VALID}upstream = 'https://host/v1'", "price 1: upstream must be a host such as"),
        (f"[[price]]\n{VALID}context_window = 0", "price 1: context_window must be a number of tokens"),
        (f"[[price]]\n{VALID}max_output = true", "price 1: max_output must be a number of tokens"),
        (f"[[price]]\n{VALID}tiers = 3", "price 1: tiers must be a list"),
        (f"[[price]]\n{VALID}tiers = [3]", "price 1: there is something that is not a table"),
        (f"[[price]]\n{VALID}tiers = [{{input = 3}}]", "price 1: above is missing"),
        (f"[[price]]\n{VALID}tiers = [{{above = 9, model = 'm'}}]", "price 1: 'model' is unknown"),
        (f"[[price]]\n{VALID}tiers = [{{above = 9}}, {{above = 9}}]", "price 1: tiers must ascend"),
        (f"[[price]]\n{VALID}# \udcff", "codec can't decode"),
    ],
)
def test_a_broken_file_is_one_line_that_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rates.toml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ConfigError) as caught:
        PriceBook.load(path)
    assert str(caught.value).startswith(f"prices {path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read prices .*: No such file or directory"):
        PriceBook.load(tmp_path / "rates.toml")


def test_the_documented_form_is_read(own: Callable[[str], PriceBook]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "metering.md").read_text()
    book = own(page.split("```toml\n")[1].split("```")[0])
    assert price(book, GATEWAY, "gpt-5-mini") == Decimal("17.5")
    assert book.limits(GATEWAY, "gpt-5") == (400_000, None)
    assert price(book, "http://localhost:11434", "llama-3.1-8b") == 0
