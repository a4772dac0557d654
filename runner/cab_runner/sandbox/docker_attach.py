"""Docker's attach stream: one connection on which stdout and stderr take turns in frames.

The request is made here rather than by docker-py, whose time limit would end a silent job and whose
sockets stay open. A frame is 8 bytes, ``stream 0 0 0 length``, the length big-endian, then its
data.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from cab_runner.sandbox.base import SandboxError
from cab_runner.sandbox.supervise import Emit, Stream

_HEADER_BYTES: Final = 8
_STREAMS: Final[dict[int, Stream]] = {1: "stdout", 2: "stderr"}
_CHUNK_BYTES: Final = 64 * 1024


class Demultiplexer:
    """Takes the connection's bytes as they come and gives the streams' bytes as soon as they are there."""

    def __init__(self) -> None:
        self._header = b""
        self._stream: Stream | None = None
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[Stream, bytes]]:
        """The pieces in ``data``, in order. Frames of unknown streams are skipped."""
        while data:
            if self._left:
                piece, data = data[: self._left], data[self._left :]
                self._left -= len(piece)
                if self._stream is not None:
                    yield self._stream, piece
                continue
            missing = _HEADER_BYTES - len(self._header)
            self._header, data = self._header + data[:missing], data[missing:]
            if len(self._header) == _HEADER_BYTES:
                self._stream = _STREAMS.get(self._header[0])
                self._left = int.from_bytes(self._header[4:], "big")
                self._header = b""


class Attachment:
    """The output of a container, attached before it starts, so that no byte is missed."""

    def __init__(self, engine: str, api_version: str, container: str) -> None:
        """Attach to a created container; ``engine`` is the path of the engine's socket."""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(engine)
            self._socket.sendall(
                f"POST /v{api_version}/containers/{container}/attach?stdout=1&stderr=1&stream=1 HTTP/1.1\r\n"
                "Host: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode("ascii")
            )
            head, self._early = self._read_head()
            if not head.startswith((b"HTTP/1.1 101 ", b"HTTP/1.1 200 ")):
                raise SandboxError(f"Docker: cannot attach: {head.splitlines()[:1]}")
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes a reader that an engine gone astray left waiting
        self._socket.close()

    def pump(self, emit: Emit) -> None:
        """Hand on the output until the container has ended."""
        frames = Demultiplexer()
        while data := self._receive():
            for stream, piece in frames.feed(data):
                emit(stream, piece)

    def first_line(self) -> bytes:
        """The first line of stdout, or all there was when it ended without one."""
        frames, line = Demultiplexer(), b""
        while b"\n" not in line and (data := self._receive()):
            line += b"".join(piece for stream, piece in frames.feed(data) if stream == "stdout")
        return line

    def _receive(self) -> bytes:
        early, self._early = self._early, b""
        return early or self._socket.recv(_CHUNK_BYTES)

    def _read_head(self) -> tuple[bytes, bytes]:
        """The response's head, and what came with it."""
        received = b""
        while b"\r\n\r\n" not in received:
            data = self._socket.recv(_CHUNK_BYTES)
            if not data:
                raise SandboxError("Docker: the engine hung up")
            received += data
        head, _, rest = received.partition(b"\r\n\r\n")
        return head, rest
