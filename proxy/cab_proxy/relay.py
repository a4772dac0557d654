"""The relay: bytes between a client and an endpoint, unchanged.

It decides nothing: what to do with a request, and what was seen of it, is the business of an
:class:`~cab_proxy.exchange.Exchange`. One request is a :class:`Conversation`, a machine of callbacks between
a :class:`~cab_proxy.client_side.ClientConnection` and an
:class:`~cab_proxy.endpoint_side.EndpointConnection`; a task is made only where something must be waited for
that is not the next bytes.

Invariants
----------
* Bodies are never decoded, and go unchanged where the exchange asks for no other.
* A response's last byte (of a Content-Length body; else the terminal chunk, or the end of the connection) is
  written after ``Exchange.close`` has returned.
* Bytes go to the client first and to the exchange second; the last ones, which must wait for the record, go
  last.
* A response that broke off at the endpoint breaks off at the client: it never ends cleanly.
* When the client leaves, the endpoint is read on for ``grace_s`` seconds, so that the usage still comes.
* A request is never sent twice, but for another one in its place that the exchange asks for.
* Who reads slowly is written to slowly: nothing is read for which there is no room, so that a
  conversation holds a request's body and no more than a few pieces of its response.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import socket
import time
import types
from collections.abc import Callable, Coroutine, Generator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Literal, TypeVar

from .client_side import ClientConnection, Connections
from .endpoint_side import EndpointConnection, NoConnectionError, Pool
from .errors import LedgerWriteError, error_body
from .exchange import Answer, Edit, Ending, Exchange, Failure, Forward, Head, Headers, Received
from .framing import CONTINUE, LAST_CHUNK, RequestHead, ResponseHead, chunk, response_head
from .headers import response_headers

MAX_HELD_BYTES: Final = 64 * 1024 * 1024
"""Bodies of up to this size are held in memory and metered; longer ones go through as a stream."""

MAX_ALL_HELD_BYTES: Final = 512 * 1024 * 1024
"""Of all requests together. Beyond, they are turned away: who sends them may be a hostile agent."""

_LARGE_BYTES: Final = 64 * 1024
"""Last pieces of a response above this go to the client before the meter sees them."""
_WITH_CONTENT: Final = frozenset({"POST", "PUT", "PATCH"})
"""Requests of these say that they have no body, where they have none (RFC 9110, 8.6)."""
STUCK_S: Final = 2.0
"""How long a request that was given up may take to write its record and its answer."""
_DEPARTURE_S: Final = 0.25
"""How long it may take until a client that has left is known to have: about the way to it and back."""
_WAIT_S: Final = 0.001
"""A client that didn't read for longer made the call wait."""

T = TypeVar("T")

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
        self.pool = Pool(connect_timeout_s)
        self.held_bytes = 0
        """Of the requests that are being answered."""

    async def __aenter__(self) -> Relay:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.pool.close()

    async def serve(self, sock: socket.socket, make: Callable[[], Exchange]) -> Listener:
        """Answer requests on a bound socket, each with an exchange of its own."""
        listener = Listener(self, make)
        await listener.start(sock)
        return listener


