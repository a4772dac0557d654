"""Faults that a review found, each through a live relay where it can be."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click import BadParameter

from cab_proxy import console
from cab_proxy.budget import Account
from cab_proxy.control import Budget, RunRequest
from cab_proxy.estimate import Estimate, estimate_input
from cab_proxy.jsonbody import JsonBody, read_json
from cab_proxy.metering import Metering
from cab_proxy.question import Question
from cab_proxy.records import calls_of
from fakes.endpoint import Endpoint, Gate, Seen, Step, as_json, completion
from fakes.metered import ask, chat, metered, read_ledger, send, until

USAGE = {"prompt_tokens": 500, "completion_tokens": 500, "total_tokens": 1000}


def gated(gates: list[Gate]) -> Callable[[Seen], list[Step]]:
    def script(_: Seen) -> list[Step]:
        gates.append(gate := Gate())
        return [gate, *as_json(completion(usage=USAGE))]

    return script


def test_a_made_up_credential_takes_nothing_out_of_what_the_proxy_wrote_itself(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            Endpoint(as_json(completion())) as endpoint,
            metered(endpoint.url, tmp_path) as proxy,
        ):
            await ask(proxy.url, chat())
            first = proxy.call()
            for secret in (first.started_at[:8], "http://1", "127.0.0.1"):
                got = await ask(proxy.url, chat(model=secret), ("Authorization", f"Bearer {secret}"))
                assert got.status == 200
                call = calls_of(proxy.records())[-1]
                assert call.model_requested == "[redacted]"
                assert call.started_at[:8] == first.started_at[:8]
                assert call.upstream == endpoint.url
                assert call.tokens.total == 16
            assert (proxy.run.in_flight, proxy.said) == (0, [])

    asyncio.run(main())


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "Basic"])
def test_a_credential_of_any_scheme_is_a_secret(tmp_path: Path, scheme: str) -> None:
    async def main() -> None:
        secret = "c2VjcmV0OnNlY3JldA=="
        async with (
            Endpoint(as_json({"error": {"code": f"bad {secret}"}}, 401)) as endpoint,
            metered(endpoint.url, tmp_path) as proxy,
        ):
            await ask(proxy.url, chat(), ("Authorization", f"{scheme} {secret}"))
            assert proxy.call().error_code == "[redacted]"

    asyncio.run(main())


@pytest.mark.parametrize("limit", [-1, -100_000])
def test_a_negative_maximum_is_no_bound(tmp_path: Path, limit: int) -> None:
    """llama.cpp's -1 is without end; and nobody makes room for others by asking for less than nothing."""

    async def main() -> None:
        gates: list[Gate] = []
        async with Endpoint(gated(gates)) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            proxy.run.account = Account(Budget(max_total_tokens=1000), proxy.run.clock)
            asking = [asyncio.create_task(ask(proxy.url, chat(text=text, max_tokens=limit))) for text in "ab"]
            await until(lambda: len(gates) == 1)
            gates[0].open()
            assert sorted([(await each).status for each in asking]) == [200, 400]
            assert proxy.run.account.tokens == 1000

    asyncio.run(main())


def test_a_retry_that_can_not_be_recorded_is_not_made_and_counted_once(tmp_path: Path) -> None:
    async def main() -> None:
        closing: list[Callable[[], None]] = []

        def strict(_: Seen) -> list[Step]:
            closing[0]()
            return as_json({"error": {"message": "unknown field stream_options"}}, 400)

        async with (
            Endpoint(strict) as endpoint,
            metered(endpoint.url, tmp_path, metering=Metering(include_usage=True)) as proxy,
        ):
            closing.append(proxy.run.ledger.close)
            assert not (await ask(proxy.url, chat(stream=True))).whole  # there is no record
            assert len(endpoint.seen) == 1
            assert (proxy.run.in_flight, proxy.run.idle.is_set()) == (0, True)

    asyncio.run(main())


def test_a_closing_run_waits_for_a_call_that_its_budget_made_wait(tmp_path: Path) -> None:
    """By TCP, where the run's own listener knows nothing of it."""

    async def main() -> None:
        gates: list[Gate] = []
        async with Endpoint(gated(gates)) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            budget = Budget(max_total_tokens=1001)
            opened = await proxy.service.open_run(
                RunRequest(run_id="r", upstream=endpoint.url, budget=budget)
            )
            run = proxy.service.registry.get("r")
            by_tcp = ("Authorization", f"Bearer {opened.token}")
            first = asyncio.create_task(ask(proxy.url, chat(max_tokens=900), by_tcp))
            await until(lambda: len(gates) == 1)
            second = asyncio.create_task(ask(proxy.url, chat(max_tokens=900, text="two"), by_tcp))
            await until(lambda: bool(run.account._waiting))
            closing = asyncio.create_task(proxy.service.close_run("r", 60.0))
            await asyncio.sleep(0)
            gates[0].open()
            assert (await first).status == 200
            await until(lambda: len(gates) == 2)
            gates[1].open()
            assert (await second).whole
            await closing
            assert [call.status for call in calls_of(read_ledger(opened.ledger))] == [200, 200]
            assert proxy.said == []

    asyncio.run(main())


