"""What a sweep is asked for, out of options and tables."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.endpoints import Wanted
from cab_runner.errors import UsageError
from cab_runner.sweep import config

ENDPOINT: dict[str, Any] = {
    "models": ("m",), "endpoint": "http://h/v1", "key": None, "key_env": None, "endpoint_n_concurrent": None
}  # fmt: skip


def test_the_default_endpoint_and_those_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", "secret")
    monkeypatch.delenv("CAB_KEY", raising=False)
    table = {
        "name": "other",
        "url": "https://o/v1/",
        "key_env": "OTHER",
        "models": ["x", "y"],
        "n_concurrent": 1,
    }
    found = config.endpoints_of(ENDPOINT, [table], faults=(), n_concurrent=5)
    assert found["default"].wanted == Wanted(endpoint="http://h/v1")
    assert found["default"].n_concurrent == 5
    assert found["other"].wanted == Wanted(endpoint="https://o/v1", key="secret")
    assert (found["other"].models, found["other"].n_concurrent) == (("x", "y"), 1)


def test_an_endpoint_of_the_file_never_gets_the_default_ones_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAB_KEY", "secret")
    table = {"name": "other", "url": "https://o/v1", "models": ["x"]}
    found = config.endpoints_of(ENDPOINT, [table], faults=(), n_concurrent=5)
    assert found["default"].wanted.key == "secret"
    assert found["other"].wanted.key is None


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"name": "o", "models": ["x"]}, "endpoints 1: url is missing"),
        ({"name": "o", "url": "http://o", "models": ["x"], "key": "k"}, "endpoints 1: unknown key key"),
        ({"name": "o", "url": "http://o", "models": ["m"]}, "model m is given twice"),
        ({"name": "o", "url": "http://o", "models": ["x"], "key_env": "NOPE"}, "--key-env NOPE"),
        ({"name": "default", "url": "http://o", "models": ["x"]}, "endpoint default is given twice"),
        ({"name": "o", "url": "http://o", "models": "x"}, "endpoints 1: models must be a list"),
    ],
)
def test_a_bad_endpoint_is_named(table: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        config.endpoints_of(ENDPOINT, [table], faults=(), n_concurrent=5)


def test_an_agent_by_its_command(tmp_path: Path) -> None:
    template = tmp_path / "settings.json"
    template.write_text('{"url": "{base_url}"}')
    table = {"name": "mine", "command": "mine {prompt}", "files": {".mine/settings.json": str(template)}}
    found = config.adapters_of(["bash-loop"], [table])
    assert list(found) == ["bash-loop", "mine"]
    with pytest.raises(UsageError, match="agent_commands 1: command is missing"):
        config.adapters_of([], [{"name": "mine"}])


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,9}", fullmatch=True),
        st.none()
        | st.booleans()
        | st.integers(-(2**60), 2**60)
        | st.text()
        | st.lists(st.text(), max_size=3)
        | st.floats(allow_nan=False, allow_infinity=False),
        max_size=6,
    )
)
def test_a_file_says_what_was_asked_for_and_nothing_else(values: dict[str, Any]) -> None:
    kept = {name: value for name, value in values.items() if value is not None and value is not False}
    assert tomllib.loads(config.to_toml(values)) == {k: v for k, v in kept.items() if v != []}


@pytest.mark.parametrize("text", [b"a = ", b"\xff", b"a = " + b"[" * 5000])
def test_a_file_that_is_no_toml(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "sweep.toml"
    path.write_bytes(text)
    with pytest.raises(UsageError, match="is no TOML file"):
        config.load_file(path)
