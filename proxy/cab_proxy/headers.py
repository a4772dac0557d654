"""Which headers travel through the proxy, and what single ones say.

Contract: pure. Order, spelling and duplicates of what travels are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .exchange import Headers

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers of one connection (RFC 9110, 7.6.1), which each side of the proxy has its own of."""

_OURS: Final = frozenset({"host", "content-length", "expect"})
"""Of a request: its address and its framing, which are written anew for the endpoint."""

_NOT_LISTED: Final = HOP_BY_HOP | {"content-length", "close"}
"""What a Connection header need not or may not name as a header of this connection."""


def request_headers(headers: Headers) -> Headers:
    """A request's headers as they go to the endpoint."""
    return without(headers, HOP_BY_HOP | _OURS)


def response_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """A response's headers as they go to the client; its Content-Length stays."""
    return without(tuple(headers), HOP_BY_HOP)


def without(headers: Headers, names: frozenset[str]) -> Headers:
    """The headers without those of the given names, and those that Connection names."""
    kept = []
    listed: set[str] = set()
    for field in headers:
        name = field[0].lower()
        if name not in names:
            kept.append(field)
        elif name == "connection":
            listed.update(token.strip().lower() for token in field[1].split(","))
    listed -= _NOT_LISTED
    if listed:
        return tuple(field for field in kept if field[0].lower() not in listed)
    return tuple(kept)


def first(headers: Iterable[tuple[str, str]], name: str) -> str:
    """The header's value; empty where it isn't there. Repeated ones are joined with commas."""
    return ", ".join([value for key, value in headers if key.lower() == name])


def content_of(headers: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Content-Type and Content-Encoding, as :func:`first` gives them."""
    kinds, codings = [], []
    for name, value in headers:
        lower = name.lower()
        if lower == "content-type":
            kinds.append(value)
        elif lower == "content-encoding":
            codings.append(value)
    return ", ".join(kinds), ", ".join(codings)


def retry_after_ms(headers: Iterable[tuple[str, str]]) -> float | None:
    """How long the endpoint asks to wait: ``retry-after-ms`` (OpenAI's), else ``Retry-After`` in seconds
    (RFC 9110, 10.2.3). A date there says nothing without the endpoint's own clock: ``None``.
    """
    asked = [field for field in headers if field[0].lower().startswith("retry-after")]
    for name, unit_ms in (("retry-after-ms", 1.0), ("retry-after", 1000.0)):
        value = first(asked, name).strip() if asked else ""
        if value.replace(".", "", 1).isdecimal() and len(value) <= 12:
            return float(value) * unit_ms
    return None
