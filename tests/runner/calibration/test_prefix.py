"""Prompts are compared as a provider caches them: from the first byte, in the protocol's order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.calibration.prefix import SNIPPET_CHARS, Difference, Stability, stability

SYSTEM = {"role": "system", "content": "You are an agent."}
TASK = {"role": "user", "content": "Fix it."}
ANSWER = {"role": "assistant", "content": "Done."}
TOOL = {"type": "function", "function": {"name": "sh", "parameters": {"type": "object"}}}


def compare(protocol: str, *requests: object) -> Stability:
    found = stability(protocol, [json.dumps(request).encode() for request in requests])
    assert found is not None
    return found


def difference(protocol: str, *requests: object) -> Difference:
    [found] = compare(protocol, *requests).differences
    return found


def chat(*messages: object, **more: object) -> dict[str, Any]:
    return {"model": "m", "messages": [*messages], **more}


def test_a_conversation_that_goes_on_is_kept() -> None:
    found = compare(
        "chat", chat(SYSTEM, TASK), chat(SYSTEM, TASK, ANSWER, TASK), chat(SYSTEM, TASK, ANSWER, TASK)
    )
    assert found.to_json() == {"requests": 3, "compared": 2, "stored": 0, "marked": 0, "differences": []}


def test_the_first_differing_byte_and_where_it_is() -> None:
    now = {"role": "system", "content": "You are an oracle."}
    found = difference("chat", chat(SYSTEM, TASK), chat(now, TASK, ANSWER))
    assert (found.earlier, found.later) == (1, 2)
    assert found.path == "messages[0].content"
    assert found.value_offset == len("You are an ")
    rendered = '"messages":{"role":"system""content":[{"text":"You are an '
    assert found.prompt_offset == len(rendered)
    assert '"You are an agent."' in found.was
    assert '"You are an oracle."' in found.now
    assert 0 < found.kept < 1


def test_every_pair_is_told_of() -> None:
    dated = [chat({"role": "system", "content": f"It is {minute}"}, TASK) for minute in (1, 2, 3)]
    assert [(d.earlier, d.later) for d in compare("chat", *dated).differences] == [(1, 2), (2, 3)]


def test_a_message_that_grows_is_no_beginning_of_itself() -> None:
    found = difference("chat", chat(TASK), chat({"role": "user", "content": "Fix it. Now."}))
    assert (found.path, found.value_offset) == ("messages[0].content", len("Fix it."))


def test_a_message_that_is_left_out() -> None:
    found = difference("chat", chat(SYSTEM, TASK, ANSWER), chat(SYSTEM))
    assert found.path == "messages[1]"
    assert found.now.endswith("}")


@pytest.mark.parametrize(
    ("protocol", "before", "after", "path"),
    [
        ("chat", chat(SYSTEM, tools=[TOOL]), chat({**SYSTEM, "content": "x"}, tools=[]), "tools[0]"),
        (
            "messages",
            {"system": "a", "tools": [{"name": "sh"}], "messages": [TASK]},
            {"system": "b", "tools": [{"name": "sh"}], "messages": []},
            "system",
        ),
        (
            "responses",
            {"instructions": "a", "tools": [TOOL]},
            {"instructions": "b", "tools": []},
            "instructions",
        ),
        (
            "gemini",
            {"contents": [{"parts": [{"text": "a"}]}], "systemInstruction": {"parts": [{"text": "a"}]}},
            {"contents": [{"parts": [{"text": "b"}]}], "systemInstruction": {"parts": [{"text": "b"}]}},
            "systemInstruction.parts[0].text",
        ),
    ],
)
def test_what_comes_first_in_the_protocol_is_what_differs(
    protocol: str, before: object, after: object, path: str
) -> None:
    assert difference(protocol, before, after).path == path


def test_settings_are_no_part_of_the_prompt() -> None:
    assert not compare("chat", chat(TASK, seed=1), chat(TASK, seed=2, stream=True)).differences


def test_a_text_and_a_list_of_it_are_the_same() -> None:
    listed = {"role": "user", "content": [{"type": "text", "text": "Fix it."}]}
    assert not compare("chat", chat(TASK), chat(listed, ANSWER)).differences
    assert not compare("messages", {"system": "s"}, {"system": [{"type": "text", "text": "s"}]}).differences
    said = {"role": "user", "content": [{"type": "input_text", "text": "hi"}]}
    assert not compare("responses", {"input": "hi"}, {"input": [said, ANSWER]}).differences


def test_cache_markers_are_told_and_left_out_of_the_comparison() -> None:
    text = {"type": "text", "text": "hi"}
    plain = {"role": "user", "content": [text]}
    marked = {"role": "user", "content": [{**text, "cache_control": {"type": "ephemeral"}}]}
    found = compare("messages", *({"messages": m} for m in ([marked], [plain, marked], [plain, plain])))
    assert (found.marked, found.compared, found.differences) == (2, 2, ())


def test_the_order_of_keys_counts() -> None:
    schema = {"type": "object", "title": "t"}
    turned = dict(reversed(schema.items()))
    assert difference("chat", chat(tools=[schema]), chat(tools=[turned])).path == "tools[0].type"


def test_what_goes_on_from_a_stored_response_has_nothing_to_compare() -> None:
    found = compare("responses", {"input": "a"}, {"input": "b", "previous_response_id": "r1"}, {"input": "a"})
    assert (found.requests, found.compared, found.stored) == (3, 0, 1)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'{"messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}"]
)
def test_a_body_that_cannot_be_read_says_nothing(body: bytes) -> None:
    assert stability("chat", [b"{}", body]) is None


def test_a_protocol_without_a_prompt_says_nothing() -> None:
    assert stability("embeddings", [b"{}"]) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": st.text() | JSON}), max_size=4)


@given(MESSAGES, MESSAGES, st.sampled_from(("chat", "messages")))
def test_a_longer_conversation_keeps_all_of_the_shorter(
    before: list[Any], more: list[Any], protocol: str
) -> None:
    assert not compare(protocol, chat(*before), chat(*before, *more)).differences


@given(st.lists(JSON, max_size=3), st.lists(JSON, max_size=3))
def test_equal_both_ways_is_the_same_json(one: list[Any], other: list[Any]) -> None:
    """Tools have no two ways to be written: nothing that differs may look the same."""
    kept = not compare("gemini", {"tools": one}, {"tools": other}).differences
    back = not compare("gemini", {"tools": other}, {"tools": one}).differences
    assert (kept and back) == (json.dumps(without_markers(one)) == json.dumps(without_markers(other)))


def without_markers(value: Any) -> Any:
    """The JSON that has no second way to be written."""
    if isinstance(value, dict):
        return {key: without_markers(member) for key, member in value.items() if key != "cache_control"}
    return [without_markers(item) for item in value] if isinstance(value, list) else value


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_offsets_are_bytes_of_the_text(common: str, one: str, other: str) -> None:
    before, after = common + one, common + other
    found = compare("chat", chat({"content": before}), chat({"content": after})).differences
    if before == after:
        assert not found
        return
    was, now = before.encode(), after.encode()
    offset = found[0].value_offset
    assert was[:offset] == now[:offset]
    assert was[:offset].decode() == now[:offset].decode()
    assert was[offset : offset + 4] != now[offset : offset + 4]
    assert found[0].prompt_offset - offset == len('"messages":{"content":[{"text":"')
    assert max(len(found[0].was), len(found[0].now)) <= SNIPPET_CHARS
