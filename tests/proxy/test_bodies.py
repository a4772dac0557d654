"""Bodies on disk."""

from __future__ import annotations

import gzip
import itertools
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.bodies import BodyFolder
from cab_proxy.errors import ConfigError
from cab_proxy.redact import REDACTED

KEY = "sk-secret-0123456789"
TEXT = b'{"echo": "Bearer sk-secret-0123456789", "more": "sk-secret-012345678 sk-secret-0123456789"}'


def test_a_body_is_private_and_readable(tmp_path: Path) -> None:
    folder = BodyFolder(tmp_path / "bodies", pytest.fail)
    file = folder.begin("c.response", "gzip", [KEY])
    file.write(gzip.compress(TEXT))
    file.close()
    path = tmp_path / "bodies" / "c.response"
    assert path.read_bytes() == TEXT.replace(KEY.encode(), REDACTED.encode())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@given(st.lists(st.integers(0, len(TEXT)), max_size=8))
def test_a_secret_is_found_however_the_body_is_split(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(TEXT)]
    with tempfile.TemporaryDirectory() as where:
        file = BodyFolder(Path(where), pytest.fail).begin("x", "", [KEY])
        for start, end in itertools.pairwise(edges):
            file.write(TEXT[start:end])
        file.close()
        assert Path(where, "x").read_bytes() == TEXT.replace(KEY.encode(), REDACTED.encode())


def test_what_can_not_be_kept_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    folder = BodyFolder(tmp_path, said.append)
    (tmp_path / "taken").touch()
    file = folder.begin("taken", "", [])
    file.write(b"x")
    file.close()
    assert said == ["a body can't be kept: File exists"]


def test_a_folder_that_can_not_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="bodies can't be kept"):
        BodyFolder(tmp_path / "file" / "x", pytest.fail)
