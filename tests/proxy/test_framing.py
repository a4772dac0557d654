"""HTTP framing and smuggling, black box: raw bytes from clients and from endpoints on real sockets.

Of a client nothing is taken that two parties could read in two ways; of an endpoint nothing is passed on
that the client could. ``fakes.malformed`` has the messages, ``fakes.wire`` the readers at both ends, which
take only the plainest HTTP/1.1. The loops are asyncio's own and uvloop; the large grids run on one of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from cab_proxy import relay
from cab_proxy.control import RunRequest
from cab_proxy.records import REFUSED_BY_PROXY, Record, calls_of, decode, verify
from fakes import malformed, wellformed
from fakes.endpoint import CUT, USAGE, Gate, Step, chunk, completion, delta, event, stream, usage_chunk
from fakes.malformed import CHUNKED, CHUNKED_OK, GET, OK, POST
from fakes.metered import CHAT, Got, Metered, chat, metered, read_ledger
from fakes.wellformed import EVIL, GOOD, LENGTH_2
from fakes.wire import ANSWER, HANG_S, Asked, Witness, answers, bytewise, client, cut_at, talk, turns

T = TypeVar("T")

LAST: Final = b"GET /v1/last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
ASK: Final = POST + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
"""Good requests, the last ones of their connections."""
ONE_LOOP: Final = pytest.mark.parametrize("loop_in_use", ["uvloop"], indirect=True)


def run_on_uvloop(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


@pytest.fixture(autouse=True, params=["asyncio", "uvloop"])
def loop_in_use(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "uvloop":
        monkeypatch.setattr(asyncio, "run", run_on_uvloop)


@contextlib.asynccontextmanager
async def between(
    folder: Path, reply: Callable[[Asked], Sequence[Step]] | Sequence[Step] = (ANSWER,)
) -> AsyncIterator[tuple[Witness, Metered]]:
    """A proxy before a witness. At the end every call in its ledger has ended, each POST that the witness
    saw is one of them, and nothing was raised that nobody caught.
    """
    uncaught: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: uncaught.append(context))
    async with Witness(reply) as endpoint, metered(endpoint.url, folder) as proxy:
        yield endpoint, proxy
        await turns()
        assert uncaught == []
        assert verify(proxy.ledger.read_bytes()).in_flight == ()
        assert len([asked for asked in endpoint.asked if asked.method == b"POST"]) == len(passed_on(proxy))
        assert proxy.said == []


def in_turn(*replies: Sequence[Step]) -> Callable[[Asked], Sequence[Step]]:
    """A reply for each request, in this order."""
    rest = iter(replies)
    return lambda _: next(rest)


def passed_on(proxy: Metered) -> list[Record]:
    return [call for call in calls_of(proxy.records()) if call.error_type not in REFUSED_BY_PROXY]


def statuses(raw: bytes) -> list[int]:
    return [got.status for got in answers(raw)]


def last_answer(raw: bytes) -> Got:
    """The response, and nothing but 1xx before it."""
    *interim, got = answers(raw)
    assert all(100 <= found.status < 200 for found in interim)
    return got


# --- malformed requests --------------------------------------------------------------------------


@pytest.mark.parametrize("name", malformed.REQUESTS)
def test_a_malformed_request_is_answered_once_and_reaches_nobody(tmp_path: Path, name: str) -> None:
    raw = malformed.REQUESTS[name]

    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for parts in ([raw], bytewise(raw), [raw + GOOD]):
                [got] = answers(await talk(proxy.url, *parts))
                assert got.status in malformed.STATUSES.get(name, {400})
                assert got.whole
                assert (got.header("Connection") or "").lower() == "close"
            assert endpoint.asked == []
            assert passed_on(proxy) == []

    asyncio.run(main())


@pytest.mark.parametrize("name", malformed.REQUESTS)
def test_a_malformed_request_behind_a_good_one(tmp_path: Path, name: str) -> None:
    raw = malformed.REQUESTS[name]
    ways = ([GOOD + raw], [GOOD, raw], bytewise(GOOD + raw))

    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for parts in ways:
                good, bad = answers(await talk(proxy.url, *parts))
                assert (good.status, good.body) == (200, b"{}")
                assert bad.status in malformed.STATUSES.get(name, {400})
            async with client(proxy.url) as talker:
                await talker.send(GOOD)
                await talker.until(b"{}")
                await talker.send(raw)
                assert len(answers(await talker.rest())) == 2
            assert [asked.target for asked in endpoint.asked] == [b"/v1/x"] * (len(ways) + 1)

    asyncio.run(main())


@ONE_LOOP
@pytest.mark.parametrize(
    "name",
    [
        "two spaces before the version",
        "LF hides a Transfer-Encoding",
        "CR before the end of a line",
        "folded length",
        "two hosts far apart",
        "two lengths",
        "coding 'gzip, chunked'",
        "length and coding",
        "coding between lengths",
        "unknown coding and Upgrade",
        "chunk too long",
        "LF in a quoted extension",
        "CR and a letter after the chunks",
        "trailer 'Content-Length: 2'",
    ],
)
def test_a_malformed_request_in_two_pieces(tmp_path: Path, name: str) -> None:
    raw = malformed.REQUESTS[name]

    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for at in range(1, len(raw)):
                [got] = answers(await talk(proxy.url, *cut_at(raw, at)))
                assert got.status in malformed.STATUSES.get(name, {400}), at
            assert endpoint.asked == []

    asyncio.run(main())


@pytest.mark.parametrize("name", malformed.DOUBTFUL)
def test_a_doubtful_request_is_refused_or_read_as_all_read_it(tmp_path: Path, name: str) -> None:
    raw = malformed.DOUBTFUL[name]

    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            found = statuses(await talk(proxy.url, raw + LAST))
            assert statuses(await talk(proxy.url, *bytewise(raw + LAST))) == found
            assert found in ([400], [200, 200])
            assert [asked.body for asked in endpoint.asked] == ([b"{}", b""] * 2 if len(found) == 2 else [])

    asyncio.run(main())


PATIENT: Final = (
    b"POST /v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'2;a="b"\r\n{}\r\n0\r\nX-T: 1\r\n\r\n'
)


@ONE_LOOP
@pytest.mark.parametrize("raw", [GOOD, PATIENT], ids=["length", "chunked"])
def test_a_request_that_breaks_off_reaches_nobody(tmp_path: Path, raw: bytes) -> None:
    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for at in range(len(raw)):
                found = statuses(await talk(proxy.url, raw[:at], half_close=True))
                assert found in ([], [400]), at
                async with client(proxy.url) as talker:
                    await talker.send(raw[:at])  # and goes
            assert endpoint.asked == []
            assert proxy.records() == ()

    asyncio.run(main())


# --- requests without end ------------------------------------------------------------------------

PIECE: Final = 8 * 1024
MUCH: Final = 256
"""Pieces that nobody reads to the end: 2 MiB."""


@pytest.mark.parametrize(
    ("beginning", "more"),
    [
        (b"", b"\r\n" * (PIECE // 2)),
        (b"GET /", b"a" * PIECE),
        (b"A" * PIECE, b"A" * PIECE),
        (GET + b"X: ", b"a" * PIECE),
        (GET + b"X:", b" " * PIECE),
        (GET, b"a" * PIECE),
        (GET, b"X: a\r\n" * (PIECE // 6)),
        (GET, b"X:\r\n" * (PIECE // 4)),
        (CHUNKED, b"0" * PIECE),
        (CHUNKED + b"2;a", b"a" * PIECE),
        (CHUNKED + b"2;a=", b"a" * PIECE),
        (CHUNKED + b'2;a="', b"a" * PIECE),
        (CHUNKED + b"2", b";a=b" * (PIECE // 4)),
        (CHUNKED + b"2\r\n{}\r\n0;a", b"a" * PIECE),
        (CHUNKED + b"2\r\n{}\r\n0\r\nX: ", b"a" * PIECE),
        (CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: a\r\n" * (PIECE // 6)),
        (CHUNKED + b"2\r\n{}\r\n0\r\n", b"X:\r\n" * (PIECE // 4)),
    ],
    ids=[
        "blank lines", "target", "method", "value", "space before a value", "name", "headers",
        "empty headers", "size", "extension", "extension's value", "quoted extension", "extensions",
        "last extension", "trailer", "trailers", "empty trailers",
    ],
)  # fmt: skip
def test_what_never_ends_is_refused(tmp_path: Path, beginning: bytes, more: bytes) -> None:
    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy), client(proxy.url) as talker:
            await talker.send(beginning)
            sent = 0
            while not talker.got and not talker.ended.is_set() and sent < MUCH:
                await talker.send(more)
                sent += 1
            assert sent < MUCH
            assert statuses(await talker.rest()) in ([400], [414], [431])
            assert endpoint.asked == []

    asyncio.run(main())


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /v1/models?" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        GET + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        GET + b"X" * 70_000 + b": a\r\n\r\n",
        GET + b"".join(b"X-%d: %b\r\n" % (n, b"a" * 1000) for n in range(70)) + b"\r\n",
        GET + b"X: a\r\n" * 12_000 + b"\r\n",
        b"GET /v1/models?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 30_000 + b"\r\n\r\n",
    ],
    ids=["target", "value", "name", "headers", "short headers", "both"],
)
def test_what_is_too_long_is_refused_though_it_ends(tmp_path: Path, raw: bytes) -> None:
    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for parts in ([raw], [raw[at : at + 1000] for at in range(0, len(raw), 1000)]):
                assert statuses(await talk(proxy.url, *parts)) in ([400], [414], [431])
            assert endpoint.asked == []

    asyncio.run(main())


# --- well-formed requests ------------------------------------------------------------------------


@pytest.mark.parametrize("name", wellformed.REQUESTS)
def test_an_odd_but_well_formed_request_passes_unchanged(tmp_path: Path, name: str) -> None:
    fine = wellformed.REQUESTS[name]
    raw = fine.raw + LAST
    ways = [[raw], [fine.raw, LAST]]
    if len(raw) < 2000:
        ways.append(bytewise(raw))

    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for parts in ways:
                assert statuses(await talk(proxy.url, *parts)) == [200, 200]
                here, last = endpoint.asked[-2:]
                assert (here.method, here.target, here.body) == (fine.method, fine.target, fine.body)
                assert here.fields == fine.fields
                assert last.target == b"/v1/last"
            assert len(endpoint.asked) == 2 * len(ways)
            assert {call.request_bytes for call in passed_on(proxy)} <= {len(fine.body)}

    asyncio.run(main())


@ONE_LOOP
@pytest.mark.parametrize(
    "name", ["chunk extensions and trailers", "Upgrade and a body", "Upgrade and chunks"]
)
def test_a_well_formed_request_in_two_pieces(tmp_path: Path, name: str) -> None:
    fine = wellformed.REQUESTS[name]
    raw = fine.raw + LAST

    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for at in range(1, len(raw)):
                assert statuses(await talk(proxy.url, *cut_at(raw, at))) == [200, 200], at
            assert {asked.body for asked in endpoint.asked[::2]} == {fine.body}
            assert {asked.target for asked in endpoint.asked[1::2]} == {b"/v1/last"}

    asyncio.run(main())


def echo(asked: Asked) -> list[Step]:
    body = asked.target + b" " + asked.body
    return [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)]


def test_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    first = Gate()
    raw = b"".join(
        b"POST /v1/%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (n, n, b"x" * n)
        for n in range(50)
    )

    def script(asked: Asked) -> list[Step]:
        return [*([first] if asked.target == b"/v1/0" else []), *echo(asked)]

    async def main() -> None:
        async with between(tmp_path, script) as (endpoint, proxy), client(proxy.url) as talker:
            await talker.send(raw + LAST)
            await asyncio.wrap_future(first.reached)
            await turns()
            assert talker.got == b""
            first.open()
            got = answers(await talker.rest())
            expected = [(b"/v1/%d" % n, b"x" * n) for n in range(50)] + [(b"/v1/last", b"")]
            assert [answer.body for answer in got] == [b"%b %b" % pair for pair in expected]
            assert [(asked.target, asked.body) for asked in endpoint.asked] == expected
            assert [call.request_bytes for call in passed_on(proxy)] == list(range(50))

    asyncio.run(main())


@pytest.mark.parametrize("bad", ["words", "two lengths", "chunk size 'zz'", "trailer 'X'"])
def test_a_malformed_request_waits_for_its_turn(tmp_path: Path, bad: str) -> None:
    first = Gate()

    def script(asked: Asked) -> list[Step]:
        return [*([] if first.reached.done() else [first]), ANSWER]

    async def main() -> None:
        async with between(tmp_path, script) as (endpoint, proxy), client(proxy.url) as talker:
            await talker.send(GOOD + GOOD, malformed.REQUESTS[bad], GOOD)
            await asyncio.wrap_future(first.reached)
            await turns()
            assert talker.got == b""
            first.open()
            assert statuses(await talker.rest()) == [200, 200, 400]
            assert len(endpoint.asked) == 2

    asyncio.run(main())


@pytest.mark.parametrize("at", [1, 40, len(PATIENT) - 20, len(PATIENT) - 10, len(PATIENT) - 1])
def test_a_good_request_before_one_that_breaks_off(tmp_path: Path, at: int) -> None:
    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            found = statuses(await talk(proxy.url, GOOD + PATIENT[:at], half_close=True))
            assert found in ([200], [200, 400])
            assert len(endpoint.asked) == 1

    asyncio.run(main())


@pytest.mark.parametrize(
    "last",
    [
        GET + b"Connection: close\r\n\r\n",
        GET + b"Connection: Keep-Alive, CLOSE\r\n\r\n",
        GET + b"Connection: keep-alive\r\nConnection: close\r\n\r\n",
        POST + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}",
        POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\n{}\r\n0\r\nConnection: keep-alive\r\n\r\n",
        GET + b"Connection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"GET /v1/models HTTP/1.0\r\n\r\n",
        b"GET /v1/models HTTP/1.0\r\nHost: a\r\n\r\n",
        b"POST /v1/x HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=[
        "close", "both", "both in two lines", "length", "chunks", "Upgrade", "HTTP/1.0",
        "HTTP/1.0 and a host", "HTTP/1.0 and a body",
    ],
)  # fmt: skip
@pytest.mark.parametrize("behind", [EVIL, GOOD, b"hello\r\n\r\n", b"\0", b"\r\n", b""])
def test_what_is_behind_the_last_request_is_nobodys(tmp_path: Path, last: bytes, behind: bytes) -> None:
    """RFC 9112, 9.6: it must not be processed."""

    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for parts in ([last + behind], [last, behind], bytewise(last + behind)):
                assert statuses(await talk(proxy.url, *parts)) == [200]
            assert len(endpoint.asked) == 3

    asyncio.run(main())


def test_http_1_0_is_answered_without_chunks(tmp_path: Path) -> None:
    asks = b"GET /v1/models HTTP/1.0\r\n%b\r\n"
    reply = [CHUNKED_OK + chunk(b"{") + chunk(b"}") + b"0\r\n\r\n"]

    async def main() -> None:
        async with between(tmp_path, reply) as (_, proxy):
            for fields in (b"", b"Connection: keep-alive\r\n"):
                [got] = answers(await talk(proxy.url, asks % fields))
                assert (got.status, got.body) == (200, b"{}")
                assert got.header("Transfer-Encoding") is None
                assert "keep-alive" not in (got.header("Connection") or "").lower()

    asyncio.run(main())


def test_http_1_0_that_asks_to_be_kept_alive(tmp_path: Path) -> None:
    asks = b"POST /v1/x HTTP/1.0\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\n{}"

    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for parts in ([asks + LAST], bytewise(asks + LAST)):
                before = len(endpoint.asked)
                first, *others = answers(await talk(proxy.url, *parts))
                kept = (first.header("Connection") or "").lower() == "keep-alive"
                assert (first.status, len(others)) == (200, int(kept))
                assert len(endpoint.asked) == before + 1 + int(kept)

    asyncio.run(main())


def test_expect_continue(tmp_path: Path) -> None:
    asks = POST + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    old = b"POST /v1/x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"

    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            for parts in ([asks + b"{}"], bytewise(asks + b"{}")):
                assert last_answer(await talk(proxy.url, *parts)).status == 200
            async with client(proxy.url) as talker:
                await talker.send(asks)
                await talker.until(b"HTTP/1.1 100 Continue\r\n\r\n")
                assert endpoint.asked[2:] == []
                await talker.send(b"{}")
                assert statuses(await talker.rest()) == [100, 200]
            # RFC 9110, 10.1.1: of an HTTP/1.0 client it must be ignored
            assert statuses(await talk(proxy.url, old, b"{}")) == [200]
            assert [(asked.fields, asked.body) for asked in endpoint.asked] == [((), b"{}")] * 4

    asyncio.run(main())


def test_a_malformed_request_is_not_told_to_go_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with between(tmp_path) as (_, proxy):
            raw = POST + b"Expect: 100-continue\r\nTransfer-Encoding: pigeons\r\n\r\n"
            assert statuses(await talk(proxy.url, raw)) in ([400], [501])

    asyncio.run(main())


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"POST http://b/v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b", 400),
        (b"POST /v1/../x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: %d\r\n\r\n%b", 400),
        (b"CONNECT /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b", 400),
        (POST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: %d\r\n\r\n%b", 426),
        (POST + b"Authorization: Bearer cab-dead\r\nContent-Length: %d\r\n\r\n%b", 401),
    ],
    ids=["absolute", "dots", "asterisk", "CONNECT", "CONNECT a path", "websocket", "dead token"],
)
def test_the_body_of_a_refused_request_is_no_request(tmp_path: Path, raw: bytes, status: int) -> None:
    async def main() -> None:
        async with between(tmp_path) as (endpoint, proxy):
            whole = raw % (len(EVIL), EVIL)
            for parts in ([whole + ASK], [whole, ASK], bytewise(whole + ASK)):
                before = len(endpoint.asked)
                first, *others = statuses(await talk(proxy.url, *parts))
                assert first == status
                assert others in ([], [200])  # the connection may have ended with the first
                assert len(endpoint.asked) - before == len(others)
            assert {asked.target for asked in endpoint.asked} <= {b"/v1/x"}

    asyncio.run(main())


# --- requests whose body goes through as a stream ------------------------------------------------


@pytest.mark.parametrize(
    "end",
    [
        b"zz\r\n",
        b"-1\r\n",
        b"2\r\nabc\r\n0\r\n\r\n",
        b"0\r\nX\r\n\r\n",
        b"0\r\nContent-Length: 2\r\n\r\n",
        b"0\r\n\rX\r\n",
        b"2;" + b"a" * 70_000,
    ],
    ids=["size", "negative", "too long", "trailer", "framing trailer", "CR", "extension without end"],
)
@pytest.mark.parametrize("apart", [False, True])
def test_a_streamed_body_that_goes_wrong_arrives_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: bytes, apart: bool
) -> None:
    monkeypatch.setattr(relay, "MAX_HELD_BYTES", 1000)
    raw = CHUNKED + chunk(b"a" * 2000)

    async def main() -> None:
        async with Witness() as endpoint, metered(endpoint.url, tmp_path) as proxy:
            found = statuses(await talk(proxy.url, *([raw, end] if apart else [raw + end]), GOOD))
            assert found in ([], [400], [502])
            assert endpoint.asked == []
            assert statuses(await talk(proxy.url, ASK)) == [200]
            assert verify(proxy.ledger.read_bytes()).in_flight == ()
            assert proxy.said == []

    asyncio.run(main())


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 4000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nfa0\r\n"]
)
def test_a_streamed_body_that_breaks_off_arrives_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, framing: bytes
) -> None:
    monkeypatch.setattr(relay, "MAX_HELD_BYTES", 1000)

    async def main() -> None:
        async with Witness() as endpoint, metered(endpoint.url, tmp_path) as proxy:
            raw = POST + framing + b"a" * 2000
            assert statuses(await talk(proxy.url, raw, half_close=True)) in ([], [400], [502])
            async with client(proxy.url) as talker:
                await talker.send(raw)  # and goes
            assert endpoint.asked == []
            assert statuses(await talk(proxy.url, ASK)) == [200]
            await proxy.run.idle.wait()
            assert verify(proxy.ledger.read_bytes()).in_flight == ()
            assert proxy.said == []

    asyncio.run(main())


@pytest.mark.parametrize("apart", [False, True])
def test_what_is_behind_a_body_that_was_answered_too_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    monkeypatch.setattr(relay, "MAX_HELD_BYTES", 1000)
    heads: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 413 Too Large\r\n" + LENGTH_2)
        while await reader.read(2**16):
            pass
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with server, metered(url, tmp_path) as proxy:
            async with client(proxy.url) as talker:
                await talker.send(POST + b"Content-Length: 4000\r\n\r\n" + b"a" * 2000)
                await talker.until(b"{}")
                rest = b"a" * 2000
                await talker.send(*([rest, GOOD, GOOD] if apart else [rest + GOOD + GOOD]))
                talker.half_close()
                assert statuses(await talker.rest()) == [413] * len(heads)
            assert verify(proxy.ledger.read_bytes()).in_flight == ()
            assert proxy.said == []

    asyncio.run(main())


# --- clients that say no more --------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("way", ["tcp", "unix"])
def test_a_client_that_half_closes_gets_its_whole_answer(tmp_path: Path, way: str, streamed: bool) -> None:
    plain = json.dumps(completion()).encode()
    head = OK + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(plain)
    events = stream("Hel", "lo")
    first, second = Gate(), Gate()
    steps: list[Step] = [first, head, plain[:9], second, plain[9:]]
    if streamed:
        steps = [first, *events[:2], second, *events[2:]]
    asks = json.dumps(chat(stream=streamed)).encode()

    async def main() -> None:
        async with Witness(steps) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            run = await proxy.service.open_run(RunRequest(run_id="r", upstream=endpoint.url))
            where: Path | str = run.socket if way == "unix" else proxy.url
            token = b"Authorization: Bearer %b\r\n" % run.token.encode()
            raw = b"POST %b HTTP/1.1\r\nHost: a\r\n%bContent-Length: %d\r\n\r\n%b"
            async with client(where) as talker:
                await talker.send(raw % (CHAT.encode(), token, len(asks), asks))
                talker.half_close()
                for gate in (first, second):
                    await asyncio.wrap_future(gate.reached)
                    await turns()
                    gate.open()
                [got] = answers(await talker.rest())
            assert got.whole
            assert got.body.endswith(event("[DONE]") if streamed else plain)
            [call] = calls_of(read_ledger(run.ledger))
            assert call.error_type is None
            assert call.tokens.total == 16

    asyncio.run(main())


def test_a_client_that_half_closes_behind_pipelined_requests(tmp_path: Path) -> None:
    async def main() -> None:
        async with between(tmp_path, echo) as (endpoint, proxy):
            got = answers(await talk(proxy.url, GOOD + PATIENT + GOOD, half_close=True))
            assert [answer.body for answer in got] == [b"/v1/x {}"] * 3
            assert len(endpoint.asked) == 3

    asyncio.run(main())


def test_a_client_that_closes_without_a_word(tmp_path: Path) -> None:
    async def main() -> None:
        async with between(tmp_path) as (_, proxy):
            assert await talk(proxy.url, half_close=True) == b""
            assert await talk(proxy.url, b"\r\n", half_close=True) == b""

    asyncio.run(main())


# --- responses -----------------------------------------------------------------------------------


def own_fields(got: Got) -> tuple[tuple[str, str], ...]:
    """The headers without framing and the connection's own."""
    ours = {"connection", "content-length", "transfer-encoding", "keep-alive"}
    return tuple(field for field in got.headers if field[0].lower() not in ours)


