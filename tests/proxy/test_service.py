"""Listeners, runs and their sockets together."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from cab_proxy.control import RunRequest
from cab_proxy.errors import ConfigError
from cab_proxy.service import Service, bind_socket
from fakes.endpoint import Endpoint, as_json, completion
from fakes.metered import ask, chat, metered, read_ledger, send


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
