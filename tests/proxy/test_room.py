"""Room kept on a disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cab_proxy import room


def test_room_is_kept_beyond_the_end_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    with path.open("r+b") as file:
        if not room.keep(file.fileno(), 10, 1_000_000):
            pytest.skip("this file system keeps no room")
        assert path.stat().st_size == 10
        assert path.stat().st_blocks * 512 >= 1_000_000
        os.ftruncate(file.fileno(), 10)
        assert path.stat().st_blocks * 512 < 1_000_000


def test_where_it_can_not_be_kept_there_is_a_look_at_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_libc_fallocate", lambda: None)
    with (tmp_path / "file").open("wb") as file:
        assert room.keep(file.fileno(), 0, 1) is False
        assert os.fstat(file.fileno()).st_blocks == 0
        with pytest.raises(OSError) as caught:
            room.keep(file.fileno(), 0, 2**62)
    assert caught.value.errno == errno.ENOSPC


def test_what_is_no_file_has_no_room() -> None:
    with pytest.raises(OSError) as caught:
        room.keep(-1, 0, 1)
    assert caught.value.errno == errno.EBADF
