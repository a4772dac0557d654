"""What of a body is refused, in every protocol, and what real agents send."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.door_body import body_objections

LISTED = frozenset({"m", "org/m"})
PNG = "data:image/png;base64,iVBOR"
SEE = "https://example.org/ is only a word"
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"properties": {"url": {}}}}}

CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": SEE}]}
PLAIN: dict[str, dict[str, Any]] = {
    "chat": CHAT,
    "completions": {"model": "m", "prompt": SEE},
    "embeddings": {"model": "m", "input": [SEE]},
    "responses": {"model": "m", "input": SEE, "instructions": SEE},
    "messages": {**CHAT, "max_tokens": 1, "system": SEE},
    "gemini": {"contents": [{"parts": [{"text": SEE}]}]},
    "ollama": {**CHAT, "options": {"num_predict": 1}},
}
"""A body of each protocol."""


def codes(body: dict[str, Any], protocol: str = "chat", models: frozenset[str] | None = LISTED) -> set[str]:
    return {problem.code for problem in body_objections(body, protocol, models)}


def part(protocol: str, content: object) -> dict[str, Any]:
    """A body with this in the conversation."""
    key, item = {
        "completions": ("prompt", content),
        "embeddings": ("input", content),
        "responses": ("input", [{"role": "user", "content": [content]}]),
        "gemini": ("contents", [{"parts": [{"text": SEE}, content]}]),
    }.get(protocol, ("messages", [{"role": "user", "content": [{"type": "text", "text": SEE}, content]}]))
    return {**PLAIN[protocol], key: item}


CODEX = {
    "model": "m",
    "stream": True,
    "store": False,
    "input": [
        {
            "type": "message",
            "id": "msg_1",
            "role": "developer",
            "content": [{"type": "input_text", "text": SEE}],
        },
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA", "content": None},
        {
            "type": "function_call",
            "id": "fc_1",
            "name": "f",
            "arguments": '{"url":"http://x"}',
            "call_id": "1",
        },
        {"type": "function_call_output", "id": "fco_1", "call_id": "1", "output": SEE},
        {"type": "custom_tool_call", "call_id": "2", "name": "apply_patch", "input": SEE},
        {"type": "custom_tool_call_output", "call_id": "2", "output": [{"type": "input_text", "text": SEE}]},
        {"type": "local_shell_call", "call_id": "3", "action": {"type": "exec", "command": ["curl", SEE]}},
        {"type": "input_image", "image_url": PNG},
    ],
    "tools": [
        {"type": "function", "name": "f", "description": SEE, "strict": False, "parameters": {}},
        {"type": "custom", "name": "apply_patch", "format": {"type": "grammar", "definition": SEE}},
        {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "g"}]},
    ],
    "tool_choice": "auto",
    "reasoning": {"summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "01a2",
    "client_metadata": {"thread_id": "t", "x-codex-turn-metadata": '{"model":"x"}'},
    "text": {"format": {"type": "json_schema", "schema": {"$schema": "https://json-schema.org/"}}},
    "previous_response_id": None,
}
CLAUDE = {
    "model": "m",
    "max_tokens": 32000,
    "system": [{"type": "text", "text": SEE, "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": SEE}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": SEE, "signature": "Eq=="},
                {
                    "type": "tool_use",
                    "id": "t",
                    "name": "WebFetch",
                    "input": {"url": "https://x", "tools": [1]},
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": SEE, "is_error": False},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBOR"}},
                {"type": "document", "source": {"type": "content", "content": SEE}, "title": SEE},
                {"type": "search_result", "source": "https://x", "content": [{"type": "text", "text": SEE}]},
                {"type": "tool_addition", "tool": {"type": "tool_reference", "tool_name": "f"}},
            ],
        },
    ],
    "tools": [
        {"name": "Bash", "description": SEE, "input_schema": {"type": "object"}, "defer_loading": True}
    ],
    "metadata": {"user_id": "{}"},
    "thinking": {"type": "adaptive", "display": "omitted"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "output_config": {"effort": "high"},
    "stream": True,
}
GEMINI_CLI = {
    "contents": [
        {
            "role": "user",
            "parts": [{"text": SEE}, {"inlineData": {"mimeType": "image/png", "data": "iVBOR"}}],
        },
        {
            "role": "model",
            "parts": [{"functionCall": {"name": "f", "args": {"url": "https://x"}}, "thoughtSignature": "s"}],
        },
        {
            "role": "user",
            "parts": [{"functionResponse": {"name": "f", "response": {"output": SEE, "uri": "http://x"}}}],
        },
    ],
    "systemInstruction": {"role": "user", "parts": [{"text": SEE}]},
    "tools": [{"functionDeclarations": [{"name": "f", "description": SEE, "parametersJsonSchema": {}}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}},
    "generationConfig": {
        "temperature": 1,
        "thinkingConfig": {"includeThoughts": True},
        "responseJsonSchema": {"url": {}},
    },
    "safetySettings": [{"category": "c", "threshold": "t"}],
}
OPENCODE = {
    "model": "org/m",
    "messages": [
        {"role": "system", "content": SEE},
        {"role": "user", "content": [{"type": "text", "text": SEE, "cache_control": {"type": "ephemeral"}}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "functions.bash:0", "function": {"name": "f", "arguments": {"url": "http://x"}}}
            ],
        },
        {"role": "tool", "tool_call_id": "functions.bash:0", "content": SEE, "reasoning_content": SEE},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": f" {PNG}", "detail": "low"}}],
        },
        {
            "role": "user",
            "content": [{"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}],
        },
        {
            "role": "user",
            "content": [{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:x,"}}],
        },
    ],
    "tools": [FUNCTION],
    "tool_choice": "auto",
    "response_format": {"type": "json_schema", "json_schema": {"schema": {"url": "http://x", "Model": 1}}},
    "metadata": {"Model": "x", "model": "y"},
    "models": ["m", "org/m"],
    "stop": ["http://"],
    "stream": True,
    "stream_options": {"include_usage": True},
    "chat_template_kwargs": {"enable_thinking": False},
    "enable_search": False,
    "plugins": [],
    "background": False,
}


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        *PLAIN.items(),
        ("responses", CODEX),
        ("messages", CLAUDE),
        ("gemini", GEMINI_CLI),
        ("chat", OPENCODE),
        ("chat", {**CHAT, "tools": None, "functions": [{"name": "f", "parameters": {}}]}),
        ("completions", {"model": "m", "prompt": [SEE, SEE], "suffix": SEE}),
        (
            "ollama",
            {
                **CHAT,
                "messages": [{"role": "user", "content": SEE, "images": ["iVBOR"]}],
                "format": {"url": 1},
            },
        ),
        ("ollama", {"model": "m", "prompt": SEE, "template": SEE, "system": SEE, "images": ["iVBOR"]}),
        ("ollama", {"name": "m"}),
        ("gemini", {"generateContentRequest": {"model": "models/m", "contents": []}}),
        ("gemini", {"requests": [{"model": "models/m", "content": {"parts": [{"text": SEE}]}}]}),
        ("messages", {**CLAUDE, "fallbacks": [{"model": "m"}]}),
    ],
)
def test_bodies_that_pass(protocol: str, body: dict[str, Any]) -> None:
    assert codes(body, protocol) == set()


@pytest.mark.parametrize("protocol", PLAIN)
def test_another_model_in_every_protocol(protocol: str) -> None:
    body = PLAIN[protocol]
    for settings in (
        {"model": "other"},
        {"model": ["m"]},
        {"models": ["m", "other"]},
        {"models": "other"},
        {"fallbacks": [{"model": "other"}]},
        {"fallbacks": [{"m": ["other"]}]},
        {"fallbacks": "default"},
        {"fallback_models": ["other"]},
        {"context_window_fallbacks": [{"m": ["other"]}]},
        {"extra_body": {"model": "other"}},
        {"providerOptions": {"gateway": {"models": ["other"]}}},
        {"moderation": {"model": "other"}},
    ):
        assert codes(body | settings, protocol) == {"model_not_allowed"}, settings
        assert codes({**body, **settings}, protocol, None) == set(), settings


@pytest.mark.parametrize("protocol", [name for name in PLAIN if name != "gemini"])
def test_a_model_must_be_named_where_no_path_names_it(protocol: str) -> None:
    unnamed = {key: value for key, value in PLAIN[protocol].items() if key != "model"}
    for body in (unnamed, {**unnamed, "model": None}):
        assert codes(body, protocol) == {"model_not_allowed"}
        assert codes(body, protocol, None) == set()


def test_models_inside_geminis_bodies() -> None:
    for body in (
        {"model": "models/other"},
        {"generateContentRequest": {"model": "models/other"}},
        {"generate_content_request": {"model": "models/other"}},
        {"requests": [{"model": "models/m"}, {"model": "models/other"}]},
        {"routingConfig": {"manualMode": {"modelName": "other"}}},
    ):
        assert codes(body, "gemini") == {"model_not_allowed"}


def test_models_that_search_whatever_is_asked() -> None:
    for settings in ({"model": "m:online"}, {"models": ["m:online"]}, {"fallbacks": ["sonar"]}):
        assert codes({**CHAT, **settings}, models=None) == {"hosted_tool_not_allowed"}


WEB_SEARCH: dict[str, Any] = {
    "responses": {"type": "web_search"},
    "messages": {"type": "web_search_20250305", "name": "web_search"},
    "gemini": {"googleSearch": {}},
}
REMOTE_MCP: dict[str, Any] = {
    "responses": {"type": "mcp", "server_label": "x", "server_url": "https://x"},
    "messages": {"type": "mcp_toolset", "mcp_server_name": "x"},
    "gemini": {"mcpServers": [{"streamableHttpTransport": {"url": "https://x"}}]},
}


@pytest.mark.parametrize("protocol", PLAIN)
@pytest.mark.parametrize("tools", [WEB_SEARCH, REMOTE_MCP])
def test_hosted_tools_in_every_protocol(protocol: str, tools: dict[str, Any]) -> None:
    tool = tools.get(protocol, tools["responses"])
    for settings in (
        {"tools": [tool]},
        {"tools": tool},
        {"extra_body": {"tools": [tool]}},
        {"fallbacks": [{"model": "m", "tools": [tool]}]},
    ):
        assert codes({**PLAIN[protocol], **settings}, protocol) == {"hosted_tool_not_allowed"}, settings
    assert codes(part(protocol, {"role": "system", "tools": [tool]}), protocol) == {"hosted_tool_not_allowed"}


def test_tools_that_come_with_the_conversation() -> None:
    items = [
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "web_search"}]},
        {"type": "tool_search_output", "tools": [{"type": "mcp", "server_url": "https://x"}]},
    ]
    for item in items:
        assert codes({"model": "m", "input": [item]}, "responses") == {"hosted_tool_not_allowed"}
    tool = {"type": "tool_definition", "definition": {"type": "web_fetch_20250910", "name": "web_fetch"}}
    assert codes(part("messages", {"type": "tool_addition", "tool": tool}), "messages") == {
        "hosted_tool_not_allowed"
    }
    assert codes({**CHAT, "functions": [{"googleSearch": {}}]}) == {"hosted_tool_not_allowed"}


@pytest.mark.parametrize("protocol", PLAIN)
@pytest.mark.parametrize(
    "setting",
    [
        {"web_search_options": {}},
        {"Web_Search_Options": {}},
        {"enable_search": True},
        {"enableSearch": True},
        {"search_parameters": {"mode": "on"}},
        {"search_settings": {"include_domains": ["x"]}},
        {"plugins": [{"id": "web"}]},
        {"data_sources": [{"type": "azure_search", "parameters": {"endpoint": "https://x"}}]},
        {"dataSources": [{"type": "azure_search"}]},
        {"mcp_servers": [{"type": "url", "url": "https://x", "name": "x"}]},
        {"connector_id": "x"},
        {"vector_store_ids": ["x"]},
        {"tool_resources": {}},
        {"container": {"skills": [{"skill_id": "pdf"}]}},
        {"container": "container_1"},
        {"enable_code_interpreter": True},
        {"compound_custom": {"tools": {"enabled_tools": ["web_search"]}}},
        {"extra_body": {"enable_search": True}},
    ],
)
def test_settings_that_switch_hosted_tools_on(protocol: str, setting: dict[str, Any]) -> None:
    assert codes({**PLAIN[protocol], **setting}, protocol) == {"hosted_tool_not_allowed"}


@pytest.mark.parametrize("protocol", PLAIN)
def test_background_calls(protocol: str) -> None:
    for value in (True, "yes", 1):
        assert codes({**PLAIN[protocol], "background": value}, protocol) == {"background_not_allowed"}


@pytest.mark.parametrize("protocol", PLAIN)
@pytest.mark.parametrize(
    "setting",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": {"id": "conv_1"}},
        {"conversation": "conv_1"},
        {"prompt": {"id": "pmpt_1", "variables": {}}},
        {"cachedContent": "cachedContents/c"},
        {"cached_content": "cachedContents/c"},
        {"extra_body": {"google": {"cached_content": "cachedContents/c"}}},
        {"thread": {"type": "continue", "previous_message_id": "msg_1"}},
        {"preset": "p"},
        {"previous_interaction_id": "i"},
        {"prompt_id": "p"},
        {"agent_id": "ag:1"},
        {"assistant_id": "asst_1"},
        {"model": "@preset/p"},
    ],
)
def test_what_is_stored_at_the_provider(protocol: str, setting: dict[str, Any]) -> None:
    assert codes({**PLAIN[protocol], **setting}, protocol, None) == {"stored_not_allowed"}


@pytest.mark.parametrize(
    "item", [{"type": "item_reference", "id": "rs_1"}, {"id": "rs_1"}, {"id": "a", "type": None}]
)
def test_items_that_are_only_named(item: dict[str, Any]) -> None:
    assert codes({"model": "m", "input": [item]}, "responses") == {"stored_not_allowed"}
    assert codes({**CHAT, "messages": [{"role": "assistant", "audio": item}]}) == {"stored_not_allowed"}


@pytest.mark.parametrize("protocol", PLAIN)
@pytest.mark.parametrize(
    "media",
    [
        {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
        {"type": "image_url", "image_url": "https://x/a.png"},
        {"type": "image_url", "image_url": {"url": "//x/a.png"}},
        {"type": "image_url", "image_url": {"URL": "gs://bucket/a"}},
        {"type": "text", "text": SEE, "image_url": {"url": "http://x"}},
        {"type": "input_audio", "input_audio": {"data": " " * 99 + "https://x/a.wav"}},
        {"type": "input_audio", "input_audio": {"data": "\0https://x/a.wav"}},
        {"type": "video_url", "video_url": {"url": "file:///etc/passwd"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "file", "file": {"file_data": "HTTPS:example.org"}},
        {"type": "document_url", "document_url": "https://x/a.pdf"},
        {"type": "input_image", "image_url": "https://x/a.png"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "file_url": "https://x/a.pdf"},
        {"type": "image", "source": {"type": "url", "url": "https://x/a.png"}},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "container_upload", "file_id": "file_1"},
        {"type": "tool_result", "content": [{"type": "image", "source": {"type": "url", "url": "http://x"}}]},
        {"type": "document", "source": {"type": "content", "content": [{"source": {"url": "http://x"}}]}},
        {"type": "function_call_output", "output": [{"type": "input_image", "image_url": "http://x"}]},
        {"type": "computer_call_output", "output": {"type": "computer_screenshot", "image_url": "http://x"}},
        {"type": "web_search_result", "image": {"url": "https://x"}},
        {"fileData": {"fileUri": "https://youtu.be/x"}},
        {"file_data": {"file_uri": "https://generativelanguage.googleapis.com/v1beta/files/f"}},
        {"functionResponse": {"response": {}, "parts": [{"fileData": {"fileUri": "gs://b/o"}}]}},
        {"image": "https://x/a.png"},
        {"video": ["https://x/1.png", "https://x/2.png"]},
        {"text": {"url": "http://x"}},
    ],
)
def test_remote_media_in_every_protocol(protocol: str, media: dict[str, Any]) -> None:
    assert codes(part(protocol, media), protocol) == {"remote_media_not_allowed"}
    assert codes(part(protocol, [media]), protocol) == {"remote_media_not_allowed"}


def test_media_outside_the_conversation() -> None:
    for setting in ({"image_data": "https://x"}, {"webhook_url": "https://x"}, {"images": ["https://x"]}):
        assert codes({**CHAT, **setting}) == {"remote_media_not_allowed"}
    system = {"parts": [{"fileData": {"fileUri": "gs://b/o"}}]}
    for key in ("systemInstruction", "system_instruction"):
        assert codes({**PLAIN["gemini"], key: system}, "gemini") == {"remote_media_not_allowed"}


@pytest.mark.parametrize(
    "key",
    [
        "api_base",
        "base_url",
        "user_config",
        "api_key",
        "model_list",
        "custom_llm_provider",
        "extra_headers",
        "litellm_credential_name",
    ],
)
def test_settings_that_send_a_call_elsewhere(key: str) -> None:
    for protocol, body in PLAIN.items():
        assert codes({**body, key: {"x": 1}}, protocol) == {"rerouting_not_allowed"}
    assert codes({**CHAT, "fallbacks": [{"model": "m", key: {"x": 1}}]}) == {"rerouting_not_allowed"}


UNREAD = [
    *("metadata", "client_metadata", "labels", "user", "stop", "stop_sequences", "stopSequences"),
    *("schema", "json_schema", "responseSchema", "response_json_schema", "format"),
    *("guided_json", "guided_regex", "guided_choice", "guided_grammar", "structured_outputs"),
    *("tool_calls", "arguments", "args", "response", "action", "operation", "annotations", "citations"),
]
WORDS = [
    *(
        "text",
        "refusal",
        "thinking",
        "reasoning",
        "reasoning_content",
        "content",
        "output",
        "result",
        "summary",
    ),
    *("input", "title", "context", "code", "stdout", "stderr", "name", "description"),
]


@pytest.mark.parametrize("key", UNREAD)
def test_what_nobody_acts_on(key: str) -> None:
    anything = {"url": "http://x", "model": "other", "tools": [{"type": "web_search"}], "Type": 1}
    for protocol, body in PLAIN.items():
        assert codes({**body, key: anything}, protocol) == set()
        assert codes({**body, key: ["https://x"]}, protocol) == set()
        assert codes(part(protocol, {"type": "x", key: anything}), protocol) == set()


@pytest.mark.parametrize("key", WORDS)
def test_words_that_look_like_an_address(key: str) -> None:
    for protocol in PLAIN:
        assert codes(part(protocol, {"type": "x", key: SEE}), protocol) == set()
        assert codes(part(protocol, {"type": "x", key: [SEE]}), protocol) == set()


@pytest.mark.parametrize(
    "key", ["system", "instructions", "systemInstruction", "system_instruction", "content"]
)
def test_the_conversation_is_not_taken_for_settings(key: str) -> None:
    told = {"type": "x", "model": "other", "search": "x", "thread": "x", "background": True, "base_url": {}}
    for protocol, body in PLAIN.items():
        assert codes(part(protocol, told), protocol) == set()
        assert codes({**body, key: {"parts": [told]}}, protocol) == set()


def flips(word: str) -> st.SearchStrategy[str]:
    """Other spellings of a key that some reader takes for it."""
    letters = [st.sampled_from([c.lower(), c.upper(), *("ſ" * (c == "s"))]) for c in word if c != "_"]
    return st.tuples(*letters).map("".join)


@given(st.data(), st.sampled_from(sorted(PLAIN)))
def test_a_known_key_in_any_other_spelling_is_refused(data: st.DataObject, protocol: str) -> None:
    known = [
        "model",
        "tools",
        "background",
        "previous_response_id",
        "cached_content",
        "api_base",
        "fallbacks",
    ]
    key = data.draw(st.sampled_from(known))
    spelled = data.draw(flips(key))
    found = codes({**PLAIN[protocol], spelled: ["other"]}, protocol)
    assert found
    if spelled not in {*known, "cachedContent"}:
        assert "odd_key" in found


def test_odd_keys_inside_the_conversation() -> None:
    assert codes({**CHAT, "messages": [{"role": "user", "Content": SEE}]}) == {"odd_key"}
    assert codes({**CHAT, "messages": [{"Role": "user"}]}) == {"odd_key"}


HARMFUL: list[tuple[str, dict[str, Any]]] = [
    ("remote_media_not_allowed", {"type": "image_url", "image_url": {"url": "https://x"}}),
    ("remote_media_not_allowed", {"fileData": {"fileUri": "https://x"}}),
    ("hosted_tool_not_allowed", {"tools": [{"type": "web_search", "googleSearch": {}}]}),
    ("stored_not_allowed", {"type": "item_reference", "id": "x"}),
]


@given(
    st.sampled_from(sorted(PLAIN)),
    st.sampled_from(HARMFUL),
    st.lists(st.sampled_from(["", "content", "parts", "Parts", "x", "output", "text", "source"]), max_size=9),
)
def test_no_depth_hides_anything(
    protocol: str, harmful: tuple[str, dict[str, Any]], wraps: list[str]
) -> None:
    """``""`` wraps into a list, any other into an object with that key."""
    expected, value = harmful
    wrapped: object = value
    for wrap in wraps:
        wrapped = {wrap: wrapped} if wrap else [wrapped]
    assert expected in codes(part(protocol, wrapped), protocol)


@given(st.sampled_from(sorted(PLAIN)), st.text())
def test_words_are_never_refused(protocol: str, words: str) -> None:
    assert codes(part(protocol, {"type": "text", "text": words}), protocol) == set()
    assert codes(part(protocol, {"role": "user", "content": words}), protocol) == set()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([
        "model", "models", "tools", "messages", "content", "input", "type", "id", "prompt", "source", "url"
    ]) | st.text(), inner, max_size=4),
)  # fmt: skip


@given(st.dictionaries(st.text(), JSON), st.sampled_from(sorted(PLAIN)), JSON)
def test_nothing_raises(body: dict[str, Any], protocol: str, value: object) -> None:
    codes(body, protocol)
    codes({**PLAIN[protocol], "messages": value, "tools": value, "model": value}, protocol)


def test_deep_nesting_is_judged() -> None:
    value: object = {"image_url": "https://x"}
    for _ in range(100_000):
        value = [value]
    assert codes({**CHAT, "messages": value}) == {"remote_media_not_allowed"}
