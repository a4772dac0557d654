"""Asking for usage on the client's behalf, through a live relay."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from cab_proxy.control import RunRequest
from cab_proxy.metering import Metering
from cab_proxy.records import calls_of
from cab_proxy.service import Service
from fakes.endpoint import (
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
    stream,
    usage_chunk,
    with_length,
)
from fakes.metered import CHAT, ask, chat, connect, metered, read_ledger, request_bytes, until


def obliging(seen: Seen) -> list[Step]:
    """Reports a stream's usage if it is asked to."""
    asked = (seen.json().get("stream_options") or {}).get("include_usage")
    return stream("Hel", "lo", usage=USAGE if asked else None)


def strict(seen: Seen) -> list[Step]:
    """Knows no ``stream_options``."""
    if "stream_options" in seen.json():
        return as_json({"error": {"message": "unknown field stream_options", "type": "bad"}}, 400)
    return stream("Hello", usage=None)


def test_a_stream_is_asked_for_its_usage_and_the_client_sees_no_difference(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(obliging) as endpoint:
            async with metered(endpoint.url, tmp_path, metering=Metering(include_usage=True)) as proxy:
                body = chat(stream=True)
                got = await ask(proxy.url, body, ("Accept-Encoding", "gzip"))
                assert got.whole
                expected = [delta("Hel"), delta("lo"), delta(finish="stop"), "[DONE]"]
                assert got.body == b"".join(event(value) for value in expected)
                call = proxy.call()
            [seen] = endpoint.seen
            assert seen.json() == {**body, "stream_options": {"include_usage": True}}
            assert seen.header("Accept-Encoding") is None
            assert call.request_mutated
            assert call.request_hash == hashlib.sha256(json.dumps(body).encode()).hexdigest()
            assert (call.tokens.total, call.tokens_source.total) == (16, "reported")

    asyncio.run(main())


def test_one_run_may_ask_and_another_not(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(obliging) as endpoint, Service(pytest.fail, ledger_dir=tmp_path) as service:
            for asks in (True, False):
                request = RunRequest(run_id=f"r{asks:d}", upstream=endpoint.url, include_usage=asks)
                run = await service.open_run(request)
                await ask(run.socket, chat(stream=True), ("Authorization", f"Bearer {run.token}"))
                [call] = calls_of(read_ledger(run.ledger))
                assert (call.request_mutated, call.tokens_source.total == "reported") == (asks, asks)

    asyncio.run(main())


@pytest.mark.parametrize(
    "body", [chat(), chat(stream=True, stream_options={"include_usage": True}), chat(stream=False)]
)
def test_what_reports_anyway_goes_unchanged(tmp_path: Path, body: dict[str, object]) -> None:
    def script(seen: Seen) -> list[Step]:
        return obliging(seen) if seen.json().get("stream") else as_json(completion())

    async def main() -> None:
        async with (
            Endpoint(script) as endpoint,
            metered(endpoint.url, tmp_path, metering=Metering(include_usage=True)) as proxy,
        ):
            got = await ask(proxy.url, body)
            assert endpoint.seen[0].json() == body
            assert not proxy.call().request_mutated
            assert proxy.call().tokens.total == 16
            if body.get("stream"):
                assert event(usage_chunk()) in got.body

    asyncio.run(main())


def test_off_by_default(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(obliging) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            await ask(proxy.url, chat(stream=True))
            assert "stream_options" not in endpoint.seen[0].json()
            assert proxy.call().tokens_source.total == "estimated"

    asyncio.run(main())


def test_an_endpoint_that_refuses_is_asked_once_and_the_call_goes_through(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(strict) as endpoint:
            async with metered(endpoint.url, tmp_path, metering=Metering(include_usage=True)) as proxy:
                for _ in range(2):
                    got = await ask(proxy.url, chat(stream=True))
                    assert (got.status, got.whole) == (200, True)
                    assert b"Hello" in got.body
                records = proxy.records()
                assert len(proxy.said) == 1
                assert "stream_options" in proxy.said[0]
            first, again, later = calls_of(records)
            opened = next(r for r in records if r.call_id == again.call_id)
            assert (opened.kind, opened.status, opened.ttfb_ms, opened.duration_ms) == (
                "open",
                None,
                None,
                None,
            )
            asked = [seen.json().get("stream_options") is not None for seen in endpoint.seen]
            assert asked == [True, False, False]
            assert (first.status, first.error_type, first.request_mutated) == (400, "upstream_error", True)
            assert (again.status, again.error_type, again.request_mutated) == (200, None, False)
            assert later.error_type is None
            assert first.call_id != again.call_id
            assert first.request_hash == again.request_hash
            assert first.started_at < again.started_at

    asyncio.run(main())


def test_an_error_that_is_not_about_it_reaches_the_client(tmp_path: Path) -> None:
    async def main() -> None:
        wrong = json.dumps({"error": {"message": "no such model", "type": "bad"}}).encode()
        answer = with_length(wrong, 422, ("Content-Type", "application/json"))
        async with (
            Endpoint(answer) as endpoint,
            metered(endpoint.url, tmp_path, metering=Metering(include_usage=True)) as proxy,
        ):
            got = await ask(proxy.url, chat(stream=True))
            assert (got.status, got.body) == (422, wrong)
            assert [call.status for call in calls_of(proxy.records())] == [422, 422]
            assert proxy.run.include_usage
            assert proxy.said == []

    asyncio.run(main())


def test_a_stream_whose_client_has_left_is_not_read_for_ever(
    tmp_path: Path,
) -> None:
    gate = Gate()

    def endless(_: Seen) -> list[Step]:
        words = [chunk(event(delta("four ")) * 100) for _ in range(1000)]
        return [SSE_HEAD, chunk(event(delta("first "))), gate, *words, LAST_CHUNK]

    async def main() -> None:
        metering = Metering(grace_tokens=100)
        async with Endpoint(endless) as endpoint, metered(endpoint.url, tmp_path, metering=metering) as proxy:
            reader, writer = await connect(proxy.url)
            writer.write(request_bytes("POST", CHAT, json.dumps(chat(stream=True)).encode()))
            await reader.readuntil(b"first ")
            writer.transport.abort()
            await until(lambda: proxy.run.in_flight == 1)
            gate.open()
            await until(lambda: proxy.run.in_flight == 0)
            call = proxy.call()
            assert call.error_type == "client_disconnect"
            assert call.response_bytes is not None
            assert call.response_bytes < 1000 * len(event(delta("four ")) * 100) / 2
            assert call.tokens_source.output == "estimated"

    asyncio.run(main())
