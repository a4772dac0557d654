"""The door's judgement of a body: every key of it, wherever it stands, but for what holds only words or data.

A body is judged as any server might read it. Keys count whatever their case (Go matches them so) and with or
without ``_`` (protobuf reads both ``fileData`` and ``file_data``). One that is known but spelled as no API
spells it is refused, since readers may disagree about it. Not judged is what no reader acts on: texts,
schemas, and the arguments and results of the client's tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from .door_models import model_objections
from .door_tools import tool_objections
from .errors import Problem

_LONGEST: Final = 64
"""No key of an API is longer."""


def _fold(key: str) -> str:
    return key.replace("_", "").casefold()


def _folded(*keys: str) -> frozenset[str]:
    return frozenset(_fold(key) for text in keys for key in text.split())


_REROUTING: Final = (
    "api_base base_url user_config api_key model_list custom_llm_provider extra_headers",
    "litellm_credential_name",
)
"""Keys by which a gateway (LiteLLM) is sent to another endpoint, or given another key."""

_MODELS: Final = ("models fallbacks fallback_models context_window_fallbacks content_policy_fallbacks",)
"""Lists of models that are asked instead: OpenRouter's, Vercel's, LiteLLM's, Anthropic's."""

_STORED: Final = (
    "previous_response_id previous_interaction_id conversation thread cached_content cachedContent",
    "prompt_id preset agent_id assistant_id",
)
"""Keys that name something stored at the provider, by this run or another: earlier answers (OpenAI, Gemini),
threads (Anthropic), cached content (Gemini), prompts (LiteLLM), presets (OpenRouter), agents (Mistral).
"""

_SPELLED: Final = " ".join(
    (
        *_REROUTING,
        *_MODELS,
        *_STORED,
        "model messages tools functions background stream input contents content role type prompt system",
        "instructions system_instruction systemInstruction",
    )
)
_SPELLINGS: Final = {
    fold: frozenset(key for key in _SPELLED.split() if _fold(key) == fold) for fold in _folded(_SPELLED)
}


@lru_cache(maxsize=4096)
def _known(key: str) -> tuple[str, bool]:
    """A key, folded, and whether it is spelled as no API spells it."""
    fold = _fold(key)
    return fold, key not in _SPELLINGS.get(fold, (key,))


_REROUTING_KEYS: Final = _folded(*_REROUTING)
_MODELS_KEYS: Final = _folded(*_MODELS)
_STORED_KEYS: Final = _folded(*_STORED)

_HOSTED: Final = re.compile(
    r"search|plugin|connector|mcp|datasource|vectorstore|toolresources|container|codeinterpreter"
)
"""What the names of keys that switch on tools at the provider have in common: OpenAI's and LiteLLM's
``web_search_options``, xAI's ``search_parameters``, Qwen's ``enable_search`` and ``enable_code_interpreter``,
Groq's ``search_settings``, OpenRouter's ``plugins``, Azure's ``data_sources``, Anthropic's ``mcp_servers``
and ``container``.
"""

_SAID: Final = _folded("messages input contents content prompt system instructions system_instruction")
"""Keys under which the conversation lies; the others are settings."""

_NOT_READ: Final = _folded(
    # labels for the client's own use
    "metadata client_metadata labels user stop stop_sequences",
    # schemas and grammars
    "schema json_schema response_schema response_json_schema format",
    "guided_json guided_regex guided_choice guided_grammar structured_outputs",
    # what tools were called with and gave back, and what a hosted one was
    "tool_calls arguments args response action operation annotations citations",
)
_WORDS: Final = _folded(
    "text refusal thinking reasoning reasoning_content content output result summary input prompt suffix",
    "system instructions title context code stdout stderr name description template",
    "role type id call_id tool_call_id",
)
"""Keys whose strings are words, or names of our own."""

_CITED: Final = frozenset({"search_result", "web_search_result", "web_fetch_result"})
"""Blocks whose address only says where their text is from."""

_FETCHED: Final = re.compile(
    r"[\s\0-\x20]*(?:[a-z][a-z0-9+.-]{0,40}://|(?:https?|ftp|file|gs|s3):)", re.IGNORECASE
)
_INLINE: Final = re.compile(r"\s*data:", re.IGNORECASE)


_Part = tuple[str, object, bool]
"""A key, folded; a value under it; whether that belongs to the conversation."""


def body_objections(
    body: Mapping[str, Any], protocol: str, models: frozenset[str] | None
) -> Iterator[Problem]:
    """What is wrong with a body."""
    if models is not None and protocol != "gemini" and body.get("model") is None:
        # Ollama's /api/show knows an older name of the key
        yield from model_objections(body.get("name") if protocol == "ollama" else None, models, "model")
    waiting: list[_Part] = [("", body, False)]
    while waiting:
        name, value, said = waiting.pop()
        if isinstance(value, dict):
            yield from _members(value, protocol, models, waiting, said=said)
        elif isinstance(value, list):
            words = name in _WORDS
            waiting += [(name, item, said) for item in value if not (words and isinstance(item, str))]
        elif isinstance(value, str) and _is_remote(name, value):
            message = "media that the provider would fetch is refused: send it as a data: URL"
            yield Problem(code="remote_media_not_allowed", message=message, param=name)


def _members(
    value: Mapping[str, Any],
    protocol: str,
    models: frozenset[str] | None,
    waiting: list[_Part],
    *,
    said: bool,
) -> Iterator[Problem]:
    """What is wrong with an object's keys; what is to be judged under them is added to ``waiting``."""
    kind = value.get("type")
    if said and (kind == "item_reference" or (kind is None and value.keys() <= {"id", "type"} and value)):
        yield _stored("id")
    for key, item in value.items():
        fold, odd = _known(key[:_LONGEST])
        if odd:
            message = f"key {key[:100]!r} is refused: no API spells it so"
            yield Problem(code="odd_key", message=message, param=key[:100])
        if item is None or fold in _NOT_READ or (fold in _WORDS and isinstance(item, str)):
            continue
        if said and _is_no_media(fold, item, kind):
            continue
        if fold in {"tools", "functions"} or (fold == "definition" and isinstance(item, dict)):
            yield from tool_objections(item, protocol, kind="function" if fold == "functions" else None)
        elif said:
            waiting.append((fold, item, True))
        elif _is_hosted(fold, item):
            message = f"{key[:100]} is refused: it runs at the provider"
            yield Problem(code="hosted_tool_not_allowed", message=message, param=key[:100])
        else:
            yield from _setting(key, fold, item, models)
            waiting.append((fold, item, fold in _SAID))