@pytest.mark.parametrize("name", wellformed.RESPONSES)
def test_an_odd_but_well_formed_response_passes_unchanged(tmp_path: Path, name: str) -> None:
    replied = wellformed.RESPONSES[name]
    end: list[Step] = [CUT] if replied.cut else []
    replies: list[list[Step]] = [[replied.raw, *end]]
    if len(replied.raw) < 2000:
        replies.append([*bytewise(replied.raw), *end])

    async def main() -> None:
        async with between(tmp_path, in_turn(*replies)) as (_, proxy):
            for _ in replies:
                raw = await talk(proxy.url, ASK)
                got = last_answer(raw)
                assert (got.status, got.body, got.whole) == (replied.status, replied.body, True)
                assert own_fields(got) == replied.fields
            for call in passed_on(proxy):
                assert call.status == replied.status
                assert call.response_bytes == len(replied.body)
                assert call.error_type == ("upstream_error" if replied.status >= 400 else None)

    asyncio.run(main())


@pytest.mark.parametrize("name", malformed.RESPONSES)
def test_of_a_malformed_response_nothing_is_passed_on(tmp_path: Path, name: str) -> None:
    raw = malformed.RESPONSES[name]
    replies: list[list[Step]] = [[raw], [*bytewise(raw)], [raw, CUT]]
    reply = in_turn(*replies, [ANSWER])

    async def main() -> None:
        async with between(tmp_path, reply) as (_, proxy):
            for _ in replies:
                [got] = answers(await talk(proxy.url, ASK))  # though the endpoint's connection stays open
                assert got.status == 502
                assert got.json()["error"]["code"] == "upstream_unreachable"
            assert {call.error_type for call in passed_on(proxy)} == {"upstream_error"}
            assert statuses(await talk(proxy.url, ASK)) == [200]

    asyncio.run(main())


