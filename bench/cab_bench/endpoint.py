"""The endpoint behind every relay: ``python -m cab_bench.endpoint``.

Cheap first: it must outrun every relay that it stands behind. Bodies are not parsed, answers are made once,
heads seen before are not read again. It prints ``ready PORT`` once it listens, and ends with its stdin.

Every event of a stream is a write of its own. Paced streams are served by a wheel with a slot per
millisecond, so that a thousand of them cost one timer; a stream keeps the slot in which its request
came, so the streams of a load are as far apart as their requests were.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
import socket
import sys
import time
from typing import Final, cast

import uvloop

from . import wire

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_PIECE: Final = b"x" * 65536
_MANY: Final = 512
"""Heads, behaviours or streams that are remembered."""

_NOT_UNDERSTOOD: Final = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"
_MODELS: Final = wire.plain_head(27) + b'{"object":"list","data":[]}'


class Wheel:
    """Sends the events of paced streams: a slot per millisecond of the gap."""

    def __init__(self, gap_ms: int) -> None:
        self._slots: list[list[Conversation]] = [[] for _ in range(gap_ms)]
        self._active = 0
        self._done = 0
        """Milliseconds since the clock's start that have been served."""

    def add(self, stream: Conversation) -> None:
        """Serve this stream, its next event a gap from now."""
        now = _now_ms()
        if not self._active:
            self._done = now
            asyncio.get_running_loop().call_later(0.001, self._turn)
        self._active += 1
        self._slots[now % len(self._slots)].append(stream)

    def _turn(self) -> None:
        now = _now_ms()
        size = len(self._slots)
        # served late by more than a turn, a slot still gets one event a turn: nothing is skipped
        for tick in range(self._done + 1, now + 1):
            slot = self._slots[tick % size]
            if slot:
                going = [stream for stream in slot if stream.send_next()]
                self._active -= len(slot) - len(going)
                slot[:] = going
        self._done = now
        if self._active:
            asyncio.get_running_loop().call_later(0.001, self._turn)


class Conversation(asyncio.Protocol):
    """One connection."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._head = b""
        """Bytes of a request whose head isn't whole."""
        self._body: list[bytes] = []
        self._missing = 0
        """Bytes of the body that have not come; -1: it is chunked."""
        self._model: bytes | None = None
        self._writing = True
        self._pieces: list[bytes] = []
        """What is being sent, in writes."""
        self._next = 0
        self._gap_ms = 0
        self._socket: socket.socket = cast("socket.socket", None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection; what is written goes out at once, not with what follows."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)
        # half the cost of the transport's write, which gathers what is written in one turn of the loop
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))

    def connection_lost(self, _exc: Exception | None) -> None:
        """Stop what is being sent."""
        self._writing = False
        self._pieces, self._next = [], 0
        self._socket.close()

    def pause_writing(self) -> None:
        """The relay doesn't keep up."""
        self._writing = False

    def resume_writing(self) -> None:
        """The relay has caught up."""
        self._writing = True
        if self._next and not self._gap_ms:
            self._burst()

    def data_received(self, data: bytes) -> None:
        """Take in a request, and answer it when it is whole."""
        if self._missing:
            self._more(data)
            return
        if self._head:
            data = self._head + data
            self._head = b""
        end = data.find(b"\r\n\r\n") + 4
        if end == 3:
            self._head = data
            return
        head = data[:end]
        length = self._site.length(head)
        if length < 0:
            self._missing = -1
            self._more(data[end:])
            return
        missing = length - len(data) + end
        if missing <= 0:
            self._answer(wire.find_model(data[end:]), head)
            return
        self._missing = missing
        # the name is nearly always in the first piece: then the rest need not be kept
        self._model = wire.find_model(data[end:])
        self._body = [] if self._model else [data[end:]]

    def _more(self, data: bytes) -> None:
        if self._missing < 0:
            self._body.append(data)
            if b"".join(self._body[-2:]).endswith(b"0\r\n\r\n"):
                body = b"".join(self._body)
                self._missing, self._body = 0, []
                self._answer(wire.find_model(body), b"POST")
            return
        self._missing -= len(data)
        if self._model is None:
            self._body.append(data)
        if self._missing <= 0:
            model = self._model or wire.find_model(b"".join(self._body))
            self._missing, self._body, self._model = 0, [], None
            self._answer(model, b"POST")

    def _answer(self, model: bytes | None, head: bytes) -> None:
        known = self._site.answer(model) if model is not None else None
        if known is None:
            self._transport.write(_MODELS if head.startswith(b"GET") else _NOT_UNDERSTOOD)
            return
        self._pieces, self._gap_ms = known
        self._next = 0
        if self._gap_ms:
            self.send_next()
            self._site.wheel(self._gap_ms).add(self)
        else:
            self._burst()

    def _burst(self) -> None:
        while self.send_next() and self._writing:
            pass

    def send_next(self) -> bool:
        """Write the next piece, if the relay takes it; whether more follow."""
        if not self._writing:
            return bool(self._pieces)
        at = self._next
        piece = self._pieces[at]
        try:
            sent = self._socket.send(piece)
        except BlockingIOError:
            sent = 0
        except OSError:  # the loop will notice as well
            self._pieces = []
            return False
        self._next = at + 1
        if sent < len(piece):
            self._transport.write(piece[sent:])
        if at + 1 < len(self._pieces):
            return True
        self._pieces, self._next = [], 0
        return False