def test_a_call_that_waited_for_a_run_that_was_closed_is_not_its_clients_fault(tmp_path: Path) -> None:
    async def main() -> None:
        gates: list[Gate] = []
        async with Endpoint(gated(gates)) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            budget = Budget(max_total_tokens=1000)
            opened = await proxy.service.open_run(
                RunRequest(run_id="r", upstream=endpoint.url, budget=budget)
            )
            run = proxy.service.registry.get("r")
            token = ("Authorization", f"Bearer {opened.token}")
            first = asyncio.create_task(ask(opened.socket, chat(max_tokens=900), token))
            await until(lambda: len(gates) == 1)
            second = asyncio.create_task(ask(opened.socket, chat(max_tokens=900, text="two"), token))
            await until(lambda: bool(run.account._waiting))
            await proxy.service.close_run("r", 0.0)
            await first
            got = await second
            assert (got.status, got.json()["error"]["code"]) == (503, "proxy_stopped")
            waited = calls_of(read_ledger(opened.ledger))[1]
            assert (waited.status, waited.error_type) == (503, "refused")

    asyncio.run(main())


def test_a_background_call_fetched_twice_at_once_counts_once(tmp_path: Path) -> None:
    gates: list[Gate] = []
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}

    def script(seen: Seen) -> list[Step]:
        response = {"id": "resp_1", "object": "response", "model": "m", "output": []}
        if seen.method == "POST":
            return as_json({**response, "status": "queued"})
        gates.append(gate := Gate())
        return [gate, *as_json({**response, "status": "completed", "usage": usage})]

    async def main() -> None:
        async with Endpoint(script) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            await ask(proxy.url, {"model": "m", "input": "x", "background": True}, target="/v1/responses")
            fetching = [asyncio.create_task(send(proxy.url, "GET", "/v1/responses/resp_1")) for _ in range(2)]
            await until(lambda: len(gates) == 2)
            for gate in gates:
                gate.open()
            assert [(await each).status for each in fetching] == [200, 200]
            assert (proxy.run.total_tokens, proxy.run.with_usage) == (15, 1)

    asyncio.run(main())


def test_a_packed_body_of_a_question_aside_is_read_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows how long it is: other runs' calls would wait for it."""
    threads: list[threading.Thread] = []
    read = Question.read

    def watched(question: Question, path: str) -> JsonBody:
        threads.append(threading.current_thread())
        return read(question, path)

    monkeypatch.setattr(Question, "read", watched)

    async def main() -> None:
        async with (
            Endpoint(as_json({"input_tokens": 1})) as endpoint,
            metered(endpoint.url, tmp_path) as proxy,
        ):
            opened = await proxy.service.open_run(RunRequest(run_id="r", upstream=endpoint.url))
            got = await send(
                opened.socket,
                "POST",
                "/v1/messages/count_tokens",
                gzip.compress(b'{"model":"m","messages":[]}'),
                ("Content-Encoding", "gzip"),
                ("Authorization", f"Bearer {opened.token}"),
            )
            assert got.status == 200
            assert threads != [threading.main_thread()]

    asyncio.run(main())


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_amounts_without_end_are_none(text: str) -> None:
    with pytest.raises(BadParameter):
        console.Finite(min=0).convert(text, None, None)


@pytest.mark.parametrize("item", [b"{},", b"[],", b"0,", b'{"a":0},'])
def test_a_long_row_of_small_things_is_not_read(item: bytes) -> None:
    body = b'{"messages":[' + item * (5_000_000 // 2) + b"0]}"
    assert read_json(body).problem == "the body is too long a list of things to be read"


def test_a_long_text_is_read() -> None:
    assert read_json(b'{"messages":["' + b"a, {b} [c]" * 300_000 + b'"]}').value is not None


def test_a_call_that_is_given_up_while_its_prompt_is_counted_has_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting, enough = threading.Event(), threading.Event()

    def slow(*asked: Any) -> Estimate:
        counting.set()
        enough.wait()
        return estimate_input(*asked)

    monkeypatch.setattr("cab_proxy.admission.estimate_input", slow)

    async def main() -> None:
        async with (
            Endpoint(as_json(completion())) as endpoint,
            metered(endpoint.url, tmp_path) as proxy,
        ):
            budget = Budget(max_total_tokens=1000)
            opened = await proxy.service.open_run(
                RunRequest(run_id="r", upstream=endpoint.url, budget=budget)
            )
            asking = asyncio.create_task(
                ask(opened.socket, chat(), ("Authorization", f"Bearer {opened.token}"))
            )
            await until(counting.is_set)
            await proxy.service.close_run("r", 0.0)
            enough.set()
            assert (await asking).status == 503
            [call] = calls_of(read_ledger(opened.ledger))
            assert (call.status, call.error_type) == (503, "refused")

    asyncio.run(main())
