"""Servers of the tested code, seen from outside: one request a connection, everything bounded.

Reading goes on to the end of the connection, its time is for all of it, and parsing comes after:
a server that drips bytes can't hold the harness.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._errors import CheckFailedError, shown
from ._files import READ_LIMIT_BYTES


@dataclass(frozen=True, slots=True)
class Response:
    """What came out of a server."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises :class:`CheckFailedError` when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise CheckFailedError(f"the body is not JSON: {shown(self.body)}") from None


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on a port of 127.0.0.1."""

    port: int

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = 10.0,
    ) -> Response:
        """Send one request; ``path`` goes out as it stands.

        Raises :class:`CheckFailedError` when no whole HTTP response has come within ``timeout_s``.
        """
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body or method in {"POST", "PUT", "PATCH"}:
            lines.append(f"Content-Length: {len(body)}")
        try:
            raw = _exchange(self.port, "\r\n".join([*lines, "", ""]).encode() + body, timeout_s)
            return parse_response(raw, method)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CheckFailedError(
                f"{method} {path}: no whole HTTP response ({type(error).__name__}: {error})"
            ) from None


class _Received:
    """Bytes in a socket's place."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def parse_response(raw: bytes, method: str) -> Response:
    """Read a whole response. Raises ``HTTPException`` or ``ValueError`` for anything else."""
    response = http.client.HTTPResponse(
        _Received(raw),  # type: ignore[arg-type]  # makefile() is all that it calls
        method=method,
    )
    response.begin()
    body = response.read()
    return Response(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether something listens on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            # A connection from a free port to itself is made, too: TCP's simultaneous open.
            return bool(connection.getsockname() != connection.getpeername())
    except OSError:
        return False


def _exchange(port: int, request: bytes, timeout_s: float) -> bytes:
    deadline = time.monotonic() + timeout_s
    received = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
        connection.sendall(request)
        while len(received) < READ_LIMIT_BYTES:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"not done after {timeout_s:g} s")
            connection.settimeout(left_s)
            if not (chunk := connection.recv(65536)):
                break
            received += chunk
    return bytes(received)
