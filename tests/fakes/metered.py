"""A cab-proxy in this process, and a client that shows the bytes that it got."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cab_proxy.metering import Metering
from cab_proxy.records import Record, calls_of, verify
from cab_proxy.runs import Run
from cab_proxy.service import Service
from cab_proxy.urls import Upstream

CHAT = "/v1/chat/completions"


@dataclass
class Metered:
    """A plain proxy and its ledger."""

    service: Service
    url: str
    """``http://127.0.0.1:PORT``."""
    ledger: Path
    run: Run
    said: list[str] = field(default_factory=list)
    """What it told people."""

    def records(self) -> tuple[Record, ...]:
        return read_ledger(self.ledger)

    def call(self) -> Record:
        """The only call."""
        [call] = calls_of(self.records())
        return call


def read_ledger(path: Path) -> tuple[Record, ...]:
    found = verify(path.read_bytes())
    assert found.ok, found.problems
    return found.records


@contextlib.asynccontextmanager
async def metered(
    upstream: str,
    folder: Path,
    *,
    key: str | None = None,
    connect_timeout_s: float = 10.0,
    metering: Metering | None = None,
) -> AsyncIterator[Metered]:
    said: list[str] = []
    ledger = folder / "calls.jsonl"
    metering = metering or Metering()
    service = Service(
        said.append, key=key, ledger_dir=folder, connect_timeout_s=connect_timeout_s, metering=metering
    )
    service.drain_s = 0.0
    with metering.ledger(ledger) as writer:
        async with service:
            run = metering.run(run_id=None, upstream=Upstream.parse(upstream), ledger=writer)
            url = await service.listen("127.0.0.1", 0, run)
            yield Metered(service, url, ledger, run, said)


@dataclass(frozen=True)
class Got:
    """A response, its framing taken off."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool
    """It ended as its framing said it would."""

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


async def connect(where: str | Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(where, Path):
        return await asyncio.open_unix_connection(where)
    url = urlsplit(where)
    return await asyncio.open_connection(url.hostname, url.port)


async def send_raw(where: str | Path, raw: bytes) -> bytes:
    """Send bytes, return all that comes until the connection ends."""
    reader, writer = await connect(where)
    writer.write(raw)
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    got = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(2**20):
            got += part
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return got


def request_bytes(
    method: str, target: str, body: bytes | None = None, headers: tuple[tuple[str, str], ...] = ()
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: agent.invalid", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


async def send(
    where: str | Path, method: str, target: str, body: bytes | None = None, *headers: tuple[str, str]
) -> Got:
    return parse(await send_raw(where, request_bytes(method, target, body, headers)))


async def ask(where: str | Path, body: object, *headers: tuple[str, str], target: str = CHAT) -> Got:
    """Make a chat call."""
    return await send(
        where, "POST", target, json.dumps(body).encode(), ("Content-Type", "application/json"), *headers
    )


def parse(raw: bytes) -> Got:
    top, _, rest = raw.partition(b"\r\n\r\n")
    line, *fields = top.decode("latin-1").split("\r\n")
    headers = tuple((name, value.strip()) for name, _, value in (text.partition(":") for text in fields))
    lower = {name.lower(): value for name, value in headers}
    if lower.get("transfer-encoding") == "chunked":
        body, whole = _unchunk(rest)
    else:
        body, whole = rest, len(rest) == int(lower.get("content-length", len(rest)))
    return Got(int(line.split(" ")[1]), headers, body, whole)


def _unchunk(raw: bytes) -> tuple[bytes, bool]:
    body = b""
    while b"\r\n" in raw:
        size, _, raw = raw.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return body, True
        body += raw[:length]
        raw = raw[length + 2 :]
    return body, False


def chat(model: str = "m", text: str = "Hi", **more: Any) -> dict[str, Any]:
    """A chat request."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that nobody announces."""
    while not true():  # noqa: ASYNC110  # there is no event to wait for
        await asyncio.sleep(0.005)
