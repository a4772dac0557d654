"""Bodies, read strictly."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.jsonbody import (
    canonical_hash,
    float_of,
    int_of,
    keepable,
    read_json,
    read_response_json,
    text_of,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), values, max_size=4))
def test_an_object_comes_out_as_it_went_in(value: dict[str, object]) -> None:
    body = read_json(json.dumps(value).encode())
    assert body.value == value
    assert body.problem is None
    assert body.duplicate_key is None


@given(st.binary(max_size=40))
def test_no_bytes_raise(raw: bytes) -> None:
    body = read_json(raw)
    assert (body.value is None) == (body.problem is not None)
    read_response_json(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"1",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\xff"}',
        b'{"a":' * 100_000,
        b'{"a": 1} {"b": 2}',
    ],
)
def test_what_is_no_body(raw: bytes) -> None:
    assert read_json(raw).value is None


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b'{"model": 1, "model": 2}', "model"),
        (b'{"a": {"b": [{"c": 1, "d": 2, "c": 1}]}}', "c"),
        (b'{"a": 1, "\\u0061": 2}', "a"),
    ],
)
def test_duplicate_keys_are_named(raw: bytes, key: str) -> None:
    assert read_json(raw).duplicate_key == key


def test_responses_are_read_leniently() -> None:
    assert read_response_json(b'{"a": NaN, "b": -Infinity}') == {"a": None, "b": None}
    assert read_response_json(b"[1]") is None


def test_the_canonical_hash_ignores_order_and_blanks_only() -> None:
    one = read_json(b'{"a": 1, "b": {"c": [1, 2], "d": 2}}').value
    two = read_json(b'{"b":{"d":2,"c":[1,2]},"a":1}').value
    other = read_json(b'{"b":{"d":2,"c":[2,1]},"a":1}').value
    assert one is not None
    assert two is not None
    assert other is not None
    assert canonical_hash(one) == canonical_hash(two) != canonical_hash(other)
    assert canonical_hash({"a": "\ud800"}) is not None


def test_keepable() -> None:
    assert keepable({"a": {"b": 1}}) == {"a": {"b": 1}}
    assert keepable({"a": float("inf")}) is None
    assert keepable({"a": "x" * 100_000}) is None
    deep: dict[str, object] = {}
    for _ in range(100):
        deep = {"a": [deep]}
    assert keepable(deep) is None


def test_numbers_and_texts() -> None:
    assert [int_of(v) for v in (3, 3.0, 3.5, True, "3", None, 2**70, float("nan"), float("inf"))] == [
        3,
        3,
        *[None] * 7,
    ]
    assert [float_of(v) for v in (3, 0.5, True, "3", None, 2**70, float("inf"))] == [3.0, 0.5, *[None] * 5]
    assert text_of("x" * 600) == "x" * 512
    assert text_of(3) is None
