from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.sandbox.base import SandboxError
from cab_runner.sandbox.docker_attach import Attachment, Demultiplexer


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def joined(pieces: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Neighbouring pieces of one stream as one."""
    out: list[tuple[str, bytes]] = []
    for stream, data in pieces:
        if out and out[-1][0] == stream:
            out[-1] = (stream, out[-1][1] + data)
        else:
            out.append((stream, data))
    return out


WIRE = (
    frame(1, b"out")
    + frame(2, b"err")
    + frame(1, b"")
    + frame(3, b"lost")
    + frame(1, b"x" * 300)
    + frame(2, b"end")
)
WANTED = [("stdout", b"out"), ("stderr", b"err"), ("stdout", b"x" * 300), ("stderr", b"end")]


def test_whole() -> None:
    assert list(Demultiplexer().feed(WIRE)) == WANTED


def test_byte_by_byte() -> None:
    frames = Demultiplexer()
    assert joined([piece for i in range(len(WIRE)) for piece in frames.feed(WIRE[i : i + 1])]) == WANTED


@given(st.lists(st.integers(0, len(WIRE)), max_size=6))
def test_split_anywhere(cuts: list[int]) -> None:
    frames, edges = Demultiplexer(), [0, *sorted(cuts), len(WIRE)]
    pieces = [p for a, b in pairwise(edges) for p in frames.feed(WIRE[a:b])]
    assert joined(pieces) == WANTED


def engine_that_answers(path: Path, answer: bytes) -> threading.Thread:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(1)

    def serve() -> None:
        with server:
            connection, _ = server.accept()
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(4096)
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


def test_output_that_comes_with_the_head_is_not_lost(tmp_path: Path) -> None:
    thread = engine_that_answers(tmp_path / "e", UPGRADED + WIRE)
    seen: list[tuple[str, bytes]] = []
    with Attachment(str(tmp_path / "e"), "1.41", "c1") as attachment:
        attachment.pump(lambda stream, data: seen.append((stream, data)))
    thread.join()
    assert joined(seen) == WANTED


@pytest.mark.parametrize(
    "wire", [frame(2, b"warning\n") + frame(1, b"rea") + frame(1, b"dy\n"), frame(1, b"gone")]
)
def test_first_line(tmp_path: Path, wire: bytes) -> None:
    thread = engine_that_answers(tmp_path / "e", UPGRADED + wire)
    with Attachment(str(tmp_path / "e"), "1.41", "c1") as attachment:
        assert attachment.first_line() == (b"ready\n" if b"dy" in wire else b"gone")
    thread.join()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 404 Not Found\r\n\r\n", b"HTTP/1.1 101 UPG", b""])
def test_an_engine_that_refuses(tmp_path: Path, answer: bytes) -> None:
    thread = engine_that_answers(tmp_path / "e", answer)
    with pytest.raises(SandboxError):
        Attachment(str(tmp_path / "e"), "1.41", "c1")
    thread.join()
