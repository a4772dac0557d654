"""The door's inner half: a TCP port of the sandbox that leads to the run's Unix socket.

    python3 door_forwarder.py --socket PATH --listen HOST:PORT
        prints ``ready`` when the port listens, and forwards until it is killed
    python3 door_forwarder.py --socket PATH --listen HOST:PORT -- COMMAND…
        becomes COMMAND, with a process beside it that forwards

With ``--lookups PATH`` it is the sandbox's name server too: no name exists, which it says at once, and PATH
lists the names that were asked for.

It moves bytes and knows nothing of HTTP. Standard library only, one file, CPython ≥ 3.11.

Invariants
----------
* The port listens before ``ready`` is printed and before COMMAND starts, so no call comes too early.
* COMMAND takes this process's place: its exit status and signals are its own. The forwarder is no
  child of COMMAND, holds none of its files, and ends with the sandbox (its process-id namespace).
* An end of stream passes in each direction for itself; a reader that stops stops its writer.
* A name is written down before it is answered, and never asked of anybody else. PATH is there only where
  names are watched and all could be written; the door works anyhow.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import string
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

_CHUNK_BYTES = 64 * 1024
_BACKLOG = 512
_TCP_CLOSE = 7  # linux/tcp_states.h

_DNS_ADDRESS = ("127.0.0.1", 53)
_QUERY_BYTES = 4096
_MOST_NAMES = 256
_PLAIN = frozenset((string.ascii_lowercase + string.digits + "-_").encode())

# RFC 1035, section 4.1
_HEADER_BYTES, _LABEL_BYTES, _NAME_BYTES = 12, 63, 255
_RESPONSE, _OPCODE, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x80, 0x78, 0x01, 0x80
_NO_ERROR, _FORMAT_ERROR, _NAME_ERROR = 0, 1, 3
_LOOPBACK = {1: bytes((127, 0, 0, 1)), 28: bytes(15) + b"\1"}
"""Type of a record → its address: A and AAAA."""


async def forward(listener: socket.socket, path: str, resolver: Resolver | None = None) -> None:
    """Serve connections of ``listener`` until cancelled, each with one of its own to ``path``."""
    if resolver is not None:
        asyncio.get_running_loop().add_reader(resolver.queries, resolver.take)

    async def serve(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            upstream, onward = await asyncio.open_unix_connection(path)
        except OSError as error:
            print(f"door: no meter at {path}: {error}", file=sys.stderr, flush=True)
            back.close()
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(client, onward))
                both.create_task(_copy(upstream, back))
        except* OSError:
            pass  # one side broke off: the other is told by the closing below
        finally:
            onward.close()
            back.close()

    server = await asyncio.start_server(serve, sock=listener, backlog=_BACKLOG)
    async with server:
        await server.serve_forever()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK_BYTES):
        target.write(data)
        await target.drain()
        if _reset(target):
            raise ConnectionResetError
    target.write_eof()


def _reset(target: asyncio.StreamWriter) -> bool:
    """Whether the other side of a TCP connection has left. One that has ended its side only looks the same
    until it is written to; then its kernel says so, and nobody else would ask.
    """
    sock: socket.socket = target.get_extra_info("socket")
    if sock.family == socket.AF_UNIX or not hasattr(socket, "TCP_INFO"):
        return False
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _TCP_CLOSE


def resolve(query: bytes) -> tuple[bytes, str | None] | None:
    """The response to a DNS message and the name it asks for, in lower case and printable ASCII.

    ``None`` where no response is due; no name where the message is malformed or asks for ``localhost``.
    """
    if len(query) < _HEADER_BYTES or query[2] & _RESPONSE:
        return None
    try:
        labels, end = _read_name(query)
    except (IndexError, ValueError):
        return _response(query, _FORMAT_ERROR), None
    question = query[_HEADER_BYTES:end]
    if labels[-1:] == [b"localhost"]:  # RFC 6761, section 6.3
        return _response(query, _NO_ERROR, question, _LOOPBACK.get(int.from_bytes(question[-4:-2]))), None
    name = ".".join("".join(chr(c) if c in _PLAIN else f"\\{c:03}" for c in label) for label in labels)
    return _response(query, _NAME_ERROR, question), name or "."


def _read_name(query: bytes) -> tuple[list[bytes], int]:
    """The labels of a query's one question, in lower case, and where the question ends."""
    labels, at = [], _HEADER_BYTES
    while size := query[at]:
        if size > _LABEL_BYTES:
            raise ValueError("a pointer")
        labels.append(query[at + 1 : at + 1 + size].lower())
        at += 1 + size
    length, end = at + 1 - _HEADER_BYTES, at + 5
    if query[2] & _OPCODE or query[4:6] != b"\0\1" or length > _NAME_BYTES or end > len(query):
        raise ValueError("no query, not one question, too long a name, or no type and class")
    return labels, end


