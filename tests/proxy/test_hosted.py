"""The names of what runs at providers."""

from __future__ import annotations

import pytest

from cab_proxy.hosted import HOSTED_TOOLS, provider_of, searches


def test_who_runs_a_tool() -> None:
    assert provider_of("x_search") == "xAI"
    assert provider_of("googleSearch") == provider_of("google_search") == "Google"
    assert provider_of("of_nobody") is None


def test_every_name_is_dated_and_has_its_source() -> None:
    for tools in HOSTED_TOOLS:
        assert tools.names
        assert tools.source
        assert tools.seen >= "2026-11-22", "a date of ISO 8601"


@pytest.mark.parametrize(
    "model",
    [
        "m:Online",
        "sonar",
        "perplexity/sonar-pro",
        "gpt-4o-search-preview",
        "gpt-4o-mini-search-preview-2025-03-11",
        "gpt-5-search-api",
        "o3-deep-research",
        "deep-research-pro-preview-12-2025",
        "groq/compound",
        "compound-beta-mini",
    ],
)
def test_models_that_search(model: str) -> None:
    assert searches(model)


@pytest.mark.parametrize(
    "model", ["m", "m:online2", "gpt-5.2-codex", "sonarqube-7b", "compounding-8b", "org/research-preview"]
)
def test_models_that_do_not(model: str) -> None:
    assert not searches(model)
