"""What the door refuses, one by one, and what it lets pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cab_proxy.door import Door
from cab_proxy.exchange import Headers
from cab_proxy.jsonbody import read_json
from cab_proxy.protocols.chat import PROTOCOL

DOOR = Door(models=frozenset({"m", "org/m"}))
OK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "see https://example.org"}]}
PNG = "data:image/png;base64,iVBOR"


def code(body: object, door: Door = DOOR) -> str | None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    refusal = door.check_body(PROTOCOL, read_json(raw))
    return None if refusal is None else refusal.code


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat/completions"),
        ("POST", "/chat/completions"),
        ("GET", "/v1/models"),
        ("GET", "/models"),
        ("GET", "/v1/models/org/model:free"),
        ("GET", "/v1/models/org%2Fmodel"),
    ],
)
def test_open_paths(method: str, path: str) -> None:
    assert DOOR.check_target(method, path) is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/chat/completions"),
        ("HEAD", "/v1/models"),
        ("POST", "/v1/models"),
        ("DELETE", "/v1/models/m"),
        ("POST", "/v1/chat/completions/"),
        ("POST", "/v1/Chat/completions"),
        ("POST", "/v1/chat%2Fcompletions"),
        ("POST", "/v1//chat/completions"),
        ("POST", "/v1/chat/completions;x"),
        ("POST", "/v1/x/chat/completions"),
        ("POST", "/v1/responses"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/embeddings"),
        ("POST", "/v1/batches"),
        ("POST", "/v1/files"),
        ("GET", "/v1/files/f"),
        ("GET", "/v1/modelsx"),
        ("GET", "/"),
        ("post", "/v1/chat/completions"),
    ],
)
def test_closed_paths(method: str, path: str) -> None:
    refusal = DOOR.check_target(method, path)
    assert refusal is not None
    assert refusal.status == 403


def part(**content: object) -> dict[str, Any]:
    return {**OK, "messages": [{"role": "user", "content": [{"type": "text", "text": "https://a"}, content]}]}


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"Type": 1, "url": "http://x"}}}


@pytest.mark.parametrize(
    "body",
    [
        OK,
        {**OK, "model": "org/m"},
        {**OK, "tools": [TOOL, {"type": "custom", "custom": {"name": "c"}}], "tool_choice": "auto"},
        {**OK, "tools": None, "background": False, "enable_search": False, "plugins": []},
        {**OK, "metadata": {"Model": "x", "model": "y"}},
        part(type="image_url", image_url={"url": PNG, "detail": "low"}),
        part(type="image_url", image_url={"url": " DATA:image/png;base64,x"}),
        part(type="input_audio", input_audio={"data": "UklGRg==", "format": "wav"}),
        part(type="file", file={"filename": "a.pdf", "file_data": "data:application/pdf;base64,x"}),
        part(type="text", text="http://in.words", cache_control={"type": "ephemeral"}),
        {
            **OK,
            "messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "functions.bash:0"}]}],
        },
        {**OK, "models": ["m", "org/m"]},
    ],
)
def test_bodies_that_pass(body: dict[str, Any]) -> None:
    assert code(body) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({**OK, "model": "other"}, "model_not_allowed"),
        ({**OK, "model": "M"}, "model_not_allowed"),
        ({**OK, "model": None}, "model_not_allowed"),
        ({**OK, "model": ["m"]}, "model_not_allowed"),
        ({"messages": []}, "model_not_allowed"),
        ({**OK, "models": ["m", "other"]}, "model_not_allowed"),
        ({**OK, "fallbacks": [{"model": "other"}]}, "model_not_allowed"),
        (b'{"model": "m", "model": "other", "messages": []}', "duplicate_key"),
        (b'{"model": "other", "messages": [], "model": "m"}', "duplicate_key"),
        (b'{"model": "m", "messages": [{"content": "", "content": []}]}', "duplicate_key"),
        ({**OK, "Model": "other"}, "odd_key"),
        ({**OK, "toolſ": []}, "odd_key"),
        ({**OK, "API_base": "http://x"}, "odd_key"),
        ({**OK, "messages": [{"role": "user", "Content": []}]}, "odd_key"),
        ({**OK, "tools": [{"type": "function", "Type": "web_search"}]}, "odd_key"),
        ({**OK, "background": True}, "background_not_allowed"),
        ({**OK, "background": "yes"}, "background_not_allowed"),
        ({**OK, "web_search_options": {}}, "hosted_tool_not_allowed"),
        ({**OK, "Web_Search_Options": {}}, "hosted_tool_not_allowed"),
        ({**OK, "enable_search": True}, "hosted_tool_not_allowed"),
        ({**OK, "dataSources": [{"type": "azure_search"}]}, "hosted_tool_not_allowed"),
        ({**OK, "data_sources": [{"type": "azure_search"}]}, "hosted_tool_not_allowed"),
        ({**OK, "search_settings": {"include_domains": ["x"]}}, "hosted_tool_not_allowed"),
        ({**OK, "mcp_servers": [{"url": "x"}]}, "hosted_tool_not_allowed"),
        ({**OK, "connector_id": "x"}, "hosted_tool_not_allowed"),
        ({**OK, "vector_store_ids": ["x"]}, "hosted_tool_not_allowed"),
        ({**OK, "tool_resources": {}}, "hosted_tool_not_allowed"),
        ({**OK, "api_base": "http://x"}, "rerouting_not_allowed"),
        ({**OK, "base_url": "http://x"}, "rerouting_not_allowed"),
        ({**OK, "user_config": {}}, "rerouting_not_allowed"),
        ({**OK, "plugins": [{"id": "web"}]}, "hosted_tool_not_allowed"),
        ({**OK, "search_parameters": {"mode": "on"}}, "hosted_tool_not_allowed"),
        ({**OK, "tools": [TOOL, {"type": "web_search"}]}, "hosted_tool_not_allowed"),
        ({**OK, "tools": [{"type": "mcp", "server_url": "https://x"}]}, "hosted_tool_not_allowed"),
        ({**OK, "tools": [{"function": {}}]}, "hosted_tool_not_allowed"),
        ({**OK, "tools": [{"type": ["function"]}]}, "hosted_tool_not_allowed"),
        ({**OK, "tools": ["web_search"]}, "hosted_tool_not_allowed"),
        ({**OK, "tools": {"type": "web_search"}}, "hosted_tool_not_allowed"),
        (part(type="image_url", image_url={"url": "https://example.org/a.png"}), "remote_media_not_allowed"),
        (part(type="image_url", image_url="https://example.org/a.png"), "remote_media_not_allowed"),
        (
            {**OK, "messages": [{"content": {"type": "image_url", "image_url": {"url": "http://x"}}}]},
            "remote_media_not_allowed",
        ),
        (part(type="image_url", image_url={"url": "//example.org/a.png"}), "remote_media_not_allowed"),
        (part(type="image_url", image_url={"URL": "gs://bucket/a"}), "remote_media_not_allowed"),
        (part(type="text", text="x", image_url={"url": "http://x"}), "remote_media_not_allowed"),
        (part(type="input_audio", input_audio={"data": " https://x/a.wav"}), "remote_media_not_allowed"),
        (part(type="video_url", video_url={"url": "file:///etc/passwd"}), "remote_media_not_allowed"),
        (part(type="file", file={"file_id": "file-1"}), "remote_media_not_allowed"),
        (part(type="input_audio", input_audio={"data": " " * 99 + "https://x"}), "remote_media_not_allowed"),
        (part(type="file", file={"file_data": "HTTPS:example.org"}), "remote_media_not_allowed"),
        (part(text={"url": "http://x"}), "remote_media_not_allowed"),
        (b"", "body_not_checkable"),
        (b"[]", "body_not_checkable"),
        (b"\xef\xbb\xbf{}", "body_not_checkable"),
        ('{"model": "m"}'.encode("utf-16"), "body_not_checkable"),
    ],
)
def test_bodies_that_are_refused(body: object, expected: str) -> None:
    assert code(body) == expected


@pytest.mark.parametrize(
    ("allow", "body"),
    [
        ("hosted-tools", {**OK, "tools": [{"type": "web_search"}], "web_search_options": {}}),
        ("remote-media", part(type="image_url", image_url={"url": "https://example.org/a.png"})),
        ("background", {**OK, "background": True}),
    ],
)
def test_an_allowance_lifts_its_own_refusal_only(allow: str, body: dict[str, Any]) -> None:
    lifted = Door(models=DOOR.models, allow=frozenset({allow}))
    assert code(body) is not None
    assert code(body, lifted) is None
    assert code({**body, "model": "other"}, lifted) == "model_not_allowed"


def test_a_door_without_a_list_takes_any_model() -> None:
    assert code({**OK, "model": "anything"}, Door()) is None


@pytest.mark.parametrize("key", ["model", "models", "fallbacks", "fallback_models"])
def test_a_models_suffix_that_searches_the_web(key: str) -> None:
    body = {**OK, key: "m:Online" if key == "model" else ["m:Online"]}
    assert code(body, Door()) == "hosted_tool_not_allowed"
    assert code(body, Door(models=frozenset({"m", "m:Online"}))) == "hosted_tool_not_allowed"
    assert code(body, Door(allow=frozenset({"hosted-tools"}))) is None
    assert code({**OK, "model": "m:online2"}, Door()) is None


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Content-Type", "application/json"), ("Accept", "text/html"), ("X-Stainless-Lang", "python")),
        (("content-type", "Application/JSON; charset=UTF-8"),),
        (("Content-Type", 'application/json;charset="utf-8"'),),
        (("Content-Type", "application/vnd.api+json"),),
    ],
)
def test_headers_that_pass(headers: Headers) -> None:
    assert DOOR.check_headers(headers) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("X-HTTP-Method-Override", "DELETE"),), "header_not_allowed"),
        ((("Accept", "*/*"), ("x-original-URL", "/v1/files")), "header_not_allowed"),
        ((("x-portkey-custom-host", "http://x"),), "header_not_allowed"),
        ((("Content-Type", "application/json; charset=utf-7"),), "content_type_not_allowed"),
        ((("Content-Type", "application/json; charset=utf-8; charset=utf-16"),), "content_type_not_allowed"),
        ((("Content-Type", "application/x-www-form-urlencoded"),), "content_type_not_allowed"),
        ((("Content-Type", "multipart/form-data; boundary=x"),), "content_type_not_allowed"),
        ((("Content-Type", "text/json"),), "content_type_not_allowed"),
        (
            (("Content-Type", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")),
            "content_type_not_allowed",
        ),
    ],
)
def test_headers_that_are_refused(headers: Headers, expected: str) -> None:
    refusal = DOOR.check_headers(headers)
    assert refusal is not None
    assert refusal.code == expected
