"""What travels, and whose credentials."""

from __future__ import annotations

import pytest

from cab_proxy.headers import (
    first,
    request_headers,
    response_headers,
    retry_after_ms,
)


def test_hop_by_hop_headers_stay_behind() -> None:
    headers = (
        ("X-A", "1"),
        ("Connection", "close, X-Private"),
        ("x-private", "1"),
        ("Keep-Alive", "1"),
        ("TE", "trailers"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "h2c"),
        ("Proxy-Authorization", "Basic x"),
        ("x-a", "2"),
        ("Content-Length", "3"),
        ("Host", "h"),
        ("Expect", "100-continue"),
    )
    assert request_headers(headers) == (("X-A", "1"), ("x-a", "2"))
    assert response_headers(headers)[:3] == (("X-A", "1"), ("x-a", "2"), ("Content-Length", "3"))


def test_no_connection_header_takes_the_length_away() -> None:
    headers = (("Connection", "Content-Length"), ("Content-Length", "3"))
    assert response_headers(headers) == (("Content-Length", "3"),)


def test_first_joins_what_is_repeated() -> None:
    assert first((("A", "1"), ("b", "2"), ("a", "3")), "a") == "1, 3"
    assert first((), "a") == ""


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("Retry-After", "2"),), 2000.0),
        ((("retry-after-ms", "150"), ("Retry-After", "1")), 150.0),
        ((("Retry-After", "0.5"),), 500.0),
        ((("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"),), None),
        ((("Retry-After", "-1"),), None),
        ((), None),
    ],
)
def test_how_long_the_endpoint_asks_to_wait(
    headers: tuple[tuple[str, str], ...], expected: float | None
) -> None:
    assert retry_after_ms(headers) == expected
