"""One request through a run's door: refusals, budgets, records."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError

from cab_proxy.call import Call
from cab_proxy.control import Budget, OpenedRun, RunRequest
from cab_proxy.entrance import TcpEntrance
from cab_proxy.exchange import Forward, Head, Received
from cab_proxy.ledger import LedgerWriter
from cab_proxy.records import Params, Record, TokensSource
from cab_proxy.runs import Registry, Run
from cab_proxy.service import Service
from cab_proxy.urls import Upstream
from fakes.endpoint import (
    CUT,
    LAST_CHUNK,
    SSE_HEAD,
    Endpoint,
    Seen,
    Step,
    as_json,
    chunk,
    completion,
    delta,
    event,
    head,
    stream,
)
from fakes.metered import CHAT, Got, ask, chat, metered, read_ledger, send


@contextlib.asynccontextmanager
async def opened(
    endpoint: Endpoint, folder: Path, budget: Budget | None = None, allow: tuple[str, ...] = ()
) -> AsyncIterator[OpenedRun]:
    service = Service(lambda _: None, key="sk-real", ledger_dir=folder)
    service.drain_s = 0.0
    async with service:
        yield await service.open_run(
            RunRequest(
                run_id="r", upstream=endpoint.url, models=("m",), budget=budget or Budget(), allow=allow
            )
        )


def token_of(run: OpenedRun) -> tuple[str, str]:
    return ("Authorization", f"Bearer {run.token}")


def check_final(got: Got, code: str) -> None:
    """An error that SDKs take as final, in OpenAI's shape."""
    assert 400 <= got.status < 500
    assert got.status not in {408, 409, 429}
    assert got.header("x-should-retry") == "false"
    assert got.header("Content-Type") == "application/json"
    error = got.json()["error"]
    assert error.keys() == {"message", "type", "code", "param"}
    assert error["type"] == "invalid_request_error"
    assert error["code"] == code


IMAGE = [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]


@pytest.mark.parametrize(
    ("method", "target", "body", "code"),
    [
        ("POST", "/v1/batches", b"{}", "path_not_allowed"),
        ("GET", "/v1/files", None, "path_not_allowed"),
        ("DELETE", "/v1/models/m", None, "path_not_allowed"),
        ("POST", "/v1/chat%2fcompletions", b"{}", "path_not_allowed"),
        ("POST", "/v1/x/../chat/completions", b"{}", "bad_target"),
        ("POST", CHAT, json.dumps(chat("other")).encode(), "model_not_allowed"),
        ("POST", CHAT, json.dumps(chat(tools=[{"type": "web_search"}])).encode(), "hosted_tool_not_allowed"),
        ("POST", CHAT, json.dumps(chat(background=True)).encode(), "background_not_allowed"),
        ("POST", CHAT, b'{"model": "m", "model": "other", "messages": []}', "duplicate_key"),
        ("POST", CHAT, b"not JSON", "body_not_checkable"),
        (
            "POST",
            CHAT,
            json.dumps({"model": "m", "messages": [{"role": "user", "content": IMAGE}]}).encode(),
            "remote_media_not_allowed",
        ),
    ],
)
def test_what_the_door_refuses_never_reaches_the_endpoint(
    tmp_path: Path, method: str, target: str, body: bytes | None, code: str
) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, opened(endpoint, tmp_path) as run:
            got = await send(run.socket, method, target, body, token_of(run))
            check_final(got, code)
            assert endpoint.seen == []
            first, second = read_ledger(run.ledger)
            assert (first.kind, second.kind) == ("open", "call")
            assert second.error_type == "refused"
            assert second.status == got.status
            assert second.method == method
            assert second.tokens.total is None

    asyncio.run(main())


def test_a_body_in_a_coding_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, opened(endpoint, tmp_path) as run:
            coding = ("Content-Encoding", "gzip")
            check_final(await ask(run.socket, chat(), coding, token_of(run)), "body_not_checkable")
            assert endpoint.seen == []

    asyncio.run(main())


def test_models_pass_and_are_not_recorded(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json({"data": []})) as endpoint, opened(endpoint, tmp_path) as run:
            for target in ("/v1/models", "/models", "/v1/models/m"):
                assert (await send(run.socket, "GET", target, None, token_of(run))).status == 200
            assert [seen.target for seen in endpoint.seen] == ["/v1/models", "/v1/models", "/v1/models/m"]
            assert endpoint.seen[0].header("Authorization") == "Bearer sk-real"
            assert read_ledger(run.ledger) == ()

    asyncio.run(main())