class Listener:
    """One listening socket and the requests that came in by it."""

    def __init__(self, relay: Relay, make: Callable[[], Exchange]) -> None:
        self._relay = relay
        self._make = make
        self._numbers = itertools.count()
        self._busy: dict[int, Conversation] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._connections = Connections()
        self._server: asyncio.Server | None = None

    async def start(self, sock: socket.socket) -> None:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        if sock.family == socket.AF_UNIX:
            self._server = await loop.create_unix_server(self._connection, sock=sock, backlog=1024)
        else:
            self._server = await loop.create_server(self._connection, sock=sock, backlog=1024)

    async def close(self, drain_s: float) -> None:
        """Take no more connections, wait up to ``drain_s`` seconds for the requests that are being
        answered, then cut the rest; each leaves its record.
        """
        if self._server is not None:
            self._server.close()
        self._connections.closing = True
        await self._until_idle(drain_s)
        self.give_up()
        await self._until_idle(STUCK_S)
        self._connections.abort()

    def give_up(self, which: Callable[[Exchange], bool] = lambda _: True) -> None:
        """Cut the requests that are being answered: those whose exchange is meant."""
        for conversation in list(self._busy.values()):
            if which(conversation.exchange):
                conversation.give_up()

    async def _until_idle(self, seconds: float) -> None:
        if self._busy and seconds > 0:
            waiting = asyncio.ensure_future(self._idle.wait())
            await asyncio.wait([waiting], timeout=seconds)
            waiting.cancel()

    def _connection(self) -> ClientConnection:
        return ClientConnection(self._converse, self._connections)

    def _converse(self, client: ClientConnection, head: RequestHead) -> Conversation:
        number = next(self._numbers)
        self._idle.clear()
        conversation = Conversation(self._relay, client, head, self._make(), lambda: self._over(number))
        self._busy[number] = conversation
        return conversation

    def _over(self, number: int) -> None:
        self._busy.pop(number, None)
        if not self._busy:
            self._idle.set()


Phase = Literal["reading", "deciding", "connecting", "asking", "answering", "recording", "over"]


