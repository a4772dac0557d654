"""The relay, between real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import time
from pathlib import Path

import pytest
import uvloop
from openai import AsyncOpenAI

from cab_proxy import relay
from cab_proxy.metering import Metering
from cab_proxy.records import TokensSource
from fakes.endpoint import (
    CUT,
    LAST_CHUNK,
    SSE_HEAD,
    USAGE,
    Endpoint,
    Gate,
    Seen,
    Step,
    as_json,
    chunk,
    completion,
    delta,
    event,
    head,
    stream,
    with_length,
)
from fakes.metered import CHAT, ask, chat, connect, metered, parse, request_bytes, send, send_raw, until

REPORTED = TokensSource(
    input="reported", cached="reported", output="reported", reasoning="reported", total="reported"
)


@pytest.fixture(autouse=True, params=["uvloop", "asyncio"])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything runs on the loop that cab-proxy has, and on the standard library's."""
    if request.param == "uvloop":
        monkeypatch.setattr(asyncio, "run", uvloop.run)


def test_sdk_plain_and_streamed(tmp_path: Path) -> None:
    def script(seen: Seen) -> list[Step]:
        return stream("Hel", "lo") if seen.json().get("stream") else as_json(completion("Hello"))

    async def main() -> None:
        async with Endpoint(script) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            async with AsyncOpenAI(base_url=f"{proxy.url}/v1", api_key="sk-client", max_retries=0) as client:
                plain = await client.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": "Hi"}], temperature=0.5, seed=7
                )
                assert plain.choices[0].message.content == "Hello"
                text = ""
                async for part in await client.chat.completions.create(
                    model="m",
                    messages=[{"role": "user", "content": "Hi"}],
                    stream=True,
                    stream_options={"include_usage": True},
                ):
                    text += (part.choices[0].delta.content or "") if part.choices else ""
                assert text == "Hello"
            opened1, call1, opened2, call2 = proxy.records()
            assert [r.kind for r in (opened1, call1, opened2, call2)] == ["open", "call", "open", "call"]
            assert opened1.call_id == call1.call_id != call2.call_id
            for call in (call1, call2):
                assert call.tokens.input == 11
                assert call.tokens.output == 5
                assert call.tokens.total == 16
                assert call.tokens_source == REPORTED
                assert call.usage_raw == USAGE
                assert call.model_requested == "m"
                assert call.model_returned == "m-2026"
                assert call.system_fingerprint == "fp_1"
                assert call.finish_reasons == ("stop",)
                assert call.error_type is None
                assert call.status == 200
                assert call.protocol == "chat"
                assert call.path == CHAT
                assert call.upstream == endpoint.url
            assert call1.params.temperature == 0.5
            assert call1.params.seed == 7
            assert call1.stream is False
            assert call1.ttft_ms is None
            assert call2.stream is True
            assert call2.ttft_ms is not None
            assert call2.ttfb_ms is not None
            assert call2.duration_ms is not None
            assert 0 < call2.ttfb_ms <= call2.ttft_ms <= call2.duration_ms
            assert endpoint.seen[0].header("Authorization") == "Bearer sk-client"
        assert b"sk-client" not in proxy.ledger.read_bytes()

    asyncio.run(main())