@pytest.mark.parametrize(
    "headers", [(), (("Authorization", "Bearer sk-real"),), (("x-api-key", "cab-wrong"),)]
)
def test_a_wrong_token_is_a_401(tmp_path: Path, headers: tuple[tuple[str, str], ...]) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, opened(endpoint, tmp_path) as run:
            got = await ask(run.socket, chat(), *headers)
            check_final(got, "unauthorized")
            assert got.status == 401
            assert endpoint.seen == []
            assert read_ledger(run.ledger)[-1].error_type == "unauthorized"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("budget", "spent"),
    [
        (Budget(max_calls=1), {"max_calls": 1, "calls": 1}),
        (Budget(max_total_tokens=16), {"max_total_tokens": 16, "total_tokens": 16}),
        (Budget(max_cost_usd=Decimal("0.25")), {"max_cost_usd": "0.25", "cost_usd": "0.25"}),
    ],
)
def test_a_spent_budget_ends_the_run(tmp_path: Path, budget: Budget, spent: dict[str, Any]) -> None:
    usage = {"prompt_tokens": 11, "completion_tokens": 5, "cost": 0.25}

    async def main() -> None:
        reply = as_json(completion(usage=usage))
        async with Endpoint(reply) as endpoint, opened(endpoint, tmp_path, budget) as run:
            assert (await ask(run.socket, chat(), token_of(run))).status == 200
            check_final(await ask(run.socket, chat(), token_of(run)), "budget_exceeded")
            assert len(endpoint.seen) == 1
            last = read_ledger(run.ledger)[-1]
            assert last.error_type == "budget_exceeded"
            assert last.budget == spent
            assert last.model_requested == "m"
            # the model list stays open
            assert (await send(run.socket, "GET", "/v1/models", None, token_of(run))).status == 200

    asyncio.run(main())