def _is_no_media(fold: str, item: object, kind: object) -> bool:
    """Arguments of a messages tool; the address that only says where a text is from."""
    if isinstance(item, dict):
        return fold == "input"
    return isinstance(item, str) and isinstance(kind, str) and kind in _CITED and fold in {"url", "source"}


def _is_hosted(fold: str, item: object) -> bool:
    """A setting that switches a tool on; an empty object does so for ``web_search_options``."""
    return bool(item or isinstance(item, dict)) and _HOSTED.search(fold) is not None


def _setting(key: str, fold: str, item: object, models: frozenset[str] | None) -> Iterator[Problem]:
    """What is wrong with a setting."""
    if fold in {"model", "modelname"}:
        yield from model_objections(item, models, key)
    elif fold in _MODELS_KEYS:
        for model in item if isinstance(item, list) else [item]:
            if not (isinstance(model, dict) and "model" in model):  # which is judged as a setting of its own
                yield from model_objections(model, models, key)
    elif fold in _REROUTING_KEYS:
        message = f"{key} is refused: it names another endpoint or key"
        yield Problem(code="rerouting_not_allowed", message=message, param=key)
    elif fold == "background" and item is not False:
        message = "background calls are refused"
        yield Problem(code="background_not_allowed", message=message, param=key)
    elif fold in _STORED_KEYS or (fold == "prompt" and isinstance(item, dict) and "id" in item):
        yield _stored(key)


def _stored(key: str) -> Problem:
    message = f"{key} is refused: it names what is stored at the provider"
    return Problem(code="stored_not_allowed", message=message, param=key)


def _is_remote(name: str, value: str) -> bool:
    if name in {"fileid", "fileids"}:
        return True
    if name.endswith(("url", "uri")):
        return _INLINE.match(value) is None
    return _FETCHED.match(value) is not None
