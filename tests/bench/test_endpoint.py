"""The endpoint, as a process, over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cab_bench import client, peers, procs
from cab_bench.check import check
from cab_bench.load import Load
from cab_bench.measure import fault, outcome
from cab_bench.peers import Target
from cab_bench.wire import PATH, chunked, request_body


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with peers.endpoint(Path(tmp_path_factory.mktemp("bench"))) as found:
        yield found


@pytest.mark.parametrize("size", [2_000, 17_000, 200_000, 2_000_000])
def test_plain(target: Target, size: int) -> None:
    with client.Connection(target.port) as connection:
        for _ in range(2):
            answer = connection.ask(target.request(request_body("plain", size)))
            assert answer.startswith(b"HTTP/1.1 200")
            assert b'"usage"' in answer


def test_a_request_in_pieces(target: Target) -> None:
    data = target.request(request_body("plain", 2_000))
    with client.Connection(target.port) as connection:
        for at in range(0, len(data) - 100, 100):
            connection.send(data[at : at + 100])
        rest = data[len(range(0, len(data) - 100, 100)) * 100 :]
        assert connection.ask(rest).startswith(b"HTTP/1.1 200")


def test_a_chunked_request(target: Target) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    body = request_body("plain", 2_000)
    with client.Connection(target.port) as connection:
        for _ in range(2):
            connection.send(head + chunked(body[:700]))
            answer = connection.ask(chunked(body[700:]) + b"0\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("model", ["stream-64-0-7", "stream-5-2-7"])
def test_streams(target: Target, model: str) -> None:
    count = int(model.split("-")[1])
    with client.Connection(target.port) as connection:
        for _ in range(2):
            connection.first(target.request(request_body(model, 2_000)))
            stream = check([(0.0, connection.rest())], model, count)
            assert stream.unchanged
            assert stream.ended


def test_a_large_answer_to_a_slow_reader(target: Target) -> None:
    with client.Connection(target.port) as connection:
        answer = connection.ask(target.request(request_body("blob-3000000", 2_000)))
    assert len(answer.partition(b"\r\n\r\n")[2]) == 3_000_000


def test_a_model_that_it_doesnt_know(target: Target) -> None:
    assert fault(target, "plain", 2_000) is None
    assert fault(target, "gpt-4", 2_000) == "HTTP/1.1 404 Not Found"


def test_a_load_of_streams_arrives_as_it_was_sent(target: Target) -> None:
    load = Load(
        port=target.port, headers=dict(target.headers), concurrent=20, events=10, gap_ms=2, body_bytes=2_000,
        seconds=0.1, seed=1,
    )  # fmt: skip
    found = outcome(load)
    assert found.streams >= 20
    assert found.events == found.expected == found.streams * 8
    assert found.unfinished == found.broken == found.lost == found.doubled == found.moved == 0
    assert found.foreign == found.cut == found.changed == 0
    assert found.ttft_ms
    assert found.gap_p50_ms is not None


def test_what_a_process_uses(target: Target) -> None:
    assert target.pid in procs.tree(target.pid)
    before = procs.cpu_s(target.pid)
    procs.forget_peak(target.pid)
    memory = procs.memory(target.pid)
    assert memory.peak_mb >= memory.now_mb > 1
    load = Load(
        port=target.port, headers=dict(target.headers), concurrent=8, events=64, gap_ms=0, body_bytes=2_000,
        seconds=0.3, seed=1,
    )  # fmt: skip
    outcome(load)
    assert procs.cpu_s(target.pid) > before


def test_a_process_that_is_gone_uses_nothing() -> None:
    gone = 2**22 + 1  # no kernel gives such a number
    assert procs.cpu_s(gone) == 0
    assert procs.memory(gone) == procs.Memory(0, 0)
    procs.forget_peak(gone)
