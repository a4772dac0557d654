"""Targets and where they go."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.errors import ConfigError
from cab_proxy.urls import BadTargetError, Upstream, check_target


@pytest.mark.parametrize(
    ("base", "target", "url"),
    [
        ("http://h/v1", "/v1/chat/completions", "http://h/v1/chat/completions"),
        ("http://h/v1/", "/v1/models?x=1", "http://h/v1/models?x=1"),
        ("http://h/v1", "/v1?x", "http://h/v1?x"),
        ("http://h/v1", "/v12/x", "http://h/v1/v12/x"),
        ("http://h/v1", "/chat/completions", "http://h/v1/chat/completions"),
        ("http://h", "/v1/chat/completions", "http://h/v1/chat/completions"),
        ("https://H.example:8443/api/v1", "/v1/x%2Fy", "https://h.example:8443/api/v1/x%2Fy"),
        ("http://h/v1", "/v1beta/models/m:generateContent", "http://h/v1beta/models/m:generateContent"),
        ("http://h/v1", "/api/chat", "http://h/api/chat"),
        ("http://h/v1", "/apix/chat", "http://h/v1/apix/chat"),
        ("http://h/x", "/api/chat", "http://h/x/api/chat"),
        ("http://[::1]:80/v1", "/v1/x", "http://[::1]:80/v1/x"),
    ],
)
def test_join(base: str, target: str, url: str) -> None:
    assert Upstream.parse(base).join(check_target(target) and target) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h/v1",
        "ftp://h",
        "http://",
        "http://u:secret@h/v1",
        "http://h/v1?key=1",
        "http://h/#a",
        "http://h:x/",
        "http://h/a b",
    ],
)
def test_upstreams_that_can_not_be_used(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Upstream.parse(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        "http://evil/v1/models",
        "//evil/v1/models",
        "evil:443",
        "*",
        "",
        "/v1/../x",
        "/v1/..",
        "/./v1",
        "/v1/%2e%2e/x",
        "/v1/%2E./x",
        "/v1/%252e%252e/x",
        "/v1/..%2fx",
        "/v1/a\\b",
        "/v1/%5c..%5cx",
        "/v1/x#y",
        "/v1/\x00",
        "/v1/ x",
        "/v1/\u00e9",
    ],
)
def test_targets_that_go_nowhere(target: str) -> None:
    with pytest.raises(BadTargetError):
        check_target(target)


@given(st.text(alphabet="/.:@?#%\\ev1252Ff-", max_size=24))
def test_no_target_leaves_the_upstream(target: str) -> None:
    try:
        check_target("/" + target)
    except BadTargetError:
        return
    parts = urlsplit(Upstream.parse("http://host:81/api/v1").join("/" + target))
    assert parts.netloc == "host:81"
    assert parts.path.startswith("/api/v1")