class Conversation:
    """One request and its response.

    Its phases: ``reading`` the request, ``deciding`` on it (``Exchange.admit``), ``connecting`` to and
    ``asking`` the endpoint, ``answering`` the client, ``recording`` (``Exchange.close`` or ``failed``),
    ``over``.
    """

    __slots__ = (
        "_after_drain",
        "_blocked_at",
        "_chunks",
        "_client",
        "_complete",
        "_connecting",
        "_deciding",
        "_edit",
        "_endpoint",
        "_exchange",
        "_forward",
        "_given_up",
        "_head",
        "_held",
        "_last",
        "_left",
        "_left_to_send",
        "_over",
        "_parts",
        "_phase",
        "_received",
        "_relay",
        "_request",
        "_response",
        "_timer",
        "_turn",
        "_until",
        "_whole",
    )

    def __init__(
        self,
        relay: Relay,
        client: ClientConnection,
        request: RequestHead,
        exchange: Exchange,
        over: Callable[[], None],
    ) -> None:
        self._relay = relay
        self._client = client
        self._request = request
        self._exchange = exchange
        self._over = over
        self._head = Head(
            method=request.method,
            target=request.target,
            headers=request.headers,
            started_at=datetime.now(UTC),
            at=clock(),
        )
        self._phase: Phase = "reading"
        self._turn = False
        self._parts: list[bytes] = []
        self._received = 0
        self._complete = False
        """The request has arrived in full."""
        self._whole = True
        """It was held in full."""
        self._forward: Forward | None = None
        self._deciding: asyncio.Task[Any] | None = None
        self._connecting: asyncio.Task[EndpointConnection] | None = None
        self._endpoint: EndpointConnection | None = None
        self._response: ResponseHead | None = None
        self._edit: Edit | None = None
        self._chunks = False
        """The response goes to the client in chunks."""
        self._left_to_send: int | None = None
        """Bytes of the response's body still to come, where its length is known."""
        self._held = b""
        """The end of the response, which waits for the record."""
        self._after_drain: Callable[[], None] | None = None
        """What to do once the client has read what was written."""
        self._blocked_at: float | None = None
        """When the client stopped to read."""
        self._left = False
        """The client has ended its side, at least."""
        self._given_up = False
        self._last = False
        """No other request can follow on the client's connection."""
        self._until = math.inf
        """Loop time at which it is given up."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def exchange(self) -> Exchange:
        """What decides on it."""
        return self._exchange

    # --- Turn: what the client's connection tells ---------------------------------------------

    def begin(self) -> None:
        """It may answer."""
        self._turn = True
        if self._request.upgrade == "websocket":
            self._phase = "recording"
            self._answer(_NO_WEBSOCKET, keep_alive=False)
        elif self._complete or self._received > MAX_HELD_BYTES:
            self._decide()
        elif self._request.expects_continue:
            self._client.write(CONTINUE)

    def body(self, data: bytes) -> None:
        """A piece of the request's body."""
        if self._phase in {"reading", "deciding", "connecting"}:
            self._parts.append(data)
            self._received += len(data)
            self._relay.held_bytes += len(data)
            if self._relay.held_bytes > MAX_ALL_HELD_BYTES and self._turn and self._phase == "reading":
                self._phase = "recording"
                self._answer(_TOO_MUCH, keep_alive=False)
            elif self._received > MAX_HELD_BYTES:
                self._client.pause()
                if self._turn and self._phase == "reading":
                    self._decide()
        elif self._endpoint is not None:
            self._send_on(data)

    def complete(self) -> None:
        """The request has ended."""
        self._complete = True
        if self._phase != "reading":
            if self._endpoint is not None and not self._whole:
                self._end_request()
        elif self._turn:
            self._decide()

    def cancel(self) -> None:
        """The request broke off before its end, or there is nobody to answer it any more."""
        if self._phase == "reading":
            self._end()
        else:
            self.client_left()
            if not self._complete:
                self.give_up()

    def client_left(self) -> None:
        """The client is gone, or has ended its side, which mostly means the same: read on for a while."""
        if self._phase == "over":
            return
        if not self._left:
            self._left = True
            self._exchange.client_left()
            self._limit(self._relay.grace_s)
        if self._client.gone:
            self.client_reads()

    def client_reads(self) -> None:
        """What was written to the client has gone out, or never will."""
        if self._phase == "over":
            return
        if self._blocked_at is not None:
            waited, self._blocked_at = clock() - self._blocked_at, None
            if waited > _WAIT_S:
                self._exchange.client_waited(waited)
            if self._endpoint is not None:
                self._endpoint.resume()
        proceed, self._after_drain = self._after_drain, None
        if proceed is not None:
            proceed()

    # --- the request --------------------------------------------------------------------------

    def _decide(self) -> None:
        self._phase = "deciding"
        self._whole = self._complete and self._received <= MAX_HELD_BYTES
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = [data]
        body = Received(data=data, whole=self._whole, at=clock())
        self._deciding = self._run(self._exchange.admit(self._head, body), self._decided)

    def _decided(self, decision: Forward | Answer) -> None:
        if isinstance(decision, Answer):
            self._phase = "recording"
            self._answer(decision, keep_alive=self._whole)
            return
        self._go_to_endpoint(decision)

    def _go_to_endpoint(self, forward: Forward) -> None:
        self._forward = forward
        self._phase = "connecting"
        if self._given_up:
            self._fail("abandoned", "it took too long")
            return
        scheme, _, rest = forward.url.partition("://")
        origin = f"{scheme}://{rest.partition('/')[0]}"
        endpoint = self._relay.pool.take(origin)
        if endpoint is not None:
            self._ask(endpoint)
            return
        self._connecting = asyncio.get_running_loop().create_task(self._relay.pool.open(origin))
        self._connecting.add_done_callback(self._connected)

    def _connected(self, task: asyncio.Task[EndpointConnection]) -> None:
        error = None if task.cancelled() else task.exception()
        if self._given_up or self._phase != "connecting":
            if not task.cancelled() and error is None:
                task.result().close()
            if self._phase == "connecting":
                self._fail("abandoned", "it took too long")
        elif error is None:
            self._ask(task.result())
        elif isinstance(error, TimeoutError):
            self._fail("timeout", str(error) or "it took too long")
        elif isinstance(error, OSError | NoConnectionError | ValueError):
            self._fail("unreachable", str(error) or type(error).__name__)
        else:
            self._broke(error)

    def _ask(self, endpoint: EndpointConnection) -> None:
        """Send the request, or the beginning of one that is too long to be held."""
        assert self._forward is not None
        self._phase = "asking"
        self._endpoint = endpoint
        data, self._parts = b"".join(self._parts), []
        if self._forward.body is not None:
            data = self._forward.body
        framing = ""
        if self._whole and (self._request.has_body or self._request.method in _WITH_CONTENT):
            framing = f"Content-Length: {len(data)}"
        elif not self._whole:
            length = self._request.length
            framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
            if length is None:
                data = chunk(data)
        endpoint.send(self, self._forward, framing, data)
        self._exchange.sent(clock())
        if not self._whole:
            if self._complete:
                self._end_request()
            elif not endpoint.writing_blocked:
                self._client.resume()

    def _send_on(self, data: bytes) -> None:
        """Pass on a piece of a body that is not held."""
        assert self._endpoint is not None
        self._endpoint.write(data if self._request.length is not None else chunk(data))
        self._exchange.sent(clock())
        if self._endpoint.writing_blocked:
            self._client.pause()

    def _end_request(self) -> None:
        assert self._endpoint is not None
        if self._request.length is None:
            self._endpoint.write(LAST_CHUNK)
            self._exchange.sent(clock())

    # --- Carried: what the endpoint's connection tells -----------------------------------------

    def drained(self) -> None:
        """All that was written to the endpoint has gone out."""
        if self._phase == "asking":
            self._exchange.sent(clock())
        if not self._complete:
            self._client.resume()

    def informed(self, head: ResponseHead) -> None:
        """A 1xx response, which is passed on (RFC 9110, 15.2) but for the one that we answer ourselves."""
        if head.status != 100 and self._request.http_1_1:
            self._client.write(response_head(head.status, head.reason, response_headers(head.headers)))

    def responded(self, head: ResponseHead | None, piece: bytes, *, ended: bool) -> None:
        """A part of the response."""
        at = clock()
        if head is None and not ended:  # nearly always
            if self._left_to_send is not None:
                self._left_to_send -= len(piece)
            self._write(self._framed(piece))
            self._meter(piece, at)
            return
        out = b""
        if head is not None:
            headers = response_headers(head.headers)
            instead = self._exchange.head(head.status, headers, at)
            if isinstance(instead, Forward):
                self._release_endpoint(broken=True)
                self._go_to_endpoint(instead)
                return
            self._edit = instead
            out = self._begin_response(head, headers)
        if ended:
            self._release_endpoint()
        if self._left_to_send is not None:
            self._left_to_send -= len(piece)
        if not ended or len(piece) > _LARGE_BYTES:
            # of a body that ends with its last byte, that one is kept back
            cut = len(piece) - 1 if ended and self._left_to_send == 0 else len(piece)
            self._held = piece[cut:]
            self._write(out + self._framed(piece[:cut]))
            if head is not None:
                self._exchange.head_written(clock() - at)
            self._meter(piece, at)
        else:
            self._meter(piece, at)
            if head is not None:  # but for what recording takes: the record can't tell of that
                self._exchange.head_written(clock() - at)
            self._held = out + self._framed(piece)
        if ended:
            self._end_edit(self._hold)
            self._close("complete")

    def _end_edit(self, put: Callable[[bytes], None]) -> None:
        edit, self._edit = self._edit, None
        if edit is not None and (rest := self._framed(edit.finish())):
            put(rest)

    def _hold(self, data: bytes) -> None:
        self._held += data

    def _meter(self, piece: bytes, at: float) -> None:
        if piece and not self._exchange.data(piece, at):
            self.give_up()

    def lost(self, reason: str) -> None:
        """The connection to the endpoint broke."""
        self._endpoint = None
        if self._response is None:
            self._fail("unreachable", reason)
        else:
            self._end_edit(self._write)
            self._close("truncated")

    def _begin_response(self, head: ResponseHead, headers: Headers) -> bytes:
        """The response's head as it goes to the client."""
        self._phase = "answering"
        self._response = head
        extra = []
        self._left_to_send = 0 if head.bodiless else head.length
        if self._edit is not None:
            self._left_to_send = None
            headers = tuple(field for field in headers if field[0].lower() != "content-length")
        if self._left_to_send is None and self._request.http_1_1:
            self._chunks = True
            extra.append("Transfer-Encoding: chunked")
        return response_head(head.status, head.reason, headers, *extra, *self._connection_header())

    @property
    def _keep_alive(self) -> bool:
        """The client's connection can carry another request."""
        request = self._request
        ends_by_closing = not request.http_1_1 and self._left_to_send is None
        return request.keep_alive and not self._left and not self._last and not ends_by_closing

    def _connection_header(self) -> tuple[str, ...]:
        if not self._keep_alive:
            return ("Connection: close",)
        return () if self._request.http_1_1 else ("Connection: keep-alive",)

    def _framed(self, data: bytes) -> bytes:
        """A piece of the body as it goes to the client."""
        if self._edit is not None:
            data = self._edit.feed(data)
        return chunk(data) if self._chunks and data else data

    def _write(self, data: bytes) -> None:
        """Write to the client; if it doesn't keep up, read no more from the endpoint."""
        client = self._client
        client.write(data)
        if client.writing_blocked and not client.gone and self._blocked_at is None:
            self._blocked_at = clock()
            if self._endpoint is not None:
                self._endpoint.pause()

    # --- the end ------------------------------------------------------------------------------

    def _close(self, ending: Ending) -> None:
        """Record the response, then let the client have its end."""
        if self._blocked_at is not None and not self._given_up:
            self._after_drain = lambda: self._close(ending)
            return
        self._phase = "recording"
        if ending == "truncated" or not self._left or self._client.gone:
            self._record(ending)
            return
        # it has ended its side: whether it still reads shows when it is written to
        self._send_unfinished()
        if self._client.departed():
            self._record(ending)
        else:
            asyncio.get_running_loop().call_later(_DEPARTURE_S, self._record_departure)

    def _record_departure(self) -> None:
        if not self._client.departed():
            self._exchange.client_stayed()
        self._record("complete")

    def _record(self, ending: Ending) -> None:
        task = self._run(self._exchange.close(ending, clock()), lambda _: self._closed(ending))
        if task is not None and ending == "complete":
            self._send_unfinished()

    def _send_unfinished(self) -> None:
        """Write what is held of the response but for its last byte, or its terminal chunk."""
        kept = 0 if self._chunks or self._left_to_send is None else 1
        cut = len(self._held) - kept
        data, self._held = self._held[:cut], self._held[cut:]
        if data:
            self._write(data)

    def _closed(self, ending: Ending) -> None:
        if ending == "truncated":
            self._cut()
            return
        self._client.write(self._held + (LAST_CHUNK if self._chunks else b""))
        self._finish(keep_alive=self._keep_alive)

    def _fail(self, failure: Failure, reason: str) -> None:
        """There will be no response."""
        self._phase = "recording"
        self._release_endpoint(broken=True)
        self._run(
            self._exchange.failed(failure, reason, clock()),
            lambda answer: self._answer(answer, keep_alive=self._whole),
        )

    def _answer(self, answer: Answer, *, keep_alive: bool) -> None:
        """Send a response of the proxy's own."""
        self._left_to_send = len(answer.body)
        if not keep_alive:
            self._last = True
        head = response_head(
            answer.status,
            HTTPStatus(answer.status).phrase,
            answer.headers,
            f"Content-Length: {len(answer.body)}",
            *self._connection_header(),
        )
        self._client.write(head if self._request.method == "HEAD" else head + answer.body)
        self._finish(keep_alive=self._keep_alive)

    def _cut(self) -> None:
        """End the client's connection so that it sees the response break off."""
        if self._phase == "over":
            return
        self._end()
        ends_by_closing = not self._chunks and self._left_to_send is None
        self._client.cut(self, by_reset=self._response is not None and ends_by_closing)

    def _finish(self, *, keep_alive: bool = False) -> None:
        if self._phase == "over":
            return
        self._end()
        self._client.done(self, keep_alive=keep_alive)

    def _end(self) -> None:
        self._phase = "over"
        self._relay.held_bytes -= self._received
        self._release_endpoint(broken=True)
        if self._connecting is not None:
            self._connecting.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._over()

    def _release_endpoint(self, *, broken: bool = False) -> None:
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is None:
            return
        if broken or not (self._complete or self._whole):
            endpoint.close()
        else:
            endpoint.release()

    # --- limits -------------------------------------------------------------------------------

    def give_up(self) -> None:
        """Stop now."""
        self._limit(0.0)

    def _limit(self, seconds: float) -> None:
        """Stop in so many seconds, if not before."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        if until < self._until:
            self._until = until
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        self._given_up = True
        if self._phase == "reading":
            self._cut()
        elif self._phase == "deciding" and self._deciding is not None:
            self._deciding.cancel()
        elif self._phase == "connecting" and self._connecting is not None:
            self._connecting.cancel()
        elif self._phase == "asking":
            self._fail("abandoned", "it took too long")
        elif self._phase == "answering":
            self._release_endpoint(broken=True)
            proceed, self._after_drain = self._after_drain, None
            if proceed is not None:
                proceed()
            else:
                self._close("truncated")

    # --- faults and waiting -------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, T], then: Callable[[T], None]) -> asyncio.Task[T] | None:
        """Run a coroutine, go on with its result: at once if it needs to wait for nothing, else in a task."""
        try:
            waits_for = work.send(None)
        except StopIteration as ended:
            result: T = ended.value
        except Exception as error:  # noqa: BLE001  # one call's fault ends that call only
            self._broke(error)
            return None
        else:
            task = asyncio.get_running_loop().create_task(_rest(work, waits_for))
            task.add_done_callback(lambda done: self._go_on(then, done))
            return task
        try:
            then(result)
        except Exception as error:  # noqa: BLE001  # as above
            self._broke(error)
        return None

    def _go_on(self, then: Callable[[T], None], done: asyncio.Task[T]) -> None:
        try:
            then(done.result())
        except asyncio.CancelledError:
            self._cut()
        except Exception as error:  # noqa: BLE001  # as above
            self._broke(error)

    def _broke(self, error: BaseException) -> None:
        if isinstance(error, LedgerWriteError):
            self._relay.report(str(error))
        else:
            self._relay.report(f"a request failed inside cab-proxy: {type(error).__name__}: {error}")
        self._cut()


async def _rest(work: Coroutine[Any, Any, T], waits_for: Any) -> T:
    """What is left of a coroutine that began outside a task and waits."""
    return await _resumed(work, waits_for)


@types.coroutine
def _resumed(work: Coroutine[Any, Any, T], waits_for: Any) -> Generator[Any, Any, T]:
    try:
        while True:
            try:
                sent = yield waits_for
            except BaseException as error:  # noqa: BLE001  # it is the coroutine's to handle
                waits_for = work.throw(error)
            else:
                waits_for = work.send(sent)
    except StopIteration as ended:
        result: T = ended.value
        return result


_TOO_MUCH: Final = Answer(
    status=503,
    body=error_body("cab-proxy holds too many requests at once: try again", "server_error", "too_much_held"),
    headers=(("Content-Type", "application/json"), ("Retry-After", "1")),
)

_NO_WEBSOCKET: Final = Answer(
    status=426,
    body=error_body("cab-proxy speaks HTTP only: use the HTTP API", "invalid_request_error", "no_websocket"),
    headers=(("Content-Type", "application/json"), ("Upgrade", "HTTP/1.1"), ("Connection", "Upgrade")),
)