def _response(query: bytes, code: int, question: bytes = b"", address: bytes | None = None) -> bytes:
    flags = bytes((_RESPONSE | query[2] & (_OPCODE | _RECURSION_DESIRED), _RECURSION_AVAILABLE | code))
    counts = struct.pack(">4H", bool(question), address is not None, 0, 0)
    answer = b""
    if address is not None:  # the question's name, type and class; not to be kept
        answer = struct.pack(">H4sIH", 0xC000 | _HEADER_BYTES, question[-4:], 0, len(address)) + address
    return query[:2] + flags + counts + question + answer


class Resolver:
    """Answers DNS queries over UDP; the first 256 names go into ``names``, a line each."""

    def __init__(self, queries: socket.socket, names: TextIO) -> None:
        """``queries`` does not block, ``names`` is written line by line."""
        self.queries = queries
        self.names = names
        self._seen: set[str] = set()

    def take(self) -> None:
        """Answer the next query."""
        with suppress(OSError):  # whoever asked has left
            query, asker = self.queries.recvfrom(_QUERY_BYTES)
            if resolved := resolve(query):
                response, name = resolved
                if name is not None:
                    self._note(name)
                self.queries.sendto(response, asker)

    def _note(self, name: str) -> None:
        if name in self._seen or len(self._seen) >= _MOST_NAMES:
            return
        self._seen.add(name)
        try:
            self.names.write(f"{name}\n")
        except OSError:  # a list with gaps would pass for a whole one
            with suppress(FileNotFoundError):
                os.unlink(self.names.name)


def watch(address: tuple[str, int], path: str) -> Resolver | None:
    """A resolver at ``address`` with a new file ``path``; ``None`` where either can't be had."""
    queries = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        queries.setblocking(False)
        queries.bind(address)
        return Resolver(queries, open(path, "x", buffering=1, encoding="ascii"))
    except OSError as error:
        queries.close()  # open, it would keep those waiting who ask
        print(f"door: names are not watched: {error}", file=sys.stderr, flush=True)
        return None


def listen(address: str) -> socket.socket:
    """A listening socket at ``HOST:PORT``."""
    host, _, port = address.rpartition(":")
    listener = socket.create_server((host, int(port)), backlog=_BACKLOG)
    listener.setblocking(False)
    return listener


def detach(listener: socket.socket, path: str, resolver: Resolver | None) -> None:
    """Forward in a process of its own that nobody here has to wait for."""
    if child := os.fork():
        os.waitpid(child, 0)
        return
    if os.fork():
        os._exit(0)  # the grandchild now belongs to the sandbox's first process
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        asyncio.run(forward(listener, path, resolver))
    finally:
        os._exit(1)


def main(arguments: Sequence[str]) -> None:
    """Parse the command line and forward; does not return."""
    parser = argparse.ArgumentParser(
        prog="door_forwarder.py", description="Forward a TCP port to a Unix socket."
    )
    parser.add_argument("--socket", required=True, help="path of the Unix socket")
    parser.add_argument("--listen", required=True, metavar="HOST:PORT")
    parser.add_argument("--lookups", metavar="PATH", help="answer DNS on port 53, and list the names here")
    parser.add_argument("command", nargs="*", help="program to become once the port listens")
    options = parser.parse_args(arguments)
    try:
        listener = listen(options.listen)
    except (OSError, ValueError) as error:
        sys.exit(f"door: cannot listen on {options.listen}: {error}")
    resolver = watch(_DNS_ADDRESS, options.lookups) if options.lookups else None
    if options.command:
        detach(listener, options.socket, resolver)
        listener.close()
        try:
            os.execvp(options.command[0], options.command)
        except OSError as error:
            print(f"{options.command[0]}: {error.strerror}", file=sys.stderr, flush=True)
            os._exit(127 if isinstance(error, FileNotFoundError) else 126)
    print("ready", flush=True)
    try:
        asyncio.run(forward(listener, options.socket, resolver))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
