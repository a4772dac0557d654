"""The control socket, by raw requests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cab_proxy.control_server import ControlServer
from cab_proxy.service import Service
from fakes.metered import send


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("POST", "/runs", b"{", 400),
        ("POST", "/runs", b'{"run_id": "r"}', 400),
        ("POST", "/runs", b'{"run_id": "r", "upstream": "http://h", "budget": {"max_calls": -1}}', 400),
        ("GET", "/runs/none", None, 404),
        ("DELETE", "/runs/none", None, 404),
        ("DELETE", "/runs/none?drain_s=nan", None, 400),
        ("DELETE", "/runs/none?drain_s=-1", None, 400),
        ("GET", "/", None, 404),
        ("PUT", "/runs", b"", 405),
    ],
)
def test_errors_are_json(tmp_path: Path, method: str, target: str, body: bytes | None, status: int) -> None:
    async def main() -> None:
        async with Service(lambda _: None, ledger_dir=tmp_path) as service:
            server = ControlServer(service)
            await server.start(tmp_path / "c.sock")
            got = await send(tmp_path / "c.sock", method, target, body)
            await server.close()
            assert got.status == status
            assert got.json().keys() == {"error"}
            assert "\n" not in got.json()["error"]

    asyncio.run(main())
