"""A budget, through a live relay: calls wait for one another, and what they took is settled."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cab_proxy.control import Budget, OpenedRun, RunRequest
from cab_proxy.metering import Metering
from cab_proxy.prices import PriceBook
from cab_proxy.records import Record, calls_of
from cab_proxy.service import Service
from fakes.endpoint import (
    CUT,
    SSE_HEAD,
    Endpoint,
    Gate,
    Seen,
    Step,
    as_json,
    chunk,
    completion,
    delta,
    event,
)
from fakes.metered import CHAT, Got, ask, chat, connect, read_ledger, request_bytes, until


@contextlib.asynccontextmanager
async def opened(
    endpoint: Endpoint, folder: Path, budget: Budget, **metering: Any
) -> AsyncIterator[tuple[Service, OpenedRun]]:
    service = Service(lambda _: None, ledger_dir=folder, metering=Metering(**metering))
    service.drain_s = 0.0
    async with service:
        yield service, await service.open_run(RunRequest(run_id="r", upstream=endpoint.url, budget=budget))


async def call(run: OpenedRun, **more: Any) -> Got:
    return await ask(run.socket, chat(**more), ("Authorization", f"Bearer {run.token}"))


def calls(run: OpenedRun) -> tuple[Record, ...]:
    return calls_of(read_ledger(run.ledger))


def test_a_call_that_does_not_fit_waits_for_the_one_in_flight(tmp_path: Path) -> None:
    gate = Gate()

    async def main() -> None:
        async with (
            Endpoint(lambda _: [gate, *as_json(completion())]) as endpoint,
            opened(endpoint, tmp_path, Budget(max_total_tokens=1000)) as (service, run),
        ):
            first = asyncio.create_task(call(run, max_tokens=900))
            await asyncio.wrap_future(gate.reached)
            gate.reached = asyncio.get_running_loop().create_future()  # type: ignore[assignment]
            second = asyncio.create_task(call(run, max_tokens=900))
            account = service.registry.get("r").account
            await until(lambda: bool(account._waiting))
            assert len(endpoint.seen) == 1
            gate.open()
            assert (await first).status == (await second).status == 200
            one, two = calls(run)
            assert one.budget is not None
            assert one.budget["alone"] is False
            assert one.budget["reserved_tokens"] == 900 + one.budget["estimated_input_tokens"]
            assert two.budget is not None
            assert two.budget["waited_ms"] > 0
            assert account.tokens == 32

    asyncio.run(main())


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        (Budget(max_total_tokens=10), "max_total_tokens"),
        (Budget(max_calls=1), "max_calls"),
        (Budget(max_cost_usd=Decimal("0.000001")), "max_cost_usd"),
    ],
)
def test_a_spent_budget_refuses_by_name(tmp_path: Path, budget: Budget, limit: str) -> None:
    own = tmp_path / "rates.toml"
    own.write_text('[[price]]\nmodel = "*"\ninput = 1\noutput = 2\n')

    async def main() -> None:
        async with (
            Endpoint(as_json(completion())) as endpoint,
            opened(endpoint, tmp_path, budget, prices=PriceBook.load(own)) as (_, run),
        ):
            assert (await call(run)).status == 200
            got = await call(run)
            assert got.status == 400
            assert got.header("x-should-retry") == "false"
            assert got.json()["error"]["code"] == "budget_exceeded"
            assert limit in got.json()["error"]["message"]
            one, two = calls(run)
            assert (one.cost_usd, one.cost_source) == (Decimal("0.000021"), "computed")
            assert one.price_snapshot is not None
            assert one.price_snapshot.startswith("rates.toml sha256:")
            assert two.error_type == "budget_exceeded"
            assert two.budget is not None
            assert limit in two.budget
            assert len(endpoint.seen) == 1

    asyncio.run(main())


@pytest.mark.parametrize("target", ["/v1/messages", "/v1/responses", "/v1beta/models/m:generateContent"])
def test_the_refusal_has_the_protocols_shape(tmp_path: Path, target: str) -> None:
    async def main() -> None:
        async with (
            Endpoint(as_json({})) as endpoint,
            opened(endpoint, tmp_path, Budget(max_calls=0)) as (_, run),
        ):
            body: dict[str, Any] = {"contents": []} if "beta" in target else {"model": "m", "input": "Hi"}
            if target.endswith("messages"):
                body = {"model": "m", "max_tokens": 5, "messages": []}
            token = ("Authorization", f"Bearer {run.token}")
            got = await ask(run.socket, body, token, target=target)
            assert got.header("x-should-retry") == "false"
            told = got.json()
            if target.endswith("messages"):
                assert told["type"] == "error"
                assert told["error"]["type"] == "invalid_request_error"
            elif "beta" in target:
                assert told["error"]["code"] == got.status
                assert isinstance(told["error"]["status"], str)
            else:
                assert told["error"]["code"] == "budget_exceeded"
            assert "budget is spent" in told["error"]["message"]

    asyncio.run(main())


def test_hanging_up_makes_no_call_cheap(tmp_path: Path) -> None:
    answers: list[list[Step]] = [[SSE_HEAD, chunk(event(delta("Hi"))), CUT], as_json(completion())]

    def script(_: Seen) -> list[Step]:
        return answers.pop(0)

    async def main() -> None:
        async with (
            Endpoint(script) as endpoint,
            opened(endpoint, tmp_path, Budget(max_total_tokens=500)) as (service, run),
        ):
            await call(run, stream=True, max_tokens=490)
            assert service.registry.get("r").account.tokens >= 490
            [cut] = calls(run)
            assert cut.error_type == "truncated"

    asyncio.run(main())


def test_a_client_that_leaves_while_it_waits_makes_no_call(tmp_path: Path) -> None:
    gate = Gate()

    async def main() -> None:
        async with (
            Endpoint(lambda _: [gate, *as_json(completion())]) as endpoint,
            opened(endpoint, tmp_path, Budget(max_total_tokens=1000)) as (service, run),
        ):
            account = service.registry.get("r").account
            first = asyncio.create_task(call(run, max_tokens=900))
            await asyncio.wrap_future(gate.reached)
            _, writer = await connect(run.socket)
            token = ("Authorization", f"Bearer {run.token}")
            body = json.dumps(chat(max_tokens=900)).encode()
            writer.write(request_bytes("POST", CHAT, body, (token,)))
            await until(lambda: bool(account._waiting))
            writer.transport.abort()
            gate.open()
            assert (await first).status == 200
            await until(lambda: len(calls(run)) == 2)
            assert len(endpoint.seen) == 1
            assert [c.error_type for c in calls(run)] == [None, "client_disconnect"]
            assert account.tokens == 16

    asyncio.run(main())


def test_what_is_no_model_call_takes_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json({"input_tokens": 3})) as endpoint:
            service = Service(lambda _: None, ledger_dir=tmp_path)
            service.drain_s = 0.0
            async with service:
                budget = Budget(max_total_tokens=5)
                opened_run = await service.open_run(
                    RunRequest(run_id="r", upstream=endpoint.url, budget=budget)
                )
                run = service.registry.get("r")
                run.door = None
                token = ("x-api-key", opened_run.token)
                await ask(opened_run.socket, {"model": "m"}, token, target="/v1/messages/count_tokens")
                assert (run.account.calls, run.account.tokens) == (0, 0)

    asyncio.run(main())