def test_the_sdk_takes_a_refusal_as_final(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            run = await proxy.service.open_run(
                RunRequest(run_id="r", upstream=endpoint.url, models=("m",), budget=Budget(max_calls=0))
            )
            async with AsyncOpenAI(base_url=f"{proxy.url}/v1", api_key=run.token, max_retries=3) as client:
                with pytest.raises(BadRequestError, match="budget"):
                    await client.chat.completions.create(model="m", messages=[])
            assert len(read_ledger(run.ledger)) == 2  # one call: it was not tried again

    asyncio.run(main())


# --- what is recorded -----------------------------------------------------------------------------


def recorded(folder: Path, steps: list[Step], body: dict[str, Any]) -> Record:
    async def main() -> Record:
        async with Endpoint(steps) as endpoint, metered(endpoint.url, folder) as proxy:
            await ask(proxy.url, body)
            assert proxy.records()[0].kind == "open"
            return proxy.call()

    return asyncio.run(main())


def test_the_request_is_described(tmp_path: Path) -> None:
    body = chat(temperature=0.25, max_tokens=9, tools=[{"type": "function"}])
    call = recorded(tmp_path, as_json(completion()), body)
    raw = json.dumps(body).encode()
    assert call.request_hash == hashlib.sha256(raw).hexdigest()
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    assert call.request_hash_canonical == hashlib.sha256(canonical).hexdigest()
    assert call.request_bytes == len(raw)
    assert call.params == Params(temperature=0.25, max_tokens=9, tools_count=1, messages_count=1)
    assert call.request_mutated is False
    assert call.proxy_overhead_ms is not None


def test_a_stream_without_usage_is_estimated(tmp_path: Path) -> None:
    call = recorded(tmp_path, stream("Hello", " world", usage=None), chat(text="Hi", stream=True))
    assert call.tokens.output == 2
    assert call.tokens.input == 8
    assert call.tokens.total == 10
    assert call.tokens.cached is None
    assert call.tokens_source == TokensSource(input="estimated", output="estimated", total="estimated")
    assert call.estimator == "o200k_base"
    assert call.usage_raw is None
    assert call.lower_bound is False
    assert call.cost_usd is None


def test_a_stream_that_broke_has_partial_figures(tmp_path: Path) -> None:
    running = delta("Hel", usage={"prompt_tokens": 11, "completion_tokens": 1})
    call = recorded(tmp_path, [SSE_HEAD, chunk(event(running)), CUT], chat(stream=True))
    assert call.error_type == "truncated"
    assert (call.tokens.input, call.tokens.output) == (11, 1)
    assert call.tokens_source.output == "partial"


@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_error_of_the_endpoint_has_no_tokens(tmp_path: Path, status: int) -> None:
    call = recorded(tmp_path, as_json({"error": {"message": "no"}}, status), chat(stream=True))
    assert call.error_type == "upstream_error"
    assert call.status == status
    assert call.tokens_source == TokensSource()
    assert call.tokens.input is None


def test_an_error_in_band_before_any_output_has_no_tokens(tmp_path: Path) -> None:
    steps: list[Step] = [SSE_HEAD, chunk(event({"error": {"message": "busy"}})), LAST_CHUNK]
    call = recorded(tmp_path, steps, chat(stream=True))
    assert call.error_type == "in_band_error"
    assert call.tokens.total is None


def test_a_response_that_can_not_be_read_has_no_output(tmp_path: Path) -> None:
    steps: list[Step] = [
        head(200, ("Content-Encoding", "compress"), ("Content-Length", "3")),
        b"\x1b\x00\x00",
    ]
    call = recorded(tmp_path, steps, chat())
    assert call.error_type is None
    assert call.tokens.output is None
    assert call.tokens_source.input == "estimated"
    assert call.tokens.total is None


def test_reported_cost(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.000123}
    call = recorded(tmp_path, stream("a", usage=usage), chat(stream=True))
    assert call.cost_usd == Decimal("0.000123")
    assert call.cost_source == "reported"


def test_monstrous_values_do_not_break_the_ledger(tmp_path: Path) -> None:
    text = (
        '{"model": "MODEL", "choices": [{"finish_reason": "REASON"}], '
        '"usage": {"prompt_tokens": 1e999, "completion_tokens": 3, "x": NaN, "cost": 1e999}}'
    )
    body = text.replace("MODEL", "é" * 9000).replace("REASON", "y" * 9000).encode()
    steps: list[Step] = [
        head(200, ("Content-Type", "application/json"), ("Content-Length", str(len(body)))),
        body,
    ]
    deep = json.loads('{"a":' * 200 + "1" + "}" * 200)
    call = recorded(tmp_path, steps, chat("m" * 9000, seed=2**80, temperature="x", extra=deep))
    assert call.model_requested == "m" * 512
    assert call.model_returned == "é" * 512
    assert call.params.seed is None
    assert call.error_type is None


@pytest.mark.parametrize("status", [302, 307, 203])
def test_only_a_2xx_is_an_answer(tmp_path: Path, status: int) -> None:
    call = recorded(tmp_path, as_json({"object": "elsewhere"}, status), chat())
    assert call.error_type == (None if status == 203 else "upstream_error")


def test_a_stream_that_broke_after_its_finish_reasons_is_truncated(tmp_path: Path) -> None:
    """The client saw it break: it didn't have the protocol's end yet."""
    steps: list[Step] = [SSE_HEAD, chunk(event(delta("Hel", finish="stop"))), CUT]
    call = recorded(tmp_path, steps, chat(stream=True))
    assert call.error_type == "truncated"
    assert call.finish_reasons == ("stop",)


def test_a_stream_that_broke_after_its_end_is_whole(tmp_path: Path) -> None:
    steps: list[Step] = [SSE_HEAD, chunk(event(delta("Hel", finish="stop")) + event("[DONE]")), CUT]
    assert recorded(tmp_path, steps, chat(stream=True)).error_type is None


@pytest.mark.parametrize("broken", ["call.estimate_output", "admission.estimate_input"])
@pytest.mark.parametrize("streamed", [True, False])
def test_an_estimate_that_fails_costs_its_figures_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, streamed: bool
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no vocabulary")

    monkeypatch.setattr(f"cab_proxy.{broken}", fail)
    reply = stream("Hi", usage=None) if streamed else as_json(completion(usage=None))
    call = recorded(tmp_path, reply, chat(stream=streamed))
    assert call.kind == "call"
    assert call.error_type is None
    assert call.model_returned == "m-2026"
    assert call.tokens_source == TokensSource()


@pytest.mark.parametrize(
    "header", [("Content-Type", "application/json; charset=utf-7"), ("X-HTTP-Method-Override", "PUT")]
)
def test_a_header_that_changes_the_meaning_is_refused(tmp_path: Path, header: tuple[str, str]) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, opened(endpoint, tmp_path) as run:
            got = await send(run.socket, "POST", CHAT, json.dumps(chat()).encode(), header, token_of(run))
            assert got.status == 400
            assert endpoint.seen == []
            assert read_ledger(run.ledger)[1].error_type == "refused"

    asyncio.run(main())


def test_input_alone_counts_against_a_budget(tmp_path: Path) -> None:
    """A response in a coding that the meter can't read must not be free."""
    reply: list[Step] = [
        head(200, ("Content-Encoding", "compress"), ("Content-Length", "3")),
        b"\x1b\x00\x00",
    ]

    async def main() -> None:
        budget = Budget(max_total_tokens=8)
        async with Endpoint(reply) as endpoint, opened(endpoint, tmp_path, budget) as run:
            assert (await ask(run.socket, chat(text="Hi"), token_of(run))).status == 200
            check_final(await ask(run.socket, chat(text="Hi"), token_of(run)), "budget_exceeded")
            assert read_ledger(run.ledger)[-1].budget == {"max_total_tokens": 8, "total_tokens": 8}

    asyncio.run(main())


def test_what_the_times_are_taken_from(tmp_path: Path) -> None:
    async def main() -> Record:
        with LedgerWriter(tmp_path / "calls.jsonl") as ledger:
            run = Run(run_id=None, upstream=Upstream("http://h/v1"), ledger=ledger)
            call = Call(TcpEntrance(run, Registry(), None), lambda _: None)
            top = Head(method="POST", target=CHAT, headers=(), started_at=datetime.now(UTC), at=1.0)
            body = json.dumps(chat(stream=True)).encode()
            assert isinstance(await call.admit(top, Received(data=body, whole=True, at=2.0)), Forward)
            call.sent(2.25)
            call.sent(2.5)
            call.head(200, (("Content-Type", "text/event-stream"),), 4.0)
            call.head_written(0.125)
            call.data(event(delta()), 5.0)
            call.data(event(delta("a")), 6.0)
            call.client_waited(0.5)
            call.client_waited(0.25)
            call.data(event(delta("b", finish="stop")) + event("[DONE]"), 7.0)
            await call.close("complete", 9.0)
            assert run.idle.is_set()
        [_, record] = read_ledger(tmp_path / "calls.jsonl")
        return record

    record = asyncio.run(main())
    assert record.ttfb_ms == 1500
    assert record.ttft_ms == 3500
    assert record.duration_ms == 8000
    assert record.client_wait_ms == 750
    assert record.proxy_overhead_ms == 625


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/v1/messages/count_tokens", {"model": "other", "messages": []}),
        ("/v1/messages/count_tokens", {"model": "m", "mcp_servers": [{"url": "https://x.example"}]}),
        ("/v1/responses/input_tokens", {"model": "m", "previous_response_id": "resp_1"}),
        ("/v1/messages/count_tokens?url=x", {"model": "m", "messages": []}),
    ],
)
def test_counting_tokens_reaches_no_further_than_a_call(
    tmp_path: Path, target: str, body: dict[str, Any]
) -> None:
    async def main() -> None:
        async with Endpoint(as_json({"input_tokens": 1})) as endpoint, opened(endpoint, tmp_path) as run:
            got = await ask(run.socket, body, token_of(run), target=target)
            assert 400 <= got.status < 500
            assert endpoint.seen == []
            assert read_ledger(run.ledger)[1].error_type == "refused"

    asyncio.run(main())


