"""Which tools pass: those that the client runs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.door_tools import tool_objections
from cab_proxy.hosted import HOSTED_TOOLS

PROTOCOLS = ("chat", "completions", "embeddings", "responses", "messages", "gemini", "ollama")

FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"Type": 1, "url": "http://x"}}}

CLIENT: list[tuple[str, dict[str, Any]]] = [
    ("chat", FUNCTION),
    ("ollama", FUNCTION),
    ("chat", {"type": "custom", "custom": {"name": "c"}}),
    ("chat", {**FUNCTION, "cache_control": {"type": "ephemeral"}}),
    ("responses", {"type": "function", "name": "f", "strict": False, "parameters": {}, "description": ""}),
    ("responses", {"type": "custom", "name": "p", "format": {"type": "grammar", "definition": "start: x"}}),
    ("responses", {"type": "local_shell"}),
    ("responses", {"type": "shell", "environment": {"type": "local"}}),
    ("responses", {"type": "apply_patch"}),
    ("responses", {"type": "computer_use_preview", "display_width": 1, "environment": "linux"}),
    ("responses", {"type": "tool_search", "execution": "client", "parameters": {}}),
    ("responses", {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "f"}]}),
    ("messages", {"name": "Bash", "description": "", "input_schema": {"type": "object"}}),
    ("messages", {"name": "f", "input_schema": {}, "type": None, "defer_loading": True}),
    ("messages", {"type": "custom", "name": "f", "input_schema": {}, "cache_control": {"type": "ephemeral"}}),
    ("messages", {"type": "bash_20250124", "name": "bash"}),
    ("messages", {"type": "text_editor_20250728", "name": "e", "max_characters": 9}),
    ("messages", {"type": "computer_20251124", "name": "computer", "display_width_px": 1}),
    ("messages", {"type": "memory_20250818", "name": "memory"}),
    ("messages", {"type": "tool_search_tool_regex_20251119", "name": "s"}),
    ("gemini", {"functionDeclarations": [{"name": "f", "parametersJsonSchema": {}}]}),
    ("gemini", {"function_declarations": [{"name": "f"}], "googleSearch": None}),
    ("gemini", {"computerUse": {"environment": "ENVIRONMENT_BROWSER"}}),
    ("gemini", {}),
]


def refused(tools: object, protocol: str, kind: str | None = None) -> bool:
    codes = {problem.code for problem in tool_objections(tools, protocol, kind=kind)}
    assert codes <= {"hosted_tool_not_allowed"}
    return bool(codes)


@pytest.mark.parametrize(("protocol", "tool"), CLIENT)
def test_tools_of_the_client_pass(protocol: str, tool: dict[str, Any]) -> None:
    assert not refused([tool, tool], protocol)
    assert not refused(tool, protocol)


@pytest.mark.parametrize(
    ("protocol", "name"), [(tools.protocol, name) for tools in HOSTED_TOOLS for name in tools.names]
)
def test_tools_of_each_provider_are_refused(protocol: str, name: str) -> None:
    tool: dict[str, Any] = {name: {}} if protocol == "gemini" else {"type": name, "name": "f"}
    client = next(tool for of, tool in CLIENT if of == protocol)
    [problem] = tool_objections([client, tool], protocol)
    assert problem.code == "hosted_tool_not_allowed"
    assert problem.message.endswith("runs it")


def test_the_message_says_whose_tool_it_is() -> None:
    [problem] = tool_objections([{"type": "web_search_20250305", "name": "web_search"}], "messages")
    assert problem.message == "a tool with 'web_search_20250305' is refused: Anthropic runs it"
    [problem] = tool_objections([{"type": "x" * 500}], "chat")
    assert problem.message == (
        f"a tool with '{'x' * 100}' is refused: only those pass that the client is known to run"
    )


@pytest.mark.parametrize(
    ("protocol", "tool"),
    [
        ("chat", {"function": {"name": "f"}}),
        ("chat", {"type": ["function"]}),
        ("chat", "web_search"),
        ("chat", 1),
        ("chat", {"type": "builtin_function", "function": {"name": "$web_search"}}),
        ("chat", {"type": "function", "Type": "web_search"}),
        ("chat", {"type": "function", "googleSearch": {}}),
        ("chat", {"googleSearch": {}}),
        ("chat", [{"type": "web_search"}]),
        ("responses", {"type": "shell"}),
        ("responses", {"type": "shell", "environment": {"type": "container_auto"}}),
        ("responses", {"type": "shell", "environment": {"type": "container_reference", "container_id": "c"}}),
        (
            "responses",
            {"type": "namespace", "name": "n", "tools": [{"type": "mcp", "server_url": "https://x"}]},
        ),
        (
            "responses",
            {"type": "namespace", "tools": [{"type": "namespace", "tools": [{"type": "web_search"}]}]},
        ),
        ("responses", {"type": "function", "name": "f", "server_url": "https://x"}),
        ("responses", {"name": "f"}),
        ("messages", {"type": "bash_code_execution", "name": "bash"}),
        ("messages", {"type": "bash_20250124\n", "name": "bash"}),
        ("messages", {"name": "f", "input_schema": {}, "mcp_server_name": "x"}),
        ("messages", {"type": "function", "function": {"name": "f"}}),
        ("gemini", {"google_search": {}}),
        ("gemini", {"url_context": {}}),
        ("gemini", {"code_execution": {}}),
        ("gemini", {"functionDeclarations": [], "googleSearch": {}}),
        ("gemini", {"GoogleSearch": {}}),
        ("gemini", {"codeExecution": False}),
    ],
)
def test_tools_that_only_look_like_the_clients(protocol: str, tool: object) -> None:
    assert refused([tool], protocol)


def test_functions_need_no_type() -> None:
    assert not refused([{"name": "f", "parameters": {}}], "chat", kind="function")
    assert refused([{"name": "f", "type": "web_search"}], "chat", kind="function")
    assert refused([{"googleSearch": {}}], "chat", kind="function")


KNOWN = {tool.get("type") for _, tool in CLIENT} | {"computer", "computer_use_preview", "shell"}


@given(
    st.sampled_from(PROTOCOLS), st.text(max_size=40) | st.sampled_from(sorted(filter(None, KNOWN))), st.data()
)
def test_any_other_type_is_refused(protocol: str, kind: str, data: st.DataObject) -> None:
    """Whatever is near to a type that passes, but isn't one, doesn't pass."""
    near = data.draw(st.sampled_from([kind, kind.upper(), f"{kind}x", f" {kind}", kind[:-1], f"{kind}\0"]))
    if near not in KNOWN:
        assert refused([{"type": near, "name": "f"}], protocol)


@given(st.text(max_size=20), st.sampled_from([{}, [], "x", 1, True, False]))
def test_any_other_key_is_refused_in_gemini(key: str, value: object) -> None:
    known = {"functionDeclarations", "function_declarations", "computerUse", "computer_use"}
    assert refused([{"functionDeclarations": [], key: value}], "gemini") == (key not in known)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: (
    st.lists(inner) | st.dictionaries(st.sampled_from(["type", "tools", "name"]) | st.text(), inner)
)), st.sampled_from(PROTOCOLS))  # fmt: skip
def test_nothing_raises(tools: object, protocol: str) -> None:
    list(tool_objections(tools, protocol))
