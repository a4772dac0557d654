"""HTTP messages as they should not be: raw bytes, each wrong in one way, by a short name.

What they break is RFC 9112 (HTTP/1.1) and RFC 9110 (HTTP semantics); the clause stands above each group.
Collected after the lists of h11, llhttp, aiohttp and gunicorn, and from the RFCs themselves.
"""

from __future__ import annotations

from typing import Final

HOST: Final = b"Host: a\r\n"
GET: Final = b"GET /v1/models HTTP/1.1\r\n" + HOST
POST: Final = b"POST /v1/x HTTP/1.1\r\n" + HOST
CHUNKED: Final = POST + b"Transfer-Encoding: chunked\r\n\r\n"
END: Final = b"\r\n"

_TEXT_CONTROLS: Final = {
    "nul": b"\0",
    "soh": b"\1",
    "vt": b"\x0b",
    "ff": b"\x0c",
    "esc": b"\x1b",
    "del": b"\x7f",
}


def _post(*fields: bytes, body: bytes = b"{}") -> bytes:
    return POST + b"".join(field + b"\r\n" for field in fields) + END + body


def _line(line: bytes) -> bytes:
    return line + b"\r\n" + HOST + END


# 9112 §2.3 and §3: method SP request-target SP HTTP-version, and the version is HTTP/1.x
REQUEST_LINES: Final[dict[str, bytes]] = {
    "no version": b"GET /v1/models\r\n\r\n",
    "no version but headers": _line(b"GET /v1/models"),
    "no version but a body": b"POST /v1/x\r\nContent-Length: 2\r\n\r\n{}",
    "no target": _line(b"GET HTTP/1.1"),
    "no target, two spaces": _line(b"GET  HTTP/1.1"),
    "no method": _line(b"/v1/models HTTP/1.1"),
    "version 0.9": _line(b"GET /v1/models HTTP/0.9"),
    "version 1.2": _line(b"GET /v1/models HTTP/1.2"),
    "version 1.10": _line(b"GET /v1/models HTTP/1.10"),
    "version 01.1": _line(b"GET /v1/models HTTP/01.1"),
    "version 1": _line(b"GET /v1/models HTTP/1"),
    "version 1.": _line(b"GET /v1/models HTTP/1."),
    "version 1,1": _line(b"GET /v1/models HTTP/1,1"),
    "version 1.1 and a letter": _line(b"GET /v1/models HTTP/1.1x"),
    "version 2.0": _line(b"GET /v1/models HTTP/2.0"),
    "version 3.0": _line(b"GET /v1/models HTTP/3.0"),
    "version in lower case": _line(b"GET /v1/models http/1.1"),
    "version without slash": _line(b"GET /v1/models HTTP 1.1"),
    "not quite HTTP": _line(b"GET /v1/models HTP/1.1"),
    "RTSP": b"POST /v1/x RTSP/1.0\r\nContent-Length: 2\r\n\r\n{}",
    "RTSP method": _line(b"DESCRIBE /v1/models RTSP/1.0"),
    "ICE": _line(b"SOURCE /v1/x ICE/1.0"),
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "words after the version": _line(b"GET /v1/models HTTP/1.1 please"),
    "space after the version": _line(b"GET /v1/models HTTP/1.1 "),
    "two spaces before the target": _line(b"GET  /v1/models HTTP/1.1"),
    "two spaces before the version": _line(b"GET /v1/models  HTTP/1.1"),
    "tab before the target": _line(b"GET\t/v1/models HTTP/1.1"),
    "tab before the version": _line(b"GET /v1/models\tHTTP/1.1"),
    "space in the target": _line(b"GET /v1/mo dels HTTP/1.1"),
    "nul in the target": _line(b"GET /v1/mo\0dels HTTP/1.1"),
    "del in the target": _line(b"GET /v1/mo\x7fdels HTTP/1.1"),
    "byte above ASCII in the target": _line(b"GET /v1/mod\xe9les HTTP/1.1"),
    "space before the method": _line(b" GET /v1/models HTTP/1.1"),
    "tab before the method": _line(b"\tGET /v1/models HTTP/1.1"),
    "nul before the method": _line(b"\0GET /v1/models HTTP/1.1"),
    "byte order mark": _line(b"\xef\xbb\xbfGET /v1/models HTTP/1.1"),
    "colon in the method": _line(b"GET: /v1/models HTTP/1.1"),
    "parenthesis in the method": _line(b"G(T /v1/models HTTP/1.1"),
    "byte above ASCII in the method": _line(b"G\xc9T /v1/models HTTP/1.1"),
    "a response": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a PROXY line": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + GET + END,
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "words": b"hello\r\n\r\n",
}