@pytest.mark.parametrize("name", malformed.BROKEN_BODIES)
def test_a_response_that_breaks_behind_its_head_breaks_off(tmp_path: Path, name: str) -> None:
    raw = malformed.BROKEN_BODIES[name]
    head = CHUNKED_OK + b"3\r\nabc\r\n"
    replies: list[list[Step]] = [[head + raw], [head, raw], [head, *bytewise(raw)], [head + raw, CUT]]
    reply = in_turn(*replies, [ANSWER])

    async def main() -> None:
        async with between(tmp_path, reply) as (_, proxy):
            for _ in replies:
                [got] = answers(await talk(proxy.url, ASK))
                assert (got.status, got.whole) == (200, False)
                assert b"abc{}".startswith(got.body)
            assert {(call.error_type, call.status) for call in passed_on(proxy)} == {("truncated", 200)}
            assert statuses(await talk(proxy.url, ASK)) == [200]

    asyncio.run(main())


@ONE_LOOP
def test_an_endpoint_that_goes_within_the_head(tmp_path: Path) -> None:
    head = OK + b"X: a\r\nContent-Length: 2\r\n\r\n"
    replies: list[list[Step]] = [[head[:at], CUT] for at in range(1, len(head))]

    async def main() -> None:
        async with between(tmp_path, in_turn(*replies)) as (_, proxy):
            for at in range(1, len(head)):
                assert statuses(await talk(proxy.url, ASK)) == [502], at
            assert {call.error_type for call in passed_on(proxy)} == {"upstream_error"}

    asyncio.run(main())


