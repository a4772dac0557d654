"""HTTP messages of odd shapes that are right all the same, and what must be on the other side of a proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fakes.endpoint import chunk
from fakes.malformed import CHUNKED, CHUNKED_OK, GET, OK, POST
from fakes.wire import Fields

LENGTH_2: Final = b"Content-Length: 2\r\n\r\n{}"
GOOD: Final = POST + LENGTH_2


@dataclass(frozen=True)
class Fine:
    """A request, and what must arrive of it."""

    raw: bytes
    body: bytes = b""
    fields: Fields = ()
    method: bytes = b"POST"
    target: bytes = b"/v1/x"


EVIL: Final = b"GET /v1/evil HTTP/1.1\r\nHost: a\r\n\r\n"
UPGRADE: Final = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
LONG_TARGET: Final = b"/v1/models?q=" + b"a" * 60_000
MANY: Final = tuple((b"X-%d" % n, b"%d" % n) for n in range(500))

REQUESTS: Final[dict[str, Fine]] = {
    "chunk extensions and trailers": Fine(
        CHUNKED + b'1;a\r\n{\r\n01;b=c;d="\\"; e"\r\n}\r\n000;f\r\nX-Trailer: 1\r\nAuthorization: no\r\n\r\n',
        b"{}",
    ),
    "size in upper case": Fine(CHUNKED + b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "size in lower case": Fine(CHUNKED + b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "chunks and no bytes": Fine(CHUNKED + b"0\r\n\r\n"),
    "many small chunks": Fine(CHUNKED + b"1\r\na\r\n" * 3000 + b"0\r\n\r\n", b"a" * 3000),
    "a chunk with a request": Fine(CHUNKED + chunk(EVIL) + b"0\r\n\r\n", EVIL),
    "coding in other letters": Fine(
        POST + b"transfer-ENCODING:\t CHUNKED \r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"
    ),
    "trailers that try to frame": Fine(
        CHUNKED + b"2\r\n{}\r\n0\r\nHost: b\r\nConnection: close\r\nUpgrade: h2c\r\nTrailer: x\r\n\r\n", b"{}"
    ),
    "length with zeros and blanks": Fine(POST + b"Content-Length: \t 002 \t\r\n\r\n{}", b"{}"),
    "length 0": Fine(POST + b"Content-Length: 0\r\n\r\n"),
    "no length": Fine(POST + b"\r\n"),
    "a body that is a request": Fine(POST + b"Content-Length: %d\r\n\r\n" % len(EVIL) + EVIL, EVIL),
    "GET with a body": Fine(
        GET + b"Content-Length: %d\r\n\r\n" % len(EVIL) + EVIL, EVIL, method=b"GET", target=b"/v1/models"
    ),
    "GET with chunks": Fine(
        GET + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"{}",
        method=b"GET",
        target=b"/v1/models",
    ),
    "GET with length 0": Fine(GET + b"Content-Length: 0\r\n\r\n", method=b"GET", target=b"/v1/models"),
    "DELETE with a body": Fine(
        b"DELETE /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", b"{}", method=b"DELETE"
    ),
    "PATCH": Fine(b"PATCH /v1/x HTTP/1.1\r\nHost: a\r\n\r\n", method=b"PATCH"),
    "OPTIONS": Fine(b"OPTIONS /v1/x HTTP/1.1\r\nHost: a\r\n\r\n", method=b"OPTIONS"),
    "names in all letters and any order": Fine(
        b"POST /v1/x HTTP/1.1\r\nx-B: 1\r\nCONTENT-LENGTH: 2\r\nX-a: 2\r\nhOST: a\r\nX-B: 3\r\nx-b: 4\r\n"
        b"\r\n{}",
        b"{}",
        ((b"x-B", b"1"), (b"X-a", b"2"), (b"X-B", b"3"), (b"x-b", b"4")),
    ),
    "names of all characters": Fine(
        POST + b"!#$%&'*+-.^_`|~09azAZ: 1\r\nContent-Length: 0\r\n\r\n",
        fields=((b"!#$%&'*+-.^_`|~09azAZ", b"1"),),
    ),
    "bytes above ASCII in values": Fine(
        POST + b"X-Latin: caf\xe9\r\nX-Utf: caf\xc3\xa9\r\nX-All: \x80\xff\r\nContent-Length: 0\r\n\r\n",
        fields=((b"X-Latin", b"caf\xe9"), (b"X-Utf", b"caf\xc3\xa9"), (b"X-All", b"\x80\xff")),
    ),
    "all visible characters in a value": Fine(
        POST + b"X: " + bytes(range(0x21, 0x7F)) + b" \t,;\r\nContent-Length: 0\r\n\r\n",
        fields=((b"X", bytes(range(0x21, 0x7F)) + b" \t,;"),),
    ),
    "empty values": Fine(
        POST + b"A:\r\nB: \r\nC: \t \r\nD: 1\r\nContent-Length: 0\r\nE:\r\n\r\n",
        fields=((b"A", b""), (b"B", b""), (b"C", b""), (b"D", b"1"), (b"E", b"")),
    ),
    "blanks around a value": Fine(
        POST + b"A:1\r\nB: \t 2 3 \t \r\nContent-Length: 0\r\n\r\n", fields=((b"A", b"1"), (b"B", b"2 3"))
    ),
    "one blank line before": Fine(b"\r\n" + GOOD, b"{}"),
    "two blank lines before": Fine(b"\r\n\r\n" + GOOD, b"{}"),
    "a long target": Fine(
        b"GET " + LONG_TARGET + b" HTTP/1.1\r\nHost: a\r\n\r\n", method=b"GET", target=LONG_TARGET
    ),
    "an odd target": Fine(
        b"GET /v1/%F0%9F?a=b&c=[d]/../e;f,'!$()*+:@~ HTTP/1.1\r\nHost: a\r\n\r\n",
        method=b"GET",
        target=b"/v1/%F0%9F?a=b&c=[d]/../e;f,'!$()*+:@~",
    ),
    "a long value": Fine(
        POST + b"X: " + b"a" * 60_000 + b"\r\nContent-Length: 0\r\n\r\n", fields=((b"X", b"a" * 60_000),)
    ),
    "many headers": Fine(
        POST + b"".join(b"%b: %b\r\n" % field for field in MANY) + b"Content-Length: 0\r\n\r\n", fields=MANY
    ),
    "an empty host": Fine(b"POST /v1/x HTTP/1.1\r\nHost:\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
    "a host with a port": Fine(b"POST /v1/x HTTP/1.1\r\nHost: a.b:80\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
    "a host of IPv6": Fine(b"POST /v1/x HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
    "headers of this hop": Fine(
        POST + b"Connection: keep-alive, X-Foo\r\nX-Foo: 1\r\nX-Bar: 2\r\nKeep-Alive: timeout=5\r\n"
        b"TE: trailers\r\nTrailer: X-T\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\n"
        b"Upgrade: h2c\r\nContent-Length: 2\r\n\r\n{}",
        b"{}",
        ((b"X-Bar", b"2"),),
    ),
    "headers of this hop in two lines": Fine(
        POST + b"X-A: 1\r\nConnection: x-a\r\nX-B: 2\r\nCONNECTION: ,X-b ,\r\n" + LENGTH_2, b"{}"
    ),
    "headers that are of no hop": Fine(
        POST + b"Connection: Content-Length, Host\r\nContent-Length: 2\r\n\r\n{}", b"{}"
    ),
    "Upgrade": Fine(POST + UPGRADE + b"\r\n"),
    "Upgrade and GET": Fine(GET + UPGRADE + b"\r\n", method=b"GET", target=b"/v1/models"),
    "Upgrade and a body": Fine(
        POST + UPGRADE + b"Content-Length: %d\r\n\r\n" % len(EVIL) + EVIL, EVIL
    ),
    "Upgrade and length 0": Fine(POST + UPGRADE + b"Content-Length: 0\r\n\r\n"),
    "Upgrade and chunks": Fine(
        POST + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(EVIL) + b"0;a\r\nX-T: 1\r\n\r\n", EVIL
    ),
    "Upgrade without Connection": Fine(POST + b"Upgrade: h2c\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
    "Connection without Upgrade": Fine(POST + b"Connection: Upgrade\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
}  # fmt: skip


@dataclass(frozen=True)
class Replied:
    """A response, and what the client must get of it."""

    raw: bytes
    body: bytes = b"{}"
    status: int = 200
    fields: tuple[tuple[str, str], ...] = ()
    """Framing and the connection's own left out."""
    cut: bool = False
    """The endpoint closes behind it."""


