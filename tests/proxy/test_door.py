"""The door as a whole: what it says of a request, and what lifts its refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cab_proxy.door import ALLOWANCES, Door
from cab_proxy.jsonbody import JsonBody, read_json
from cab_proxy.protocols import chat

DOOR = Door(models=frozenset({"m", "org/m"}))
OK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "see https://example.org"}]}


def code(body: object, door: Door = DOOR, protocol: str = "chat") -> str | None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    refusal = door.check_body(replace(chat.PROTOCOL, name=protocol), read_json(raw))
    return None if refusal is None else refusal.code


def test_a_call_passes() -> None:
    assert DOOR.check_target("POST", "/v1/chat/completions") is None
    assert DOOR.check_headers((("Content-Type", "application/json"),)) is None
    assert code(OK) is None


def test_each_part_can_be_refused() -> None:
    line = DOOR.check_target("POST", "/v1/files")
    model = DOOR.check_target("POST", "/v1beta/models/other:generateContent")
    header = DOOR.check_headers((("x-portkey-config", "{}"),))
    assert [problem.code for problem in (line, model, header) if problem] == [
        "path_not_allowed",
        "model_not_allowed",
        "header_not_allowed",
    ]
    assert code({**OK, "model": "other"}) == "model_not_allowed"


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"\xef\xbb\xbf{}", '{"model": "m"}'.encode("utf-16"), b'{"model": NaN}']
)
def test_bodies_that_cannot_be_checked(raw: bytes) -> None:
    assert code(raw) == "body_not_checkable"


def test_the_reason_is_told() -> None:
    refusal = DOOR.check_body(chat.PROTOCOL, JsonBody(problem="the body is too long to be checked"))
    assert refusal is not None
    assert refusal.message == "the body is too long to be checked"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model": "m", "model": "other", "messages": []}',
        b'{"model": "other", "messages": [], "model": "m"}',
        b'{"model": "m", "messages": [{"content": "", "content": []}]}',
        b'{"model": "m", "tools": [{"type": "function", "type": "web_search"}]}',
        b'{"model": "m", "mod\\u0065l": "other"}',
    ],
)
def test_a_key_that_stands_twice(raw: bytes) -> None:
    assert code(raw) == "duplicate_key"
    assert code(raw, Door(allow=ALLOWANCES)) == "duplicate_key", "nothing lifts it"


MEDIA = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
LIFTED: list[tuple[str, str, dict[str, Any]]] = [
    ("hosted-tools", "chat", {"tools": [{"type": "web_search"}], "web_search_options": {}}),
    ("hosted-tools", "messages", {"mcp_servers": [{"type": "url", "url": "https://x"}]}),
    ("hosted-tools", "gemini", {"tools": [{"googleSearch": {}}]}),
    (
        "hosted-tools",
        "responses",
        {
            "input": [
                {"type": "web_search_call", "id": "w", "action": {"type": "open_page", "url": "https://x"}},
                {"content": [{"type": "output_text", "text": "", "annotations": [{"url": "https://x"}]}]},
            ],
            "tools": [{"type": "mcp", "server_url": "https://x"}],
        },
    ),
    (
        "hosted-tools",
        "messages",
        {
            "messages": [
                {
                    "content": [
                        {"type": "server_tool_use", "input": {"url": "https://x"}},
                        {"content": [{"type": "web_search_result", "url": "https://x", "title": "x"}]},
                    ]
                }
            ],
            "tools": [{"type": "web_search_20250305", "name": "web_search"}],
        },
    ),
    ("remote-media", "chat", {"messages": [{"role": "user", "content": [MEDIA]}]}),
    ("remote-media", "gemini", {"contents": [{"parts": [{"fileData": {"fileUri": "gs://b/o"}}]}]}),
    ("background", "responses", {"background": True}),
    ("stored", "responses", {"previous_response_id": "resp_1"}),
    ("stored", "gemini", {"cachedContent": "cachedContents/c"}),
]


@pytest.mark.parametrize(("allow", "protocol", "body"), LIFTED)
def test_an_allowance_lifts_its_own_refusal_only(allow: str, protocol: str, body: dict[str, Any]) -> None:
    body = {**OK, **body}
    lifted = Door(models=DOOR.models, allow=frozenset({allow}))
    others = Door(models=DOOR.models, allow=ALLOWANCES - {allow})
    assert code(body, lifted, protocol) is None
    assert code(body, others, protocol) == code(body, DOOR, protocol) is not None
    assert code({**body, "model": "other"}, lifted, protocol) == "model_not_allowed"
    assert code({**body, "api_base": {}}, lifted, protocol) == "rerouting_not_allowed"


def test_polling_a_background_call() -> None:
    poll = ("GET", "/v1/responses/resp_1?stream=true&starting_after=7")
    refusal = DOOR.check_target(*poll)
    assert refusal is not None
    assert refusal.status == 403
    for allow in ("background", "stored"):
        assert Door(allow=frozenset({allow})).check_target(*poll) is None
    everything = Door(allow=ALLOWANCES)
    for method, path in (("DELETE", "/v1/responses/resp_1"), ("POST", "/v1/responses/resp_1/cancel")):
        assert everything.check_target(method, path) is not None


def test_a_door_without_a_list_takes_any_model() -> None:
    assert code({**OK, "model": "anything"}, Door()) is None


def test_what_can_be_allowed() -> None:
    assert sorted(ALLOWANCES) == ["background", "hosted-tools", "remote-media", "stored"]
