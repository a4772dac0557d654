"""The control socket, by its client."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from cab_proxy.control import Budget, ControlClient, ControlError, RunRequest
from cab_proxy.control_server import ControlServer
from cab_proxy.errors import ConfigError
from cab_proxy.service import Service
from fakes.endpoint import Endpoint, Gate, as_json, completion
from fakes.metered import ask, chat, read_ledger


@contextlib.asynccontextmanager
async def controlled(folder: Path) -> AsyncIterator[ControlClient]:
    service = Service(lambda _: None, key="sk-real", ledger_dir=folder)
    service.drain_s = 0.0
    async with service:
        server = ControlServer(service)
        await server.start(folder / "c.sock")
        try:
            yield ControlClient(folder / "c.sock")
        finally:
            await server.close()


def bearer(token: str) -> tuple[str, str]:
    return ("Authorization", f"Bearer {token}")


def test_a_run_from_open_to_close(tmp_path: Path) -> None:
    async def main() -> None:
        reply = as_json(completion(usage={"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.5}))
        async with Endpoint(reply) as e, controlled(tmp_path) as client:
            assert (tmp_path / "c.sock").stat().st_mode & 0o777 == 0o600
            ledger = tmp_path / "elsewhere" / "calls.jsonl"
            request = RunRequest(
                run_id="r1",
                upstream=e.url,
                models=("m",),
                budget=Budget(max_calls=5, max_total_tokens=100, max_cost_usd=Decimal("2.50")),
                allow=("remote-media",),
                ledger=ledger,
            )
            run = await asyncio.to_thread(client.open_run, request)
            assert run.ledger == ledger
            assert run.token.startswith("cab-")
            assert run.socket.stat().st_mode & 0o777 == 0o600
            assert run.socket.parent.stat().st_mode & 0o777 == 0o700
            assert (await ask(run.socket, chat(), bearer(run.token))).status == 200
            state = await asyncio.to_thread(client.run_state, "r1")
            assert (state.calls, state.in_flight, state.ended, state.with_usage) == (1, 0, 1, 1)
            assert state.total_tokens == 3
            assert state.cost_usd == Decimal("0.5")
            closed = await asyncio.to_thread(client.close_run, "r1")
            assert closed.calls == 1
            assert closed.head == state.head
            records = read_ledger(ledger)
            assert [r.run_id for r in records] == ["r1", "r1"]
            assert not run.socket.exists()
            assert e.seen[0].header("Authorization") == "Bearer sk-real"
            with pytest.raises(ControlError) as caught:
                await asyncio.to_thread(client.run_state, "r1")
            assert caught.value.status == 404
        assert not (tmp_path / "c.sock").exists()
        assert not run.socket.parent.exists()

    asyncio.run(main())


def test_a_run_that_records_its_bodies(tmp_path: Path) -> None:
    async def main() -> None:
        reply = completion("Your key is sk-real.")
        async with Endpoint(as_json(reply)) as endpoint, controlled(tmp_path) as client:
            folder = tmp_path / "kept" / "bodies"
            requests = [
                RunRequest(run_id="kept", upstream=endpoint.url, record_bodies=folder),
                RunRequest(run_id="other", upstream=endpoint.url),
            ]
            for request in requests:
                run = await asyncio.to_thread(client.open_run, request)
                assert (await ask(run.socket, chat(text=run.token), bearer(run.token))).status == 200
            [_, call] = read_ledger(tmp_path / "kept.calls.jsonl")
            assert folder.stat().st_mode & 0o777 == 0o700
            kept = {path.name: path for path in folder.iterdir()}
            assert sorted(kept) == [f"{call.call_id}.request", f"{call.call_id}.response"]
            assert {path.stat().st_mode & 0o777 for path in kept.values()} == {0o600}
            asked, answered = (json.loads(kept[name].read_bytes()) for name in sorted(kept))
            assert asked == chat(text="[redacted]")
            assert answered == reply

    asyncio.run(main())


def test_each_run_has_its_own_chain(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, controlled(tmp_path) as client:
            runs = [
                await asyncio.to_thread(client.open_run, RunRequest(run_id=name, upstream=endpoint.url))
                for name in ("a", "b")
            ]
            assert runs[0].token != runs[1].token
            assert (await ask(runs[0].socket, chat(), bearer(runs[1].token))).status == 401
            assert (await ask(runs[1].socket, chat(), bearer(runs[1].token))).status == 200
            assert runs[0].ledger == tmp_path / "a.calls.jsonl"
            assert [r.error_type for r in read_ledger(runs[0].ledger)] == [None, "unauthorized"]
            assert [r.error_type for r in read_ledger(runs[1].ledger)] == [None, None]

    asyncio.run(main())


def test_closing_waits_for_calls_in_flight(tmp_path: Path) -> None:
    gate = Gate()

    async def main() -> None:
        async with Endpoint([gate, *as_json(completion())]) as endpoint, controlled(tmp_path) as client:
            run = await asyncio.to_thread(client.open_run, RunRequest(run_id="r", upstream=endpoint.url))
            answer = asyncio.create_task(ask(run.socket, chat(), bearer(run.token)))
            await asyncio.wrap_future(gate.reached)
            closing = asyncio.create_task(asyncio.to_thread(client.close_run, "r"))
            gate.open()
            assert (await answer).status == 200
            assert (await closing).calls == 1
            assert read_ledger(run.ledger)[-1].tokens.total == 16

    asyncio.run(main())


def test_closing_does_not_wait_for_ever(tmp_path: Path) -> None:
    gate = Gate()

    async def main() -> None:
        async with Endpoint([gate]) as endpoint, controlled(tmp_path) as client:
            run = await asyncio.to_thread(client.open_run, RunRequest(run_id="r", upstream=endpoint.url))
            answer = asyncio.create_task(ask(run.socket, chat(), bearer(run.token)))
            await asyncio.wrap_future(gate.reached)
            closed = await asyncio.to_thread(client.close_run, "r", 0.01)
            assert (await answer).status == 502
            [_, call] = read_ledger(run.ledger)
            assert call.error_type == "truncated"
            assert closed.calls == 1

    asyncio.run(main())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"run_id": "../x"}, "run_id"),
        ({"upstream": "nope"}, "upstream"),
        ({"upstream": "http://u:p@h/v1"}, "credentials"),
        ({"allow": ("everything",)}, "allow knows"),
        ({"socket_dir": Path("/tmp/" + "x" * 110)}, "107"),
        ({"socket_dir": Path("/nonexistent")}, "can't be made"),
        ({"ledger": Path("/dev/full")}, "regular file"),
        ({"record_bodies": Path("/dev/null/x")}, "bodies can't be kept"),
    ],
)
def test_runs_that_can_not_be_opened_leave_nothing(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    async def main() -> None:
        async with controlled(tmp_path) as client:
            good = {"run_id": "r", "upstream": "http://127.0.0.1:9/v1"}
            with pytest.raises(ControlError, match=message) as caught:
                await asyncio.to_thread(client.open_run, RunRequest(**{**good, **change}))  # type: ignore[arg-type]  # wrong on purpose
            assert caught.value.status == 400
            await asyncio.to_thread(client.open_run, RunRequest(run_id="r", upstream="http://127.0.0.1:9/v1"))
            with pytest.raises(ControlError, match="already") as caught:
                await asyncio.to_thread(
                    client.open_run, RunRequest(run_id="r", upstream="http://127.0.0.1:9/v1")
                )
            assert caught.value.status == 409

    asyncio.run(main())


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="doesn't answer") as caught:
        ControlClient(tmp_path / "none.sock").run_state("r")
    assert caught.value.status is None


def test_a_control_socket_in_use_is_not_taken_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with controlled(tmp_path):
            with pytest.raises(ConfigError, match="another cab-proxy"):
                await ControlServer(Service(lambda _: None)).start(tmp_path / "c.sock")

    asyncio.run(main())


def test_what_goes_over_the_socket_comes_back_as_it_was() -> None:
    request = RunRequest(
        run_id="r",
        upstream="http://h/v1",
        models=("a", "b"),
        budget=Budget(max_calls=1, max_total_tokens=2, max_cost_usd=Decimal("0.10"), max_seconds=1.5),
        allow=("background",),
        ledger=Path("/a/b"),
        socket_dir=Path("/c"),
        socket_owner=(1, 2),
        record_bodies=Path("/d"),
        describe_prompts=True,
        include_usage=True,
    )
    assert RunRequest.from_json(request.to_json()) == request
    assert RunRequest.from_json({"run_id": "r", "upstream": "u"}) == RunRequest(run_id="r", upstream="u")


@pytest.mark.parametrize(
    "raw",
    [
        [],
        {},
        {"run_id": "r"},
        {"run_id": "r", "upstream": "u", "new": 1},
        {"run_id": "r", "upstream": "u", "models": "m"},
        {"run_id": "r", "upstream": "u", "allow": [1]},
        {"run_id": "r", "upstream": "u", "ledger": 3},
        {"run_id": "r", "upstream": "u", "socket_owner": [1]},
        {"run_id": "r", "upstream": "u", "record_bodies": True},
        {"run_id": "r", "upstream": "u", "describe_prompts": 1},
        {"run_id": "r", "upstream": "u", "include_usage": "yes"},
        {"run_id": "r", "upstream": "u", "socket_owner": [-1, 1]},
        {"run_id": "r", "upstream": "u", "budget": {"max_calls": "1"}},
        {"run_id": "r", "upstream": "u", "budget": {"max_calls": True}},
        {"run_id": "r", "upstream": "u", "budget": {"max_cost_usd": "much"}},
        {"run_id": "r", "upstream": "u", "budget": {"max_cost_usd": "-1"}},
        {"run_id": "r", "upstream": "u", "budget": {"max_seconds": "1"}},
        {"run_id": "r", "upstream": "u", "budget": {"max_seconds": True}},
        {"run_id": "r", "upstream": "u", "budget": {"max_seconds": -0.1}},
        {"run_id": "r", "upstream": "u", "budget": {"max_seconds": float("nan")}},
        {"run_id": "r", "upstream": "u", "budget": {"max_seconds": float("inf")}},
        {"run_id": "r", "upstream": "u", "budget": {"max": 1}},
        {"run_id": "r", "upstream": "u", "budget": 5},
    ],
)
def test_requests_that_make_no_sense(raw: object) -> None:
    with pytest.raises(ValueError):
        RunRequest.from_json(raw)


def test_the_client_needs_the_standard_library_only() -> None:
    modules = "cab_proxy.control, cab_proxy.records, cab_proxy.summary"
    code = f"import sys, {modules}; print('aiohttp' in sys.modules, 'click' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
