"""The side towards the endpoints: connections, kept for the next call, and how they are made.

Contract: nothing here knows what a call is about. A :class:`EndpointConnection` carries one request at a
time for a :class:`Carried`, which is told of everything that comes, in order, and exactly once of its end.

Invariants
----------
* A connection that is handed out was alive a moment before: what the endpoint has closed is not used again.
* Nothing is sent twice: a request whose connection breaks before an answer is lost, and its sender told.
* Pools know origins, not credentials: connections carry no state from one request to the next.
"""

from __future__ import annotations

import asyncio
import base64
import re
import select
import socket
import ssl
import urllib.request
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast
from urllib.parse import SplitResult, unquote, urlsplit

import aiohappyeyeballs

from .exchange import Forward
from .framing import MAX_HEAD_BYTES, BadMessageError, ResponseHead, ResponseReader, request_head

_IDLE_S: Final = 3.0
"""Shorter than common servers' keep-alive, lest a call is sent into a connection just closed."""
_IDLE_TLS_S: Final = 30.0
"""What speaks TLS is mostly a front end, which keeps connections longer; and a new one costs more."""
_RDHUP: Final = getattr(select, "POLLRDHUP", 0)
_ONE_WRITE_BYTES: Final = 128 * 1024
"""Up to here head and body are put together: copying them costs less than a second system call."""


class NoConnectionError(Exception):
    """There is no way to the endpoint. The message is for the client: no password stands in it."""


class Carried(Protocol):
    """Whose request an :class:`EndpointConnection` carries."""

    def informed(self, head: ResponseHead) -> None:
        """A 1xx response has come."""
        ...

    def responded(self, head: ResponseHead | None, piece: bytes, *, ended: bool) -> None:
        """A part of the response has come: its head if it is the first, bytes of the body, its end."""
        ...

    def lost(self, reason: str) -> None:
        """The connection broke, or what came was no HTTP, before the response's end."""
        ...

    def drained(self) -> None:
        """All that was written has gone out."""
        ...


@dataclass(frozen=True, slots=True)
class Gateway:
    """An HTTP proxy on the way."""

    host: str
    port: int
    authorization: str
    """Value of Proxy-Authorization; empty without credentials."""


@dataclass(frozen=True, slots=True)
class Route:
    """How an origin is reached."""

    origin: str
    """``https://host:port`` as configured."""
    host: str
    port: int
    tls: bool
    authority: str
    """What the Host header says."""
    gateway: Gateway | None

    @classmethod
    def to(cls, origin: str) -> Route:
        """The route by this process's environment. Raises :class:`NoConnectionError`."""
        parts = urlsplit(origin)
        assert parts.hostname is not None  # urls.Upstream has seen to it
        tls = parts.scheme == "https"
        standard = 443 if tls else 80
        authority = parts.netloc.removesuffix(f":{standard}")
        return cls(origin, parts.hostname, parts.port or standard, tls, authority, _gateway(parts))


def _gateway(parts: SplitResult) -> Gateway | None:
    """The HTTP proxy that the environment names for an origin. (Credentials of .netrc are not looked at.)"""
    if urllib.request.proxy_bypass(parts.netloc):
        return None
    url = urllib.request.getproxies().get(parts.scheme)
    if not url:
        return None
    try:
        named = urlsplit(url)
        host, port = named.hostname, named.port or 80
    except ValueError:
        host, port = None, 0
    if named.scheme != "http" or not host:
        raise NoConnectionError(
            f"the HTTP proxy that {parts.scheme}_proxy names in its environment can't be used: "
            "it must look like http://host:port"
        )
    authorization = ""
    if named.username is not None:
        pair = f"{unquote(named.username)}:{unquote(named.password or '')}"
        authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return Gateway(host, port, authorization)


