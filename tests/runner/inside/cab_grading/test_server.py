from __future__ import annotations

import http.client
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.inside.cab_grading._errors import CheckFailedError
from cab_runner.inside.cab_grading._files import READ_LIMIT_BYTES
from cab_runner.inside.cab_grading._server import Response, Server, accepts, free_port, parse_response


def answer_once(*parts: bytes, hold: bool = False) -> tuple[Server, threading.Thread, list[bytes]]:
    """A peer that takes one connection, reads a head, sends ``parts`` and closes (or holds on until the
    client closes)."""
    listener = socket.create_server(("127.0.0.1", 0))
    heads: list[bytes] = []

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            heads.append(connection.recv(65536))
            try:
                for part in parts:
                    connection.sendall(part)
                if hold:
                    connection.recv(1)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    return Server(listener.getsockname()[1]), thread, heads


def test_a_request_and_its_response() -> None:
    server, thread, heads = answer_once(b"HTTP/1.1 400 Bad\r\nX-Name: v\r\nContent-Length: 2\r\n\r\n", b"{}")
    response = server.request("POST", "/a?b=%20", headers={"X-Ask": "1"}, body=b"body")
    thread.join()
    assert (response.status, response.headers["x-name"], response.json()) == (400, "v", {})
    head = heads[0].decode()
    assert head.startswith("POST /a?b=%20 HTTP/1.1\r\n")
    assert "X-Ask: 1\r\n" in head
    assert "Content-Length: 4\r\n" in head


@pytest.mark.parametrize(
    "raw", [b"", b"hello", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"HTTP/1.1 2x0 OK\r\n\r\n"]
)
def test_what_is_no_whole_response_fails_the_check(raw: bytes) -> None:
    server, thread, _ = answer_once(raw)
    with pytest.raises(CheckFailedError, match="no whole HTTP response"):
        server.request("GET", "/")
    thread.join()


def test_a_server_that_never_ends_its_answer_runs_out_of_time() -> None:
    server, thread, _ = answer_once(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", hold=True)
    with pytest.raises(CheckFailedError, match="no whole HTTP response"):
        server.request("GET", "/", timeout_s=0.1)
    thread.join()


def test_no_more_than_the_limit_is_read() -> None:
    size = 4 * READ_LIMIT_BYTES
    server, thread, _ = answer_once(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, b"x" * size)
    with pytest.raises(CheckFailedError, match="IncompleteRead"):
        server.request("GET", "/")
    thread.join()


def test_nobody_listens_on_a_free_port() -> None:
    port = free_port()
    assert not accepts(port)
    with pytest.raises(CheckFailedError, match="ConnectionRefusedError"):
        Server(port).request("GET", "/")


def test_accepting_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert accepts(listener.getsockname()[1])


@given(st.binary(max_size=300))
def test_any_bytes_are_a_response_or_one_of_two_errors(raw: bytes) -> None:
    for data in (raw, b"HTTP/1.1 200 OK\r\n" + raw):
        try:
            parse_response(data, "GET")
        except (http.client.HTTPException, ValueError):
            continue


def test_a_body_that_is_no_json_fails_the_check() -> None:
    for body in (b"", b"{", b"\xff", b"[" * 200_000):
        with pytest.raises(CheckFailedError, match="not JSON"):
            Response(200, {}, body).json()
