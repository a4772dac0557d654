"""The door's inner half: a TCP port of the sandbox that leads to the run's Unix socket.

    python3 door_forwarder.py --socket PATH --listen HOST:PORT
        prints ``ready`` when the port listens, and forwards until it is killed
    python3 door_forwarder.py --socket PATH --listen HOST:PORT -- COMMAND…
        becomes COMMAND, with a process beside it that forwards

It moves bytes and knows nothing of HTTP. Standard library only, one file, CPython ≥ 3.11.

Invariants
----------
* The port listens before ``ready`` is printed and before COMMAND starts, so no call comes too early.
* COMMAND takes this process's place: its exit status and signals are its own. The forwarder is no
  child of COMMAND, holds none of its files, and ends with the sandbox (its process-id namespace).
* An end of stream passes in each direction for itself; a reader that stops stops its writer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Sequence

_CHUNK_BYTES = 64 * 1024
_BACKLOG = 512
_TCP_CLOSE = 7  # linux/tcp_states.h


async def forward(listener: socket.socket, path: str) -> None:
    """Serve connections of ``listener`` until cancelled, each with one of its own to ``path``."""

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


def listen(address: str) -> socket.socket:
    """A listening socket at ``HOST:PORT``."""
    host, _, port = address.rpartition(":")
    listener = socket.create_server((host, int(port)), backlog=_BACKLOG)
    listener.setblocking(False)
    return listener


def detach(listener: socket.socket, path: str) -> None:
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
        asyncio.run(forward(listener, path))
    finally:
        os._exit(1)


def main(arguments: Sequence[str]) -> None:
    """Parse the command line and forward; does not return."""
    parser = argparse.ArgumentParser(
        prog="door_forwarder.py", description="Forward a TCP port to a Unix socket."
    )
    parser.add_argument("--socket", required=True, help="path of the Unix socket")
    parser.add_argument("--listen", required=True, metavar="HOST:PORT")
    parser.add_argument("command", nargs="*", help="program to become once the port listens")
    options = parser.parse_args(arguments)
    try:
        listener = listen(options.listen)
    except (OSError, ValueError) as error:
        sys.exit(f"door: cannot listen on {options.listen}: {error}")
    if options.command:
        detach(listener, options.socket)
        listener.close()
        try:
            os.execvp(options.command[0], options.command)
        except OSError as error:
            print(f"{options.command[0]}: {error.strerror}", file=sys.stderr, flush=True)
            os._exit(127 if isinstance(error, FileNotFoundError) else 126)
    print("ready", flush=True)
    try:
        asyncio.run(forward(listener, options.socket))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
