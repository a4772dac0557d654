"""HTTP/1.1 messages from bytes and to bytes (RFC 9112): llhttp's parser, and what it lets through refused.

Contract: no sockets, no clock. A reader is fed a connection's bytes in any pieces and comes to the same
messages. What it can't vouch for it refuses with :class:`BadMessageError`, after which it reads no more:
two parties that disagree about where a message ends are how requests are smuggled. Header text is Latin-1,
which maps every byte to one character, so that what is read is written back byte for byte.

The parser sees whole heads only, one message at a time. So its first line can be looked at as it came
(llhttp reads ``GET  / RTSP/1.0`` as HTTP), and memory is bounded: a head, and a body's chunk extensions and
trailers, may have ``MAX_HEAD_BYTES``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import httptools

from .exchange import Headers

MAX_HEAD_BYTES: Final = 64 * 1024

LAST_CHUNK: Final = b"0\r\n\r\n"
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP/(\d\.\d)\r\n")
_REQUEST_START: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]|\r\Z")
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] [1-9]\d\d(?: ([\t\x20-\x7e\x80-\xff]*))?\r?\n")
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::\d*)?", re.ASCII)
"""RFC 9110, 7.2 with RFC 3986's host."""
_NOTED: Final = frozenset({"host", "content-length", "transfer-encoding", "upgrade", "expect", "keep-alive"})
"""Headers that say something about the message or its connection; of the others nothing is looked at."""


class BadMessageError(ValueError):
    """Bytes that are no HTTP/1.1 message, or an ambiguous one."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status
        """What to answer where they were a request."""


@dataclass(slots=True)
class RequestHead:
    """A request's head."""

    method: str
    target: str
    headers: Headers
    http_1_1: bool
    """Rather than HTTP/1.0."""
    keep_alive: bool
    """The client may send another request on this connection."""
    length: int | None
    """Of the body, in bytes, where a Content-Length says it."""
    chunked: bool
    upgrade: str
    """The protocol that it would rather speak, in lower case; empty where it names none."""
    expects_continue: bool

    @property
    def has_body(self) -> bool:
        """A body is announced, if an empty one."""
        return self.chunked or self.length is not None


@dataclass(slots=True)
class ResponseHead:
    """A response's head."""

    status: int
    reason: str
    headers: Headers
    length: int | None
    """Of the body, in bytes, where a Content-Length says it."""
    chunked: bool
    bodiless: bool
    """There is no body, whatever the headers say."""
    idle_s: float | None
    """How long the server keeps the connection open for a next request, where Keep-Alive says it."""

    @property
    def until_close(self) -> bool:
        """The body ends with the connection."""
        return not (self.bodiless or self.chunked or self.length is not None)


class RequestSink(Protocol):
    """Who is told what a :class:`RequestReader` reads."""

    def request_began(self, head: RequestHead) -> None:
        """A request's head is complete."""
        ...

    def request_data(self, data: bytes) -> None:
        """A piece of its body."""
        ...

    def request_ended(self) -> None:
        """Its body is complete."""
        ...