class EndpointConnection(asyncio.Protocol):
    """One connection to an endpoint."""

    __slots__ = (
        "_carried",
        "_idle_s",
        "_poll",
        "_pool",
        "_reader",
        "_transport",
        "_until_close",
        "idle_until",
        "route",
        "writing_blocked",
    )

    def __init__(self, pool: Pool, route: Route) -> None:
        self.route = route
        self.writing_blocked = False
        """The endpoint doesn't read as fast as it is written to."""
        self.idle_until = 0.0
        """Loop time up to which it may be used again, while it is idle."""
        self._transport: asyncio.Transport
        self._until_close = False
        """The response at hand ends with the connection."""
        self._pool = pool
        self._reader = ResponseReader()
        self._carried: Carried | None = None
        self._idle_s = _IDLE_TLS_S if route.tls else _IDLE_S
        self._poll = select.poll()

    # --- for the pool ------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Nothing has come on this idle connection, the endpoint's goodbye least of all."""
        return not self._transport.is_closing() and not self._poll.poll(0)

    def close(self) -> None:
        """Hang up; whoever is carried hears no more."""
        self._carried = None
        self._transport.abort()

    # --- for whose request it carries --------------------------------------------------------

    def send(self, carried: Carried, forward: Forward, framing: str, body: bytes) -> None:
        """Write a request, or its head and the beginning of its body."""
        self._carried = carried
        self._until_close = False
        self._reader.expect(forward.method)
        target = forward.url[len(self.route.origin) :]
        headers = forward.headers
        if self.route.gateway is not None and not self.route.tls:
            target = forward.url
            if self.route.gateway.authorization:
                headers = (*headers, ("Proxy-Authorization", self.route.gateway.authorization))
        head = request_head(forward.method, target, self.route.authority, headers, framing)
        if len(body) <= _ONE_WRITE_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)

    def write(self, data: bytes) -> None:
        """Write more of the body."""
        self._transport.write(data)

    def pause(self) -> None:
        """Read no more for now."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def release(self) -> None:
        """The response has ended: keep the connection for the next request if that can be."""
        self._carried = None
        if self._reader.keep_alive and not self.writing_blocked and not self._transport.is_closing():
            self._pool.put(self, self._idle_s)
        else:
            self._transport.abort()

    # --- asyncio.Protocol --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # so that writing_blocked is the truth
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN | _RDHUP)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        reader = self._reader
        problem = None
        try:
            reader.feed(data)
        except BadMessageError as error:
            problem = str(error)
        carried = self._carried
        if carried is None:  # it came unasked
            self._transport.abort()
            return
        if reader.informational:
            for interim in reader.informational:
                carried.informed(interim)
            reader.informational.clear()
        head, reader.head = reader.head, None
        piece = b"".join(reader.pieces)
        reader.pieces.clear()
        if head is not None:
            self._until_close = head.until_close
            if head.idle_s is not None:
                self._idle_s = max(0.0, head.idle_s - 1.0)
        ended = reader.ended
        if problem is not None and ended:  # the fault lies behind the response
            reader.keep_alive = False
        if piece or head is not None or ended:
            carried.responded(head, piece, ended=ended)
        if problem is not None and not ended:
            self._break_off(f"its response is no HTTP: {problem}")

    def eof_received(self) -> None:
        """Called by the loop, which closes the connection then."""

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        self._pool.forget(self)
        carried, self._carried = self._carried, None
        if carried is None:
            return
        if self._until_close and error is None:
            carried.responded(None, b"", ended=True)
        else:
            carried.lost("it closed the connection" if error is None else str(error) or type(error).__name__)

    def pause_writing(self) -> None:
        """Called by the loop."""
        self.writing_blocked = True

    def resume_writing(self) -> None:
        """Called by the loop."""
        self.writing_blocked = False
        if self._carried is not None:
            self._carried.drained()

    def _break_off(self, reason: str) -> None:
        carried, self._carried = self._carried, None
        self._transport.abort()
        if carried is not None:
            carried.lost(reason)


class Pool:
    """The idle connections of all origins, and the making of new ones."""

    def __init__(self, connect_timeout_s: float) -> None:
        self.connect_timeout_s = connect_timeout_s
        self._routes: dict[str, Route] = {}
        self._idle: dict[str, list[EndpointConnection]] = {}
        self._open: set[EndpointConnection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._tls: ssl.SSLContext | None = None

    def close(self) -> None:
        """Hang up everywhere."""
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in list(self._open):
            connection.close()

    def take(self, origin: str) -> EndpointConnection | None:
        """An idle connection, the one used last; ``None`` when there is none."""
        idle = self._idle.get(origin)
        now = asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()
            if connection.idle_until > now and connection.alive:
                return connection
            connection.close()
        return None

    def put(self, connection: EndpointConnection, idle_s: float) -> None:
        """Keep a connection for up to ``idle_s`` seconds."""
        loop = asyncio.get_running_loop()
        connection.idle_until = loop.time() + idle_s
        self._idle.setdefault(connection.route.origin, []).append(connection)
        if self._sweep is None:
            self._sweep = loop.call_later(_IDLE_S, self._close_expired)

    def forget(self, connection: EndpointConnection) -> None:
        """The connection is gone."""
        self._open.discard(connection)
        idle = self._idle.get(connection.route.origin, [])
        if connection in idle:
            idle.remove(connection)

    def _close_expired(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [c for idle in self._idle.values() for c in idle if c.idle_until <= now]:
            connection.close()
        waiting = any(self._idle.values())
        self._sweep = loop.call_later(_IDLE_S, self._close_expired) if waiting else None

    async def open(self, origin: str) -> EndpointConnection:
        """A new connection. Raises ``TimeoutError``, ``OSError`` and :class:`NoConnectionError`."""
        async with asyncio.timeout(self.connect_timeout_s):
            route = self._routes.get(origin)
            if route is None:
                route = self._routes[origin] = Route.to(origin)
            return await self._connect(route)

    async def _connect(self, route: Route) -> EndpointConnection:
        loop = asyncio.get_running_loop()
        first = (
            (route.host, route.port) if route.gateway is None else (route.gateway.host, route.gateway.port)
        )
        found = await loop.getaddrinfo(*first, type=socket.SOCK_STREAM)
        sock = await aiohappyeyeballs.start_connection(found, happy_eyeballs_delay=0.25)
        try:
            _set_options(sock)
            if route.gateway is not None and route.tls:
                await _ask_for_tunnel(loop, sock, route)
            making = loop.create_connection(
                lambda: EndpointConnection(self, route),
                sock=sock,
                ssl=self._context() if route.tls else None,
                server_hostname=route.host if route.tls else None,
            )
            _, connection = await cast("Coroutine[Any, Any, tuple[object, EndpointConnection]]", making)
        except BaseException:
            sock.close()
            raise
        self._open.add(connection)
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()  # SSL_CERT_FILE and SSL_CERT_DIR are read here
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


def _set_options(sock: socket.socket) -> None:
    """No waiting for more to send; and an endpoint that vanished without a word is noticed in minutes."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def _ask_for_tunnel(loop: asyncio.AbstractEventLoop, sock: socket.socket, route: Route) -> None:
    """Have an HTTP proxy connect us to the endpoint (RFC 9110, 9.3.6)."""
    assert route.gateway is not None
    place = f"[{route.host}]:{route.port}" if ":" in route.host else f"{route.host}:{route.port}"
    headers = (("Proxy-Authorization", route.gateway.authorization),) if route.gateway.authorization else ()
    await loop.sock_sendall(sock, request_head("CONNECT", place, place, headers))
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = await loop.sock_recv(sock, 4096)
        answer += part
        if not part or len(answer) > MAX_HEAD_BYTES:
            raise NoConnectionError("the HTTP proxy of its environment gave no answer")
    status = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    if status is None or not status[1].startswith(b"2"):
        said = "nonsense" if status is None else status[1].decode()
        raise NoConnectionError(f"the HTTP proxy of its environment answered {said}")
