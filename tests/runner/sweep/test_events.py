from __future__ import annotations

import json
import resource
import signal
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.sweep.events import (
    AttemptEnded,
    EndpointLimit,
    Event,
    EventError,
    EventLog,
    Stopping,
    SweepStarted,
    TaskSuspended,
    decode,
    encode,
    read_events,
)
from fakes.cells import cell
from fakes.evidence import call, evidence, failed_call, open_call
from fakes.sweep_events import (
    at,
    attempt_ended,
    attempt_lost,
    attempt_started,
    attempt_void,
    sweep_ended,
    sweep_started,
)

ALL: tuple[Event, ...] = (
    sweep_started(),
    sweep_started(shares=(), resumed=True),
    attempt_started("r1", 1.5),
    attempt_ended("r1", 2, cost_usd=Decimal("0.10"), tokens_estimated=True),
    attempt_void("r2", 3, tokens=None, wall_s=None),
    attempt_lost("r3", 4),
    EndpointLimit(at=at(5), endpoint="sim", limit=2, why="429"),
    TaskSuspended(at=at(6), task="polyglot/x", why="grader_error\n\x1b[2J"),
    Stopping(at=at(7), why="Ctrl-C"),
    sweep_ended(8),
)


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.event)
def test_a_line_holds_the_event(event: Event) -> None:
    line = encode(event)
    assert line.count("\n") == 1
    assert line.isascii()
    assert decode(line.encode()) == event


def test_a_line_is_what_machines_are_promised() -> None:
    assert json.loads(encode(attempt_ended("r1", cost_usd=Decimal("0.10")))) == {
        "event": "attempt_ended",
        "at": "2026-03-01T12:00:00.000000Z",
        "run_id": "r1",
        "agent": "bash-loop",
        "model": "oracle",
        "task": "polyglot/r1",
        "slot": 1,
        "try": 1,
        "attempt": 1,
        "pass": 1,
        "cause": None,
        "counted": True,
        "tokens": 1000,
        "tokens_complete": True,
        "tokens_estimated": False,
        "cost_usd": "0.10",
        "cost_complete": False,
        "wall_s": 3.14,
        "simulated": False,
        "retry_in_s": None,
    }


def test_money_keeps_its_digits() -> None:
    small = attempt_ended("r1", cost_usd=Decimal("0.0000001"))
    assert '"0.0000001"' in encode(small)


def test_events_are_stamped_when_they_are_made() -> None:
    before = datetime.now(UTC)
    assert before <= Stopping(why="Ctrl-C").at <= datetime.now(UTC)


def changed(made: Event, **values: object) -> bytes:
    return json.dumps({**json.loads(encode(made)), **values}).encode()


def test_keys_of_later_versions_are_passed_over() -> None:
    assert decode(changed(attempt_ended("r1"), colour="red")) == attempt_ended("r1")


def test_a_field_that_came_later_may_be_missing() -> None:
    line = {k: v for k, v in json.loads(encode(sweep_started())).items() if k != "shares"}
    assert decode(json.dumps(line).encode()) == replace(sweep_started(), shares=())


def test_whole_numbers_are_numbers() -> None:
    again = decode(changed(attempt_void("r1"), retry_in_s=20))
    assert isinstance(again, AttemptEnded)
    assert again.retry_in_s == 20


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b'"attempt_ended"',
        b"\xff",
        b"[" * 100_000,
        changed(attempt_ended("r1"), event="new_kind"),
        changed(attempt_ended("r1"), event=[]),
        changed(attempt_ended("r1"), event=None),
        changed(attempt_ended("r1"), slot="1"),
        changed(attempt_ended("r1"), agent=None),
        changed(attempt_ended("r1"), at="today"),
        changed(attempt_ended("r1"), at=None),
        changed(attempt_ended("r1"), cost_usd="much"),
        changed(attempt_ended("r1"), cost_usd="NaN"),
        changed(attempt_ended("r1"), wall_s=float("inf")),
        changed(attempt_ended("r1"), wall_s="1e999"),
        changed(sweep_started(), shares=[{"agent": "a"}]),
        changed(sweep_started(), shares=["agent"]),
        changed(sweep_started(), shares=7),
        b'{"event": "stopping", "at": "2026-03-01T12:00:00Z"}',
        b'{"event": "stopping", "why": "without a time"}',
    ],
)
def test_what_is_no_event(line: bytes) -> None:
    with pytest.raises(EventError, match="no event of a sweep"):
        decode(line)


