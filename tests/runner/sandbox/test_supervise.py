"""The supervisor with programs that do exactly what a test says, and nothing of the machine's."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from cab_runner.sandbox.base import Interrupted, KilledFor, Limits
from cab_runner.sandbox.supervise import Emit, Stream, supervise
from fakes.bench import Output


class Scripted:
    """A program that emits ``pieces``, then ends with ``code``, or runs until it is killed."""

    def __init__(
        self, *pieces: tuple[Stream, bytes], code: int | None = 0, reason: KilledFor | None = None
    ) -> None:
        self.pieces = pieces
        self.code = code
        self.reason = reason
        self.killed = Event()
        self.pumped = Event()

    def pump(self, emit: Emit) -> None:
        for stream, data in self.pieces:
            emit(stream, data)
        self.pumped.set()

    def wait(self) -> int:
        if self.code is None:
            self.killed.wait()
            return -9
        return self.code

    def kill(self) -> None:
        self.killed.set()

    def check(self) -> KilledFor | None:
        return self.reason


def run(  # type: ignore[no-untyped-def]  # Ending
    program: Scripted,
    output: Output,
    *,
    stop: Event | None = None,
    model_time_s: Callable[[], float] = lambda: 0.0,
    **limits: float,
):
    asked = Limits(**{"wall_s": 60.0, **limits})  # type: ignore[arg-type]  # as Limits has them
    return supervise(
        program, limits=asked, watched=(), sink=output, stop=stop or Event(), model_time_s=model_time_s
    )


def test_a_program_that_ends() -> None:
    program, output = Scripted(("stdout", b"a"), ("stderr", b"b"), code=3), Output()
    ending = run(program, output)
    assert (ending.exit_code, ending.killed_for, ending.output_bytes) == (3, None, 2)
    assert output.pieces == [("stdout", b"a"), ("stderr", b"b")]
    assert program.killed.is_set(), "what it left running is killed too"


@pytest.mark.parametrize("code", [None, 0])
def test_output_beyond_the_bound(code: int | None) -> None:
    """Also when the program has ended before its flood was read."""
    program, output = Scripted(("stdout", b"abc"), ("stderr", b"defg"), ("stdout", b"h"), code=code), Output()
    ending = run(program, output, output_bytes=5)
    assert (ending.exit_code, ending.killed_for, ending.output_bytes) == (None, "output", 5)
    assert output.pieces == [("stdout", b"abc"), ("stderr", b"de")]
    assert program.pumped.is_set(), "the rest is read and dropped, so that nothing blocks"


def test_output_of_exactly_the_bound() -> None:
    output = Output()
    ending = run(Scripted(("stdout", b"abcde")), output, output_bytes=5)
    assert (ending.killed_for, output.of("stdout")) == (None, b"abcde")


def test_the_wall_limit() -> None:
    ending = run(Scripted(code=None), Output(), wall_s=0.01)
    assert (ending.exit_code, ending.killed_for) == (None, "timeout")
    assert ending.active_ms >= 10


def test_the_limit_on_its_own_time() -> None:
    ending = run(Scripted(code=None), Output(), agent_s=0.01)
    assert (ending.exit_code, ending.killed_for) == (None, "timeout")


def test_model_time_moves_the_limit_on_its_own_time() -> None:
    """It ends by itself, once it has been asked several times, all of them after the limit."""
    program, began, asked = Scripted(code=None), time.monotonic(), []

    def always_waiting() -> float:
        asked.append(time.monotonic() - began)
        if len(asked) == 3:
            program.killed.set()
        return asked[-1]

    ending = run(program, Output(), agent_s=0.01, model_time_s=always_waiting)
    assert (ending.exit_code, ending.killed_for) == (-9, None)
    assert ending.active_ms >= 500, "the ledger is not read at every turn"


def test_no_model_time_moves_the_limit_on_its_own_time_beyond_the_wall() -> None:
    ending = run(Scripted(code=None), Output(), agent_s=0.01, wall_s=0.02, model_time_s=lambda: 1e9)
    assert ending.killed_for == "timeout"
    assert ending.active_ms >= 20


def test_a_model_time_that_cannot_be_told_ends_the_job() -> None:
    def unreadable() -> float:
        raise OSError("no ledger")

    program = Scripted(code=None)
    with pytest.raises(OSError, match="no ledger"):
        run(program, Output(), agent_s=0.01, model_time_s=unreadable)
    assert program.killed.is_set()


def test_stop() -> None:
    stop = Event()
    stop.set()
    program = Scripted(code=None)
    with pytest.raises(Interrupted):
        run(program, Output(), stop=stop)
    assert program.killed.is_set()


def test_a_reason_that_only_the_program_sees() -> None:
    ending = run(Scripted(code=None, reason="memory"), Output())
    assert ending.killed_for == "memory"


def test_the_disk(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(100_000))
    limits = Limits(wall_s=60.0, disk_bytes=50_000)
    ending = supervise(Scripted(code=None), limits=limits, watched=[tmp_path], sink=Output(), stop=Event())
    assert ending.killed_for == "disk"


@pytest.mark.parametrize("where", ["sink", "pump", "wait"])
def test_a_failure_comes_out_and_the_program_is_killed(where: str) -> None:
    def fail(*_: object) -> int:
        raise OSError(f"broken {where}")

    program, output = Scripted(("stdout", b"x"), code=None), Output()
    if where == "sink":
        output.seen = fail  # type: ignore[assignment]  # it returns nothing, or rather raises
    else:
        broken: Callable[..., int] = fail
        setattr(program, where, broken)
        if where == "wait":
            program.code = 0
    with pytest.raises(OSError, match=f"broken {where}"):
        run(program, output)
    assert program.killed.is_set()
