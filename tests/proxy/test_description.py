"""Purposes and parts of prompts in the ledger, through a live relay."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cab_proxy import description
from cab_proxy.control import RunRequest
from cab_proxy.estimate import estimate_input
from cab_proxy.metering import Metering
from cab_proxy.protocols.chat import read_prompt
from cab_proxy.records import calls_of
from cab_proxy.service import Service
from fakes.endpoint import USAGE, Endpoint, Gate, Seen, Step, as_json, completion, stream
from fakes.metered import ask, chat, metered, read_ledger, send

TOOL = {"type": "function", "function": {"name": "bash", "description": "Run it", "parameters": {}}}
DESCRIBED = Metering(describe_prompts=True)


def described(messages: int = 1, **more: Any) -> dict[str, Any]:
    said = [{"role": "user", "content": f"Fix bug {n}."} for n in range(messages)]
    return chat(tools=[TOOL], **more) | {"messages": [{"role": "system", "content": "You are."}, *said]}


def test_reported_input_is_divided(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            Endpoint(as_json(completion(usage={"prompt_tokens": 1001, "completion_tokens": 5}))) as endpoint,
            metered(endpoint.url, tmp_path, metering=DESCRIBED) as proxy,
        ):
            await ask(proxy.url, described())
            await ask(proxy.url, described(2))
            records = proxy.records()
            assert [(r.purpose, r.prompt_parts) for r in records if r.kind == "open"] == [(None, None)] * 2
            for call in calls_of(records):
                assert call.purpose == "main"
                assert call.prompt_parts is not None
                assert list(call.prompt_parts) == ["system", "tools", "messages"]
                assert sum(call.prompt_parts.values()) == 1001
                assert min(call.prompt_parts.values()) > 0
                assert call.tokens_source.input == "reported"
            assert proxy.said == []

    asyncio.run(main())


def test_where_nothing_is_reported_the_parts_are_the_estimate(tmp_path: Path) -> None:
    def script(seen: Seen) -> list[Step]:
        return stream("Hi", usage=None) if seen.json().get("stream") else as_json({"error": "no"}, 500)

    async def main() -> None:
        async with Endpoint(script) as endpoint, metered(endpoint.url, tmp_path, metering=DESCRIBED) as proxy:
            await ask(proxy.url, described(stream=True))
            await ask(proxy.url, described())
            streamed, failed = calls_of(proxy.records())
            estimated = estimate_input(read_prompt(described()), "m").tokens
            assert streamed.tokens.input == estimated
            assert failed.tokens.input is None
            for call in (streamed, failed):
                assert call.purpose == "main"
                assert call.prompt_parts is not None
                assert sum(call.prompt_parts.values()) == estimated

    asyncio.run(main())


def test_attempts_after_the_first_are_retries_and_so_is_one_without_a_response(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json({"error": "no"}, 500)) as endpoint:
            url = endpoint.url
            async with metered(url, tmp_path, metering=DESCRIBED) as proxy:
                await ask(proxy.url, described())
                await endpoint.__aexit__()
                assert (await ask(proxy.url, described())).status == 502
                assert [c.purpose for c in calls_of(proxy.records())] == ["main", "retry"]

    asyncio.run(main())


def test_a_second_request_of_the_proxys_own_is_no_retry(tmp_path: Path) -> None:
    def script(seen: Seen) -> list[Step]:
        asked = "stream_options" in seen.json()
        return as_json({"error": "unknown field"}, 400) if asked else stream("Hi", usage=USAGE)

    async def main() -> None:
        metering = Metering(describe_prompts=True, include_usage=True)
        async with Endpoint(script) as endpoint, metered(endpoint.url, tmp_path, metering=metering) as proxy:
            await ask(proxy.url, described(stream=True))
            first, again = calls_of(proxy.records())
            assert (first.status, first.purpose, again.attempt, again.purpose) == (400, None, 2, "main")

    asyncio.run(main())


def test_off_unless_asked_for_and_on_for_the_run_that_asked(tmp_path: Path) -> None:
    async def main() -> None:
        reply = as_json(completion())
        async with Endpoint(reply) as endpoint, Service(pytest.fail, ledger_dir=tmp_path) as service:
            for name, asked in (("off", False), ("on", True)):
                run = await service.open_run(
                    RunRequest(run_id=name, upstream=endpoint.url, describe_prompts=asked)
                )
                assert (
                    await ask(run.socket, described(), ("Authorization", f"Bearer {run.token}"))
                ).status == 200
                [call] = calls_of(read_ledger(run.ledger))
                assert (call.purpose, call.prompt_parts is None) == (
                    ("main", False) if asked else (None, True)
                )

    asyncio.run(main())


def test_the_order_is_that_in_which_calls_came(tmp_path: Path) -> None:
    gate = Gate()

    def script(seen: Seen) -> list[Step]:
        first = len(seen.json()["messages"]) == 2
        return [*([gate] if first else []), *as_json(completion())]

    async def main() -> None:
        async with Endpoint(script) as endpoint, metered(endpoint.url, tmp_path, metering=DESCRIBED) as proxy:
            tools = [TOOL, {"type": "function", "function": {"name": "task"}}]
            first = asyncio.create_task(ask(proxy.url, described() | {"tools": tools}))
            await asyncio.wrap_future(gate.reached)
            await ask(proxy.url, described(2) | {"tools": tools})
            gate.open()
            await first
            ended = [r for r in proxy.records() if r.kind == "call"]
            assert [(r.params.messages_count, r.purpose) for r in ended] == [(3, "main"), (2, "main")]

    asyncio.run(main())


def test_what_can_not_be_described_is_still_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        async with (
            Endpoint(as_json(completion())) as endpoint,
            metered(endpoint.url, tmp_path, metering=DESCRIBED) as proxy,
        ):
            monkeypatch.setattr(description, "look_at", broken)
            assert (await ask(proxy.url, described())).status == 200
            call = proxy.call()
            assert (call.tokens.total, call.purpose, call.prompt_parts) == (16, None, None)
            assert proxy.said == ["a call's prompt could not be described (ZeroDivisionError)"]

    asyncio.run(main())


def test_of_a_body_that_can_not_be_read_nothing_is_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with (
            Endpoint(as_json(completion())) as endpoint,
            metered(endpoint.url, tmp_path, metering=DESCRIBED) as proxy,
        ):
            await ask(proxy.url, [1])
            call = proxy.call()
            assert (call.purpose, call.prompt_parts) == (None, None)
            assert proxy.said == []

    asyncio.run(main())


def test_a_background_calls_parts_are_of_what_is_reported_later(tmp_path: Path) -> None:
    begun = {"id": "resp_1", "model": "m-2026", "status": "queued", "background": True, "output": []}
    usage = {"input_tokens": 1001, "output_tokens": 5, "total_tokens": 1006}

    def script(seen: Seen) -> list[Step]:
        ended = {**begun, "status": "completed", "usage": usage}
        return as_json(begun if seen.method == "POST" else ended)

    async def main() -> None:
        async with Endpoint(script) as endpoint, metered(endpoint.url, tmp_path, metering=DESCRIBED) as proxy:
            body = {"model": "m", "instructions": "You are.", "input": "Hi", "background": True}
            await ask(proxy.url, body, target="/v1/responses")
            parts = proxy.call().prompt_parts
            assert parts is not None
            assert sum(parts.values()) < 50
            await send(proxy.url, "GET", "/v1/responses/resp_1")
            parts = proxy.call().prompt_parts
            assert parts is not None
            assert sum(parts.values()) == 1001

    asyncio.run(main())
