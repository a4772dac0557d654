"""Listeners, runs and their sockets together."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from cab_proxy.control import OpenedRun, RunRequest
from cab_proxy.errors import ConfigError, RunError
from cab_proxy.records import calls_of
from cab_proxy.service import Service, bind_socket
from fakes.endpoint import Endpoint, Gate, Seen, Step, as_json, completion
from fakes.metered import CHAT, ask, chat, connect, metered, read_ledger, request_bytes, send, until


def bearer(token: str) -> tuple[str, str]:
    return ("Authorization", f"Bearer {token}")


def test_on_tcp_a_token_selects_its_run_and_its_door(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            run = await proxy.service.open_run(RunRequest(run_id="r", upstream=endpoint.url, models=("m",)))
            assert (await ask(proxy.url, chat(), bearer(run.token))).status == 200
            assert (await send(proxy.url, "GET", "/v1/files", None, bearer(run.token))).status == 403
            assert (await ask(proxy.url, chat(), bearer("sk-own"))).status == 200
            assert [s.header("Authorization") for s in endpoint.seen] == [None, "Bearer sk-own"]
            await proxy.service.close_run("r")
            dead = await ask(proxy.url, chat(), bearer(run.token))
            assert dead.status == 401
            assert dead.header("x-should-retry") == "false"
            assert len(endpoint.seen) == 2
            assert [r.error_type for r in read_ledger(run.ledger) if r.kind == "call"] == [None, "refused"]
            assert [r.error_type for r in proxy.records() if r.kind == "call"] == [None, "unauthorized"]

    asyncio.run(main())


def test_a_held_key_is_used_for_every_call_and_told_to_nobody(tmp_path: Path) -> None:
    async def main() -> None:
        async with Endpoint(as_json(completion())) as endpoint:
            async with metered(endpoint.url, tmp_path, key="sk-real") as proxy:
                await ask(proxy.url, chat(), bearer("sk-placeholder"))
                await ask(proxy.url, chat(), ("x-api-key", "other"))
                await ask(proxy.url, chat())
                assert [s.header("Authorization") for s in endpoint.seen] == [
                    "Bearer sk-real",
                    None,
                    "Bearer sk-real",
                ]
                assert endpoint.seen[1].header("x-api-key") == "sk-real"
            assert b"sk-" not in proxy.ledger.read_bytes()

    asyncio.run(main())


def test_the_problem_of_any_ledger_is_the_proxys(tmp_path: Path) -> None:
    async def main() -> None:
        async with metered("http://127.0.0.1:9/v1", tmp_path) as proxy:
            await proxy.service.open_run(RunRequest(run_id="r", upstream="http://127.0.0.1:9/v1"))
            assert proxy.service.problem() is None
            for run, name in ((proxy.run, "calls.jsonl"), (proxy.service.registry.get("r"), "r.calls.jsonl")):
                run.ledger.close()
                problem = proxy.service.problem()
                assert problem is not None
                assert name in problem

    asyncio.run(main())


def test_an_address_in_use(tmp_path: Path) -> None:
    async def main() -> None:
        async with metered("http://127.0.0.1:9", tmp_path) as proxy:
            port = int(proxy.url.rpartition(":")[2])
            with pytest.raises(ConfigError, match=f"127.0.0.1:{port}"):
                await proxy.service.listen("127.0.0.1", port, None)

    asyncio.run(main())


def test_a_dead_socket_is_replaced_and_a_living_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    bind_socket(path).close()
    assert path.exists()
    living = bind_socket(path)
    with pytest.raises(OSError, match="answers"):
        bind_socket(path)
    living.close()
    path.unlink()
    path.write_text("mine")
    with pytest.raises(OSError, match="something else"):
        bind_socket(path)
    assert path.read_text() == "mine"


def test_sockets_are_private(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with bind_socket(path, (os.getuid(), os.getgid())) as sock:
        mode = path.stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert mode & 0o777 == 0o600
        assert sock.family == socket.AF_UNIX


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a socket away")
def test_a_socket_is_given_to_its_owner(tmp_path: Path) -> None:
    async def main() -> None:
        async with Service(lambda _: None, ledger_dir=tmp_path) as service:
            request = RunRequest(run_id="r", upstream="http://127.0.0.1:9", socket_owner=(65532, 65532))
            run = await service.open_run(request)
            found = run.socket.stat()
            assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (65532, 65532, 0o600)
            assert len(os.fsencode(run.socket)) <= 107

    asyncio.run(main())


def test_a_socket_dir_of_the_callers(tmp_path: Path) -> None:
    async def main() -> None:
        async with Service(lambda _: None, ledger_dir=tmp_path) as service:
            request = RunRequest(run_id="r", upstream="http://127.0.0.1:9", socket_dir=tmp_path)
            assert (await service.open_run(request)).socket == tmp_path / "r.sock"
        assert not (tmp_path / "r.sock").exists()

    asyncio.run(main())


def test_a_run_id_opened_twice_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with Service(lambda _: None, ledger_dir=tmp_path) as service:
            wanted = RunRequest(run_id="r", upstream="http://127.0.0.1:9/v1")
            other = replace(wanted, ledger=tmp_path / "other.jsonl", socket_dir=tmp_path)
            first, second = await asyncio.gather(
                service.open_run(wanted), service.open_run(other), return_exceptions=True
            )
            assert isinstance(first, OpenedRun)
            assert isinstance(second, RunError)
            assert second.status == 409
            assert not (tmp_path / "other.jsonl").exists()
            assert service.run_state("r").calls == 0
            await service.close_run("r")

    asyncio.run(main())


@pytest.mark.parametrize(("drain_s", "status", "error"), [(0.01, 502, "truncated"), (600, 200, None)])
def test_stopping_waits_for_a_run_that_is_being_closed(
    tmp_path: Path, drain_s: float, status: int, error: str | None
) -> None:
    gate = Gate()

    async def main() -> None:
        async with Endpoint([gate, *as_json(completion())]) as endpoint:
            async with Service(lambda _: None, ledger_dir=tmp_path) as service:
                service.drain_s = drain_s
                run = await service.open_run(RunRequest(run_id="r", upstream=endpoint.url))
                token = ("Authorization", f"Bearer {run.token}")
                answer = asyncio.create_task(ask(run.socket, chat(), token))
                await asyncio.wrap_future(gate.reached)
                closing = asyncio.create_task(service.close_run("r", 600))
                await until(lambda: not run.socket.exists())
                closing.cancel()  # whoever asked for it is gone
                await asyncio.wait([closing])
                if status == 200:
                    asyncio.get_running_loop().call_soon(gate.open)  # while it stops
            [_, call] = read_ledger(run.ledger)
            assert call.error_type == error
            assert (await answer).status == status

    asyncio.run(main())


def test_a_connection_that_is_kept_does_not_outlive_its_run(tmp_path: Path) -> None:
    gate = Gate()

    def script(seen: Seen) -> list[Step]:
        return [*([gate] if seen.json()["messages"][0]["content"] == "slow" else []), *as_json(completion())]

    async def main() -> None:
        async with Endpoint(script) as endpoint, Service(lambda _: None, ledger_dir=tmp_path) as service:
            run = await service.open_run(RunRequest(run_id="r", upstream=endpoint.url))
            slow = asyncio.create_task(ask(run.socket, chat(text="slow"), bearer(run.token)))
            await asyncio.wrap_future(gate.reached)
            reader, writer = await connect(run.socket)
            body = json.dumps(chat()).encode()
            once = request_bytes("POST", CHAT, body, (bearer(run.token),)).replace(
                b"Connection: close\r\n", b""
            )
            writer.write(once)
            assert b" 200 " in await reader.readline()
            await reader.readuntil(json.dumps(completion()).encode())
            closing = asyncio.create_task(service.close_run("r"))
            await until(lambda: not run.socket.exists())
            writer.write(once)
            assert b" 401 " in await reader.readline()
            gate.open()
            assert (await slow).status == 200
            assert (await closing).calls == 2
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())


def test_closing_waits_for_calls_that_came_by_tcp(tmp_path: Path) -> None:
    gate = Gate()

    async def main() -> None:
        async with (
            Endpoint([gate, *as_json(completion())]) as endpoint,
            metered(endpoint.url, tmp_path) as proxy,
        ):
            run = await proxy.service.open_run(RunRequest(run_id="r", upstream=endpoint.url))
            answer = asyncio.create_task(ask(proxy.url, chat(), bearer(run.token)))
            await asyncio.wrap_future(gate.reached)
            closing = asyncio.create_task(proxy.service.close_run("r"))
            await until(lambda: not run.socket.exists())
            gate.open()
            assert (await answer).status == 200
            assert (await closing).calls == 1
            assert [r.kind for r in read_ledger(run.ledger)] == ["open", "call"]

    asyncio.run(main())


def test_a_call_by_tcp_that_outlasts_its_runs_drain_leaves_its_record(tmp_path: Path) -> None:
    gates: list[Gate] = []

    def script(_: Seen) -> list[Step]:
        gates.append(gate := Gate())
        return [gate, *as_json(completion())]

    async def main() -> None:
        async with Endpoint(script) as endpoint, metered(endpoint.url, tmp_path) as proxy:
            opened = await proxy.service.open_run(RunRequest(run_id="r", upstream=endpoint.url))
            calling = asyncio.create_task(ask(proxy.url, chat(), bearer(opened.token)))
            other = asyncio.create_task(ask(proxy.url, chat()))
            await until(lambda: len(gates) == 2)
            await proxy.service.close_run("r", 0.0)
            for gate in gates:
                gate.open()
            assert (await calling).status == 502
            assert (await other).status == 200
            [call] = calls_of(read_ledger(opened.ledger))
            assert (call.kind, call.error_type) == ("call", "truncated")
            assert proxy.said == []

    asyncio.run(main())
