"""Where a request carries its credentials, and how another one takes their place.

Contract: pure. Order, spelling and duplicates of what is no credential are kept. The query of a target
carries them by the names that Google's APIs know; a key is never put there, since targets end up in logs.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_plus

from .exchange import Headers

CREDENTIALS: Final = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key"})
_IN_QUERY: Final = frozenset({"key", "access_token", "oauth_token"})
"""Names of query parameters (Google, "Standard query parameters")."""


def secrets_in(headers: Headers, target: str = "") -> tuple[str, ...]:
    """The credentials that a request brings, without their scheme."""
    found = tuple(_secret(value) for name, value in headers if name.lower() in CREDENTIALS)
    return found + tuple(value for name, value, _ in _parameters(target) if name in _IN_QUERY)


def _secret(value: str) -> str:
    scheme, _, secret = value.strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else value.strip()


def _parameters(target: str) -> list[tuple[str, str, str]]:
    """Name in lower case, value and text of each parameter in a target's query."""
    query = target.partition("?")[2]
    if not query:
        return []
    pairs = [(text.partition("="), text) for text in query.split("&")]
    return [(unquote_plus(name).lower(), unquote_plus(value), text) for (name, _, value), text in pairs]


def without_secrets(target: str) -> str:
    """The target without credentials in its query; all else as it was."""
    parameters = _parameters(target)
    kept = [text for name, _, text in parameters if name not in _IN_QUERY]
    if len(kept) == len(parameters):
        return target
    path = target.partition("?")[0]
    return f"{path}?{'&'.join(kept)}" if kept else path


def with_key(headers: Headers, key: str | None, header: str = "Authorization") -> Headers:
    """The headers with every credential replaced by ``key``, in the place and the form that the client
    used; in ``header`` where it used none. Without a key the credentials are taken out.
    """
    kept: list[tuple[str, str]] = []
    used = False
    for name, value in headers:
        if name.lower() not in CREDENTIALS:
            kept.append((name, value))
        elif key is not None:
            used = True
            kept.append((name, _in(name, key)))
    if key is not None and not used:
        kept.append((header, _in(header, key)))
    return tuple(kept)


def _in(header: str, key: str) -> str:
    return f"Bearer {key}" if header.lower() == "authorization" else key
