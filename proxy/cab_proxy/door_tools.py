"""The door's judgement of tools: only those pass that the client is known to run itself.

Whoever runs it, a tool that searches only among the request's own tools passes too. The keys of a tool are
judged like its type: LiteLLM sends ``{"type": "function", "googleSearch": {}}`` on as a search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .errors import Problem
from .hosted import provider_of

_OPENAI: Final = re.compile(
    r"function|custom|local_shell|shell|apply_patch|computer|computer_use_preview|namespace|tool_search"
)
_OPENAI_KEYS: Final = re.compile(
    r"type|function|custom|name|description|parameters|strict|format|output_schema|async|defer_loading"
    r"|allowed_callers|cache_control|execution|tools|environment|display_width|display_height"
)
_ANTHROPIC: Final = re.compile(
    r"custom|(?:bash|text_editor|computer|memory|computer_toolset|browser_toolset)_[0-9]{8}"
    r"|tool_search_tool_(?:regex|bm25)(?:_[0-9]{8})?"
)
_ANTHROPIC_KEYS: Final = re.compile(
    r"type|name|description|input_schema|strict|cache_control|defer_loading|allowed_callers|input_examples"
    r"|eager_input_streaming|display_width_px|display_height_px|display_number|enable_zoom|max_characters|configs"
)
_GEMINI_KEYS: Final = re.compile(r"functionDeclarations|function_declarations|computerUse|computer_use")


def tool_objections(tools: object, protocol: str, *, kind: str | None = None) -> Iterator[Problem]:
    """What is wrong with a list of tools, or with a single one in its place. ``kind`` is the type of those
    that say none.
    """
    if protocol == "messages":
        kind = "custom"
    waiting = [tools]
    while waiting:
        tool = waiting.pop()
        if isinstance(tool, list):
            waiting += reversed(tool)
        elif isinstance(tool, dict):
            mark = _mark(tool, protocol, kind)
            if mark is None:
                waiting.append(tool.get("tools"))
            else:
                yield _problem(mark)
        elif tool is not None:
            yield _problem(str(tool))


def _problem(mark: str) -> Problem:
    provider = provider_of(mark)
    whose = f"{provider} runs it" if provider else "only those pass that the client is known to run"
    message = f"a tool with {mark[:100]!r} is refused: {whose}"
    return Problem(code="hosted_tool_not_allowed", message=message, param="tools")


def _mark(tool: Mapping[str, Any], protocol: str, kind: str | None) -> str | None:
    """What marks a tool as none of the client's: its type, or a key."""
    if protocol == "gemini":
        return _other_key(tool, _GEMINI_KEYS)
    known, keys = (_ANTHROPIC, _ANTHROPIC_KEYS) if protocol == "messages" else (_OPENAI, _OPENAI_KEYS)
    said = tool.get("type")
    said = kind if said is None else said
    if not isinstance(said, str) or not known.fullmatch(said):
        return str(said)
    if said == "shell" and not _is_local(tool.get("environment")):
        return said
    return _other_key(tool, keys)


def _other_key(tool: Mapping[str, Any], known: re.Pattern[str]) -> str | None:
    return next((key for key, value in tool.items() if value is not None and not known.fullmatch(key)), None)


def _is_local(environment: object) -> bool:
    """A shell's environment is the client's; without one, or with another, it is a container of OpenAI's."""
    return isinstance(environment, dict) and environment.get("type") == "local"
