"""A request's body, plain or compressed."""

from __future__ import annotations

import gzip
import json
from typing import Any

import brotli
import pytest
from backports import zstd

from cab_proxy.canonical import canonical_hash
from cab_proxy.protocols.chat import PROTOCOL
from cab_proxy.question import LARGE_BYTES, Question

BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
RAW = json.dumps(BODY).encode()


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("", RAW),
        ("identity", RAW),
        ("gzip", gzip.compress(RAW, mtime=0)),
        ("GZIP ", gzip.compress(RAW, mtime=0)),
        ("br", brotli.compress(RAW)),
        ("zstd", zstd.compress(RAW)),
    ],
)
def test_a_body_is_read_whatever_its_coding(coding: str, data: bytes) -> None:
    question = Question(PROTOCOL, data, coding)
    assert question.large is (coding not in {"", "identity"})
    assert question.read("/v1/chat/completions").value == BODY
    assert question.readable
    assert question.asked.model == "m"
    assert question.prompt().messages == ["user", "Hi"]
    assert question.hash() == canonical_hash(BODY)
    assert question.hash() is None
    assert question.prompt().messages == ["user", "Hi"]


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", RAW),
        ("gzip", gzip.compress(RAW, mtime=0)[:-20]),
        ("aws-chunked", RAW),
        ("", b"[]"),
        ("gzip, br", RAW),
    ],
)
def test_a_body_that_can_not_be_read(coding: str, data: bytes) -> None:
    question = Question(PROTOCOL, data, coding)
    assert question.read("/v1/chat/completions").problem
    assert not question.readable
    assert question.hash() is None
    assert question.prompt().messages == []


def test_long_bodies_are_large() -> None:
    assert not Question(PROTOCOL, b"x" * LARGE_BYTES, "").large
    assert Question(PROTOCOL, b"x" * (LARGE_BYTES + 1), "").large
