"""The side towards the clients: listening sockets, connections, and the order of what comes on them.

Contract: nothing here knows what a request is about. A :class:`ClientConnection` reads requests, each of
which becomes a :class:`Turn`, and lets the turns answer one after the other (RFC 9112, 9.3.2: pipelined
requests are answered in order).

Whether a client that has ended its side has left can't be told at once: over TCP, leaving and keeping
one half open look the same until something is written. ``departed`` looks again.
"""

from __future__ import annotations

import asyncio
import select
import socket
import struct
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol, cast

from .errors import error_body
from .framing import BadMessageError, RequestHead, RequestReader, response_head

_IDLE_S: Final = 75.0
_SWEEP_S: Final = 15.0
_LINGER_S: Final = 2.0
"""How long a client may go on sending what nobody reads, so that it gets to see the answer to it."""
_TCP_CLOSE_WAIT: Final = 8
"""State of a connection (linux/tcp_states.h) whose client has ended its side and not reset it."""


class Turn(Protocol):
    """A request on its way, as its connection sees it."""

    def body(self, data: bytes) -> None:
        """A piece of the request's body."""
        ...

    def complete(self) -> None:
        """The request has ended."""
        ...

    def begin(self) -> None:
        """It may answer: the requests before it are answered."""
        ...

    def client_left(self) -> None:
        """The client is gone, or has at least ended its side."""
        ...

    def client_reads(self) -> None:
        """What was written has gone out."""
        ...

    def cancel(self) -> None:
        """The request broke off before its end."""
        ...


