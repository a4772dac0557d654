"""Runs and their tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cab_proxy.errors import LedgerWriteError, RunError
from cab_proxy.ledger import LedgerWriter
from cab_proxy.records import Record, Tokens
from cab_proxy.runs import MAX_PENDING, Registry, Run, check_run_id, new_token, same_token
from cab_proxy.urls import Upstream
from cab_proxy.watch import Watch

OPEN = Record(kind="open", call_id="A", started_at="", method="POST", path="/", protocol="chat")
CALL = replace(OPEN, kind="call", status=200)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[LedgerWriter]:
    with LedgerWriter(tmp_path / "calls.jsonl") as writer:
        yield writer


def run(ledger: LedgerWriter, run_id: str = "r", token: str | None = None) -> Run:
    return Run(run_id=run_id, upstream=Upstream("http://h"), ledger=ledger, token=token)


def test_state_says_what_is_known(ledger: LedgerWriter) -> None:
    one = run(ledger)
    assert one.state().total_tokens is None
    assert one.state().cost_usd is None
    one.began(OPEN)
    one.began(OPEN)
    one.finished(replace(CALL, tokens=Tokens(total=7)))
    one.refused(OPEN, replace(CALL, error_type="refused", status=403))
    state = one.state()
    assert (state.calls, state.in_flight, state.ended, state.with_usage) == (3, 1, 1, 1)
    assert state.total_tokens == 7
    assert state.head == ledger.head
    assert not one.idle.is_set()
    one.finished(CALL)
    assert one.idle.is_set()
    assert one.state().with_usage == 1
    one.began(OPEN)
    one.finished(replace(CALL, protocol=None, cost_usd=Decimal(1)))
    assert (one.state().ended, one.state().cost_usd) == (2, None)


def test_a_watch_is_told_of_every_call(ledger: LedgerWriter) -> None:
    one = run(ledger)
    one.watch = Watch()
    total = one.watch.total
    one.began(OPEN)
    assert total.in_flight == 1
    one.finished(CALL)
    one.completed("resp", replace(CALL, tokens=Tokens(input=7)))
    one.refused(OPEN, replace(CALL, error_type="refused", status=403))
    assert (total.calls, total.in_flight, total.refused, total.input.value) == (1, 0, 1, 7)
    one.began(OPEN)
    ledger.close()
    with pytest.raises(LedgerWriteError):
        one.finished(CALL)
    with pytest.raises(LedgerWriteError):
        one.began(OPEN)
    assert (total.calls, total.in_flight) == (2, 0)


def test_a_call_that_can_not_be_recorded_is_not_in_flight_for_ever(ledger: LedgerWriter) -> None:
    one = run(ledger)
    one.began(OPEN)
    ledger.close()
    with pytest.raises(LedgerWriteError):
        one.finished(CALL)
    assert one.idle.is_set()
    with pytest.raises(LedgerWriteError):
        one.began(OPEN)
    assert one.in_flight == 0


def test_a_background_call_is_completed_later(ledger: LedgerWriter) -> None:
    one = run(ledger)
    one.began(OPEN)
    one.finished(CALL)
    one.awaits("resp_1", CALL)
    assert one.state().with_usage == 0
    one.completed("resp_1", replace(CALL, tokens=Tokens(total=7)))
    assert (one.state().with_usage, one.state().total_tokens) == (1, 7)
    assert one.pending == {}
    for n in range(MAX_PENDING + 5):
        one.awaits(str(n), CALL)
    assert len(one.pending) == MAX_PENDING
    assert "0" not in one.pending


def test_registry(ledger: LedgerWriter) -> None:
    registry = Registry()
    one = run(ledger, run_id="one", token=new_token())
    two = run(ledger, run_id="two", token=new_token())
    registry.add(one)
    registry.add(two)
    assert registry.get("one") is one
    assert one.token is not None
    assert registry.by_token(one.token) is one
    assert registry.by_token(one.token + "x") is None
    with pytest.raises(RunError):
        registry.add(run(ledger, run_id="one"))
    registry.remove(one)
    assert registry.by_token(one.token) is None
    assert list(registry) == [two]
    with pytest.raises(RunError) as caught:
        registry.get("one")
    assert caught.value.status == 404


def test_tokens() -> None:
    assert new_token() != new_token()
    assert new_token().startswith("cab-")
    assert same_token("cab-a", "cab-a")
    assert not same_token("cab-a", "cab-é\ud800")
    assert not same_token(None, "")


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", ".hidden", "a" * 65, "a b", "é"])
def test_ids_that_can_not_name_a_file(run_id: str) -> None:
    with pytest.raises(RunError):
        check_run_id(run_id)


def test_ids_that_can() -> None:
    assert check_run_id("01ARYZ6S41.a-b_c") == "01ARYZ6S41.a-b_c"
