"""Which request lines and headers pass the door."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.door_line import header_objections, line_objections
from cab_proxy.exchange import Headers
from cab_proxy.protocols import detect

LISTED = frozenset({"m"})

CALLS = {
    "/v1/chat/completions": "chat",
    "/chat/completions": "chat",
    "/v1/completions": "completions",
    "/completions": "completions",
    "/v1/embeddings": "embeddings",
    "/embeddings": "embeddings",
    "/v1/responses": "responses",
    "/responses": "responses",
    "/v1/messages": "messages",
    "/messages": "messages",
    "/v1beta/models/m:generateContent": "gemini",
    "/v1beta/models/m:streamGenerateContent": "gemini",
    "/v1/models/m:generateContent": "gemini",
    "/v1alpha/models/m:generateContent": "gemini",
    "/models/m:generateContent": "gemini",
    "/v1beta/models/m:embedContent": "gemini",
    "/v1beta/models/m:batchEmbedContents": "gemini",
    "/api/chat": "ollama",
    "/api/generate": "ollama",
    "/api/embed": "ollama",
    "/api/embeddings": "ollama",
}
"""Open paths of model calls, and the protocol of each."""

ASIDES = [
    "/v1/messages/count_tokens",
    "/messages/count_tokens",
    "/v1/responses/input_tokens",
    "/responses/input_tokens",
    "/v1beta/models/m:countTokens",
    "/api/show",
]
"""Open paths of questions about a call or a model."""


def codes(method: str, target: str, models: frozenset[str] | None = LISTED) -> list[str]:
    return [problem.code for problem in line_objections(method, target, models)]


@pytest.mark.parametrize(("path", "name"), CALLS.items())
def test_model_calls_are_open_and_read_by_one_protocol(path: str, name: str) -> None:
    assert codes("POST", path) == []
    protocol = detect(path)
    assert protocol is not None
    assert protocol.name == name


@pytest.mark.parametrize("path", ASIDES)
def test_questions_are_open_and_no_model_calls(path: str) -> None:
    assert codes("POST", path) == []
    assert detect(path) is None


@pytest.mark.parametrize(
    "target",
    [
        "/v1/models",
        "/models",
        "/v1/models/org/model:free",
        "/v1/models/org%2Fmodel",
        "/v1beta/models",
        "/v1beta/models/m",
        "/api/tags",
        "/api/version",
    ],
)
def test_open_lists(target: str) -> None:
    assert codes("GET", target) == []


CLOSED = {
    "methods": ["GET /v1/chat/completions", "HEAD /v1/models", "POST /v1/models", "DELETE /v1/models/m",
                "post /v1/chat/completions", "PUT /v1/messages", "GET /api/chat", "HEAD /", "GET /"],
    "spellings": ["POST /v1/chat/completions/", "POST /v1/Chat/completions", "POST /v1/chat%2Fcompletions",
                  "POST /v1//chat/completions", "POST /v1/chat/completions;x", "POST /v1/x/chat/completions",
                  "POST /v1beta/models/m%3AgenerateContent", "POST /v1beta/models/a/m:generateContent",
                  "POST /v1beta/models/m:generatecontent", "GET /v1/modelsx"],
    "batches": ["POST /v1/batches", "GET /v1/batches/b", "POST /v1/messages/batches",
                "GET /v1/messages/batches/b/results", "POST /v1beta/models/m:batchGenerateContent",
                "GET /v1beta/batches/b", "POST /v1beta/models/m:asyncBatchEmbedContent"],
    "files": ["POST /v1/files", "GET /v1/files/f", "GET /v1/files/f/content", "POST /v1/uploads",
              "POST /v1beta/files", "POST /upload/v1beta/files", "GET /v1beta/files/f:download",
              "GET /v1/containers/c/files/f/content", "POST /v1/skills"],
    "stored": ["DELETE /v1/responses/resp_1", "POST /v1/responses/resp_1/cancel", "POST /v1/threads",
               "GET /v1/responses/resp_1/input_items", "GET /v1/chat/completions/c",
               "GET /v1/conversations/c", "POST /v1/responses/compact", "POST /v1beta/cachedContents",
               "GET /v1beta/cachedContents/c", "POST /v1/vector_stores/v/search",
               "POST /v1beta/interactions"],
    "other models": ["POST /v1beta/tunedModels/m:generateContent", "POST /v1/fine_tuning/jobs",
                     "POST /v1/images/generations", "POST /v1/audio/speech", "POST /v1beta/models/m:predict",
                     "POST /v1/agents/completions", "POST /v1/rerank"],
    "ollama's management": ["POST /api/pull", "POST /api/push", "POST /api/create", "POST /api/copy",
                            "DELETE /api/delete", "POST /api/blobs/sha256:0", "HEAD /api/blobs/sha256:0",
                            "GET /api/ps", "POST /api/web_search", "POST /api/web_fetch"],
}  # fmt: skip


@pytest.mark.parametrize("request_line", [line for lines in CLOSED.values() for line in lines])
def test_closed(request_line: str) -> None:
    method, path = request_line.split(" ")
    [problem] = line_objections(method, path, None)
    assert problem.code == "path_not_allowed"
    assert problem.status == 403


def test_a_stored_response_is_not_fetched() -> None:
    for path in ("/v1/responses/resp_1", "/responses/resp_1"):
        assert codes("GET", path) == ["retrieval_not_allowed"]


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent", "countTokens", "embedContent"])
def test_the_model_in_geminis_path(verb: str) -> None:
    assert codes("POST", f"/v1beta/models/other:{verb}") == ["model_not_allowed"]
    assert codes("POST", f"/v1beta/models/other:{verb}", None) == []
    assert codes("POST", f"/v1beta/models/deep-research-pro:{verb}", None) == ["hosted_tool_not_allowed"]


@pytest.mark.parametrize(
    "target",
    [
        "/v1beta/models/m:streamGenerateContent?alt=sse",
        "/v1/messages?beta=true",
        "/v1/messages/count_tokens?beta=true",
        "/chat/completions?api-version=2025-04-01-preview",
        "/v1/chat/completions?",
    ],
)
def test_open_queries(target: str) -> None:
    assert codes("POST", target) == []


def test_open_queries_of_lists() -> None:
    for query in ("client_version=0.169.0", "pageSize=50&pageToken=Cg%3D%3D", "limit=20&after_id=m"):
        assert codes("GET", f"/v1/models?{query}") == []


@pytest.mark.parametrize(
    "query",
    [
        "key=cab-x",
        "alt=media",
        "alt=proto",
        "alt=sse;alt=media",
        "alt=sse&alt=media",
        "%61lt=sse",
        "alt=s%73e",
        "Alt=sse",
        "$alt=sse",
        "fields=candidates",
        "prettyPrint=false",
        "callback=f",
        "access_token=x",
        "upload_protocol=raw",
        "uploadType=media",
        "$httpMethod=DELETE",
        "url=https://x",
        "model=other",
        "api-version=1%26x",
        "&",
        "x",
    ],
)
def test_closed_queries(query: str) -> None:
    assert set(codes("POST", f"/v1beta/models/m:generateContent?{query}")) == {"query_not_allowed"}


@given(
    st.sampled_from(["GET", "POST"]),
    st.text(st.characters(codec="ascii", exclude_characters="?"), max_size=40),
)
def test_nothing_else_is_open(method: str, path: str) -> None:
    opened = {"GET": "/v1/models", "POST": "/v1/messages"}[method]
    for target in (path, f"/{path}", f"/v1/{path}", f"/x{opened}", f"{opened}{path}x\n"):
        if codes(method, target, None) == []:
            assert method == "GET"
            assert target.startswith(("/v1/models/", "/models/")), target


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Content-Type", "application/json"), ("Accept", "text/html"), ("X-Stainless-Lang", "python")),
        (("content-type", "Application/JSON; charset=UTF-8"),),
        (("Content-Type", 'application/json;charset="utf-8"'),),
        (("Content-Type", "application/vnd.api+json"),),
        (("anthropic-beta", "claude-code-20250219,context-management-2025-06-27"), ("x-app", "cli")),
        (("x-goog-api-client", "google-genai-sdk/1.30.0"), ("x-goog-api-key", "cab-x")),
        (("originator", "codex_exec"), ("x-codex-turn-metadata", "{}"), ("thread-id", "t")),
        (("HTTP-Referer", "https://opencode.ai"), ("X-Title", "opencode"), ("x-session-id", "s")),
    ],
)
def test_headers_that_pass(headers: Headers) -> None:
    assert list(header_objections(headers)) == []


@pytest.mark.parametrize(
    "name",
    [
        "X-HTTP-Method-Override",
        "x-http-method",
        "X-Method-Override",
        "x-original-URL",
        "X-Rewrite-URL",
        "x-envoy-original-path",
        "X-Goog-Upload-Protocol",
        "X-Goog-FieldMask",
        "x-portkey-custom-host",
        "x-portkey-config",
        "Helicone-Target-URL",
        "Helicone-OpenAI-Api-Base",
        "cf-aig-authorization",
        "x-litellm-tags",
        "x-pass-anthropic-beta",
        "x-mcp-servers",
        "Model-Override",
    ],
)
def test_headers_that_make_another_request_of_it(name: str) -> None:
    [problem] = header_objections((("Accept", "*/*"), (name, "x")))
    assert problem.code == "header_not_allowed"
    assert problem.param == name


@pytest.mark.parametrize(
    "kinds",
    [
        ["application/json; charset=utf-7"],
        ["application/json; charset=utf-8; charset=utf-16"],
        ["application/x-www-form-urlencoded"],
        ["multipart/form-data; boundary=x"],
        ["text/json"],
        ["application/json", "application/x-www-form-urlencoded"],
    ],
)
def test_bodies_that_are_named_as_something_else(kinds: list[str]) -> None:
    [problem] = header_objections(tuple(("Content-Type", kind) for kind in kinds))
    assert problem.code == "content_type_not_allowed"
