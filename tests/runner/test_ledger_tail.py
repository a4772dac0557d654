"""Following a ledger."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cab_proxy.records import Chain, Record, Tokens, TokensSource
from cab_runner.cli.ledger_tail import Follower, call_line, ended_calls, last_calls
from fakes.evidence import call, open_call


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "calls.jsonl"
    file.write_bytes(b"one\ntwo\nhal")
    return file


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_lines_come_whole_and_once(path: Path) -> None:
    with Follower(path) as follower:
        assert follower.lines() == [b"one", b"two"]
        assert follower.lines() == []
        append(path, b"f\nne")
        assert follower.lines() == [b"half"]
        append(path, b"xt\n")
        assert follower.lines() == [b"next"]


def test_a_rotated_file_is_read_to_its_end(path: Path) -> None:
    with Follower(path) as follower:
        follower.lines()
        append(path, b"f\nlast\n")
        path.rename(path.with_name("calls.000001.jsonl"))
        assert follower.lines() == [b"half", b"last"], "the new file is not there yet"
        path.write_bytes(b"first\n")
        assert follower.lines() == [b"first"]
        path.rename(path.with_name("calls.000002.jsonl"))
        path.write_bytes(b"more\n")
        assert follower.lines() == [b"more"]


def test_a_truncated_file_begins_anew(path: Path) -> None:
    with Follower(path) as follower:
        follower.lines()
        path.write_bytes(b"new\n")
        assert follower.lines() == [b"new"]


def lines(*records: Record) -> list[bytes]:
    chain = Chain()
    return [chain.link(record)[:-1] for record in records]


def test_the_last_calls_are_those_that_began_last() -> None:
    written = lines(
        *(made for n in range(5) for made in (open_call(at_s=n), call(at_s=n))), open_call(at_s=9)
    )
    assert [(c.call_id, c.kind) for c in last_calls(written, 2)] == [("c4", "call"), ("c9", "open")]
    assert len(last_calls([*written, b"no record"], 100)) == 6
    assert last_calls(written, 0) == ()


def test_calls_are_told_when_they_end() -> None:
    assert [c.call_id for c in ended_calls(lines(open_call(at_s=1), call(at_s=1), open_call(at_s=2)))] == [
        "c1"
    ]


def test_a_call_is_a_line() -> None:
    made = call(tokens=(12_345, 67), model_returned="m-1", cost_usd=Decimal("0.010"), attempt=2)
    assert call_line(made) == "12:00:00  chat  m-1  200  12,345 → 67  $0.010  0.50 s  attempt 2"
    odd = call(
        status=None,
        tokens=(None, None),
        took_ms=None,
        error_type="client_disconnect",
        model_requested="a\x1b[2Jb",
    )
    assert call_line(odd) == "12:00:00  chat  a?[2Jb  – client_disconnect  ? → ?"
    assert call_line(open_call()) == "12:00:00  chat  ?  …  ? → ?"
    sources = TokensSource(input="estimated", output="partial")
    uncertain = call(source="estimated", protocol=None, tokens_source=sources)
    assert call_line(uncertain) == "12:00:00  POST /v1/chat/completions  ?  200  ~1,000 → ≥100  0.50 s"
    assert Tokens().total is None
