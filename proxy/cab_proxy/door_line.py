"""The door's judgement of a request's line and headers: which targets are open, and what may go with them.

Contract: pure. Paths and queries are compared as they were sent, so that no encoding gets past. An open
``POST`` has a body that must be judged as well: it is that of a model call, or of a question about one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .door_models import model_objections
from .errors import Problem
from .exchange import Headers
from .headers import first

_POST: Final = re.compile(
    r"(?:/v1)?/(?:chat/completions|completions|embeddings|responses(?:/input_tokens)?|messages(?:/count_tokens)?)"
    r"|(?:/v1(?:beta|alpha)?)?/models/(?P<model>[\w.@+-]+):"
    r"(?:generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents)"
    r"|/api/(?:chat|generate|embed|embeddings|show)",
    re.ASCII,
)
_GET: Final = re.compile(r"(?:/v1(?:beta|alpha)?)?/models(?:/[\w.:@+%/-]+)?|/api/(?:tags|version)", re.ASCII)
_STORED: Final = re.compile(r"(?:/v1)?/responses/[\w-]+", re.ASCII)
"""A response that lies at the provider: a background call's, or any other."""

_QUERY: Final = {
    "alt": re.compile(r"sse|json"),
    "beta": re.compile(r"true|false"),
    "api-version": re.compile(r"[\w.-]+", re.ASCII),
    "client_version": re.compile(r"[\w.+-]+", re.ASCII),
    "pageSize": re.compile(r"[0-9]+"),
    "pageToken": re.compile(r"[\w.%=-]+", re.ASCII),
    "limit": re.compile(r"[0-9]+"),
    "after_id": re.compile(r"[\w.-]+", re.ASCII),
    "before_id": re.compile(r"[\w.-]+", re.ASCII),
    "stream": re.compile(r"true|false"),
    "starting_after": re.compile(r"[0-9]+"),
}
"""Gemini's, Anthropic's, Azure's and codex's; pages of a list; the rest of a background call's stream. Closed
are others, such as Google's ``fields``, which takes the usage out of a response, and ``$httpMethod``.
"""

_REROUTING: Final = re.compile(
    # another request than it seems
    r"x-http-method(?:-override)?|x-method-override|x-original-(?:url|uri|path)|x-rewrite-url"
    r"|x-envoy-.*|x-goog-upload-.*"
    # a response without what the meter reads
    r"|x-goog-fieldmask"
    # gateways' own: another endpoint, model or key, and their tools
    r"|model-override|x-portkey-.*|helicone-.*|cf-aig-.*|x-litellm-.*|x-pass-.*|x-mcp-.*|x-bf-.*|x-ai-eg-.*",
)
"""Of X-Original-URL's kind: Symfony, IIS, Envoy. Gateways: onwards, Portkey, Helicone, Cloudflare, LiteLLM,
Bifrost, Envoy (their documentation, 2026-11-22). ``anthropic-beta`` and its like pass: they switch nothing on
without a tool or a key of the body, which is judged there, and agents send them by default.
"""

_JSON_TYPE: Final = re.compile(
    r'application/(?:[\w.-]+\+)?json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?',
    re.IGNORECASE | re.ASCII,
)


def line_objections(method: str, target: str, models: frozenset[str] | None) -> Iterator[Problem]:
    """What is wrong with a request's line."""
    path, _, query = target.partition("?")
    match = {"POST": _POST, "GET": _GET}[method].fullmatch(path) if method in {"POST", "GET"} else None
    if match is not None:
        if method == "POST" and match["model"] is not None:
            yield from model_objections(match["model"], models, "model")
    elif method == "GET" and _STORED.fullmatch(path):
        message = f"{path[:200]} is refused: it lies at the provider"
        yield Problem(code="retrieval_not_allowed", message=message, status=403)
    else:
        message = (
            f"{method} {path[:200]} is closed in this run: open are model calls, counts of their tokens and "
            "lists of models"
        )
        yield Problem(code="path_not_allowed", message=message, status=403)
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in _QUERY or not _QUERY[name].fullmatch(value):
            # the value may be a secret
            message = f"{name[:100]!r} in the query is refused, or what it says"
            yield Problem(code="query_not_allowed", message=message, param=name[:100])


def header_objections(headers: Headers) -> Iterator[Problem]:
    """What is wrong with a request's headers. A body that another type or charset than JSON in UTF-8 is named
    for, some servers would read as something else than what is judged.
    """
    for name, _ in headers:
        if _REROUTING.fullmatch(name.lower()):
            yield Problem(
                code="header_not_allowed", message=f"header {name[:100]} is refused", param=name[:100]
            )
    kind = first(headers, "content-type")
    if kind and not _JSON_TYPE.fullmatch(kind):
        message = f"Content-Type {kind[:100]!r} is refused: send application/json in UTF-8"
        yield Problem(code="content_type_not_allowed", message=message)
