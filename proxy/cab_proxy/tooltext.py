"""Tools as OpenAI's models get to see them: TypeScript declarations, which are shorter than the JSON.

Contract: pure; nothing here raises. What is no function is left as it is.

The form is that of ``openai-harmony`` 0.0.8 (PyPI, Apache-2.0), by which OpenAI writes prompts of gpt-oss; by
https://github.com/hmarr/openai-chat-tokens (2023) prompts of GPT-3.5 and 4 were written like that too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from .protocols.base import compact

_MAX_DEPTH: Final = 16
_INDENT: Final = "    "
_FUNCTION: Final = frozenset({"type", "name", "description", "parameters", "strict"})
_NAMES: Final = {"integer": "number", "array": "any[]", "object": "object"}


def declarations(schemas: Iterable[str]) -> str:
    """Schemas in JSON as the text of one prompt; empty if there are none."""
    functions: list[str] = []
    others: list[str] = []
    for schema in schemas:
        tool = _parsed(schema)
        if tool.keys() <= _FUNCTION and isinstance(tool.get("name"), str):
            functions.append("\n".join(_function(tool)))
        else:
            others.append(schema)
    if functions:
        body = "\n\n".join(functions)
        others.insert(
            0, f"# Tools\n\n## functions\n\nnamespace functions {{\n\n{body}\n\n}} // namespace functions"
        )
    return "\n\n".join(others)


def _parsed(schema: str) -> Mapping[str, Any]:
    try:
        value = json.loads(schema)
    except (RecursionError, ValueError):
        return {"": None}
    return value if isinstance(value, dict) else {"": None}


def _function(tool: Mapping[str, Any]) -> Iterator[str]:
    yield from _comment(tool.get("description"))
    parameters = tool.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    if isinstance(parameters, dict) and isinstance(properties, dict) and properties:
        yield f"type {tool['name']} = (_: {{"
        yield from _properties(parameters, properties, 0)
        yield "}) => any;"
    else:
        yield f"type {tool['name']} = () => any;"


def _comment(text: object) -> Iterator[str]:
    if isinstance(text, str) and text:
        yield from (f"// {line}" for line in text.splitlines())


def _properties(schema: Mapping[str, Any], properties: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = _INDENT * depth
    required = schema.get("required")
    for name, value in properties.items():
        inner = value if isinstance(value, dict) else {}
        for line in _comment(inner.get("description")):
            yield indent + line
        mark = "" if isinstance(required, list) and name in required else "?"
        default = inner.get("default")
        note = "" if default is None or isinstance(default, dict | list) else f" // default: {default}"
        yield f"{indent}{name}{mark}: {_type(inner, depth)},{note}"


def _type(schema: object, depth: int) -> str:
    """A schema's type; ``depth`` counts the objects around it."""
    arrays = 0
    while isinstance(schema, dict) and schema.get("type") == "array" and "items" in schema:
        schema = schema["items"]
        arrays += 1
    return _single(schema, depth) + "[]" * arrays


def _single(schema: object, depth: int) -> str:
    if not isinstance(schema, dict) or depth >= _MAX_DEPTH:
        return "any"
    for key in ("anyOf", "oneOf"):
        if isinstance(choices := schema.get(key), list):
            return " | ".join(_type(choice, depth + 1) for choice in choices)
    if isinstance(values := schema.get("enum"), list):
        return " | ".join(map(compact, values))
    kind, properties = schema.get("type"), schema.get("properties")
    if isinstance(kind, list):
        return " | ".join(_NAMES.get(one, one) for one in kind if isinstance(one, str))
    if isinstance(properties, dict) and properties:
        inner = "\n".join(_properties(schema, properties, depth + 1))
        return f"{{\n{inner}\n{_INDENT * (depth + 1)}}}"
    return _NAMES.get(kind, kind) if isinstance(kind, str) else "any"