class Site:
    """What the connections share: answers by model, and what heads said."""

    def __init__(self) -> None:
        self._lengths: dict[bytes, int] = {}
        self._answers: dict[bytes, tuple[list[bytes], int] | None] = {}
        self._wheels: dict[int, Wheel] = {}
        before, filler, after = wire.completion()
        body = before + b"x" * filler + after
        self._plain = wire.plain_head(len(body)) + body

    def length(self, head: bytes) -> int:
        """Bytes of the body; -1: chunked."""
        length = self._lengths.get(head)
        if length is None:
            found = _LENGTH.search(head)
            length = -1 if _CHUNKED.search(head) else int(found[1]) if found else 0
            if len(self._lengths) >= _MANY:
                self._lengths.clear()
            self._lengths[head] = length
        return length

    def wheel(self, gap_ms: int) -> Wheel:
        """The wheel of streams with this gap."""
        return self._wheels.setdefault(gap_ms, Wheel(gap_ms))

    def answer(self, model: bytes) -> tuple[list[bytes], int] | None:
        """The writes that answer a request for this model, and their gap in milliseconds."""
        known = self._answers.get(model)
        if known is None:
            known = self._made(model.decode())
            if known is None or sum(map(len, known[0])) < 1_000_000:
                if len(self._answers) >= 4 * _MANY:
                    self._answers.clear()
                self._answers[model] = known
        return known

    def _made(self, model: str) -> tuple[list[bytes], int] | None:
        wanted = wire.behaviour(model)
        if wanted is None:
            return None
        if wanted.kind == "plain":
            return [self._plain], 0
        if wanted.kind == "blob":
            before, filler, after = wire.completion(wanted.count)
            pieces = [wire.plain_head(len(before) + filler + len(after)) + before]
            pieces += [_PIECE] * (filler // len(_PIECE))
            return [*pieces, _PIECE[: filler % len(_PIECE)] + after], 0
        pieces = [wire.chunked(event) for event in wire.events(model, wanted.count)]
        pieces[0] = wire.STREAM_HEAD + pieces[0]
        pieces[-1] += wire.LAST_CHUNK
        return pieces, wanted.gap_ms


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _until_end(ended: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        ended.set()


async def serve() -> None:
    """Listen until stdin ends."""
    loop = asyncio.get_running_loop()
    site = Site()
    server = await loop.create_server(lambda: Conversation(site), "127.0.0.1", 0, backlog=4096)
    print("ready", server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # it is a program
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), _until_end, ended)
    gc.freeze()
    gc.disable()  # nothing here makes cycles as it runs, and a pause would be seen in every gap
    await ended.wait()


if __name__ == "__main__":
    uvloop.run(serve())
