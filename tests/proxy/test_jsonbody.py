"""Bodies, read strictly."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.jsonbody import (
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
    assert body.duplicate_key() is None


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
        b'{"a": 1e999}',
        b'{"a": 1%s}' % (b"0" * 400),
        b'{"a": 1%s}' % (b"0" * 9000),
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "\xff"}',
        b'{"a":' * 100_000,
        b'{"a": 1} {"b": 2}',
    ],
)
def test_what_is_no_body(raw: bytes) -> None:
    assert read_json(raw).value is None


NUMBERS = [0, -1, 2**63 - 1, -(2**63), 2**64 - 1, 2**64, -(2**63) - 1, 10**30, 1.0, -0.0, 0.1, 1e300, 5e-324]


@pytest.mark.parametrize("number", NUMBERS)
def test_who_reads_a_number_makes_no_difference(number: float) -> None:
    usual = read_json(b'{"a": %r}' % number).value
    other = read_json(b'{"a": %r, "b": "\\ud800"}' % number).value  # which orjson doesn't read
    assert usual is not None
    assert other is not None
    assert repr(usual["a"]) == repr(other["a"])
    assert repr(usual["a"]) == repr(number if -(2**63) <= number < 2**64 else float(number))


def test_what_the_usual_reader_does_not_take() -> None:
    assert read_json(b'{"a": "\\ud800"}').value == {"a": "\ud800"}
    assert read_json(b'{"a": "\\ud83d\\ude00"}').value == {"a": "\U0001f600"}
    assert read_json(b'{"\\ud800": 1, "\\ud800": 2}').duplicate_key() == "\ud800"


def nested(depth: int, inside: bytes) -> bytes:
    return b'{"a":' * depth + inside + b"}" * depth


@pytest.mark.parametrize("depth", [100, 300, 900, 1020, 2000, 50_000])
def test_nesting(depth: int) -> None:
    body = read_json(nested(depth, b'{"b": 1, "b": 2}'))
    if body.value is None:
        assert depth > 900
    else:
        assert body.duplicate_key() is not None
    keepable(read_response_json(nested(depth, b"1")) or {})


@given(st.dictionaries(st.text(max_size=3), values, max_size=4), st.booleans(), st.booleans())
def test_a_body_without_duplicate_keys(value: dict[str, object], compact: bool, ascii_only: bool) -> None:
    separators = (",", ":") if compact else None
    raw = json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()
    assert read_json(raw).duplicate_key() is None


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b'{"a":1,"a":1}', "a"),
        (b'{"a":{"b":[{"c":1},{"c":1,"c":1}]}}', "c"),
        (b'{"model": 1, "model": 2}', "model"),
        (b'{"a": {"b": [{"c": 1, "d": 2, "c": 1}]}}', "c"),
        (b'{"a": 1, "\\u0061": 2}', "a"),
    ],
)
def test_duplicate_keys_are_named(raw: bytes, key: str) -> None:
    assert read_json(raw).duplicate_key() == key


def test_responses_are_read_leniently() -> None:
    assert read_response_json(b'{"a": NaN, "b": -Infinity}') == {"a": None, "b": None}
    assert read_response_json(b"[1]") is None


def test_long_responses_are_read_alike() -> None:
    text = b"x" * 5_000_000
    for raw in (b'{"a": "%b", "b": NaN}', b'\xef\xbb\xbf{"a": "%b", "b": null}'):
        long = bytearray(raw % text)
        assert read_response_json(long) == read_response_json(raw % text) == {"a": text.decode(), "b": None}
        assert long == b""
    for broken in (b'{"a": "%b', b'{"a": "\xff%b"}', b'["%b"]'):
        assert read_response_json(bytearray(broken % text)) is None


def test_keepable() -> None:
    assert keepable({"a": {"b": 1}}) == {"a": {"b": 1}}
    assert keepable({"a": None, "b": {"c": 0.5, "d": [1, None]}}) is not None
    assert keepable({"a": 2**70, "b": "\ud800"}) is not None
    for odd in ("inf", "-inf", "nan"):
        assert keepable({"a": float(odd)}) is None
        assert keepable({"a": None, "b": [{"c": float(odd)}]}) is None
    assert keepable({"a": "x" * 20_000}) is not None
    assert keepable({"a": ["é"] * 8_000}) is None
    assert keepable({"a": [[]] * 50}) is not None
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
