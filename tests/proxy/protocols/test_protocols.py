"""Which protocol a path is of; and no protocol falls over what a client writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.errors import Problem
from cab_proxy.protocols import PROTOCOLS, detect, detect_aside, fetching
from cab_proxy.protocols.base import Protocol


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/chat/completions", "chat"),
        ("/chat/completions", "chat"),
        ("/openai/deployments/d/chat/completions", "chat"),
        ("/api/v1/chat/completions", "chat"),
        ("/v1/completions", "completions"),
        ("/v1/embeddings", "embeddings"),
        ("/v1/responses", "responses"),
        ("/backend-api/codex/responses", "responses"),
        ("/v1/responses/compact", "responses"),
        ("/v1/messages", "messages"),
        ("/anthropic/v1/messages", "messages"),
        ("/v1beta/models/gemini-2.5-pro:generateContent", "gemini"),
        ("/v1/models/m:streamGenerateContent", "gemini"),
        ("/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent", "gemini"),
        ("/api/chat", "ollama"),
        ("/api/generate", "ollama"),
        ("/api/embeddings", "ollama"),
        ("/v1/chat/completion%73", "chat"),
        ("/v1/chat//completions//", "chat"),
        ("/v1//messages;v=1", "messages"),
    ],
)
def test_a_path_is_of_one_protocol(path: str, name: str) -> None:
    if not {"%", ";"} & set(path) and "//" not in path:
        assert [protocol.name for protocol in PROTOCOLS if protocol.path.search(path)] == [name]
    protocol = detect(path)
    assert protocol is not None
    assert protocol.name == name


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models",
        "/v1/messages/count_tokens",
        "/v1/messages/batches",
        "/v1/threads/t/messages",
        "/v1/responses/input_tokens",
        "/v1/responses/resp_1/cancel",
        "/v1beta/models/m:countTokens",
        "/v1beta/models/m:batchGenerateContent",
        "/v1/chat/completions/x",
        "/v1/files",
        "/api/pull",
        "/",
    ],
)
def test_what_is_no_model_call(path: str) -> None:
    assert detect(path) is None


def test_what_fetches_a_response() -> None:
    found = fetching("/v1/responses/resp_abc-1")
    assert found is not None
    assert (found[0].name, found[1]) == ("responses", "resp_abc-1")
    assert fetching("/v1/responses/resp_1/input_items") is None
    assert fetching("/v1/models/m") is None


WORDS = """
model messages input prompt contents system instructions tools functions role content type text name parts
tool_calls function arguments output reasoning effort stream stream_options n parameters schema
generationConfig functionDeclarations systemInstruction functionCall args options max_tokens input_schema
response_format json_schema source thinking summary cache_control num_predict format images id
"""
KEYS = st.sampled_from(WORDS.split())
SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats(allow_nan=False) | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
ODD: list[Any] = [{}, [], [[]], {"role": [], "type": {}, "content": [{"type": []}]}, 3, "x", None]


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
@pytest.mark.parametrize("odd", [*ODD, *([value] for value in ODD)])
def test_no_odd_value_raises(protocol: Protocol, odd: Any) -> None:
    for key in WORDS.split():
        protocol.read_request({key: odd}, "/v1/x")
        protocol.read_prompt({key: odd})


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
@given(st.dictionaries(KEYS, VALUES, max_size=8))
def test_no_request_raises(protocol: Protocol, body: dict[str, Any]) -> None:
    protocol.read_request(body, "/v1beta/models/m:generateContent")
    prompt = protocol.read_prompt(body)
    for text in (*prompt.system, *prompt.tools, *prompt.messages):
        assert isinstance(text, str)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_every_protocol_says_what_is_wrong(protocol: Protocol) -> None:
    problem = Problem(code="model_not_allowed", message="model x is not listed", param="model")
    told = json.loads(protocol.error_body(problem))
    assert "model x is not listed" in json.dumps(told["error"])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/messages/count_tokens", "messages"),
        ("/v1/responses/input_tokens", "responses"),
        ("/v1beta/models/m:countTokens", "gemini"),
        ("/api/show", "ollama"),
        ("/v1/messages", None),
        ("/v1/files", None),
    ],
)
def test_what_stands_beside_the_calls(path: str, name: str | None) -> None:
    aside = detect_aside(path)
    assert (aside and aside.name) == name
