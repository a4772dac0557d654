"""The control socket: runs are opened, watched and closed here, by HTTP and JSON.

``POST /runs`` → socket, token, ledger; ``GET /runs/ID`` → its state; ``DELETE /runs/ID?drain_s=N`` → head,
calls. Errors are ``{"error": TEXT}``. Whoever can open the socket (mode 0600) is trusted.
"""

from __future__ import annotations

import asyncio
import json
import math
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web

from .control import DRAIN_S, RunRequest
from .errors import ConfigError, RunError
from .service import Service, bind_socket


class ControlServer:
    """Serves one :class:`~cab_proxy.service.Service`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._path: Path | None = None
        app = web.Application(middlewares=[_errors])
        app.router.add_post("/runs", self._open)
        app.router.add_get("/runs/{id}", self._state)
        app.router.add_delete("/runs/{id}", self._close)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self, path: Path) -> None:
        """Listen at ``path``. Raises :class:`ConfigError` when that can't be had."""
        try:
            sock: socket.socket = bind_socket(path)
        except OSError as error:
            raise ConfigError(f"control socket {path} can't be made: {error.strerror or error}") from None
        self._path = path
        await self._runner.setup()
        await web.SockSite(self._runner, sock).start()

    async def close(self) -> None:
        """Stop, and remove the socket."""
        await self._runner.cleanup()
        if self._path is not None:
            await asyncio.to_thread(self._path.unlink, missing_ok=True)

    async def _open(self, request: web.Request) -> web.Response:
        try:
            asked = RunRequest.from_json(await request.json())
        except ValueError as error:
            raise RunError(400, str(error)) from None
        opened = await self._service.open_run(asked)
        return _reply({"socket": str(opened.socket), "token": opened.token, "ledger": str(opened.ledger)})

    async def _state(self, request: web.Request) -> web.Response:
        return _reply(asdict(self._service.run_state(request.match_info["id"])))

    async def _close(self, request: web.Request) -> web.Response:
        try:
            drain_s = float(request.query.get("drain_s", DRAIN_S))
        except ValueError:
            drain_s = -1.0
        if not (math.isfinite(drain_s) and drain_s >= 0):
            raise RunError(400, "drain_s must be a number of seconds")
        return _reply(asdict(await self._service.close_run(request.match_info["id"], drain_s)))


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except RunError as error:
        return _reply({"error": str(error)}, error.status)
    except web.HTTPException as error:
        return _reply({"error": f"{request.method} {request.path}: {error.reason}"}, error.status)


def _reply(value: dict[str, Any], status: int = 200) -> web.Response:
    def plain(item: object) -> str:
        if isinstance(item, Decimal):
            return str(item)
        raise TypeError(f"{type(item).__name__} has no JSON form")

    return web.json_response(value, status=status, dumps=lambda v: json.dumps(v, default=plain))