class _Reader:
    """What both directions have in common: a head is gathered, then a body goes to the parser as it comes."""

    __slots__ = (
        "_gathered",
        "_in_body",
        "_moved",
        "_noted",
        "_problem",
        "_raw",
        "_stalled_bytes",
    )

    _parser: httptools.HttpRequestParser | httptools.HttpResponseParser

    def __init__(self) -> None:
        self._gathered = b""
        """The beginning of a head."""
        self._raw = b""
        """The head that is being parsed."""
        self._noted: list[tuple[str, str]] = []
        """Those of its headers that :data:`_NOTED` names, their names in lower case."""
        self._in_body = False
        self._moved = False
        """The bytes at hand led to something: a piece of a body, an end."""
        self._stalled_bytes = 0
        """Read of a body's framing since something last came of it; the parser may hold them."""
        self._problem: BadMessageError | None = None

    def _gather(self, data: bytes) -> tuple[bytes, bytes]:
        """A whole head and what comes behind it; the head is empty while it is not whole."""
        searched = max(0, len(self._gathered) - 3)
        data = self._gathered + data if self._gathered else data
        found = _HEAD_END.search(data, searched)
        size = len(data) if found is None else found.end()
        if size > MAX_HEAD_BYTES:
            raise BadMessageError(f"the head is longer than {MAX_HEAD_BYTES} bytes", 431)
        if found is None:
            self._gathered = data
            return b"", b""
        self._gathered = b""
        return data[:size], data[size:]

    def _parse(self, data: bytes) -> None:
        """Have the parser read. Raises :class:`BadMessageError`."""
        self._moved = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # the message went no further than its head, which ``data`` was
        except httptools.HttpParserError as error:
            raise self._problem or BadMessageError(str(error) or type(error).__name__) from None
        if self._moved:
            self._stalled_bytes = 0
            return
        self._stalled_bytes += len(data)
        if self._stalled_bytes > MAX_HEAD_BYTES:
            raise BadMessageError("chunk extensions or trailers are too long")

    def _refuse(self, reason: str, status: int = 400) -> BadMessageError:
        """To be raised in a callback, out of which the parser lets no exception come as it is."""
        self._problem = BadMessageError(reason, status)
        return self._problem

    def _read_headers(self) -> Headers:
        """The headers of a head that the parser has found right: so lines are all that there is to split."""
        headers: list[tuple[str, str]] = []
        self._noted = []
        for line in self._raw.decode("latin-1").split("\n")[1:-2]:
            name, _, value = line.partition(":")
            value = value.strip(" \t\r")
            headers.append((name, value))
            lower = name.lower()
            if lower in _NOTED:
                self._noted.append((lower, value))
        return tuple(headers)

    def _framing(self) -> tuple[int | None, bool]:
        """The body's length, and whether it is chunked. Raises :class:`BadMessageError`."""
        length: int | None = None
        chunked = False
        for name, value in self._noted:
            if name == "content-length":
                if length is not None or not (value.isdecimal() and value.isascii() and len(value) < 19):
                    raise self._refuse("Content-Length is not one number")
                length = int(value)
            elif name == "transfer-encoding":
                if chunked or value.lower() != "chunked":
                    raise self._refuse("Transfer-Encoding is not chunked alone")
                chunked = True
        return length, chunked