def test_bytes_and_headers_are_unchanged_both_ways(tmp_path: Path) -> None:
    body = b'{"model": "m",  "messages": [], "odd\\u00e9": 1e2 }\n'
    answer = b'{ "choices":[]}  \n'
    fields = (
        ("X-B", "1"),
        ("x-a", "2"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("X-Utf", "caf\u00c3\u00a9"),
    )
    reply = with_length(
        answer, 201, ("Content-Type", "application/json"), ("Keep-Alive", "timeout=5"), *fields
    )

    async def main() -> None:
        async with Endpoint(reply) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            sent = (("X-Two", "1"), ("X-Two", "2"), ("accept-ENCODING", "br"), ("TE", "trailers"))
            got = await send(proxy.url, "POST", f"{CHAT}?api-version=1&x=%2F", body, *sent)
            [seen] = endpoint.seen
            assert got.status == 201
            assert got.body == answer
            assert [
                h for h in got.headers if h[0] not in {"Content-Length", "Connection", "Content-Type"}
            ] == list(fields)
            assert seen.body == body
            assert seen.target == f"{CHAT}?api-version=1&x=%2F"
            assert [h for h in seen.headers if h[0] not in {"Host", "Content-Length"}] == list(sent[:3])
            assert seen.header("Host") == endpoint.origin.removeprefix("http://")
            assert proxy.call().path == CHAT

    asyncio.run(main())


def _framed(framing: str, body: bytes, gate: Gate) -> list[Step]:
    """The body in one of the three framings, with a gate in its midst."""
    kind = ("Content-Type", "application/json")
    front, back = body[:9], body[9:]
    if framing == "length":
        return [head(200, kind, ("Content-Length", str(len(body)))), front, gate, back]
    if framing == "chunked":
        return [
            head(200, kind, ("Transfer-Encoding", "chunked")),
            chunk(front),
            gate,
            chunk(back),
            LAST_CHUNK,
        ]
    steps: list[Step] = [head(200, kind, ("Connection", "close")), front, gate, back, CUT]
    return steps


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_whoever_has_the_last_byte_finds_the_record(tmp_path: Path, framing: str) -> None:
    # without usage: the estimate takes its time, in which the last byte must wait
    body = json.dumps(completion(usage=None)).encode()

    async def main() -> None:
        gate = Gate()
        gate.open()
        async with (
            Endpoint(_framed(framing, body, gate)) as endpoint,
            metered(endpoint.url, tmp_path) as proxy,
        ):
            reader, writer = await connect(proxy.url)
            writer.write(request_bytes("POST", CHAT, json.dumps(chat()).encode()))
            top = await reader.readuntil(b"\r\n\r\n")
            if framing == "length":
                assert await reader.readexactly(len(body)) == body
            else:
                assert (await reader.readuntil(LAST_CHUNK)).endswith(LAST_CHUNK)
                assert b"chunked" in top
            assert proxy.call().kind == "call"
            assert proxy.call().tokens_source.output == "estimated"
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_without_a_record_there_is_no_last_byte(tmp_path: Path, framing: str) -> None:
    body = json.dumps(completion()).encode()

    async def main() -> None:
        gate = Gate()
        async with (
            Endpoint(_framed(framing, body, gate)) as endpoint,
            metered(endpoint.url, tmp_path) as proxy,
        ):
            answer = asyncio.create_task(ask(proxy.url, chat()))
            await asyncio.wrap_future(gate.reached)
            proxy.run.ledger.close()  # from here on nothing can be recorded
            gate.open()
            got = await answer
            assert got.status == 200
            assert not got.whole
            assert any("closed" in line for line in proxy.said)
            assert (await ask(proxy.url, chat())).status == 503
            assert len(endpoint.seen) == 1

    asyncio.run(main())


def test_stream_passes_on_what_comes_when_it_comes(tmp_path: Path) -> None:
    gate = Gate()
    steps: list[Step] = [
        SSE_HEAD,
        chunk(event(delta("a"))),
        gate,
        chunk(event(delta("b", finish="stop")) + event("[DONE]")),
        LAST_CHUNK,
    ]

    async def main() -> None:
        async with Endpoint(steps) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            reader, writer = await connect(proxy.url)
            writer.write(request_bytes("POST", CHAT, json.dumps(chat(stream=True)).encode()))
            await reader.readuntil(event(delta("a")))  # before the gate opens
            [opened] = proxy.records()
            assert opened.kind == "open"
            gate.open()
            rest = await reader.read()
            writer.close()
            await writer.wait_closed()
            assert event(delta("b", finish="stop")) in rest
            call = proxy.call()
            assert call.error_type is None
            assert call.tokens_source.output == "estimated"
            assert call.estimator == "o200k_base"

    asyncio.run(main())


def test_gzip_goes_through_and_is_metered(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(completion()).encode())
    reply = with_length(packed, 200, ("Content-Type", "application/json"), ("Content-Encoding", "gzip"))

    async def main() -> None:
        async with Endpoint(reply) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            got = await ask(proxy.url, chat(), ("Accept-Encoding", "gzip"))
            assert got.body == packed
            assert got.header("Content-Encoding") == "gzip"
            assert proxy.call().tokens.total == 16
            assert proxy.call().response_bytes == len(packed)

    asyncio.run(main())


def test_body_of_32_mb(tmp_path: Path) -> None:
    body = json.dumps(chat(text="x" * (32 * 1024 * 1024))).encode()

    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            got = await send(proxy.url, "POST", CHAT, body)
            assert got.status == 200
            assert endpoint.seen[0].body == body
            call = proxy.call()
            assert call.request_bytes == len(body)
            assert call.tokens.total == 16

    asyncio.run(main())


def test_dead_upstream_is_a_502_and_a_record(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    async def main() -> None:
        async with metered(f"http://127.0.0.1:{port}/v1", tmp_path) as proxy:
            got = await ask(proxy.url, chat())
            assert got.status == 502
            error = got.json()["error"]
            assert error.keys() == {"message", "type", "code", "param"}
            assert error["code"] == "upstream_unreachable"
            call = proxy.call()
            assert call.error_type == "upstream_error"
            assert call.status == 502
            assert call.tokens_source == TokensSource()
            assert call.tokens.total is None
            assert not proxy.said

    asyncio.run(main())


def test_upstream_that_accepts_nobody_is_a_504(tmp_path: Path) -> None:
    async def main() -> None:
        with contextlib.ExitStack() as stack:
            # a TLS handshake that never comes to its end
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            url = f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
            async with metered(url, tmp_path, connect_timeout_s=0.05) as proxy:
                got = await ask(proxy.url, chat())
                assert got.status == 504
                assert got.json()["error"]["code"] == "upstream_timeout"
                assert proxy.call().error_type == "upstream_timeout"

    asyncio.run(main())


def test_upstream_that_hangs_up_is_a_502(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint([CUT]) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            got = await ask(proxy.url, chat())
            assert got.status == 502
            assert len(endpoint.seen) == 1  # it is not tried again: it may have been billed
            assert proxy.call().error_type == "upstream_error"

    asyncio.run(main())


BODY = json.dumps(completion()).encode()


@pytest.mark.parametrize(
    "steps",
    [
        [head(200, ("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))), BODY[:-1], CUT],
        [SSE_HEAD, chunk(event(delta("Hel"))), CUT],
        [SSE_HEAD, chunk(event(delta("Hel")))[:-9], CUT],
    ],
    ids=["length", "between chunks", "inside a chunk"],
)
def test_a_cut_is_passed_on_as_a_cut(tmp_path: Path, steps: list[Step]) -> None:
    async def main() -> None:
        async with Endpoint(steps) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            got = await ask(proxy.url, chat(stream=True))
            assert got.status == 200
            assert not got.whole
            call = proxy.call()
            assert call.error_type == "truncated"
            assert call.status == 200

    asyncio.run(main())


def test_a_stream_without_an_end_is_truncated_however_cleanly_it_closes(tmp_path: Path) -> None:
    async def main() -> None:
        steps: list[Step] = [SSE_HEAD, chunk(event(delta("Hel"))), LAST_CHUNK]
        async with Endpoint(steps) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            got = await ask(proxy.url, chat(stream=True))
            assert got.whole  # as the endpoint sent it
            assert proxy.call().error_type == "truncated"

    asyncio.run(main())


async def _leave(url: str, after: bytes, gate: Gate) -> None:
    reader, writer = await connect(url)
    writer.write(request_bytes("POST", CHAT, json.dumps(chat(stream=True)).encode()))
    await reader.readuntil(after)
    await asyncio.wrap_future(gate.reached)
    writer.close()
    await writer.wait_closed()


def test_client_that_leaves_midstream_still_has_its_usage(tmp_path: Path) -> None:
    gate = Gate()
    first = event(delta("Hel"))
    rest = stream("lo")[1:]
    steps: list[Step] = [SSE_HEAD, chunk(first), gate, *rest]

    async def main() -> None:
        async with Endpoint(steps) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            await _leave(proxy.url, first, gate)
            [conversation] = proxy.service._listeners[0]._busy.values()
            await until(lambda: conversation._left)
            gate.open()
            await proxy.run.idle.wait()
            call = proxy.call()
            assert call.error_type == "client_disconnect"
            assert call.tokens.total == 16
            assert call.tokens_source.total == "reported"
            assert not proxy.said

    asyncio.run(main())


def test_client_that_leaves_a_silent_endpoint_is_waited_for_a_bounded_time(tmp_path: Path) -> None:
    gate = Gate()
    first = event(delta("Hello"))

    async def main() -> None:
        async with (
            Endpoint([SSE_HEAD, chunk(first), gate]) as endpoint,
            metered(endpoint.url, tmp_path, metering=Metering(grace_s=0.05)) as proxy,
        ):
            await _leave(proxy.url, first, gate)
            await proxy.run.idle.wait()  # though the gate never opens
            call = proxy.call()
            assert call.error_type == "client_disconnect"
            assert call.tokens_source.output == "estimated"
            assert call.tokens.output == 1

    asyncio.run(main())


@pytest.mark.parametrize("last", [event("[DONE]"), event(delta("!", finish="stop", usage=USAGE))])
def test_client_that_leaves_after_the_protocols_end_did_not_leave_early(tmp_path: Path, last: bytes) -> None:
    gate = Gate()
    steps: list[Step] = [*stream("Hi")[:-2], chunk(last), gate, LAST_CHUNK]

    async def main() -> None:
        async with (
            Endpoint(steps) as endpoint,
            metered(endpoint.url, tmp_path, metering=Metering(grace_s=0.05)) as proxy,
        ):
            await _leave(proxy.url, last, gate)
            await proxy.run.idle.wait()
            assert proxy.call().error_type is None
            assert proxy.call().tokens.total == 16

    asyncio.run(main())


def test_client_that_leaves_before_the_answer_saw_no_status(tmp_path: Path) -> None:
    gate = Gate()

    async def main() -> None:
        async with (
            Endpoint([gate, *as_json(completion())]) as endpoint,
            metered(endpoint.url, tmp_path, metering=Metering(grace_s=0.05)) as proxy,
        ):
            _, writer = await connect(proxy.url)
            writer.write(request_bytes("POST", CHAT, json.dumps(chat()).encode()))
            await asyncio.wrap_future(gate.reached)
            writer.close()
            await writer.wait_closed()
            await proxy.run.idle.wait()
            assert proxy.call().error_type == "client_disconnect"
            assert proxy.call().status is None

    asyncio.run(main())


def test_other_paths_are_forwarded_and_posts_recorded(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            Endpoint(with_length(b"\x00\xff data", 200)) as endpoint,
            metered(endpoint.url, tmp_path) as proxy,
        ):
            assert (await send(proxy.url, "GET", "/v1/models")).body == b"\x00\xff data"
            assert (await send(proxy.url, "DELETE", "/v1/files/1")).status == 200
            assert proxy.records() == ()
            got = await send(proxy.url, "POST", "/v1/images/generations", b"\x80 not JSON")
            assert got.status == 200
            assert endpoint.seen[-1].body == b"\x80 not JSON"
            call = proxy.call()
            assert call.protocol is None
            assert call.tokens.total is None
            assert call.request_bytes == 10
            assert call.status == 200
            assert call.error_type is None

    asyncio.run(main())


def test_head_and_empty_responses(tmp_path: Path) -> None:
    def script(seen: Seen) -> list[Step]:
        if seen.method == "HEAD":
            return [head(200, ("Content-Length", "5"))]
        return [head(204)] if seen.method == "DELETE" else [head(200, ("Content-Length", "0"))]

    async def main() -> None:
        async with Endpoint(script) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            raw = await send_raw(proxy.url, request_bytes("HEAD", "/v1/models"))
            assert raw.endswith(b"\r\n\r\n")
            assert b"Content-Length: 5" in raw
            assert (await send(proxy.url, "DELETE", "/v1/x")).status == 204
            got = await send(proxy.url, "POST", "/v1/x", b"")
            assert got.status == 200
            assert got.body == b""
            assert proxy.call().status == 200

    asyncio.run(main())


def test_a_body_that_is_not_json_is_forwarded(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            Endpoint(as_json({"error": {"message": "bad"}}, 400)) as endpoint,
            metered(endpoint.url, tmp_path) as proxy,
        ):
            got = await send(proxy.url, "POST", CHAT, b"{nope")
            assert got.status == 400
            assert endpoint.seen[0].body == b"{nope"
            call = proxy.call()
            assert call.protocol == "chat"
            assert call.error_type == "upstream_error"
            assert call.request_hash is not None
            assert call.request_hash_canonical is None

    asyncio.run(main())


def test_error_with_status_200(tmp_path: Path) -> None:
    async def main() -> None:
        steps: list[Step] = [
            SSE_HEAD,
            chunk(event(delta("a"))),
            chunk(event({"error": {"message": "overloaded"}})),
            LAST_CHUNK,
        ]
        async with Endpoint(steps) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            await ask(proxy.url, chat(stream=True))
            assert proxy.call().error_type == "in_band_error"

    asyncio.run(main())


POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}{",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: +2\r\n\r\n{}",
        POST + b"Content-Length: -1\r\n\r\n{}",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        POST + b"X: a\n b\r\n Content-Length: 1\r\n\r\n{}",
        b"GET http://evil.invalid/v1/models HTTP/1.1\r\nHost: evil.invalid\r\nConnection: close\r\n\r\n",
        b"GET //evil.invalid/v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1/../../secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1/%2e%2e/secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1\\..\\secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"CONNECT evil.invalid:443 HTTP/1.1\r\nHost: evil.invalid:443\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ],
)
def test_bad_framing_and_foreign_targets_reach_nobody(tmp_path: Path, raw: bytes) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            got = await asyncio.wait_for(send_raw(proxy.url, raw), 10)
            assert got.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400")), got
            assert got.count(b"HTTP/1.") == 1
            assert endpoint.seen == []

    asyncio.run(main())


def test_the_host_header_chooses_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            raw = b"GET /v1/models HTTP/1.1\r\nHost: evil.invalid\r\nConnection: close\r\n\r\n"
            assert parse(await send_raw(proxy.url, raw)).status == 200
            assert endpoint.seen[0].header("Host") == endpoint.origin.removeprefix("http://")

    asyncio.run(main())


def test_expect_continue_and_websocket(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            reader, writer = await connect(proxy.url)
            body = json.dumps(chat()).encode()
            writer.write(
                POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(body)
            assert parse(await reader.read()).status == 200
            writer.close()
            await writer.wait_closed()
            got = parse(
                await send_raw(
                    proxy.url,
                    b"GET /v1/responses HTTP/1.1\r\nHost: a\r\n"
                    b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
                )
            )
            assert got.status == 426
            assert len(endpoint.seen) == 1

    asyncio.run(main())


def test_http_1_0_client(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(stream("Hi")) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            body = json.dumps(chat(stream=True)).encode()
            raw = b"POST %b HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (CHAT.encode(), len(body), body)
            got = await send_raw(proxy.url, raw)
            assert got.endswith(event("[DONE]"))
            assert b"Transfer-Encoding" not in got
            assert proxy.call().tokens.total == 16

    asyncio.run(main())


def test_a_client_that_leaves_within_its_request_was_never_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            _, writer = await connect(proxy.url)
            writer.write(request_bytes("POST", CHAT, json.dumps(chat()).encode())[:-5])
            [listener] = proxy.service._listeners
            await until(lambda: bool(listener._busy))
            writer.close()
            await writer.wait_closed()
            await until(lambda: not listener._busy)
            assert proxy.records() == ()
            assert endpoint.seen == []
            assert proxy.said == []

    asyncio.run(main())


def test_a_client_that_stalls_within_its_request_does_not_hold_the_proxy_up(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint:
            async with metered(endpoint.url, tmp_path) as proxy:
                reader, writer = await connect(proxy.url)
                writer.write(request_bytes("POST", CHAT, json.dumps(chat()).encode())[:-5])
                [listener] = proxy.service._listeners
                await until(lambda: bool(listener._busy))
            assert await reader.read() == b""
            assert proxy.said == []
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())


def test_time_in_which_the_client_does_not_read_is_told_apart(tmp_path: Path) -> None:
    body = json.dumps(completion("x" * 20_000_000)).encode()
    reply = with_length(body, 200, ("Content-Type", "application/json"))
    pause_s = 0.05

    async def main() -> None:
        async with Endpoint(reply) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            reader, writer = await connect(proxy.url)
            writer.write(request_bytes("POST", CHAT, json.dumps(chat()).encode()))
            await reader.readuntil(b"\r\n\r\n")
            [conversation] = proxy.service._listeners[0]._busy.values()
            await until(lambda: conversation._client.writing_blocked)
            since = time.perf_counter()
            await until(lambda: time.perf_counter() - since > pause_s)
            assert len(await reader.read()) == len(body)
            writer.close()
            await writer.wait_closed()
            call = proxy.call()
            assert call.tokens.total == 16
            assert call.client_wait_ms is not None
            assert call.duration_ms is not None
            assert pause_s * 1000 / 2 < call.client_wait_ms <= call.duration_ms

    asyncio.run(main())


def test_an_endpoint_behind_an_http_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as gateway:
            monkeypatch.setenv("http_proxy", gateway.origin)
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            async with metered("http://model.invalid/v1", tmp_path) as proxy:
                assert (await ask(proxy.url, chat())).status == 200
                assert gateway.seen[0].target == f"http://model.invalid{CHAT}"

    asyncio.run(main())


def test_netrc_does_not_replace_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login me password sk-netrc\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            await ask(proxy.url, chat())
            assert endpoint.seen[0].header("Authorization") is None

    asyncio.run(main())


def test_a_redirect_is_the_clients_to_follow(tmp_path: Path) -> None:
    async def main() -> None:
        reply = with_length(b"", 307, ("Location", "http://elsewhere.invalid/"))
        async with Endpoint(reply) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            got = await ask(proxy.url, chat())
            assert (got.status, got.header("Location")) == (307, "http://elsewhere.invalid/")

    asyncio.run(main())


def test_a_body_too_long_to_hold_goes_through_as_a_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "MAX_HELD_BYTES", 1000)
    body = json.dumps(chat(text="x" * 500_000)).encode()

    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            assert (await send(proxy.url, "POST", CHAT, body)).status == 200
            assert endpoint.seen[0].body == body
            assert proxy.call().tokens.total == 16
            assert proxy.call().request_hash is None

    asyncio.run(main())


def test_more_than_can_be_held_is_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MAX_ALL_HELD_BYTES", 1000)
    half, more = request_bytes("POST", CHAT, json.dumps(chat(text="x" * 600)).encode()), b"x" * 700

    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            reader, writer = await connect(proxy.url)
            writer.write(half[:-1])
            await until(lambda: proxy.service._relay.held_bytes > 0)
            refused = await send(proxy.url, "POST", "/v1/x", more)
            assert refused.status == 503
            assert refused.json()["error"]["code"] == "too_much_held"
            writer.write(half[-1:])
            assert b" 200 " in await reader.readline()
            await reader.read()
            writer.close()
            await writer.wait_closed()
            assert proxy.service._relay.held_bytes == 0
            assert (await send(proxy.url, "POST", "/v1/x", more)).status == 200
            assert len(endpoint.seen) == 2

    asyncio.run(main())


def test_http_1_0_client_sees_a_cut(tmp_path: Path) -> None:
    """Such a response ends with its connection, so a cut must not look like an ordinary end."""

    async def main() -> None:
        steps: list[Step] = [SSE_HEAD, chunk(event(delta("Hel"))), CUT]
        async with Endpoint(steps) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            reader, writer = await connect(proxy.url)
            body = json.dumps(chat(stream=True)).encode()
            writer.write(
                b"POST %b HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (CHAT.encode(), len(body), body)
            )
            with pytest.raises(ConnectionResetError):
                await reader.read()
            assert proxy.call().error_type == "truncated"
            writer.close()
            with contextlib.suppress(ConnectionResetError):
                await writer.wait_closed()

    asyncio.run(main())


@pytest.mark.parametrize("scheme", ["http://", ""], ids=["407", "no URL"])
def test_an_http_proxys_password_is_told_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    async def main() -> None:
        async with Endpoint(with_length(b"", 407)) as gateway:
            place = gateway.origin.removeprefix("http://")
            monkeypatch.setenv("https_proxy", f"{scheme}joe:sekret@{place}")
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            async with metered("https://model.invalid/v1", tmp_path) as proxy:
                got = await ask(proxy.url, chat())
                assert got.status == 502
                assert b"HTTP proxy" in got.body
                assert b"sekret" not in got.body
                assert b"sekret" not in proxy.ledger.read_bytes()
                assert proxy.said == []

    asyncio.run(main())


def test_cookies_of_one_call_do_not_go_with_another(tmp_path: Path) -> None:
    async def main() -> None:
        reply = as_json(completion(), 200, ("Set-Cookie", "session=1"))
        async with Endpoint(reply) as endpoint:
            by_name = endpoint.url.replace("127.0.0.1", "localhost")
            async with metered(by_name, tmp_path) as proxy:
                for _ in range(2):
                    assert (await ask(proxy.url, chat())).header("Set-Cookie") == "session=1"
            assert [seen.header("Cookie") for seen in endpoint.seen] == [None, None]

    asyncio.run(main())


def test_an_endpoint_may_think_for_longer_than_a_connection_takes(tmp_path: Path) -> None:
    gate = Gate()
    connect_s = 0.05

    async def main() -> None:
        async with (
            Endpoint([gate, *as_json(completion())]) as endpoint,
            metered(endpoint.url, tmp_path, connect_timeout_s=connect_s) as proxy,
        ):
            answer = asyncio.create_task(ask(proxy.url, chat()))
            await asyncio.wrap_future(gate.reached)
            since = time.perf_counter()
            await until(lambda: time.perf_counter() - since > 2 * connect_s)
            gate.open()
            assert (await answer).status == 200

    asyncio.run(main())


def test_calls_do_not_wait_for_each_other(tmp_path: Path) -> None:
    gates: list[Gate] = []

    def script(_: Seen) -> list[Step]:
        gates.append(Gate())
        return [gates[-1], *as_json(completion())]

    async def main() -> None:
        async with Endpoint(script) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            answers = [asyncio.create_task(ask(proxy.url, chat())) for _ in range(120)]
            await until(lambda: len(gates) == len(answers))
            for gate in gates:
                gate.open()
            assert {got.status for got in await asyncio.gather(*answers)} == {200}
            assert proxy.run.in_flight == 0

    asyncio.run(main())


@pytest.mark.parametrize("close", [True, False])
def test_an_answer_that_comes_before_the_request_was_read(tmp_path: Path, close: bool) -> None:
    answer = b'{"error": {"message": "too long", "code": "context_length_exceeded"}}'

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head(413, ("Content-Length", str(len(answer)))) + answer)
        await writer.drain()
        with contextlib.suppress(ConnectionError):
            while not close and await reader.read(2**20):
                pass
        writer.close()
        hung_up.set()

    hung_up = asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, metered(f"http://127.0.0.1:{port}/v1", tmp_path) as proxy:
            got = await ask(proxy.url, chat(text="x" * 5_000_000))
            assert (got.status, got.body) == (413, answer)
            assert proxy.call().error_code == "context_length_exceeded"
            await hung_up.wait()

    asyncio.run(main())


def test_an_endpoint_that_hangs_up_between_calls(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint([*as_json(completion()), CUT]) as endpoint:
            async with metered(endpoint.url, tmp_path) as proxy:
                for _ in range(30):
                    assert (await ask(proxy.url, chat())).status == 200
            assert len(endpoint.seen) == 30

    asyncio.run(main())


def test_a_path_is_recorded_up_to_a_length(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json({})) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            assert (await send(proxy.url, "POST", "/v1/" + "x" * 9000 + "?key=sk", b"")).status == 200
            assert proxy.call().path == "/v1/" + "x" * 2044

    asyncio.run(main())


def test_a_client_that_leaves_does_not_prolong_what_was_given_up(tmp_path: Path) -> None:
    gate = Gate()

    async def main() -> None:
        async with (
            Endpoint([gate]) as endpoint,
            metered(endpoint.url, tmp_path, metering=Metering(grace_s=600)) as proxy,
        ):
            raw = request_bytes("POST", CHAT, json.dumps(chat()).encode())
            answer = asyncio.create_task(send_raw(proxy.url, raw))
            await asyncio.wrap_future(gate.reached)
            [conversation] = proxy.service._listeners[0]._busy.values()
            conversation.give_up()
            conversation.client_left()
            await proxy.run.idle.wait()
            assert proxy.call().error_type == "client_disconnect"
            await answer  # the client was there all along: it is the order of the two that counts

    asyncio.run(main())
