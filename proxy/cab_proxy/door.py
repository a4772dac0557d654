"""The default-deny door of a run: which requests may pass to the endpoint.

Contract: pure. The verdict on a request is ``None`` (it may pass) or a ``Problem``. What passes:
``POST …/chat/completions`` with a body that can be checked, and ``GET`` of the model list. An agent
without a network must not reach the web through the model provider, so hosted tools, media that the
provider would fetch, stored files and background calls are refused, as are models outside the run's
list, and what would send the request elsewhere. The run's ``allow`` lifts single refusals.

A body is judged as any server might read it: keys that stand twice, or differ from a checked key in
case only (Go matches keys so), are refused, since two readers may disagree about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .errors import Problem
from .exchange import Headers
from .headers import first
from .jsonbody import JsonBody
from .protocols.base import Protocol

ALLOWANCES: Final = frozenset({"hosted-tools", "remote-media", "background"})
"""What ``allow`` may name."""

CHAT_PATHS: Final = frozenset({"/v1/chat/completions", "/chat/completions"})
_MODELS: Final = re.compile(r"(?:/v1)?/models(?:/[\w.:@+%/-]+)?\Z", re.ASCII)

MODEL_KEYS: Final = ("models", "fallbacks", "fallback_models")
"""Other keys that name models: OpenRouter's and LiteLLM's fall-back lists."""

_HOSTED: Final = re.compile(r"search|plugin|connector|mcp|data_?source|vector_store|tool_resources")
"""What the names of keys that switch on tools at the provider have in common: OpenAI's and LiteLLM's
``web_search_options``, xAI's ``search_parameters``, Qwen's ``enable_search``, Groq's ``search_settings``,
OpenRouter's ``plugins``, Azure's ``data_sources``.
"""

_ONLINE: Final = ":online"
"""OpenRouter's suffix of a model's name: the same model with web search."""

REROUTING_KEYS: Final = ("api_base", "base_url", "user_config")
"""Keys by which a gateway (LiteLLM) is sent to another endpoint, with the key it was given."""

_REROUTING_HEADERS: Final = frozenset(
    {
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
        "helicone-target-url",
        "x-portkey-config",
        "x-portkey-custom-host",
    }
)
"""Headers by which servers take a request for another one, or send it elsewhere."""

_JSON_TYPE: Final = re.compile(
    r'application/(?:[\w.-]+\+)?json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?',
    re.IGNORECASE | re.ASCII,
)

CLIENT_TOOLS: Final = frozenset({"function", "custom"})
"""Tool types that the client runs itself."""

_CHECKED: Final = {
    key: key
    for key in (
        "model",
        "messages",
        "tools",
        "functions",
        "background",
        "stream",
        *MODEL_KEYS,
        *REROUTING_KEYS,
    )
}
_SPOKEN: Final = frozenset({"text", "refusal", "thinking", "reasoning"})
"""Keys of a content part that hold words, which no server fetches."""
_FETCHED: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*://|(?:https?|ftp|file|gs|s3):)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What one run may ask for."""

    models: frozenset[str] | None = None
    """Models that may be called; ``None`` for any."""
    allow: frozenset[str] = frozenset()
    """Problems that are lifted, of :data:`ALLOWANCES`."""

    def check_target(self, method: str, path: str) -> Problem | None:
        """Judge a request's line. The path is compared as it was sent, so no encoding gets past."""
        if method == "POST" and path in CHAT_PATHS:
            return None
        if method == "GET" and _MODELS.match(path):
            return None
        return Problem(
            code="path_not_allowed",
            message=f"{method} {path[:200]} is closed in this run: only chat/completions and models are open",
            status=403,
        )

    def check_headers(self, headers: Headers) -> Problem | None:
        """Judge a request's headers. A body that another type or charset than JSON in UTF-8 is named for,
        some servers would read as something else than what is checked here.
        """
        for name, _ in headers:
            if name.lower() in _REROUTING_HEADERS:
                return Problem(code="header_not_allowed", message=f"header {name} is refused", param=name)
        kind = first(headers, "content-type")
        if kind and not _JSON_TYPE.fullmatch(kind):
            return Problem(
                code="content_type_not_allowed",
                message=f"Content-Type {kind[:100]!r} is refused: send application/json in UTF-8",
            )
        return None

    def check_body(self, protocol: Protocol, body: JsonBody) -> Problem | None:  # noqa: ARG002
        """Judge the body of a model call."""
        if body.value is None:
            return Problem(code="body_not_checkable", message=body.problem or "the body can't be checked")
        duplicate = body.duplicate_key()
        if duplicate is not None:
            return Problem(
                code="duplicate_key", message="a key stands twice in the body", param=duplicate[:100]
            )
        return next(self._objections(body.value), None)

    def _objections(self, body: Mapping[str, Any]) -> Iterator[Problem]:
        yield from _odd_keys(body)
        yield from self._models(body)
        for key in REROUTING_KEYS:
            if body.get(key) is not None:
                yield Problem(
                    code="rerouting_not_allowed",
                    message=f"{key} is refused: it names another endpoint",
                    param=key,
                )
        if "background" not in self.allow and body.get("background") not in (None, False):
            yield Problem(
                code="background_not_allowed", message="background calls are refused", param="background"
            )
        if "hosted-tools" not in self.allow:
            yield from _hosted_tools(body)
        if "remote-media" not in self.allow:
            yield from _remote_media(body)

    def _models(self, body: Mapping[str, Any]) -> Iterator[Problem]:
        if self.models is None:
            return
        for key, model in _named_models(body):
            if not isinstance(model, str) or model not in self.models:
                listed = ", ".join(sorted(self.models))
                yield Problem(
                    code="model_not_allowed",
                    message=f"model {str(model)[:100]!r} is not in this run's list ({listed})",
                    param=key,
                )