def test_counting_tokens_passes_and_is_no_model_call(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json({"input_tokens": 1})) as endpoint, opened(endpoint, tmp_path) as run:
            body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
            got = await ask(run.socket, body, token_of(run), target="/v1/messages/count_tokens?beta=true")
            assert got.status == 200
            call = read_ledger(run.ledger)[1]
            assert call.protocol is None
            assert call.tokens.total is None

    asyncio.run(main())


def test_a_background_call_is_completed_by_what_is_fetched_of_it(tmp_path: Path) -> None:
    usage = {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}

    def script(seen: Seen) -> list[Step]:
        begun = {"id": "resp_1", "model": "m-2026", "status": "queued", "background": True, "output": []}
        if seen.method == "POST":
            return as_json(begun)
        return as_json({**begun, "status": "completed", "usage": usage} if len(endpoint.seen) > 2 else begun)

    endpoint = Endpoint(script)

    async def main() -> None:
        async with endpoint, metered(endpoint.url, tmp_path) as proxy:
            body = {"model": "m", "input": "Hi", "background": True}
            await ask(proxy.url, body, target="/v1/responses")
            assert proxy.call().tokens.total is None
            await send(proxy.url, "GET", "/v1/responses/resp_1")
            assert len(proxy.records()) == 2
            await send(proxy.url, "GET", "/v1/responses/resp_1")
            await send(proxy.url, "GET", "/v1/responses/resp_1")
            assert len(proxy.records()) == 3
            call = proxy.call()
            assert (call.method, call.tokens.total, call.tokens_source.total) == ("POST", 16, "reported")
            assert call.finish_reasons == ("completed",)

    asyncio.run(main())