class RequestReader(_Reader):
    """Reads what a client sends. Strict."""

    __slots__ = (
        "_blank_bytes",
        "_chunked",
        "_closed",
        "_head",
        "_left",
        "_line",
        "_muted",
        "_parser",
        "_sink",
        "_switched",
        "_tail",
    )

    def __init__(self, sink: RequestSink) -> None:
        super().__init__()
        self._sink = sink
        self._line: re.Match[bytes]
        self._left = 0
        """Bytes of the body still to come, where its length is known."""
        self._chunked = False
        self._tail = b""
        """The last bytes read of a chunked body."""
        self._blank_bytes = 0
        """Of empty lines before a request."""
        self._closed = False
        """The client announced its last request, and has sent it."""
        self._head: RequestHead | None = None
        self._switched = False
        """The parser takes the body for another protocol."""
        self._muted = False
        """The head at hand is our own, fed to tell the parser a body's framing."""
        self._parser: httptools.HttpRequestParser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """Read on. Raises :class:`BadMessageError`; what was complete before has been told."""
        while data and not self._closed:
            if self._chunked:
                data = self._read_chunks(data)
                continue
            if self._left:
                piece, data = data[: self._left], data[self._left :]
                self._left -= len(piece)
                self._parse(piece)
            else:
                data = self._read_head(data)

    def _read_head(self, data: bytes) -> bytes:
        if self._gathered == b"\r":
            self._gathered, data = b"", b"\r" + data
        if not self._gathered:
            data = self._skip_blank_lines(data)
        raw, rest = self._gather(data)
        if not raw:
            if self._gathered and not _REQUEST_START.match(self._gathered):
                raise BadMessageError("this is no HTTP")  # TLS, say: no end of a head would ever come
            return b""
        self._blank_bytes = 0
        line = _REQUEST_LINE.match(raw)
        if line is None:
            raise BadMessageError("its first line is not METHOD TARGET HTTP/1.1")
        if line[3] not in {b"1.1", b"1.0"}:
            raise BadMessageError(f"HTTP/{line[3].decode()} is not spoken here", 505)
        self._raw, self._line = raw, line
        self._parse(raw)
        if self._switched and self._head is not None:
            self._ignore_upgrade(self._head)
        return rest

    def _skip_blank_lines(self, data: bytes) -> bytes:
        """RFC 9112, 2.2: there may be some before a request."""
        blank = _BLANK_LINES.match(data)
        if blank is None:
            return data
        rest = data[blank.end() :]
        self._blank_bytes += len(data) - len(rest)
        if self._blank_bytes > MAX_HEAD_BYTES:
            raise BadMessageError("empty lines, and no request")
        return rest

    def _read_chunks(self, data: bytes) -> bytes:
        """Read on up to the next empty line, where the message may end; what is behind it comes back."""
        end = (self._tail + data[:3]).find(_EMPTY_LINE) - len(self._tail)
        if end < -len(self._tail):
            end = data.find(_EMPTY_LINE)
            end = len(data) if end < 0 else end
        end += len(_EMPTY_LINE)
        piece, rest = data[:end], data[end:]
        self._tail = (self._tail + piece)[-3:] if len(piece) < 3 else piece[-3:]
        self._parse(piece)
        if not self._in_body:
            self._chunked = False
            self._parser = httptools.HttpRequestParser(self)  # this one heeds trailers: Connection, say
        return rest

    def _ignore_upgrade(self, head: RequestHead) -> None:
        """What follows a request with an Upgrade header, llhttp takes for the other protocol. We upgrade
        to none (RFC 9110, 7.8 lets us), so a new parser reads on, told how the body is framed.
        """
        self._parser = httptools.HttpRequestParser(self)
        self._switched = False
        framing = "Transfer-Encoding: chunked" if head.chunked else f"Content-Length: {head.length}"
        self._muted = True
        try:
            self._parse(f"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n".encode())
        finally:
            self._muted = False

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._moved = True
        if self._muted:
            return
        head = self._head = self._read_request()
        self._in_body = True
        self._left = head.length or 0
        self._chunked, self._tail = head.chunked, b""
        self._switched = head.has_body and self._parser.should_upgrade()
        self._sink.request_began(head)

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        self._moved = True
        self._sink.request_data(data)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._moved = True
        if self._switched:  # the body is still to come
            return
        self._in_body = False
        self._closed = self._head is None or not self._head.keep_alive
        self._sink.request_ended()

    def _read_request(self) -> RequestHead:
        method, target, version = (part.decode("latin-1") for part in self._line.groups())
        headers = self._read_headers()
        http_1_1 = version == "1.1"
        length, chunked = self._framing()
        if chunked and length is not None:
            raise self._refuse("Content-Length beside Transfer-Encoding")
        if chunked and not http_1_1:
            raise self._refuse("HTTP/1.0 has no chunks")
        hosts: list[str] = []
        upgrade = expect = ""
        for name, value in self._noted:
            if name == "host":
                hosts.append(value)
            elif name == "upgrade":
                upgrade = value.lower()
            elif name == "expect":
                expect = value.lower()
        if (len(hosts) != 1 and (hosts or http_1_1)) or not all(map(_HOST.fullmatch, hosts)):
            raise self._refuse("a request needs one Host header")
        if method == "CONNECT":
            raise self._refuse("CONNECT asks for a tunnel, and this is no forward proxy")
        return RequestHead(
            method=method,
            target=target,
            headers=headers,
            http_1_1=http_1_1,
            keep_alive=self._parser.should_keep_alive(),
            length=length,
            chunked=chunked,
            upgrade=upgrade,
            expects_continue=expect == "100-continue" and http_1_1,
        )