def _odd_keys(body: Mapping[str, Any]) -> Iterator[Problem]:
    """Keys that another reader could take for a checked one."""
    for key in body:
        if _CHECKED.get(key.casefold(), key) != key:
            yield Problem(code="odd_key", message=f"key {key[:100]!r} must be lower case", param=key[:100])
    for part in (*_objects(body.get("tools")), *_objects(body.get("messages"))):
        for key in part:
            if key.casefold() in {"type", "content"} and key not in {"type", "content"}:
                yield Problem(
                    code="odd_key", message=f"key {key[:100]!r} must be lower case", param=key[:100]
                )


def _named_models(body: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield "model", body.get("model")
    for key in MODEL_KEYS:
        value = body.get(key)
        if value is not None:
            yield from ((key, item) for item in (value if isinstance(value, list) else [value]))


def _objects(value: object) -> Iterable[Mapping[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _hosted_tools(body: Mapping[str, Any]) -> Iterator[Problem]:
    for key, value in body.items():
        # an empty object switches web_search_options on
        if _HOSTED.search(key.casefold()) and (value or isinstance(value, dict)):
            yield Problem(
                code="hosted_tool_not_allowed",
                message=f"{key[:100]} is refused: it runs at the provider",
                param=key[:100],
            )
    for key, model in _named_models(body):
        if isinstance(model, str) and model.casefold().endswith(_ONLINE):
            yield Problem(
                code="hosted_tool_not_allowed",
                message=f"model {model[:100]!r} is refused: it searches the web",
                param=key,
            )
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else [] if tools is None else [tools]:
        kind = tool.get("type") if isinstance(tool, dict) else None
        if not isinstance(kind, str) or kind not in CLIENT_TOOLS:
            yield Problem(
                code="hosted_tool_not_allowed",
                message=f"tools of type {str(kind)[:100]!r} are refused: they run at the provider",
                param="tools",
            )


def _remote_media(body: Mapping[str, Any]) -> Iterator[Problem]:
    messages = body.get("messages")
    waiting: list[tuple[str, object]] = []
    for message in _objects(messages):
        content = message.get("content")
        if isinstance(content, list | dict):
            waiting.append(("content", content))
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [
                (key.casefold(), item)
                for key, item in value.items()
                if not (key in _SPOKEN and isinstance(item, str))
            ]
        elif isinstance(value, list):
            waiting += [(name, item) for item in value if not (name == "content" and isinstance(item, str))]
        elif isinstance(value, str) and _is_remote(name, value):
            yield Problem(
                code="remote_media_not_allowed",
                message="media that the provider would fetch is refused: send it as a data: URL",
                param=name[:100],
            )


def _is_remote(name: str, value: str) -> bool:
    start = value.lstrip()[:64]
    if name == "file_id":
        return True
    if name in {"url", "uri"} or name.endswith(("_url", "_uri")):
        return not start.lower().startswith("data:")
    return _FETCHED.match(start) is not None
