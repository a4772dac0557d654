"""Tools as TypeScript declarations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.tooltext import declarations

WEATHER = {
    "name": "get_weather",
    "description": "Gets the weather",
    "parameters": {
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "The city"},
            "format": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
            "n": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"a": {"type": "integer", "description": "x"}},
                },
            },
        },
        "required": ["location"],
    },
}


def test_as_openai_harmony_writes_it() -> None:
    """``openai-harmony`` 0.0.8 from the same two functions."""
    assert (
        declarations([json.dumps(WEATHER), '{"name":"foo","description":""}'])
        == """\
# Tools

## functions

namespace functions {

// Gets the weather
type get_weather = (_: {
// The city
location: string,
format?: "celsius" | "fahrenheit", // default: celsius
n?: {
    // x
    a?: number,
    }[],
}) => any;

type foo = () => any;

} // namespace functions"""
    )


def _typed(schema: Any) -> str:
    parameters = {"type": "object", "properties": {"x": schema}}
    text = declarations([json.dumps({"name": "f", "parameters": parameters})])
    return text.partition("x?: ")[2].partition(",\n})")[0]


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"type": "boolean"}, "boolean"),
        ({"type": "array"}, "any[]"),
        ({"type": "array", "items": {"type": "integer"}}, "number[]"),
        ({"type": ["string", "null"]}, "string | null"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"enum": [1, "a"]}, '1 | "a"'),
        ({"type": "object"}, "object"),
        ({}, "any"),
        (True, "any"),
        ({"type": 7}, "any"),
    ],
)
def test_types(schema: Any, wanted: str) -> None:
    assert _typed(schema) == wanted


@pytest.mark.parametrize(
    "schema",
    [
        '{"type":"web_search"}',
        '{"name":"answer","schema":{"type":"object"}}',
        '{"type":"custom","name":"patch","format":{"type":"grammar"}}',
        "[1]",
        "",
    ],
)
def test_what_is_no_function_stays_as_it_is(schema: str) -> None:
    assert declarations([schema]) == schema
    assert declarations([schema, '{"name":"foo"}']).endswith("\n\n" + schema)


def test_nothing_of_nothing() -> None:
    assert declarations([]) == ""


def test_deep_schemas_end() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(200):
        deep = {"type": "object", "properties": {"x": deep}}
    text = declarations([json.dumps({"name": "f", "parameters": deep})])
    assert "any" in text
    assert len(text) < 10_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("type", "properties", "items", "enum", "anyOf", "required", "description", "x")),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(parameters=JSON, description=JSON)
def test_no_schema_is_an_error(parameters: Any, description: Any) -> None:
    tool = {"name": "f", "description": description, "parameters": parameters}
    assert "type f = " in declarations([json.dumps(tool)])
