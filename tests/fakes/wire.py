"""Both ends of the wire in raw bytes: a client that decides on every piece it sends, an endpoint that trusts
nobody, and strict readers for what came to either.

The readers take only the plainest HTTP/1.1: what they refuse, some other party might read in another way.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

from fakes.endpoint import CUT, Gate, Site, Step
from fakes.metered import Got

HANG_S: Final = 10.0
"""A connection that hasn't ended by then hangs."""

_REQUEST_LINE: Final = re.compile(rb"([A-Z-]+) (/[\x21-\x7e]*) HTTP/1\.1")
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?")
_FIELD: Final = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?"
    rb"((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)"
)
_CHUNK_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,15}")
_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"upgrade",
    }
)

Fields = tuple[tuple[bytes, bytes], ...]


async def turns() -> None:
    """Let everybody in this loop see what was written."""
    for _ in range(3):
        await asyncio.sleep(0)


def bytewise(raw: bytes) -> list[bytes]:
    return [raw[at : at + 1] for at in range(len(raw))]


def cut_at(raw: bytes, at: int) -> list[bytes]:
    return [part for part in (raw[:at], raw[at:]) if part]


# --- a client ------------------------------------------------------------------------------------


class Client(asyncio.Protocol):
    """A client's connection. It keeps all that came, however the connection ended."""

    def __init__(self) -> None:
        self.got = b""
        self.ended = asyncio.Event()
        self._more = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.got += data
        self._more.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
        self._more.set()

    async def send(self, *parts: bytes) -> None:
        """Send each part for itself, as long as somebody is there."""
        assert self._transport is not None
        for part in parts:
            if self.ended.is_set() or self._transport.is_closing():
                return
            self._transport.write(part)
            await turns()

    def half_close(self) -> None:
        """Send no more."""
        assert self._transport is not None
        if not self.ended.is_set() and not self._transport.is_closing():
            self._transport.write_eof()

    async def until(self, ending: bytes) -> None:
        """Wait for the bytes that end with these."""
        async with asyncio.timeout(HANG_S):
            while not self.got.endswith(ending):
                assert not self.ended.is_set(), self.got
                self._more.clear()
                await self._more.wait()

    async def rest(self) -> bytes:
        """All that came, once the other side has ended the connection."""
        async with asyncio.timeout(HANG_S):
            await self.ended.wait()
        return self.got

    def leave(self) -> None:
        assert self._transport is not None
        self._transport.abort()


@contextlib.asynccontextmanager
async def client(where: str | Path) -> AsyncIterator[Client]:
    loop = asyncio.get_running_loop()
    if isinstance(where, Path):
        _, found = await loop.create_unix_connection(Client, str(where))
    else:
        url = urlsplit(where)
        assert url.hostname is not None
        assert url.port is not None
        _, found = await loop.create_connection(Client, url.hostname, url.port)
    try:
        yield found
    finally:
        found.leave()
        await found.ended.wait()


async def talk(where: str | Path, *parts: bytes, half_close: bool = False) -> bytes:
    """Send the parts; all that comes until the other side ends the connection."""
    async with client(where) as talker:
        await talker.send(*parts)
        if half_close:
            talker.half_close()
        return await talker.rest()


def answers(raw: bytes, method: str = "GET") -> list[Got]:
    """The responses in a connection's bytes, 1xx among them; the last one may be cut off."""
    found: list[Got] = []
    while raw:
        top, blank, raw = raw.partition(b"\r\n\r\n")
        assert blank, top
        line, *lines = top.split(b"\r\n")
        status_line = _STATUS_LINE.fullmatch(line)
        assert status_line, line
        status, fields = int(status_line[1]), _fields(lines)
        lengths, chunked = _framing(fields)
        if status < 200 or status in {204, 304} or method == "HEAD":
            body, whole = b"", True
            assert status not in range(100, 200) or not (lengths or chunked), top
            assert status != 204 or not (lengths or chunked), top
        elif chunked:
            body, raw, whole = _unchunk(raw)
        else:
            size = int(lengths[0]) if lengths else len(raw)
            body, raw, whole = raw[:size], raw[size:], len(raw) >= size
        found.append(Got(status, _as_text(fields), body, whole))
    return found


