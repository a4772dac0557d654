"""Which endpoint, with which key: what is refused, and in which words."""

from __future__ import annotations

import pytest

from cab_runner import endpoints
from cab_runner.errors import UsageError


@pytest.mark.parametrize("text", ["sim", "local", "http://127.0.0.1:1/v1", "https://host/prefix/v1"])
def test_good_endpoints(text: str) -> None:
    assert endpoints.parse(text) == text


def test_a_trailing_slash_goes() -> None:
    assert endpoints.parse("https://host/v1/") == "https://host/v1"


@pytest.mark.parametrize("text", ["host:80/v1", "ftp://host", "http://", "simulator", ""])
def test_what_is_no_endpoint_names_all_three(text: str) -> None:
    with pytest.raises(UsageError, match=r"give a URL .*, sim or local"):
        endpoints.parse(text)


@pytest.mark.parametrize("text", ["http://host/v1\ntouch x", "http://h\x1b[31m", "http://h st"])
def test_a_url_is_one_word(text: str) -> None:
    with pytest.raises(UsageError, match="no spaces or control characters"):
        endpoints.parse(text)


@pytest.mark.parametrize("text", ["https://user:pw@host/v1", "https://host/v1?key=secret"])
def test_a_key_in_the_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        endpoints.parse(text)
    assert "pw" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_key_is_found_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAB_KEY", raising=False)
    assert endpoints.key_from(None, None) is None
    monkeypatch.setenv("CAB_KEY", "from-env")
    monkeypatch.setenv("MINE", "from-mine")
    assert endpoints.key_from(None, None) == "from-env"
    assert endpoints.key_from(None, "MINE") == "from-mine"
    assert endpoints.key_from("given", None) == "given"
    with pytest.raises(UsageError, match="not both"):
        endpoints.key_from("given", "MINE")
    with pytest.raises(UsageError, match="NOPE: no such variable"):
        endpoints.key_from(None, "NOPE")


@pytest.mark.parametrize(
    ("body", "names"),
    [(b'{"data":[{"id":"a"},{"id":"b"}]}', ["a", "b"]), (b"{}", []), (b"<html>", []), (b'{"data":[1]}', [])],
)
def test_model_lists_are_read_leniently(body: bytes, names: list[str]) -> None:
    assert endpoints._model_names(body) == names
