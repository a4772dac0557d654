"""The relay: bytes between a client and an endpoint, unchanged, on aiohttp.

The only module that moves model traffic, and the only one to replace when aiohttp goes. It decides
nothing: what to do with a request, and what was seen of it, is the business of an
:class:`~cab_proxy.exchange.Exchange`.

Invariants
----------
* Bodies are never decoded. A response's last byte (of a Content-Length body; else the terminal chunk, or
  the end of the connection) is written after ``Exchange.close`` has returned.
* A response that broke off at the endpoint breaks off at the client: it never ends cleanly.
* When the client leaves, the endpoint is read on for ``grace_s`` seconds, so that the usage still comes.
* A request is never sent twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import socket
import struct
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from .errors import LedgerWriteError, error_body
from .exchange import Answer, Ending, Exchange, Failure, Forward, Head, Headers, Received
from .headers import first, response_headers

MAX_HELD_BYTES: Final = 64 * 1024 * 1024
"""Bodies of up to this size are held in memory and metered; longer ones go through as a stream."""

_LARGE_BYTES: Final = 512 * 1024
"""Bodies above this are written piece by piece."""
_MAX_LINE_BYTES: Final = 64 * 1024
_IDLE_CLIENT_S: Final = 75.0
_IDLE_ENDPOINT_S: Final = 3.0
"""Shorter than common servers' keep-alive, lest a call is sent into a connection just closed."""
_STUCK_S: Final = 2.0
"""How long a request that was given up may take to write its record and its answer."""
_WAIT_S: Final = 0.001
"""A write that took longer waited for its reader."""
_AUTO_HEADERS: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")

_QUIET: Final = logging.getLogger("cab_proxy.relay")
"""aiohttp logs a client's bad bytes, with a traceback; whose fault it was, its 400 says already."""
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False

clock = time.perf_counter


class Relay:
    """The side towards the endpoints: one pool of connections for all listeners. An async context manager."""

    def __init__(
        self,
        report: Callable[[str], None],
        *,
        connect_timeout_s: float = 10.0,
        grace_s: float = 30.0,
    ) -> None:
        self.report = report
        self.grace_s = grace_s
        self._connect_timeout_s = connect_timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Relay:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_on_sent)
        trace.on_request_chunk_sent.append(_on_sent)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_ENDPOINT_S),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout_s),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTO_HEADERS,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_LINE_BYTES,
            trace_configs=[trace],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def request(
        self, forward: Forward, body: bytes | AsyncIterator[bytes], exchange: Exchange
    ) -> aiohttp.ClientResponse:
        """Send a request, return the head of its response. Raises aiohttp's errors, and ``OSError``."""
        assert self._session is not None
        return await self._session.request(
            forward.method,
            URL(forward.url, encoded=True),
            headers=CIMultiDict(forward.headers),
            data=io.BytesIO(body) if isinstance(body, bytes) and len(body) > _LARGE_BYTES else body or None,
            allow_redirects=False,
            proxy=_http_proxy(forward.url),
            trace_request_ctx=SimpleNamespace(exchange=exchange),
        )

    async def serve(self, sock: socket.socket, make: Callable[[], Exchange]) -> Listener:
        """Answer requests on a bound socket, each with an exchange of its own."""
        listener = Listener(self, make)
        await listener.start(sock)
        return listener


async def _on_sent(_session: object, context: SimpleNamespace, _params: object) -> None:
    context.trace_request_ctx.exchange.sent(clock())


def _http_proxy(url: str) -> str | None:
    """The HTTP proxy that the environment names for a URL. (aiohttp's own ``trust_env`` would take
    credentials from .netrc as well, and put them in the place of the key.)
    """
    target = URL(url, encoded=True)
    host = target.host or ""
    if urllib.request.proxy_bypass(f"{host}:{target.port}"):
        return None
    return urllib.request.getproxies().get(target.scheme)


