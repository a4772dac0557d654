"""What the relay and the meter say to each other about one request.

The relay moves bytes and knows sockets; an :class:`Exchange` decides, meters and records, and knows
none. All times are seconds of one monotonic clock, taken by the relay.

Order of the calls, for one request::

    admit ─┬─► Answer                                   (recorded already, where it is recorded at all)
           └─► Forward ─► sent ─► head ─► data… ─► close
                              └─► failed ─► Answer

``client_left`` and ``client_waited`` may come at any time after ``admit``; ``client_stayed`` may take back
the former. ``close`` and ``failed`` write the record; the relay holds the client's last byte back until they
have returned. Where ``head`` gives another request, the order goes on with that one's ``sent``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Headers = tuple[tuple[str, str], ...]
"""Headers in their order on the wire, duplicates and spelling kept."""

Failure = Literal["unreachable", "timeout", "abandoned"]
"""Why there is no response: no connection or a broken one; no connection in time; given up by the
proxy, because the client had left or the proxy was told to stop."""

Ending = Literal["complete", "truncated"]
"""How a response's body ended on the wire: as its framing announced, or before."""


@dataclass(slots=True, kw_only=True)
class Head:
    """A request's head as it arrived."""

    method: str
    target: str
    """Request target, query string included, byte for byte."""
    headers: Headers
    started_at: datetime
    """UTC time at which it had arrived."""
    at: float
    """The same on the monotonic clock, in seconds."""


@dataclass(slots=True, kw_only=True)
class Received:
    """A request's body: all of it, or its beginning when it is too long to be held."""

    data: bytes
    whole: bool
    at: float
    """When its last byte (of ``data``) had arrived."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """A response of the proxy's own."""

    status: int
    body: bytes
    headers: Headers = ()


@dataclass(slots=True, kw_only=True)
class Forward:
    """The request as it goes to the endpoint."""

    method: str
    url: str
    headers: Headers
    body: bytes | None = None
    """What goes in place of the body that was received in full; ``None``: that one, unchanged."""


class Edit(Protocol):
    """What a response's body goes through on its way to the client. Pieces may be held back."""

    def feed(self, data: bytes) -> bytes:
        """What goes on, once ``data`` has come."""
        ...

    def finish(self) -> bytes:
        """What is left."""
        ...


class Exchange(Protocol):
    """One request and its response, as the relay reports them."""

    async def admit(self, head: Head, body: Received) -> Forward | Answer:
        """Decide on a request."""
        ...

    def sent(self, at: float) -> None:
        """More of the request has been written to the endpoint."""
        ...

    def head(self, status: int, headers: Sequence[tuple[str, str]], at: float) -> Forward | Edit | None:
        """The response's head has come. The response goes to the client unchanged, or through an edit; or it
        is dropped, and another request made in its place.
        """
        ...

    def head_written(self, seconds: float) -> None:
        """The response's head reached the client's socket ``seconds`` after it had come."""
        ...

    def data(self, chunk: bytes, at: float) -> bool:
        """A piece of the response's body has come, as the endpoint sent it. False: no more is wanted."""
        ...

    def client_waited(self, seconds: float) -> None:
        """The client didn't read for so long."""
        ...

    def client_left(self) -> None:
        """The client closed its connection, or its side of it."""
        ...

    def client_stayed(self) -> None:
        """It was its side only: the client has read the response to its end."""
        ...

    async def close(self, ending: Ending, at: float) -> None:
        """The response is over: write its record. Raises ``LedgerWriteError``."""
        ...

    async def failed(self, failure: Failure, reason: str, at: float) -> Answer:
        """There will be no response: write the record, give the client's answer."""
        ...