class ResponseReader(_Reader):
    """Reads what an endpoint sends, one response at a time: what came of the bytes lies in its
    attributes after each :meth:`feed`, to be taken. More lenient than with a client, as clients are: a
    line may end in LF alone, a chunk's size may be followed by blanks, and a Content-Length beside chunks is
    taken out (RFC 9112, 6.3).
    """

    __slots__ = (
        "_interim",
        "_interim_bytes",
        "_parser",
        "_reason",
        "_to_head",
        "ended",
        "head",
        "informational",
        "keep_alive",
        "pieces",
    )

    def __init__(self) -> None:
        super().__init__()
        self.informational: list[ResponseHead] = []
        """1xx responses, which come before the response itself."""
        self.head: ResponseHead | None = None
        self.pieces: list[bytes] = []
        """Of the body, its transfer coding taken off."""
        self.ended = True
        """The response is complete. What comes then belongs to none."""
        self.keep_alive = False
        """Once it has ended: the connection may carry another."""
        self._to_head = False
        self._interim = False
        self._interim_bytes = 0
        self._reason = ""
        self._parser: httptools.HttpResponseParser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )

    def expect(self, method: str) -> None:
        """Get ready for the response to a request."""
        self._to_head = method == "HEAD"
        self._interim_bytes = 0
        self.ended = self.keep_alive = False

    def feed(self, data: bytes) -> None:
        """Read on. Raises :class:`BadMessageError`; what came before the fault can still be taken."""
        while data:
            if self._in_body:
                self._parse(data)
                return
            if self.ended:
                raise BadMessageError("bytes that belong to no response")
            raw, data = self._gather(data)
            if raw:
                line = _STATUS_LINE.match(raw)
                if line is None:
                    raise BadMessageError("its first line is not HTTP/1.1 STATUS")
                self._reason = (line[1] or b"").decode("latin-1")
                self._interim_bytes += len(raw)
                if self._interim_bytes > MAX_HEAD_BYTES:
                    raise BadMessageError("1xx responses without end")
                self._raw = raw
                self._parse(raw)

    def on_message_begin(self) -> None:
        """Called by the parser."""
        if self.ended:
            raise self._refuse("bytes that belong to no response")

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._moved = True
        headers = self._read_headers()
        status = self._parser.get_status_code()
        if status == 101:
            raise self._refuse("it switches to another protocol")
        self._interim = status < 200
        bodiless = self._to_head or status in {204, 304} or self._interim
        length, chunked = (None, False) if bodiless else self._framing()
        if (chunked and length is not None) or status == 204:
            length = None
            headers = tuple(field for field in headers if field[0].lower() != "content-length")
        head = ResponseHead(
            status, self._reason, headers, length, chunked, bodiless, self._announced_idle_s()
        )
        if self._interim:
            self.informational.append(head)
            return
        self.head = head
        self._in_body = True
        version_1_1 = self._parser.get_http_version() == "1.1"
        self.keep_alive = self._parser.should_keep_alive() and (version_1_1 or not chunked)
        if self._to_head:  # the parser waits for a body that won't come: it is of no further use
            self.keep_alive = False
            self._end()

    def _announced_idle_s(self) -> float | None:
        for name, value in self._noted:
            if name == "keep-alive" and (found := _TIMEOUT.search(value)):
                return float(found[1])
        return None

    def on_body(self, data: bytes) -> None:
        """Called by the parser."""
        if not self.ended:
            self._moved = True
            self.pieces.append(data)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._moved = True
        if not self._interim:
            self._end()

    def _end(self) -> None:
        self._in_body = False
        self.ended = True


_TIMEOUT: Final = re.compile(r"timeout\s*=\s*(\d{1,5})", re.IGNORECASE)
_BLANK_LINES: Final = re.compile(rb"(?:\r\n)+")
_EMPTY_LINE: Final = b"\r\n\r\n"
_HEAD_END: Final = re.compile(rb"\n\r?\n")
"""Of a request with LF alone, the parser refuses the head then."""


def request_head(method: str, target: str, host: str, headers: Headers, framing: str = "") -> bytes:
    """A request's head. ``framing`` is a whole header line."""
    return _head(f"{method} {target} HTTP/1.1\r\nHost: {host}", headers, [framing] if framing else [])


def response_head(status: int, reason: str, headers: Headers, *extra: str) -> bytes:
    """A response's head. ``extra`` are whole header lines."""
    return _head(f"HTTP/1.1 {status} {reason}", headers, extra)


def _head(start: str, headers: Headers, extra: Iterable[str]) -> bytes:
    lines = [start, *[f"{name}: {value}" for name, value in headers], *extra, "\r\n"]
    return "\r\n".join(lines).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One chunk of a body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