class Listener:
    """One listening socket and the requests that came in by it."""

    def __init__(self, relay: Relay, make: Callable[[], Exchange]) -> None:
        self._relay = relay
        self._make = make
        self._busy: dict[asyncio.Task[web.StreamResponse], _Conversation] = {}
        self._site: web.SockSite | None = None
        self._runner = web.ServerRunner(
            web.Server(
                self._handle,
                handler_cancellation=True,
                access_log=None,
                logger=_QUIET,
                auto_decompress=False,
                keepalive_timeout=_IDLE_CLIENT_S,
                max_line_size=_MAX_LINE_BYTES,
                max_field_size=_MAX_LINE_BYTES,
            ),
            shutdown_timeout=1.0,
        )

    async def start(self, sock: socket.socket) -> None:
        """Begin to listen."""
        await self._runner.setup()
        self._site = web.SockSite(self._runner, sock, backlog=1024)
        await self._site.start()

    async def close(self, drain_s: float) -> None:
        """Take no more connections, wait up to ``drain_s`` seconds for the requests that are being
        answered, then cut the rest; each leaves its record.
        """
        if self._site is not None:
            await self._site.stop()
        if self._busy and drain_s > 0:
            await asyncio.wait(self._busy, timeout=drain_s)
        self.give_up()
        if self._busy:
            _, stuck = await asyncio.wait(self._busy, timeout=_STUCK_S)
            for task in stuck:  # its client doesn't read
                task.cancel()
        await self._runner.cleanup()

    def give_up(self) -> None:
        """Cut the requests that are being answered."""
        for conversation in self._busy.values():
            conversation.give_up()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. aiohttp cancels this when the client leaves; the conversation goes on."""
        conversation = _Conversation(self._relay, request, self._make())
        task = asyncio.create_task(conversation.run())
        self._busy[task] = conversation
        task.add_done_callback(self._done)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            conversation.client_left()
            raise
        return task.result()

    def _done(self, task: asyncio.Task[web.StreamResponse]) -> None:
        del self._busy[task]
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self._relay.report(f"a request failed inside cab-proxy: {type(error).__name__}: {error}")


class _Conversation:
    """One request and its response."""

    def __init__(self, relay: Relay, request: web.BaseRequest, exchange: Exchange) -> None:
        self._relay = relay
        self._request = request
        self._exchange = exchange
        self._until: float | None = None
        """Loop time at which to stop reading the endpoint."""
        self._deadline: asyncio.Timeout | None = None
        self._left = False

    def client_left(self) -> None:
        """Take note that the client is gone, and read on for a while."""
        if not self._left:
            self._left = True
            self._exchange.client_left()
            self._limit(self._relay.grace_s)

    def give_up(self) -> None:
        """Stop reading the endpoint now."""
        self._limit(0.0)

    async def run(self) -> web.StreamResponse:
        """From the request's head to the response's last byte."""
        request = self._request
        head = Head(
            method=request.method,
            target=request.raw_path,
            headers=_decoded(request.raw_headers),
            started_at=datetime.now(UTC),
            at=clock(),
        )
        if "websocket" in first(head.headers, "upgrade").lower():
            return await self._answer(_NO_WEBSOCKET, keep_alive=False)
        if first(head.headers, "expect").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            async with self._limited():
                body = await self._read_body()
        except TimeoutError:
            return self._cut()
        decision = await self._exchange.admit(head, body)
        if isinstance(decision, Answer):
            return await self._answer(decision, keep_alive=body.whole)
        try:
            return await self._forward(decision, body)
        except LedgerWriteError as error:
            self._relay.report(str(error))
            return self._cut()

    async def _read_body(self) -> Received:
        parts: list[bytes] = []
        size = 0
        async for part in self._request.content.iter_any():
            parts.append(part)
            size += len(part)
            if size > MAX_HELD_BYTES:
                return Received(data=b"".join(parts), whole=False, at=clock())
        return Received(data=b"".join(parts), whole=True, at=clock())

    async def _rest(self, body: Received) -> AsyncIterator[bytes]:
        yield body.data
        async for part in self._request.content.iter_any():
            yield part

    async def _forward(self, forward: Forward, body: Received) -> web.StreamResponse:
        data = body.data if body.whole else self._rest(body)
        failure: Failure
        try:
            async with self._limited() as deadline:
                upstream = await self._relay.request(forward, data, self._exchange)
        except TimeoutError as error:
            failure = "abandoned" if deadline.expired() else "timeout"
            reason = str(error) or "it took too long"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure, reason = "unreachable", _reason(error)
        else:
            async with upstream:
                return await self._pass_on(upstream, clock())
        answer = await self._exchange.failed(failure, reason, clock())
        return await self._answer(answer, keep_alive=body.whole)

    async def _pass_on(self, upstream: aiohttp.ClientResponse, at: float) -> web.StreamResponse:
        headers = response_headers(_decoded(upstream.raw_headers))
        self._exchange.head(upstream.status, headers, at)
        response = _Response(upstream.status, upstream.reason, headers)
        length = first(headers, "content-length")
        bodiless = self._request.method == "HEAD" or upstream.status in {204, 304} or length == "0"
        if not bodiless:
            await self._to_client(response.prepare(self._request))
            self._exchange.head_written(clock() - at)
        ending, last = await self._copy(upstream, response, int(length) if length.isdecimal() else None)
        await self._exchange.close(ending, clock())
        if ending == "truncated":
            return self._cut()
        if bodiless:
            await self._to_client(response.prepare(self._request))
        await self._to_client(response.write_eof(last))
        if self._left:
            raise ConnectionResetError
        return response

    async def _copy(
        self, upstream: aiohttp.ClientResponse, response: _Response, length: int | None
    ) -> tuple[Ending, bytes]:
        """Pass the body on but for its last byte, which is returned."""
        received = 0
        last = b""
        try:
            async with self._limited():
                async for chunk in upstream.content.iter_any():
                    at = clock()
                    received += len(chunk)
                    ready = chunk
                    if received == length:
                        ready, last = chunk[:-1], chunk[-1:]
                    if ready:
                        await self._to_client(response.write(ready))
                    self._exchange.data(chunk, at)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return "truncated", b""
        return "complete", last

    async def _answer(self, answer: Answer, *, keep_alive: bool) -> web.StreamResponse:
        """Send a response of the proxy's own."""
        response = web.Response(status=answer.status, body=answer.body, headers=CIMultiDict(answer.headers))
        if not keep_alive:
            response.force_close()
        await self._to_client(response.prepare(self._request))
        await self._to_client(response.write_eof())
        if self._left:
            raise ConnectionResetError
        return response

    async def _to_client(self, writing: Coroutine[Any, Any, object]) -> None:
        """Write to the client, if it is there still, and take the time that it lets us wait."""
        if self._left:
            writing.close()
            return
        start = clock()
        try:
            await writing
        except (aiohttp.ClientError, OSError):
            self.client_left()
        waited = clock() - start
        if waited > _WAIT_S:
            self._exchange.client_waited(waited)

    def _cut(self) -> web.StreamResponse:
        """End the client's connection so that it sees the response break off."""
        transport = self._request.transport
        if transport is not None:
            sock = transport.get_extra_info("socket")
            if self._request.version < aiohttp.HttpVersion11 and sock.family != socket.AF_UNIX:
                # closing is how such a response ends well: reset the connection instead
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()
            else:
                transport.close()
        raise ConnectionResetError

    @contextlib.asynccontextmanager
    async def _limited(self) -> AsyncIterator[asyncio.Timeout]:
        """A section that :meth:`_limit` can end, by ``TimeoutError``."""
        async with asyncio.timeout_at(self._until) as deadline:
            self._deadline = deadline
            try:
                yield deadline
            finally:
                self._deadline = None

    def _limit(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        self._until = until if self._until is None else min(until, self._until)
        if self._deadline is not None:
            self._deadline.reschedule(self._until)


def _reason(error: Exception) -> str:
    """An error in words for the client: not aiohttp's where they quote a URL, which can hold a password."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the HTTP proxy of its environment answered {error.status}"
    if isinstance(error, aiohttp.ClientResponseError):
        return error.message or type(error).__name__
    if isinstance(error, aiohttp.InvalidURL):
        return "its URL, or that of the HTTP proxy of its environment, can't be used"
    return str(error) or type(error).__name__


class _Response(web.StreamResponse):
    """A response with the endpoint's headers and none that aiohttp would add."""

    def __init__(self, status: int, reason: str | None, headers: Headers) -> None:
        super().__init__(status=status, reason=reason, headers=CIMultiDict(headers))
        self._theirs = {name.lower() for name, _ in headers}

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        for name in ("Content-Type", "Date", "Server"):
            if name.lower() not in self._theirs:
                self.headers.popall(name, None)


_NO_WEBSOCKET: Final = Answer(
    status=426,
    body=error_body("cab-proxy speaks HTTP only: use the HTTP API", "invalid_request_error", "no_websocket"),
    headers=(("Content-Type", "application/json"), ("Upgrade", "HTTP/1.1"), ("Connection", "Upgrade")),
)


def _decoded(raw: tuple[tuple[bytes, bytes], ...]) -> Headers:
    return tuple((_text(name), _text(value)) for name, value in raw)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:  # aiohttp writes UTF-8 only
        return raw.decode("latin-1")