OBS: Final = OK + b"X-Latin: caf\xe9\r\nX-Utf: caf\xc3\xa9\r\nX-All: \x80\xff\r\n" + LENGTH_2

RESPONSES: Final[dict[str, Replied]] = {
    "length": Replied(OK + LENGTH_2),
    "chunks": Replied(CHUNKED_OK + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
    "chunk extensions and trailers": Replied(
        CHUNKED_OK + b'1;a\r\n{\r\n01;b=c;d="\\"; e"\r\n}\r\n000;f\r\nX-T: 1\r\nContent-Type: no\r\n\r\n'
    ),
    "coding in other letters": Replied(OK + b"TRANSFER-encoding: Chunked \r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    "until the end": Replied(OK + b"\r\n{}", cut=True),
    "until the end, of HTTP/1.0": Replied(b"HTTP/1.0 200 OK\r\n\r\n{}", cut=True),
    "until the end, said so": Replied(OK + b"Connection: close\r\n\r\n{}", cut=True),
    "until the end, and empty": Replied(OK + b"Connection: close\r\n\r\n", b"", cut=True),
    "length and the end": Replied(OK + b"Connection: close\r\n" + LENGTH_2, cut=True),
    "chunks and the end": Replied(CHUNKED_OK + b"2\r\n{}\r\n0\r\n\r\n", cut=True),
    "HTTP/1.0 and a length": Replied(b"HTTP/1.0 200 OK\r\n" + LENGTH_2),
    "length with zeros and blanks": Replied(OK + b"Content-Length: \t 002 \r\n\r\n{}"),
    "length 0": Replied(OK + b"Content-Length: 0\r\n\r\n", b""),
    "100 before": Replied(b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH_2),
    "102 before": Replied(b"HTTP/1.1 102 Processing\r\n\r\n" + OK + LENGTH_2),
    "103 before": Replied(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + LENGTH_2),
    "several before": Replied(
        b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" * 3 + OK + LENGTH_2
    ),
    "100 before chunks": Replied(b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED_OK + b"2\r\n{}\r\n0\r\n\r\n"),
    "no reason": Replied(b"HTTP/1.1 200\r\n" + LENGTH_2),
    "an empty reason": Replied(b"HTTP/1.1 200 \r\n" + LENGTH_2),
    "a long reason": Replied(b"HTTP/1.1 200 All is well, \t caf\xe9\r\n" + LENGTH_2),
    "another status": Replied(b"HTTP/1.1 418 I'm a teapot\r\n" + LENGTH_2, status=418),
    "599": Replied(b"HTTP/1.1 599 Network\r\n" + LENGTH_2, status=599),
    "204": Replied(b"HTTP/1.1 204 No Content\r\n\r\n", b"", 204),
    "304": Replied(b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', b"", 304, (("ETag", '"a"'),)),
    "304 and a length": Replied(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b"", 304),
    "205": Replied(b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", b"", 205),
    "empty values": Replied(
        OK + b"A:\r\nB: \t\r\nC: 1 \r\nD:2\r\n" + LENGTH_2,
        fields=(("A", ""), ("B", ""), ("C", "1"), ("D", "2")),
    ),
    "names in any order": Replied(
        OK + b"set-COOKIE: a=1\r\nX: 1\r\nSet-Cookie: b=2\r\nx: 2\r\n" + LENGTH_2,
        fields=(("set-COOKIE", "a=1"), ("X", "1"), ("Set-Cookie", "b=2"), ("x", "2")),
    ),
    "bytes above ASCII in values": Replied(
        OBS, fields=(("X-Latin", "caf\xe9"), ("X-Utf", "caf\xc3\xa9"), ("X-All", "\x80\xff"))
    ),
    "headers of that hop": Replied(
        OK + b"Connection: keep-alive, X-Foo\r\nX-Foo: 1\r\nX-Bar: 2\r\nKeep-Alive: timeout=5\r\n"
        b"Proxy-Authenticate: Basic\r\nProxy-Connection: keep-alive\r\nTrailer: X-T\r\n" + LENGTH_2,
        fields=(("X-Bar", "2"),),
    ),
    "a wish to upgrade": Replied(OK + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + LENGTH_2),
    "a long value": Replied(OK + b"X: " + b"a" * 60_000 + b"\r\n" + LENGTH_2, fields=(("X", "a" * 60_000),)),
}  # fmt: skip
