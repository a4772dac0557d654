"""A response is whole when its framing says so."""

from __future__ import annotations

import pytest

from cab_bench.client import complete, request
from cab_bench.wire import find_model

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [LENGTH, CHUNKED])
def test_whole_and_no_byte_earlier(answer: bytes) -> None:
    assert complete(answer)
    assert not any(complete(answer[:end]) for end in range(len(answer)))


def test_a_request() -> None:
    data = request(8080, {"content-type": "application/json"}, b'{"model":"plain"}')
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[1:] == [
        b"host: 127.0.0.1:8080",
        b"content-type: application/json",
        b"content-length: 17",
    ]
    assert find_model(body) == b"plain"
