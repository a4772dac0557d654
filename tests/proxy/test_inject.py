"""One setting in, one event out."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.inject import UsageEventFilter, asking_for_usage
from fakes.endpoint import delta, event, usage_chunk


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ({"model": "m", "stream": True}, {"include_usage": True}),
        ({"stream": True}, {"include_usage": True}),
        ({"stream": True, "stream_options": None}, {"include_usage": True}),
        ({"stream": True, "stream_options": {}}, {"include_usage": True}),
        (
            {"stream": True, "stream_options": {"include_usage": False, "a": 1}},
            {"include_usage": True, "a": 1},
        ),
    ],
)
def test_a_stream_is_asked_for_its_usage(body: dict[str, Any], options: dict[str, Any]) -> None:
    asking = asking_for_usage(json.dumps(body).encode(), body)
    assert asking is not None
    assert json.loads(asking) == {**body, "stream_options": options}


def test_nothing_else_changes() -> None:
    data = b' {\n "stream" : true, "a": 1.50, "b": "\\u00e9\\ud800" }\n'
    asking = asking_for_usage(data, json.loads(data))
    assert asking is not None
    assert asking.replace(b'"stream_options":{"include_usage":true},', b"") == data


@pytest.mark.parametrize(
    "body",
    [
        {"model": "m"},
        {"stream": False},
        {"stream": 1},
        {"stream": True, "stream_options": {"include_usage": True}},
        {"stream": True, "stream_options": "x"},
    ],
)
def test_what_is_not_asked(body: dict[str, Any]) -> None:
    assert asking_for_usage(json.dumps(body).encode(), body) is None


KEPT = [
    event(delta("a")),
    b": ping\n\n",
    event({**delta("b"), "usage": None}),
    event({**delta(finish="stop"), "usage": {"prompt_tokens": 1}}),
    event({"choices": [], "usage": None}),
    b"event: x\ndata: {\ndata: }\n\n",
]


@given(st.lists(st.integers(0, 1000), max_size=6), st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans())
def test_the_added_event_goes_and_every_other_byte_stays(cuts: list[int], end: bytes, closed: bool) -> None:
    added = event(usage_chunk()).replace(b"\n", end)
    before = b"".join(KEPT).replace(b"\n", end)
    after = b"data: [DONE]" + (end + end if closed else b"")
    data = before + added + after
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    one = UsageEventFilter()
    out = b"".join(one.feed(data[a:b]) for a, b in itertools.pairwise(edges)) + one.finish()
    assert out == before + after


def test_an_event_goes_on_as_soon_as_it_is_whole() -> None:
    one = UsageEventFilter()
    assert one.feed(KEPT[0][:20]) == b""
    assert one.feed(KEPT[0][20:]) == KEPT[0]


def test_the_added_event_without_its_blank_line() -> None:
    one = UsageEventFilter()
    assert one.feed(event(usage_chunk())[:-1]) == b""
    assert one.finish() == b""