@ONE_LOOP
@pytest.mark.parametrize(
    ("head", "body"),
    [
        (OK + b"Content-Length: 5\r\n\r\n", b"hello"),
        (CHUNKED_OK, b"2;a\r\nhe\r\n3\r\nllo\r\n0\r\nX-T: 1\r\n\r\n"),
    ],
    ids=["length", "chunks"],
)
def test_an_endpoint_that_goes_within_the_body(tmp_path: Path, head: bytes, body: bytes) -> None:
    whole: list[list[Step]] = [[head + body[:at], CUT] for at in range(len(body))]
    apart: list[list[Step]] = [[head, body[:at], CUT] for at in range(len(body))]

    async def main() -> None:
        async with between(tmp_path, in_turn(*whole, *apart)) as (_, proxy):
            for _ in range(2 * len(body)):
                [got] = answers(await talk(proxy.url, ASK))
                assert (got.status, got.whole) == (200, False)
                assert b"hello".startswith(got.body)
            assert {call.error_type for call in passed_on(proxy)} == {"truncated"}

    asyncio.run(main())


@pytest.mark.parametrize("interim", [b"", b"HTTP/1.1 100 Continue\r\n\r\n"])
@pytest.mark.parametrize(
    "fields",
    [
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 12\r\nX: a\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_a_response_with_coding_and_length_is_made_unambiguous(
    tmp_path: Path, fields: bytes, interim: bytes
) -> None:
    """RFC 9112, 6.3: an error, or forwarded without its Content-Length."""
    raw = interim + OK + fields + b"\r\n2\r\n{}\r\n0\r\n\r\n"
    reply = in_turn([raw], bytewise(raw), [ANSWER])

    async def main() -> None:
        async with between(tmp_path, reply) as (_, proxy):
            for _ in range(2):
                got = last_answer(await talk(proxy.url, ASK))
                if got.status != 502:
                    assert (got.status, got.body, got.whole) == (200, b"{}", True)
                    assert got.header("Content-Length") != "12"
            assert statuses(await talk(proxy.url, ASK)) == [200]

    asyncio.run(main())


@pytest.mark.parametrize("reason", [b"a\0b", b"a\x01b", b"a\x1bb", b"a\x7fb"])
def test_a_reason_with_control_characters_is_not_passed_on(tmp_path: Path, reason: bytes) -> None:
    async def main() -> None:
        async with between(tmp_path, [b"HTTP/1.1 200 " + reason + b"\r\n" + LENGTH_2]) as (_, proxy):
            raw = await talk(proxy.url, ASK)
            assert statuses(raw) in ([200], [502])
            assert reason not in raw

    asyncio.run(main())


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\n" + OK + LENGTH_2,
        b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n" + OK + LENGTH_2,
        b"HTTP/1.0 100 Continue\r\n\r\n" + OK + LENGTH_2,
        OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Content-Length: 2, 2\r\n\r\n{}",
        OK + b"X: a\r\n b\r\n" + LENGTH_2,
        OK.replace(b"\r\n", b"\n") + LENGTH_2,
        OK + b"X: a\n" + LENGTH_2,
        CHUNKED_OK + b"2 \r\n{}\r\n0 \r\n\r\n",
        CHUNKED_OK + b"2; a = b\r\n{}\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: ,chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"\r\n" + OK + LENGTH_2,
        b"HTTP/1.1 999 Blocked\r\n" + LENGTH_2,
    ],
    ids=[
        "coding in HTTP/1.0", "204 and a length", "204 and a coding", "100 and a length", "100 and close",
        "100 of HTTP/1.0", "the same length twice", "length 2, 2", "folded", "LF after the status line",
        "LF after a header", "space after a size", "space in an extension", "an empty coding",
        "a blank line before", "999",
    ],
)  # fmt: skip
def test_a_doubtful_response_is_refused_or_made_plain(tmp_path: Path, raw: bytes) -> None:
    """The client's reader is strict: what it takes is unambiguous. What follows is never mixed up."""
    reply = in_turn([raw], bytewise(raw), [ANSWER])

    async def main() -> None:
        async with between(tmp_path, reply) as (_, proxy):
            for _ in range(2):
                got = last_answer(await talk(proxy.url, ASK))
                if got.status == 200 and got.whole:
                    assert got.body == b"{}"
                    assert "\n" not in str(got.headers)
                elif got.status != 200:
                    assert got.status in {204, 502, 999}
            assert statuses(await talk(proxy.url, ASK)) == [200]

    asyncio.run(main())


