"""Which tokenizer a model has, by its name, and whether it reasons without showing it."""

from __future__ import annotations

import re
from datetime import date

import pytest

from cab_proxy.families import FAMILIES, HIDDEN, family_of, reasons_unseen


@pytest.mark.parametrize(
    ("model", "estimator"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("openai/gpt-3.5-turbo", "cl100k_base"),
        ("ft:gpt-4:corp", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("davinci-002", "cl100k_base"),
        ("gpt-4o", "o200k_base"),
        ("gpt-4.1-mini", "o200k_base"),
        ("gpt-4.5-preview", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("gpt-oss-20b", "o200k_base"),
        ("o3", "o200k_base"),
        ("qwen3-coder", "o200k_base"),
        ("claude-3-5-haiku-20241022", "o200k_base×1.2"),
        ("anthropic/claude-3.7-sonnet:thinking", "o200k_base×1.2"),
        ("claude-sonnet-4-20250514", "o200k_base×1.2"),
        ("us.anthropic.claude-opus-4-6-v1:0", "o200k_base×1.2"),
        ("Claude-Haiku-4.5", "o200k_base×1.2"),
        ("claude-opus-4-7", "o200k_base×1.5"),
        ("claude-opus-4.8-fast", "o200k_base×1.5"),
        ("claude-haiku-5-5", "o200k_base×1.5"),
        ("claude-fable-5", "o200k_base×1.5"),
        ("gemini-2.5-pro", "o200k_base×1.15"),
        ("google/gemma-3-27b-it", "o200k_base×1.15"),
        ("smollm2-135m", "o200k_base×1.2"),
        ("", "o200k_base"),
        (None, "o200k_base"),
    ],
)
def test_which_estimator(model: str | None, estimator: str) -> None:
    assert family_of(model).estimator == estimator


@pytest.mark.parametrize("model", ["gpt-4", "gpt-5.2", "o4-mini", "openai/gpt-oss-120b", "codex-mini-latest"])
def test_openais_models_see_tools_as_typescript(model: str) -> None:
    assert family_of(model).tools == "typescript"


@pytest.mark.parametrize("model", ["claude-opus-5", "llama-3.3-70b", "marco-o1", "yandexgpt-5"])
def test_others_see_them_as_json(model: str) -> None:
    assert family_of(model).tools == "json"


@pytest.mark.parametrize(
    "model",
    [
        "o3",
        "openai/o4-mini",
        "gpt-5.2-codex",
        "gpt-6-sol",
        "gemini-2.5-flash",
        "gemini-flash-latest",
        "claude-fable-5",
    ],
)
def test_some_show_a_summary_at_most(model: str) -> None:
    assert reasons_unseen(model, effort=None, shown=True)
    assert reasons_unseen(model, effort="low", shown=False)
    assert not reasons_unseen(model, effort="none", shown=False)


@pytest.mark.parametrize(
    "model", ["grok-4", "deepseek-reasoner", "deepseek/deepseek-r1:free", "gpt-oss-120b"]
)
def test_others_show_all_or_nothing(model: str) -> None:
    assert reasons_unseen(model, effort=None, shown=False)
    assert not reasons_unseen(model, effort=None, shown=True)


@pytest.mark.parametrize(
    "model",
    ["gpt-4o", "gpt-5-chat-latest", "claude-sonnet-4-5", "qwen3-coder", "grok-4-fast-non-reasoning", None],
)
def test_most_do_so_only_if_asked_to(model: str | None) -> None:
    assert not reasons_unseen(model, effort=None, shown=False)
    assert not reasons_unseen(model, effort="0", shown=False)
    assert reasons_unseen(model, effort="high", shown=False)


def test_claude_up_to_4_6_summarises() -> None:
    assert reasons_unseen("claude-sonnet-4-5", effort="8000", shown=True)
    assert not reasons_unseen("claude-sonnet-4-5", effort=None, shown=True)


def test_every_row_is_dated_and_can_be_reached() -> None:
    for rows in (FAMILIES, HIDDEN):
        for row in rows:
            assert date.fromisoformat(row.seen.on) >= date(2025, 1, 1)
            re.compile(row.models)
        assert [row.models for row in rows].index("") == len(rows) - 1