# 9112 §2.2: a line ends with CRLF; a bare CR is invalid wherever it is. (Whether a bare LF ends one,
# parties disagree about: it is refused as well.)
LINE_ENDS: Final[dict[str, bytes]] = {
    "LF only": b"GET /v1/models HTTP/1.1\nHost: a\n\n",
    "LF after the request line": b"GET /v1/models HTTP/1.1\nHost: a\r\n\r\n",
    "LF after a header": GET + b"X: a\nY: b\r\n\r\n",
    "LF after an empty header": GET + b"X:\nY: b\r\n\r\n",
    "LF after a header's space": GET + b"X: \nY: b\r\n\r\n",
    "LF hides a Transfer-Encoding": _post(b"X: a\nTransfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "LF hides a Content-Length": GET + b"X: a\nContent-Length: 5\r\n\r\nabcde",
    "LF LF at the end": GET + b"X: a\n\n",
    "LF CRLF at the end": GET + b"X: a\n\r\n",
    "CRLF LF at the end": GET + b"\n",
    "CR after the request line": b"GET /v1/models HTTP/1.1\rHost: a\r\n\r\n",
    "CR after a header": GET + b"X: a\rY: b\r\n\r\n",
    "CR after an empty header": GET + b"X:\rTransfer-Encoding: chunked\r\n\r\n",
    "CR in a value": GET + b"X: a\rb\r\n\r\n",
    "CR before the end of a line": GET + b"X: a\r\r\n\r\n",
    "CR in a name": POST + b"Content\rLength: 2\r\n\r\n{}",
    "CR and a letter at the end": GET + b"\rX\r\n\r\n",
    "CR hides a request": GET + b"Connection: close\r\n\rZGET /evil: HTTP/1.1\r\nHost: a\r\n\r\n",
    "CR before the request line": b"\r" + GET + END,
    "LF before the request line": b"\n" + GET + END,
}

# 9112 §5.1: no space between name and colon; §5.2: no folded lines; 9110 §5.1, §5.5: a name is a token, a
# value has no control characters
HEADERS: Final[dict[str, bytes]] = {
    "space before the colon": GET + b"X : a\r\n\r\n",
    "tab before the colon": GET + b"X\t: a\r\n\r\n",
    "space in a name": GET + b"X Y: a\r\n\r\n",
    "space before a length's colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "space before a coding's colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "tab before a coding's colon": POST + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "vertical tab before a coding": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "no colon": GET + b"X\r\n\r\n",
    "no colon but words": GET + b"please answer\r\n\r\n",
    "no name": GET + b": a\r\n\r\n",
    "a colon alone": GET + b":\r\n\r\n",
    "space before the first header": b"GET /v1/models HTTP/1.1\r\n Host: a\r\n\r\n",
    "tab before the first header": b"GET /v1/models HTTP/1.1\r\n\tHost: a\r\n\r\n",
    "folded by a space": GET + b"X: a\r\n b\r\n\r\n",
    "folded by a tab": GET + b"X: a\r\n\tb\r\n\r\n",
    "folded after nothing": GET + b"X:\r\n a\r\n\r\n",
    "folded and blank": GET + b"X: a\r\n \r\n\r\n",
    "folded length": POST + b"Content-Length:\r\n 2\r\n\r\n{}",
    "folded into a longer length": POST + b"Content-Length: 2\r\n 0\r\n\r\n{}",
    "folded coding": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "coding with a folded rest": POST + b"Transfer-Encoding: chunked\r\n , identity\r\n\r\n0\r\n\r\n",
    "length in a fold": POST + b"X: a\r\n Content-Length: 2\r\n\r\n{}",
    "name above ASCII": GET + b"X-\xe9: a\r\n\r\n",
    **{f"{name} in a value": GET + b"X: a" + byte + b"b\r\n\r\n" for name, byte in _TEXT_CONTROLS.items()},
    **{f"{name} after a value": GET + b"X: a" + byte + b"\r\n\r\n" for name, byte in _TEXT_CONTROLS.items()},
    **{f"{name} in a name": GET + b"X" + byte + b"Y: a\r\n\r\n" for name, byte in _TEXT_CONTROLS.items()},
    **{f"{byte:c} in a name": GET + b"X%cY: a\r\n\r\n" % byte for byte in b'"(),/;<=>?@[\\]{}'},
}

# 9112 §3.2: one valid Host in every HTTP/1.1 request, and never two
HOSTS: Final[dict[str, bytes]] = {
    "no host": b"GET /v1/models HTTP/1.1\r\n\r\n",
    "no host but a body": b"POST /v1/x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    "the same host twice": GET + HOST + END,
    "two hosts": GET + b"Host: b\r\n\r\n",
    "two hosts far apart": GET + b"X: a\r\nhOST: b\r\n\r\n",
    "two hosts in HTTP/1.0": b"GET /v1/models HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
    **{
        f"host {value.decode('latin-1')!a}": b"GET /v1/models HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"
        for value in (
            b"a b", b"a\tb", b"a, b", b"a/b", b"a?b", b"a#b", b"a@b", b"a\\b", b"a:b", b"a:80:80", b"[::1",
            b"::1", b"http://a", b"<a>", b"a\xe9", b"a\0",
        )
    },
}  # fmt: skip

# 9110 §8.6: Content-Length is one decimal number; 9112 §6.3: anything else is an unrecoverable error
LENGTHS: Final[dict[str, bytes]] = {
    **{
        f"length {value.decode('latin-1')!a}": _post(b"Content-Length: " + value)
        for value in (
            b"+2", b"-2", b"-0", b"0x2", b"2.0", b"2e0", b"1_0", b"2 2", b"two", b"", b" ", b'"2"', b"2;",
            b"2\0", b"\xb2", b"\xd9\xa2", b"\xef\xbc\x92", b"2,3", b"2, 3", b",", b"18446744073709551616",
            b"9" * 40,
        )
    },
    "two lengths": _post(b"Content-Length: 2", b"Content-Length: 3"),
    "two lengths, the longer first": _post(b"Content-Length: 3", b"Content-Length: 2"),
    "two lengths, one empty": _post(b"Content-Length: 2", b"Content-Length:"),
    "two lengths, one no number": _post(b"Content-Length: 2", b"content-length: x"),
}  # fmt: skip

# 9112 §6.1, §6.3: chunked is the last coding and applied once; a coding that isn't known makes the length
# unknown; a length beside it smells of smuggling; HTTP/1.0 has none
CODINGS: Final[dict[str, bytes]] = {
    **{
        f"coding {value.decode('latin-1')!a}": _post(b"Transfer-Encoding: " + value, body=b"0\r\n\r\n")
        for value in (
            b"", b" ", b"xchunked", b"chunkedx", b"chunkedchunked", b"chunked chunked", b"chunked, chunked",
            b"chunked,chunked", b"chunked, gzip", b"chunked, identity", b"gzip", b"identity",
            b"gzip, chunked", b"identity, chunked", b"x, chunked", b"gzip,chunked", b"chunked;q=1",
            b'"chunked"', b"'chunked'", b"chunked\0", b"\0chunked", b"chunked\x0b", b"\x0bchunked",
            b"\xa0chunked", b"chun\xe7ed", b"pigeons",
        )
    },
    "coding twice": _post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "coding and identity": _post(
        b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=b"0\r\n\r\n"
    ),
    "identity and coding": _post(
        b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ),
    "gzip and coding": _post(b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "nothing and coding": _post(b"Transfer-Encoding:", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "coding and length": _post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "length and coding": _post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "length 0 and coding": _post(b"Content-Length: 0", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "coding and length 0": _post(b"Transfer-Encoding: chunked", b"Content-Length: 0", body=b"0\r\n\r\n"),
    "identity and length": _post(b"Transfer-Encoding: identity", b"Content-Length: 2"),
    "length and empty coding": _post(b"Content-Length: 2", b"Transfer-Encoding:"),
    "coding between lengths": _post(
        b"Content-Length: 2", b"X: a", b"transfer-ENCODING: Chunked", b"content-length: 2", body=b"0\r\n\r\n"
    ),
    "coding in HTTP/1.0": b"POST /v1/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding in HTTP/1.0, kept alive": (
        b"POST /v1/x HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "coding of a GET unknown": GET + b"Transfer-Encoding: gzip\r\n\r\n",
    # 9110 §7.8: who ignores Upgrade reads the body as ever
    "unknown coding and Upgrade": _post(
        b"Connection: Upgrade", b"Upgrade: h2c", b"Transfer-Encoding: pigeons", body=b"abc"
    ),
    "two lengths and Upgrade": _post(
        b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 2", b"Content-Length: 3"
    ),
    "chunk size no number and Upgrade": _post(
        b"Connection: Upgrade", b"Upgrade: h2c", b"Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n0\r\n\r\n"
    ),
}  # fmt: skip

# 9112 §7.1: size in hex digits, CRLF, so many bytes, CRLF
CHUNKS: Final[dict[str, bytes]] = {
    **{
        f"chunk size {size.decode('latin-1')!a}": CHUNKED + size + b"\r\n{}\r\n0\r\n\r\n"
        for size in (
            b"", b" ", b"zz", b"0x2", b"x2", b"+2", b"-2", b"2h", b"0_2", b"2.", b"2,", b" 2", b"\t2",
            b"2\0", b"\x002", b"2\x0b", b"\xb2", b"2 2", b"2 a", b'"2"', b"10000000000000002", b"f" * 40,
        )
    },
    "LF after a size": CHUNKED + b"2\n{}\r\n0\r\n\r\n",
    "CR after a size": CHUNKED + b"2\r{}\r\n0\r\n\r\n",
    "LF after a chunk": CHUNKED + b"2\r\n{}\n0\r\n\r\n",
    "CR after a chunk": CHUNKED + b"2\r\n{}\r0\r\n\r\n",
    "nothing after a chunk": CHUNKED + b"2\r\n{}0\r\n\r\n",
    "chunk too long": CHUNKED + b"2\r\n{}}\r\n0\r\n\r\n",
    "chunk too short": CHUNKED + b"3\r\n{}\r\n0\r\n\r\n",
    "two letters after a chunk": CHUNKED + b"2\r\n{}xx0\r\n\r\n",
    "LF after the last size": CHUNKED + b"2\r\n{}\r\n0\n\r\n",
    "LF after the chunks": CHUNKED + b"2\r\n{}\r\n0\r\n\n",
    "CR and a letter after the chunks": CHUNKED + b"2\r\n{}\r\n0\r\n\rX\r\n\r\n",
    "letter instead of the end": CHUNKED + b"2\r\n{}\r\n0\r\nX\r\n\r\n",
    "extension without semicolon": CHUNKED + b"2 a=b\r\n{}\r\n0\r\n\r\n",
    "LF in an extension's name": CHUNKED + b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "LF after an extension": CHUNKED + b"2;a=b\n{}\r\n0\r\n\r\n",
    "LF in a quoted extension": CHUNKED + b'2;a="b\nc"\r\n{}\r\n0\r\n\r\n',
    "LF after a quoted extension": CHUNKED + b'2;a="b"\n{}\r\n0\r\n\r\n',
    "LF after the last extension": CHUNKED + b"2\r\n{}\r\n0;a\n\r\n",
    "CR in an extension": CHUNKED + b"2;a\rb\r\n{}\r\n0\r\n\r\n",
    "CRLF in a quoted extension": CHUNKED + b'2;a="b\r\nc"\r\n{}\r\n0\r\n\r\n',
    "CRLF quoted in an extension": CHUNKED + b'2;a="b\\\r\nc"\r\n{}\r\n0\r\n\r\n',
    "nul in an extension": CHUNKED + b"2;a\0\r\n{}\r\n0\r\n\r\n",
    "nul in a quoted extension": CHUNKED + b'2;a="\0"\r\n{}\r\n0\r\n\r\n',
}  # fmt: skip

# 9112 §7.1.2: trailers are headers, and those that frame a message don't belong there (9110 §6.5.1)
TRAILERS: Final[dict[str, bytes]] = {
    f"trailer {line.decode('latin-1')!a}": CHUNKED + b"2\r\n{}\r\n0\r\n" + line + b"\r\n\r\n"
    for line in (
        b"X", b"X : a", b": a", b" X: a", b"X: a\r\n b", b"X: a\nY: b", b"X: a\rY: b", b"X: a\0b",
        b"X Y: a", b"Content-Length: 2", b"Content-Length: x", b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip",
    )
}  # fmt: skip

GROUPS: Final = (REQUEST_LINES, LINE_ENDS, HEADERS, HOSTS, LENGTHS, CODINGS, CHUNKS, TRAILERS)
REQUESTS: Final[dict[str, bytes]] = {name: raw for group in GROUPS for name, raw in group.items()}

# what the RFCs say of each: 9110 §15.6.6 (505) and 9112 §6.1 (501); 400 is always right
STATUSES: Final[dict[str, frozenset[int]]] = {
    **{
        name: frozenset({400, 505})
        for name in REQUEST_LINES
        if "version" in name or name in {"HTTP/2 preface", "RTSP", "RTSP method", "ICE", "not quite HTTP"}
    },
    **{
        name: frozenset({400, 501})
        for name in CODINGS
        if any(coding in name for coding in ("gzip", "identity", "x, ", "pigeons", "unknown"))
    },
}

# Not quite right, but read by everybody in the same way, or allowed to be read (9110 §5.6.1.2, §5.6.3, §8.6):
# refused, or passed on as a request with the body {}
DOUBTFUL: Final[dict[str, bytes]] = {
    "length 2, 2": _post(b"Content-Length: 2, 2"),
    "the same length twice": _post(b"Content-Length: 2", b"Content-Length: 2"),
    "length with a comma": _post(b"Content-Length: 2,"),
    "an empty coding in the list": _post(b"Transfer-Encoding: ,chunked", body=b"2\r\n{}\r\n0\r\n\r\n"),
    "an empty coding at its end": _post(b"Transfer-Encoding: chunked,", body=b"2\r\n{}\r\n0\r\n\r\n"),
    "tab after the coding": _post(b"Transfer-Encoding: chunked\t", body=b"2\r\n{}\r\n0\r\n\r\n"),
    "space after a size": CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n",
    "tab after a size": CHUNKED + b"2\t\r\n{}\r\n0\r\n\r\n",
    "space before an extension": CHUNKED + b"2 ;a\r\n{}\r\n0\r\n\r\n",
    "space in an extension": CHUNKED + b"2; a = b\r\n{}\r\n0\r\n\r\n",
    "space after an extension": CHUNKED + b"2;a \r\n{}\r\n0\r\n\r\n",
    "semicolon and no extension": CHUNKED + b"2;\r\n{}\r\n0\r\n\r\n",
    "extension without a value": CHUNKED + b"2;a=\r\n{}\r\n0\r\n\r\n",
    "extension without a name": CHUNKED + b"2;=a\r\n{}\r\n0\r\n\r\n",
    "extension between semicolons": CHUNKED + b"2;;a;;\r\n{}\r\n0\r\n\r\n",
    "thirty zeros before a size": CHUNKED + b"0" * 30 + b"2\r\n{}\r\n0\r\n\r\n",
    "an underscore for a dash": _post(
        b"Content_Length: 40", b"Transfer_Encoding: chunked", b"Content-Length: 2"
    ),
}

OK: Final = b"HTTP/1.1 200 OK\r\n"
CHUNKED_OK: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def _ok(*fields: bytes, body: bytes = b"{}", line: bytes = OK) -> bytes:
    return line + b"".join(field + b"\r\n" for field in fields) + END + body


_TWO: Final = b"2\r\n{}\r\n0\r\n\r\n"

# Responses of which there is nothing to pass on: 9112 §4 (status line), §5 (headers), §6 (length)
RESPONSES: Final[dict[str, bytes]] = {
    **{
        f"status line {line.decode('latin-1')!a}": _ok(b"Content-Length: 2", line=line + b"\r\n")
        for line in (
            b"hello", b"HTTP/1.1", b"HTTP/1.1 ", b"HTTP/1.1 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK",
            b"HTTP/1.1 2x0 OK", b"HTTP/1.1 +20 OK", b"HTTP/1.1 -20 OK", b"HTTP/1.1 000 OK",
            b"HTTP/1.1 099 OK", b"HTTP/1.1  200 OK", b"HTTP/1.1\t200 OK", b" HTTP/1.1 200 OK",
            b"http/1.1 200 OK", b"HTP/1.1 200 OK", b"HTTP/0.9 200 OK", b"HTTP/1.2 200 OK",
            b"HTTP/2.0 200 OK", b"HTTP/2 200 OK", b"HTTP/3.0 200 OK", b"HTTP/01.1 200 OK",
            b"HTTP/1.01 200 OK", b"ICY 200 OK", b"RTSP/1.0 200 OK", b"ICE/1.0 200 OK", b"HTTP/1.1 200 O\rK",
            b"GET / HTTP/1.1", b"\0", b"\x15\x03\x01\x00\x02\x02\x28",
        )
    },
    "no colon": _ok(b"Server", b"Content-Length: 2"),
    "no name": _ok(b": a", b"Content-Length: 2"),
    "space in a name": _ok(b"X Y: a", b"Content-Length: 2"),
    "space before the colon": _ok(b"Content-Length : 2"),
    "name above ASCII": _ok(b"X-\xe9: a", b"Content-Length: 2"),
    "nul in a value": _ok(b"X: a\0b", b"Content-Length: 2"),
    "escape in a value": _ok(b"X: a\x1bb", b"Content-Length: 2"),
    "CR in a value": _ok(b"X: a\rb", b"Content-Length: 2"),
    "two lengths": _ok(b"Content-Length: 2", b"Content-Length: 3"),
    **{
        f"length {value.decode('latin-1')!a}": _ok(b"Content-Length: " + value)
        for value in (b"+2", b"-2", b"0x2", b"two", b"", b"2;", b"2, 3", b"\xb2", b"18446744073709551616")
    },
    **{
        f"coding {value.decode('latin-1')!a}": _ok(b"Transfer-Encoding: " + value, body=_TWO)
        for value in (
            b"", b"gzip", b"identity", b"xchunked", b"chunkedchunked", b"gzip, chunked", b"chunked, gzip",
            b"chunked, chunked", b"chunked;q=1",
        )
    },
    "coding twice": _ok(
        b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=_TWO
    ),
    "gzip and coding": _ok(
        b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked", body=_TWO
    ),
    "unknown coding and length": _ok(b"Transfer-Encoding: gzip", b"Content-Length: 2"),
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\nabc",
    "another protocol, unnamed": b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + _ok(b"Content-Length: 2"),
}  # fmt: skip

# Responses that go wrong behind a good head and a good first chunk
BROKEN_BODIES: Final[dict[str, bytes]] = {
    "size no number": b"zz\r\n",
    "no size": b"\r\n",
    "size below zero": b"-1\r\n{}\r\n",
    "size in C": b"0x2\r\n{}\r\n",
    "size too large": b"10000000000000002\r\n{}\r\n",
    "nul in a size": b"2\0\r\n{}\r\n",
    "chunk too long": b"2\r\n{}}\r\n0\r\n\r\n",
    "LF in a quoted extension": b'2;a="b\nc"\r\n{}\r\n0\r\n\r\n',
    "trailer without colon": b"0\r\nX\r\n\r\n",
    "trailer with a nul": b"0\r\nX: a\0\r\n\r\n",
    "letter instead of the end": b"0\r\nX\r\n\r\n",
    "another response": OK + b"Content-Length: 0\r\n\r\n",
}