class Connections:
    """The open connections of one listening socket."""

    def __init__(self) -> None:
        self.closing = False
        """No connection stays open for another request."""
        self._open: set[ClientConnection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    def add(self, connection: ClientConnection) -> None:
        """A client has connected."""
        self._open.add(connection)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(_SWEEP_S, self._close_idle)

    def discard(self, connection: ClientConnection) -> None:
        """A client's connection has ended."""
        self._open.discard(connection)

    def abort(self) -> None:
        """Hang up on everyone."""
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in list(self._open):
            connection.abort()

    def _close_idle(self) -> None:
        loop = asyncio.get_running_loop()
        for connection in list(self._open):
            connection.close_if_idle(loop.time() - _IDLE_S)
        self._sweep = loop.call_later(_SWEEP_S, self._close_idle) if self._open else None


class ClientConnection(asyncio.Protocol):
    """One connection of a client."""

    __slots__ = (
        "_bad",
        "_connections",
        "_deaf",
        "_ended",
        "_hung_up",
        "_incoming",
        "_make_turn",
        "_paused",
        "_reader",
        "_transport",
        "_turns",
        "gone",
        "idle_since",
        "writing_blocked",
    )

    def __init__(
        self, make_turn: Callable[[ClientConnection, RequestHead], Turn], connections: Connections
    ) -> None:
        self.writing_blocked = False
        """The client doesn't read as fast as it is written to."""
        self.gone = False
        self.idle_since: float | None = None
        """Loop time since which there is no request; ``None`` while there is one."""
        self._transport: asyncio.Transport
        self._make_turn = make_turn
        self._connections = connections
        self._reader = RequestReader(self)
        self._turns: deque[Turn] = deque()
        """The first one answers."""
        self._incoming: Turn | None = None
        """The one whose body is being read."""
        self._bad: BadMessageError | None = None
        """To be answered after the turns: nothing is read any more."""
        self._deaf = False
        """What comes is thrown away."""
        self._hung_up = False
        """Nothing is written any more either."""
        self._ended = False
        """The client sends no more."""
        self._paused = False

    # --- for the turns -----------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes, unless the client is gone."""
        if not self.gone and not self._hung_up:
            self._transport.write(data)

    def pause(self) -> None:
        """Read no more of the request's body for now."""
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._paused and not self._ended and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def departed(self) -> bool:
        """Whether a client that has ended its side is known to have left altogether."""
        if self.gone or self._transport.is_closing():
            return True
        sock: socket.socket = self._transport.get_extra_info("socket")
        if sock.family == socket.AF_UNIX:
            poll = select.poll()
            poll.register(sock.fileno(), 0)
            return any(event & select.POLLHUP for _, event in poll.poll(0))
        if not hasattr(socket, "TCP_INFO"):
            return False
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _TCP_CLOSE_WAIT

    def done(self, turn: Turn, *, keep_alive: bool) -> None:
        """A turn has written its answer: it is the next one's."""
        self._forget(turn)
        if self._incoming is turn:  # it was answered before its end
            self._incoming = None
            self._hang_up(linger=True)
        elif not keep_alive:
            self._hang_up()
        elif self._turns:  # soon: a thousand turns that answer at once would call each other
            asyncio.get_running_loop().call_soon(self._begin_next)
        elif self._bad is not None:
            self._answer_bad(self._bad)
        elif self._connections.closing or self._ended:
            self._hang_up()
        else:
            self.idle_since = asyncio.get_running_loop().time()
            self.resume()

    def cut(self, turn: Turn, *, by_reset: bool) -> None:
        """End the connection so that the client sees the response break off. ``by_reset``: closing it
        is how such a response ends well.
        """
        self._forget(turn)
        self._deaf = self._hung_up = True
        self._cancel_all()
        if self.gone:
            return
        sock: socket.socket = self._transport.get_extra_info("socket")
        if by_reset and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()

    # --- for the listener --------------------------------------------------------------------

    def close_if_idle(self, since: float) -> None:
        """Hang up if there has been no request since then (loop time)."""
        if self.idle_since is not None and self.idle_since <= since:
            self._transport.close()

    def abort(self) -> None:
        """Hang up."""
        self._transport.abort()

    # --- RequestSink -------------------------------------------------------------------------

    def request_began(self, head: RequestHead) -> None:
        """Called by the reader."""
        if self._hung_up:  # in the midst of what is being read
            return
        self.idle_since = None
        turn = self._incoming = self._make_turn(self, head)
        self._turns.append(turn)
        if len(self._turns) == 1:
            turn.begin()
        else:
            self.pause()

    def request_data(self, data: bytes) -> None:
        """Called by the reader."""
        if self._incoming is not None:
            self._incoming.body(data)

    def request_ended(self) -> None:
        """Called by the reader."""
        turn, self._incoming = self._incoming, None
        if turn is not None:
            turn.complete()

    # --- asyncio.Protocol --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # so that writing_blocked is the truth
        self.idle_since = asyncio.get_running_loop().time()
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._deaf:
            return
        try:
            self._reader.feed(data)
        except BadMessageError as error:
            self._deaf = True
            self.idle_since = None
            if self._incoming is not None:
                broken, self._incoming = self._incoming, None
                self._forget(broken)
                broken.cancel()
            if self._turns:
                self._bad = error
            else:
                self._answer_bad(error)

    def eof_received(self) -> bool:
        """Called by the loop: the client sends no more."""
        self._ended = True
        if self._incoming is not None or not self._turns:
            return False
        for turn in list(self._turns):
            turn.client_left()
        return not self.gone

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Called by the loop."""
        self.gone = True
        self.idle_since = None
        self._connections.discard(self)
        if self._turns and self._turns[0] is not self._incoming:
            self._turns.popleft().client_left()
        self._cancel_all()

    def pause_writing(self) -> None:
        """Called by the loop."""
        self.writing_blocked = True

    def resume_writing(self) -> None:
        """Called by the loop."""
        self.writing_blocked = False
        if self._turns:
            self._turns[0].client_reads()

    def _answer_bad(self, error: BadMessageError) -> None:
        body = error_body(
            f"this is not a request that can be passed on: {error}", "invalid_request_error", "bad_request"
        )
        self.write(
            response_head(
                error.status,
                HTTPStatus(error.status).phrase,
                (("Content-Type", "application/json"), ("Content-Length", str(len(body)))),
                "Connection: close",
            )
            + body
        )
        self._hang_up(linger=True)

    def _forget(self, turn: Turn) -> None:
        if turn in self._turns:
            self._turns.remove(turn)

    def _begin_next(self) -> None:
        if self._turns:
            self._turns[0].begin()
        if len(self._turns) == 1:
            self.resume()

    def _hang_up(self, *, linger: bool = False) -> None:
        """Close. With ``linger``, so that the client gets to read the answer: closing with bytes unread
        would reset the connection, and the answer with it.
        """
        self._deaf = self._hung_up = True
        self._cancel_all()
        if self.gone:
            return
        if self._ended or not linger:
            self._transport.close()
            return
        self._transport.write_eof()
        self.resume()
        asyncio.get_running_loop().call_later(_LINGER_S, self._transport.close)

    def _cancel_all(self) -> None:
        """Drop the requests that won't be answered."""
        self._incoming = None
        while self._turns:
            self._turns.popleft().cancel()
