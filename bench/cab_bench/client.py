"""A client that costs little: one blocking keep-alive connection, requests as ready bytes."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from typing import Final, Self

from .wire import PATH

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)\r\n", re.IGNORECASE)
_READ_BYTES: Final = 262_144


def request(port: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """A POST of a chat request, as it goes over the wire."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{lines}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def complete(answer: bytes) -> bool:
    """Whether these bytes are a whole response."""
    end = answer.find(b"\r\n\r\n") + 4
    if end == 3:
        return False
    found = _LENGTH.search(answer[:end])
    if found is not None:
        return len(answer) >= end + int(found[1])
    return answer.endswith(b"\r\n0\r\n\r\n")


class Connection:
    """Use it as a context manager. Raises ``OSError`` when the other side breaks off."""

    def __init__(self, port: int, timeout_s: float = 60.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Write it all."""
        self._socket.sendall(data)

    def read(self) -> bytes:
        """What is there; at least one byte."""
        data = self._socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionError("the connection was closed within the response")
        return data

    def ask(self, data: bytes) -> bytes:
        """One request, and its whole response."""
        self._socket.sendall(data)
        answer = self.read()
        while not complete(answer):
            answer += self.read()
        return answer

    def first(self, data: bytes) -> None:
        """One request; returns once the first event of its stream is there, and leaves the rest unread."""
        self._socket.sendall(data)
        self._answer = self.read()
        while b"data:" not in self._answer:
            self._answer += self.read()

    def rest(self) -> bytes:
        """The response of which :meth:`first` has read the beginning."""
        while not complete(self._answer):
            self._answer += self.read()
        return self._answer
