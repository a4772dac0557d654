"""Credentials in headers and queries."""

from __future__ import annotations

import pytest

from cab_proxy.credentials import secrets_in, with_key, without_secrets


def test_credentials() -> None:
    headers = (("AUTHORIZATION", "bearer  k1"), ("X-Api-Key", "k2"), ("api-key", "k3"), ("X", "k4"))
    assert secrets_in(headers) == ("k1", "k2", "k3")
    assert with_key(headers, "real") == (
        ("AUTHORIZATION", "Bearer real"),
        ("X-Api-Key", "real"),
        ("api-key", "real"),
        ("X", "k4"),
    )
    assert with_key(headers, None) == (("X", "k4"),)
    assert with_key((("X", "1"),), "real") == (("X", "1"), ("Authorization", "Bearer real"))
    assert secrets_in((("Authorization", "Basic abc"),)) == ("Basic abc",)


@pytest.mark.parametrize(
    ("target", "secrets", "clean"),
    [
        ("/v1beta/models/m:generateContent", (), "/v1beta/models/m:generateContent"),
        ("/x?alt=sse", (), "/x?alt=sse"),
        ("/x?key=k1", ("k1",), "/x"),
        ("/x?alt=sse&key=k%2B1&b=", ("k+1",), "/x?alt=sse&b="),
        ("/x?Key=a&%6bey=b&access_token=c", ("a", "b", "c"), "/x"),
        ("/x?keys=1&&a%3D=2", (), "/x?keys=1&&a%3D=2"),
    ],
)
def test_credentials_in_a_query(target: str, secrets: tuple[str, ...], clean: str) -> None:
    assert secrets_in((), target) == secrets
    assert without_secrets(target) == clean


def test_a_key_without_a_place_gets_its_protocols() -> None:
    assert with_key((), "real", "x-goog-api-key") == (("x-goog-api-key", "real"),)
    assert with_key((), "real") == (("Authorization", "Bearer real"),)
