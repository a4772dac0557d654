"""A model endpoint on a real socket that sends exactly the bytes it is told to.

Plain sockets rather than an HTTP library, so that a test decides on framing, header order, cuts and
pauses. ``async with Endpoint(script)`` serves in the running loop, ``with serving(script)`` in a thread.
A script gets what was asked and returns the steps of the answer: bytes to send, a :class:`Gate` to
wait at, or :data:`CUT`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Literal, Self


class Gate:
    """A point in an answer: the test learns that it was reached, and says when to go on."""

    def __init__(self) -> None:
        self.reached: Future[None] = Future()
        self.opened: Future[None] = Future()

    def open(self) -> None:
        if not self.opened.done():
            self.opened.set_result(None)


CUT: Final = "cut"
"""Close the connection here and now."""

Step = bytes | Gate | Literal["cut"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        return json.loads(self.body)


Script = Callable[[Seen], Sequence[Step]]


class Site(ABC):
    """A listening socket, and a task for each connection to it."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._host = host
        self.origin = ""
        """``http://127.0.0.1:PORT``."""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0, limit=2**26)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    @abstractmethod
    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, which is closed behind it."""


class Endpoint(Site):
    """Serves one script; keeps what it has seen."""

    def __init__(self, script: Script | Sequence[Step], host: str = "127.0.0.1") -> None:
        super().__init__(host)
        self._script: Script = script if callable(script) else lambda _: script
        self.seen: list[Seen] = []

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (seen := await _read_request(reader)) is not None:
            self.seen.append(seen)
            for step in self._script(seen):
                if isinstance(step, Gate):
                    step.reached.set_result(None)
                    await asyncio.wrap_future(step.opened)
                elif isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                else:
                    return


async def _read_request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, *fields = head.decode("latin-1")[:-4].split("\r\n")
    method, target, _ = line.split(" ")
    headers = tuple((name, value.strip()) for name, _, value in (field.partition(":") for field in fields))
    lower = {name.lower(): value for name, value in headers}
    body = b""
    if "content-length" in lower:
        body = await reader.readexactly(int(lower["content-length"]))
    elif lower.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    return Seen(method, target, headers, body)


@contextlib.contextmanager
def serving(script: Script | Sequence[Step], host: str = "127.0.0.1") -> Iterator[Endpoint]:
    """The endpoint in a thread of its own, for tests that run other programs."""
    endpoint = Endpoint(script, host)
    started = threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with endpoint:
            stop.append(lambda: loop.call_soon_threadsafe(ended.set))
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    try:
        yield endpoint
    finally:
        stop[0]()
        thread.join()


def head(status: int = 200, *fields: tuple[str, str]) -> bytes:
    """A response's head."""
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def with_length(body: bytes, status: int = 200, *fields: tuple[str, str]) -> list[Step]:
    """A response with a Content-Length."""
    return [head(status, *fields, ("Content-Length", str(len(body)))) + body]


def as_json(value: object, status: int = 200, *fields: tuple[str, str]) -> list[Step]:
    """A JSON response."""
    return with_length(json.dumps(value).encode(), status, ("Content-Type", "application/json"), *fields)


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK: Final = b"0\r\n\r\n"
SSE_HEAD: Final = head(200, ("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked"))


def event(value: object) -> bytes:
    """One event of a stream: JSON, or ``[DONE]`` as it is."""
    data = value if isinstance(value, str) else json.dumps(value)
    return f"data: {data}\n\n".encode()


def as_sse(values: Iterable[object]) -> list[Step]:
    """A streamed response, one chunk per event."""
    return [SSE_HEAD, *(chunk(event(value)) for value in values), LAST_CHUNK]


USAGE: Final[dict[str, Any]] = {
    "prompt_tokens": 11,
    "completion_tokens": 5,
    "total_tokens": 16,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


def completion(
    text: str = "Hello there", usage: dict[str, Any] | None = USAGE, **more: Any
) -> dict[str, Any]:
    """A chat completion."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m-2026",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        **({} if usage is None else {"usage": usage}),
        **more,
    }


def delta(
    text: str | None = None, *, finish: str | None = None, index: int = 0, **more: Any
) -> dict[str, Any]:
    """One chunk of a streamed completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m-2026",
        "system_fingerprint": "fp_1",
        "choices": [
            {"index": index, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
        ],
        **more,
    }


def usage_chunk(usage: dict[str, Any] = USAGE) -> dict[str, Any]:
    """The chunk that ``include_usage`` asks for."""
    return {**delta(), "choices": [], "usage": usage}


def stream(*texts: str, usage: dict[str, Any] | None = USAGE) -> list[Step]:
    """A whole streamed answer."""
    last = [] if usage is None else [usage_chunk(usage)]
    return as_sse([*(delta(text) for text in texts), delta(finish="stop"), *last, "[DONE]"])