def _as_text(fields: Fields) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields)


def _fields(lines: Sequence[bytes]) -> Fields:
    matches = [_FIELD.fullmatch(line) for line in lines]
    assert all(matches), lines
    return tuple((match[1], match[2]) for match in matches if match)


def _framing(fields: Fields) -> tuple[list[bytes], bool]:
    """Content-Lengths, at most one, and whether the body is chunked, which excludes them."""
    lengths = [value for name, value in fields if name.lower() == b"content-length"]
    codings = [value for name, value in fields if name.lower() == b"transfer-encoding"]
    assert len(lengths) + len(codings) <= 1, fields
    assert all(value.isdigit() for value in lengths), lengths
    assert codings in ([], [b"chunked"]), codings
    return lengths, bool(codings)


def _unchunk(raw: bytes) -> tuple[bytes, bytes, bool]:
    """The body, what is behind it, and whether it is all there. Neither extensions nor trailers."""
    body = b""
    while (size_line := raw.partition(b"\r\n"))[1]:
        assert _CHUNK_SIZE.fullmatch(size_line[0]), size_line[0]
        size, raw = int(size_line[0], 16), size_line[2]
        if len(raw) < size + 2:
            return body + raw[:size], b"", False
        assert raw[size : size + 2] == b"\r\n", raw
        body, raw = body + raw[:size], raw[size + 2 :]
        if not size:
            return body, raw, True
    return body, b"", False


# --- an endpoint ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A request as it reached the endpoint."""

    method: bytes
    target: bytes
    fields: Fields
    """Without Host and framing."""
    body: bytes
    connection: int
    """Which one it came by, counted from 0."""


Reply = Callable[[Asked], Sequence[Step]]
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Witness(Site):
    """An endpoint that reads strictly: what isn't beyond doubt fails the test, at ``async with``'s end."""

    def __init__(self, reply: Reply | Sequence[Step] = (ANSWER,)) -> None:
        super().__init__()
        self._reply: Reply = reply if callable(reply) else lambda _: reply
        self.asked: list[Asked] = []
        self.connections = 0
        self.faults: list[BaseException] = []

    async def __aexit__(self, *exception: object) -> None:
        await super().__aexit__(*exception)
        assert not self.faults, self.faults

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection, self.connections = self.connections, self.connections + 1
        raw = b""
        try:
            while data := await reader.read(2**16):
                raw += data
                while (taken := self._take(raw, connection)) is not None:
                    asked, raw = taken
                    self.asked.append(asked)
                    if not await self._answer(asked, writer):
                        return
        except AssertionError as fault:
            self.faults.append(fault)

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        for step in self._reply(asked):
            if isinstance(step, Gate):
                step.reached.set_result(None)
                await asyncio.wrap_future(step.opened)
            elif step == CUT:
                return False
            else:
                assert isinstance(step, bytes)
                writer.write(step)
                await writer.drain()
                await turns()
        return True

    def _take(self, raw: bytes, connection: int) -> tuple[Asked, bytes] | None:
        """The first request in ``raw`` and what is behind it; nothing while it isn't complete."""
        top, blank, rest = raw.partition(b"\r\n\r\n")
        if not blank:
            return None
        line, *lines = top.split(b"\r\n")
        request_line = _REQUEST_LINE.fullmatch(line)
        assert request_line, line
        fields = _fields(lines)
        hosts = [value for name, value in fields if name.lower() == b"host"]
        assert hosts == [self.origin.removeprefix("http://").encode()], fields
        assert not _HOP_BY_HOP & {name.lower() for name, _ in fields}, fields
        lengths, chunked = _framing(fields)
        if chunked:
            body, rest, whole = _unchunk(rest)
        else:
            size = int(lengths[0]) if lengths else 0
            body, rest, whole = rest[:size], rest[size:], len(rest) >= size
        if not whole:
            return None
        own = tuple(
            field
            for field in fields
            if field[0].lower() not in {b"host", b"content-length", b"transfer-encoding"}
        )
        return Asked(request_line[1], request_line[2], own, body, connection), rest
