"""Equal hashes for equal questions, and for no others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.canonical import LABELS, STAMPS, canonical_hash
from cab_proxy.jsonbody import read_json


def nested(depth: int, inside: bytes) -> bytes:
    return b'{"a":' * depth + inside + b"}" * depth


def canonical(raw: bytes) -> str | None:
    value = read_json(raw).value
    assert value is not None
    return canonical_hash(value)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (b'{"a": 1, "b": {"c": [1, 2], "d": 2}}', b'{"b":{"d":2,"c":[1,2]},"a":1}'),
        (b'{"\\u00e9": 1, "z": 2}', '{"z":2,"é":1}'.encode()),
        ('{"\U0001f600":1,"\uffff":2}'.encode(), '{"\uffff":2,"\U0001f600":1}'.encode()),
        (b'{"a": 1.50}', b'{"a": 15e-1}'),
        (b'{"a": "\\u0041\\/"}', b'{"a":"A/"}'),
        (b'{"a": 1, "a": 2}', b'{"a":2}'),
        (b'{"a": "\\ud800", "a": 2}', b'{"a":2}'),
        (b'{"a": "\\ud800", "b": [1]}', b'{"b":[1],"a":"\\uD800"}'),
        (b'{"a": 1%s}' % (b"0" * 30), b'{"a": 1e30}'),
        (nested(300, b'{"a":1,"b":2}'), nested(300, b'{"b":2, "a":1}')),
    ],
)
def test_the_canonical_hash_is_the_same_for_the_same_question(one: bytes, two: bytes) -> None:
    assert canonical(one) == canonical(two)
    assert canonical(one) is not None


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (b'{"a": [1, 2]}', b'{"a": [2, 1]}'),
        (b'{"a": 1}', b'{"a": 1.0}'),
        (b'{"a": 1}', b'{"a": true}'),
        (b'{"a": null}', b"{}"),
        (b'{"a": "b "}', b'{"a": "b"}'),
        (b'{"a": "\\ud800"}', b'{"a": "\\ud801"}'),
        (b'{"a": "\\ud800"}', b'{"a": "?"}'),
    ],
)
def test_and_another_one_for_another(one: bytes, two: bytes) -> None:
    assert canonical(one) != canonical(two)


@pytest.mark.parametrize("depth", [100, 900, 1020, 100_000])
def test_nesting_does_not_raise(depth: int) -> None:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    assert canonical_hash(value) is not None or depth > 900


CODEX_ID = '{"client_metadata":{},"input":[{"id":"msg_01a2012d-c8ac-7c02-9cf0-%s","content":"Hi"}]}'
CLAUDE = '{"system":[{"text":"x-anthropic-billing-header: cc_version=2.1.330.440;%s","type":"text"}]}'
COPILOT = (
    '{"messages":[{"content":"<current_datetime>2026-11-22T02:56:%s+00:00</current_datetime>\\n\\nHi"}]}'
)


@pytest.mark.parametrize(
    ("template", "one", "two"),
    [
        (CODEX_ID, "155e286806f4", "2df05cd7518d"),
        (CLAUDE, "", " cch=00000;"),
        (CLAUDE, " cch=1a2b3; cc_prev_msg=msg_1;", " cch=4c5d6; cc_prev_msg=msg_2; cc_prev_turn_index=3;"),
        (COPILOT, "45.216", "46.061"),
    ],
)  # fmt: skip
def test_what_clis_write_anew_does_not_count(template: str, one: str, two: str) -> None:
    assert canonical((template % one).encode()) == canonical((template % two).encode())


@pytest.mark.parametrize("label", LABELS)
def test_labels_do_not_count_at_the_top(label: str) -> None:
    question = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    assert canonical_hash({**question, label: {"a": 1}}) == canonical_hash(question)
    inside = {"model": "m", "messages": [{"role": "user", "content": "Hi", label: 1}]}
    assert canonical_hash(inside) != canonical_hash(question)


@pytest.mark.parametrize(
    "text",
    [
        "x-anthropic-billing-header: cc_version=%s;\nYou are helpful.",
        'What does "x-anthropic-billing-header: cch=%s" mean?',
        'What is "id":"msg_01a2012d-c8ac-7c02-9cf0-15528680%s"?',
        "<current_datetime>%s<b></current_datetime>",
        "<current_datetime>\n%s</current_datetime>",
    ],
)
def test_what_only_looks_like_it_counts(text: str) -> None:
    def body(value: str) -> dict[str, Any]:
        said = {"role": "user", "content": text % value}
        return {"client_metadata": {}, "system": text % value, "messages": [said]}

    assert canonical_hash(body("0001")) != canonical_hash(body("0002"))


def test_every_entry_says_where_it_is_from() -> None:
    assert all(LABELS.values())
    assert all(stamp.source for stamp in STAMPS)
    assert all(stamp.pattern.pattern.startswith(stamp.marker) for stamp in STAMPS)


texts = st.text(max_size=12) | st.sampled_from(
    ["<current_datetime>", "x-anthropic-billing-header: a", '"id":"msg_']
)


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_other_texts_other_hashes(one: list[str], two: list[str]) -> None:
    def body(parts: list[str]) -> dict[str, Any]:
        return {"system": "s", "client_metadata": {}, "messages": parts}

    assert (canonical_hash(body(one)) == canonical_hash(body(two))) == (one == two)


@given(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=4))
def test_the_order_of_keys_does_not_count(value: dict[str, Any]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical_hash(value) == canonical_hash(turned)
    assert canonical_hash(json.loads(json.dumps(value))) == canonical_hash(value)