def test_from_a_cell_record() -> None:
    record = cell(evidence(calls=(call(tokens=(10, 5), cost_usd=Decimal("0.25")),)), simulated=True)
    record["identity"] |= {"run_id": "r7", "attempt": 3}
    record["timing"] = {"wall_clock_ms": 2500.0}
    ended = AttemptEnded.from_cell(record, slot=2, try_=1, retry_in_s=None)
    assert replace(ended, at=at(0)) == AttemptEnded(
        at=at(0),
        run_id="r7",
        agent="bash-loop",
        model="small-1",
        task="mutations/swap",
        slot=2,
        try_=1,
        attempt=3,
        pass_=1,
        cause=None,
        counted=True,
        tokens=15,
        tokens_complete=True,
        cost_usd=Decimal("0.25"),
        cost_complete=True,
        wall_s=2.5,
        simulated=True,
        retry_in_s=None,
    )


def test_from_a_void_cell_record() -> None:
    calls = (call(source="estimated"), open_call(at_s=1), failed_call(429, at_s=2))
    record = cell(evidence(calls=calls))
    record["identity"] |= {"run_id": "r7", "attempt": 3}
    record["timing"] = {"wall_clock_ms": None}
    ended = AttemptEnded.from_cell(record, slot=2, try_=2, retry_in_s=20.0)
    assert (ended.pass_, ended.cause, ended.counted) == (None, "rate_limited", False)
    assert (ended.tokens, ended.tokens_complete, ended.tokens_estimated) == (1100, False, True)
    assert (ended.wall_s, ended.retry_in_s, ended.try_) == (None, 20.0, 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_written_and_read_again(path: Path) -> None:
    with EventLog(path) as log:
        for number, event in enumerate(ALL, start=1):
            log.write(event)
            assert len(list(read_events(path))) == number, "a line is there at once"
    assert tuple(read_events(path)) == ALL


def test_a_resumed_sweep_appends(path: Path) -> None:
    for event in ALL:
        with EventLog(path) as log:
            log.write(event)
    assert tuple(read_events(path)) == ALL


def test_the_torn_line_is_cut_off_by_the_next_writer(path: Path) -> None:
    whole = encode(ALL[2]).encode()
    path.write_bytes(whole + encode(ALL[3]).encode()[:-1])
    assert list(read_events(path)) == [ALL[2]], "without its newline a line is torn"
    with EventLog(path) as log:
        assert path.read_bytes() == whole
        log.write(ALL[4])
    assert list(read_events(path)) == [ALL[2], ALL[4]]


def test_a_full_disk_leaves_no_torn_line(path: Path) -> None:
    # a limit on the file's size stops a write in its middle, as a full disk does
    room, before = len(encode(ALL[0])) + 20, resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with EventLog(path) as log:
        log.write(ALL[0])
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
        try:
            with pytest.raises(OSError, match="No space left"):
                log.write(ALL[1])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        assert path.read_text() == encode(ALL[0])
        log.write(ALL[2])
    assert list(read_events(path)) == [ALL[0], ALL[2]]


WHOLE = b"".join(encode(event).encode() for event in ALL)


@given(st.integers(0, len(WHOLE)))
def test_a_file_that_ends_anywhere_is_read_up_to_there(
    tmp_path_factory: pytest.TempPathFactory, end: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "events.jsonl"
    path.write_bytes(WHOLE[:end])
    assert tuple(read_events(path)) == ALL[: WHOLE[:end].count(b"\n")]


def test_lines_that_are_no_events_are_passed_over(path: Path) -> None:
    path.write_bytes(b"{\n" + encode(ALL[0]).encode() + b"\n\xff\n" + encode(ALL[1]).encode())
    assert list(read_events(path)) == [ALL[0], ALL[1]]


def test_the_start_of_a_sweep_tells_the_shares() -> None:
    event = decode(encode(sweep_started()).encode())
    assert isinstance(event, SweepStarted)
    assert sum(share.attempts for share in event.shares) == event.attempts