@pytest.mark.parametrize(
    "fields",
    [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"", b"Content-Length: 0\r\n"],
    ids=["length", "chunked", "none", "zero"],
)
def test_the_response_to_head_has_no_body(tmp_path: Path, fields: bytes) -> None:
    head = b"HEAD /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"

    def script(asked: Asked) -> list[Step]:
        return [OK + fields + b"X: 1\r\n\r\n"] if asked.method == b"HEAD" else [ANSWER]

    async def main() -> None:
        async with between(tmp_path, script) as (endpoint, proxy), client(proxy.url) as talker:
            await talker.send(head)
            await talker.until(b"\r\n\r\n")
            [got] = answers(talker.got, "HEAD")
            assert got.header("X") == "1"
            assert got.header("Content-Length") in {None, fields.decode()[16:].strip() or None}
            seen = len(talker.got)
            await talker.send(LAST)
            assert statuses((await talker.rest())[seen:]) == [200]
            assert len(endpoint.asked) == 2

    asyncio.run(main())


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 1\r\n\r\n1",
        CHUNKED_OK + b"1\r\n1\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n",
        OK + b"Content-Length: 0\r\n\r\n",
    ],
    ids=["length", "chunked", "204", "304", "length 0"],
)
@pytest.mark.parametrize(
    "extra",
    [
        b"evil",
        b"\r\n",
        b"\r\n\r\nevil",
        b"0\r\n\r\n",
        OK + b"Content-Length: 4\r\n\r\nevil",
        OK + b"Content-Length: 4000\r\n\r\nevil",
        OK + b"X: ",
        b"H",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=["bytes", "blank", "blank and bytes", "a chunk", "response", "beginning", "head", "letter", "100"],
)
@pytest.mark.parametrize("late", [False, True], ids=["at once", "later"])
def test_what_is_behind_a_response_is_nobodys(
    tmp_path: Path, answer: bytes, extra: bytes, late: bool
) -> None:
    sent = Gate()

    def script(asked: Asked) -> list[Step]:
        if len(asked.body) == 2:
            return [OK + b"Content-Length: 1\r\n\r\n2"]
        return [answer, extra, sent] if late else [answer + extra, sent]

    async def main() -> None:
        async with between(tmp_path, script) as (endpoint, proxy):
            first = answers(await talk(proxy.url, ASK.replace(b"2\r\n\r\n{}", b"0\r\n\r\n")))
            assert [got.body for got in first] in ([b"1"], [b""])
            await asyncio.wrap_future(sent.reached)
            await turns()
            sent.open()
            [second] = answers(await talk(proxy.url, ASK))
            assert second.body == b"2"
            assert [call.error_type for call in passed_on(proxy)] == [None, None]
            assert extra == b"\r\n" or [asked.connection for asked in endpoint.asked] == [0, 1]

    asyncio.run(main())


@pytest.mark.parametrize(
    "extra", [OK + b"Content-Length: 4\r\n\r\nevil", b"H", b""], ids=["response", "letter", "end"]
)
def test_what_comes_unasked_together_with_the_next_request(tmp_path: Path, extra: bytes) -> None:
    """The relay finds both in one turn of its loop, the request first."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def accept() -> socket.socket:
            found, _ = await loop.sock_accept(listening)
            return found

        async def gets(sock: socket.socket, ending: bytes) -> bytes:
            raw = b""
            while not raw.endswith(ending):
                part = await loop.sock_recv(sock, 2**16)
                assert part, raw
                raw += part
            return raw

        with contextlib.ExitStack() as stack:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            listening.setblocking(False)
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
            async with metered(url, tmp_path) as proxy, asyncio.timeout(HANG_S):
                asker = stack.enter_context(socket.socket())
                asker.setblocking(False)
                await loop.sock_connect(asker, ("127.0.0.1", int(proxy.url.rpartition(":")[2])))
                await loop.sock_sendall(asker, GOOD)
                first = stack.enter_context(await accept())
                await gets(first, b"{}")
                await loop.sock_sendall(first, ANSWER)
                await gets(asker, b"{}")
                await turns()
                asker.send(GOOD)  # no turn of the loop between this
                if extra:
                    first.send(extra)
                else:
                    first.close()  # and this
                second = stack.enter_context(await accept())
                await gets(second, b"{}")
                await loop.sock_sendall(second, OK + b"Content-Length: 1\r\n\r\n2")
                assert statuses(await gets(asker, b"\r\n\r\n2")) == [200]

    asyncio.run(main())


def test_a_body_in_response_to_head_is_nobodys(tmp_path: Path) -> None:
    def script(asked: Asked) -> list[Step]:
        return [OK + b"Content-Length: 4\r\n\r\nevil"] if asked.method == b"HEAD" else [ANSWER]

    async def main() -> None:
        async with between(tmp_path, script) as (_, proxy):
            raw = await talk(proxy.url, LAST.replace(b"GET", b"HEAD"))
            assert len(answers(raw, "HEAD")) == 1
            assert b"evil" not in raw
            [got] = answers(await talk(proxy.url, ASK))
            assert got.body == b"{}"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("beginning", "more", "whole"),
    [
        (b"", b"\r\n" * (PIECE // 2), True),
        (b"HTTP/1.1 200 ", b"a" * PIECE, True),
        (OK + b"X: ", b"a" * PIECE, True),
        (OK, b"X: a\r\n" * (PIECE // 6), True),
        (CHUNKED_OK + b"1\r\na\r\n", b"0" * PIECE, False),
        (CHUNKED_OK + b"1\r\na\r\n1;a=", b"a" * PIECE, False),
        (CHUNKED_OK + b"1\r\na\r\n0\r\nX: ", b"a" * PIECE, False),
        (CHUNKED_OK + b"1\r\na\r\n0\r\n", b"X: a\r\n" * (PIECE // 6), False),
    ],
    ids=["blank lines", "reason", "value", "headers", "size", "extension", "trailer", "trailers"],
)
def test_a_response_that_never_ends_its_head_is_given_up(
    tmp_path: Path, beginning: bytes, more: bytes, whole: bool
) -> None:
    read: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n{}")
            writer.write(beginning)
            while len(read) < MUCH:
                read.append(len(more))
                writer.write(more)
                await writer.drain()
                await turns()
            await reader.read()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with server, metered(url, tmp_path) as proxy:
            got = last_answer(await talk(proxy.url, ASK))
            assert (got.status, got.whole) == ((502, True) if whole else (200, False))
            assert proxy.call().error_type == ("upstream_error" if whole else "truncated")
            assert len(read) < MUCH

    asyncio.run(main())


# --- one stream, cut in many ways ----------------------------------------------------------------

EVENTS: Final = [
    event(delta("Hel")),
    event(delta("lo", finish="stop")),
    event(usage_chunk()),
    event("[DONE]"),
]
STREAM: Final = (
    OK
    + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"".join(chunk(part) for part in EVENTS)
    + b"0\r\n\r\n"
)
PLAIN_BODY: Final = json.dumps(completion()).encode()
PLAIN: Final = (
    OK + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(PLAIN_BODY) + PLAIN_BODY
)


def chat_request(*, streamed: bool) -> bytes:
    body = json.dumps(chat(stream=streamed)).encode()
    return b"POST %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (
        CHAT.encode(), len(body), body,
    )  # fmt: skip


def figures(call: Record) -> Record:
    """What of a call's record doesn't depend on when it was made."""
    return replace(
        call,
        call_id="", started_at="", seq=0, prev="", operation_id=None,
        ttfb_ms=None, ttft_ms=None, duration_ms=None, client_wait_ms=None, proxy_overhead_ms=None,
    )  # fmt: skip


class Cutter:
    """An endpoint that gives the same answer in whatever pieces it is told to."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def __call__(self, _: Asked) -> list[Step]:
        return [*self.parts]


@ONE_LOOP
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
def test_a_response_in_any_two_pieces_is_the_same(tmp_path: Path, streamed: bool) -> None:
    raw = STREAM if streamed else PLAIN
    body = b"".join(EVENTS) if streamed else PLAIN_BODY
    cutter = Cutter()

    async def main() -> None:
        async with between(tmp_path, cutter) as (_, proxy):
            for at in range(len(raw)):
                cutter.parts = cut_at(raw, at)
                [got] = answers(await talk(proxy.url, chat_request(streamed=streamed)))
                assert (got.body, got.whole) == (body, True), at
            calls = [figures(call) for call in passed_on(proxy)]
            assert all(call == calls[0] for call in calls)
            assert calls[0].usage_raw == USAGE
            assert (calls[0].finish_reasons, calls[0].error_type) == (("stop",), None)
            assert calls[0].response_bytes == len(body)

    asyncio.run(main())


def test_a_response_byte_by_byte_and_in_tiny_chunks(tmp_path: Path) -> None:
    body = b"".join(EVENTS)
    tiny = STREAM.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    tiny += b"".join(b"1\r\n%b\r\n" % part for part in bytewise(body)) + b"0\r\n\r\n"
    reply = in_turn([STREAM], bytewise(STREAM), [tiny], bytewise(tiny))

    async def main() -> None:
        async with between(tmp_path, reply) as (_, proxy):
            for _ in range(4):
                [got] = answers(await talk(proxy.url, chat_request(streamed=True)))
                assert (got.body, got.whole) == (body, True)
            calls = [figures(call) for call in passed_on(proxy)]
            assert all(call == calls[0] for call in calls)
            assert calls[0].tokens.total == 16

    asyncio.run(main())


# --- hypothesis ----------------------------------------------------------------------------------


class Bench:
    """A proxy before a witness in a loop of its own, for many examples."""

    def __init__(self, folder: Path, reply: Callable[[Asked], Sequence[Step]] | Sequence[Step]) -> None:
        self._lines = 0
        self._stack = contextlib.AsyncExitStack()
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.endpoint, self.proxy = self.run(self._stack.enter_async_context(between(folder, reply)))

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(main)

    def new_calls(self) -> int:
        """How many calls have been passed on since the last time."""
        lines = self.proxy.ledger.read_bytes().splitlines()
        new, self._lines = [decode(line) for line in lines[self._lines :]], len(lines)
        return len([call for call in calls_of(new) if call.error_type not in REFUSED_BY_PROXY])

    def close(self) -> None:
        try:
            self.run(self._stack.aclose())
        finally:
            self._runner.close()


@contextlib.contextmanager
def bench(folder: Path, reply: Callable[[Asked], Sequence[Step]] | Sequence[Step]) -> Iterator[Bench]:
    made = Bench(folder, reply)
    with contextlib.closing(made):
        yield made


@ONE_LOOP
def test_a_response_in_any_pieces_is_the_same(tmp_path: Path) -> None:
    cutter = Cutter()
    seen: list[Record] = []

    with bench(tmp_path, cutter) as place:

        @settings(max_examples=60)
        @given(cuts=st.lists(st.integers(1, len(STREAM) - 1), max_size=40, unique=True).map(sorted))
        def check(cuts: list[int]) -> None:
            bounds = [0, *cuts, len(STREAM)]
            cutter.parts = [STREAM[a:b] for a, b in itertools.pairwise(bounds)]
            [got] = answers(place.run(talk(place.proxy.url, chat_request(streamed=True))))
            assert got.body == b"".join(EVENTS)
            seen.append(figures(passed_on(place.proxy)[-1]))
            assert seen[-1] == seen[0]

        check()
        assert seen[0].tokens.total == 16


def spelled(name: bytes) -> st.SearchStrategy[bytes]:
    """A header's name in some mixture of letters."""
    return st.lists(st.booleans(), min_size=len(name), max_size=len(name)).map(
        lambda ups: b"".join(
            letter.upper() if up else letter.lower() for letter, up in zip(bytewise(name), ups, strict=True)
        )
    )


BLANKS = st.sampled_from([b"", b" ", b"\t", b"  \t "])
VALUES = st.one_of(
    st.sampled_from([b"", b"a", b"keep-alive", b"chunked", b"0", b"GET / HTTP/1.1"]),
    st.binary(max_size=12).map(lambda raw: bytes(b for b in raw if b >= 0x20 and b != 0x7F)),
)


@st.composite
def fields(draw: st.DrawFn, name: bytes, value: bytes) -> bytes:
    return draw(spelled(name)) + b":" + draw(BLANKS) + value + draw(BLANKS) + b"\r\n"


@st.composite
def chunked_bodies(draw: st.DrawFn, body: bytes) -> bytes:
    raw = b""
    extensions = st.sampled_from([b"", b";a", b";a=b", b';a="b;\\"c"', b";a=b;c"])
    while body:
        size = draw(st.integers(1, len(body)))
        zeros = b"0" * draw(st.integers(0, 2))
        raw += zeros + b"%x" % size + draw(extensions) + b"\r\n" + body[:size] + b"\r\n"
        body = body[size:]
    trailers = draw(st.sampled_from([b"", b"X-T: 1\r\n", b"Host: b\r\nX-T:\r\n"]))
    return raw + b"0" + draw(extensions) + b"\r\n" + trailers + b"\r\n"


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A well-formed request in some spelling, that asks for the connection to be closed."""
    method = draw(st.sampled_from([b"POST", b"POST", b"POST", b"GET", b"PUT", b"DELETE"]))
    target = draw(st.sampled_from([b"/", b"/v1/x", b"/v1/x?y=z%20", CHAT.encode()]))
    version = draw(st.sampled_from([b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0"]))
    body = draw(st.sampled_from([b"", b"{}", b"0\r\n\r\n", EVIL, b"\r\n\r\n" + GOOD]))
    lines = [draw(fields(b"Host", b"a")), draw(fields(b"Connection", b"close"))]
    coded = st.just(body)
    if version == b"HTTP/1.1" and draw(st.booleans()):
        coded = chunked_bodies(body)  # llhttp takes no tab behind the coding's name
        lines.append(draw(spelled(b"Transfer-Encoding")) + b":" + draw(BLANKS) + b"chunked\r\n")
    else:
        lines.append(draw(fields(b"Content-Length", b"%d" % len(body))))
    lines += [draw(fields(b"X-A", value)) for value in draw(st.lists(VALUES, max_size=2))]
    return b"".join(
        [
            b"%b %b %b\r\n" % (method, target, version),
            *draw(st.permutations(lines)),
            b"\r\n",
            draw(coded),
        ]
    )


SPECIAL = st.one_of(st.sampled_from(list(b'\0\t\n\r "%,/0159:;=AFafx\x7f\x80\xff')), st.integers(0, 255))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The same with one byte gone, doubled, changed or added."""
    raw = draw(requests())
    at = draw(st.integers(0, len(raw) - 1))
    byte = bytes([draw(SPECIAL)])
    return draw(
        st.sampled_from(
            [
                raw[:at] + raw[at + 1 :],
                raw[:at] + raw[at : at + 1] + raw[at:],
                raw[:at] + byte + raw[at + 1 :],
                raw[:at] + byte + raw[at:],
            ]
        )
    )


@ONE_LOOP
@pytest.mark.parametrize("kind", ["well-formed", "mutated"])
def test_as_many_requests_arrive_as_are_recorded_and_answered(tmp_path: Path, kind: str) -> None:
    with bench(tmp_path, [ANSWER]) as place:

        @settings(max_examples=300)
        @given(
            raw=requests() if kind == "well-formed" else mutated(),
            cuts=st.lists(st.integers(0, 400), max_size=4).map(sorted),
        )
        def check(raw: bytes, cuts: list[int]) -> None:
            arrived = len(place.endpoint.asked)
            bounds = [0, *(cut for cut in cuts if cut < len(raw)), len(raw)]
            parts = [raw[a:b] for a, b in itertools.pairwise(bounds)]
            found = statuses(place.run(talk(place.proxy.url, *parts, half_close=True)))
            new = place.endpoint.asked[arrived:]
            assert found.count(200) == len(new)
            assert [asked.method for asked in new].count(b"POST") == place.new_calls()
            assert len(found) - len(new) <= 1
            assert place.endpoint.faults == []
            if kind == "well-formed":
                assert found == [200]

        check()
