from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import pytest

from cab_runner.sandbox import usage
from cab_runner.sandbox.base import Limits, SandboxError
from cab_runner.sandbox.cgroup import Cgroup
from cab_runner.sandbox.host import MARK, HostProgram, Start
from cab_runner.sandbox.supervise import Ending, supervise
from fakes.bench import Output

LIMITS = Limits(wall_s=60.0)


def program(*command: str, env: dict[str, str] | None = None) -> HostProgram:
    start = Start(command=command, env={"PATH": os.environ["PATH"], **(env or {})}, cwd=Path("/"))
    return HostProgram(start, LIMITS, Cgroup.create(LIMITS, ()))


def see_through(running: HostProgram, output: Output) -> Ending:
    return supervise(running, limits=LIMITS, watched=(), sink=output, stop=Event())


def test_the_gate_leaves_no_trace_in_the_program() -> None:
    output = Output()
    with program("sh", "-c", 'env; cat; ulimit -c; echo "$0" "$@"', "zero", "a b", "$HOME") as running:
        assert see_through(running, output).exit_code == 0
    lines = output.of("stdout").decode().splitlines()
    assert lines[-2:] == ["0", "zero a b $HOME"]
    variables = {line.partition("=")[0] for line in lines[:-2]}
    assert variables - {"PWD", "_", "SHLVL"} == {"PATH", MARK}, "the inner shell sets its own"


def test_nothing_runs_before_the_gate_opens(tmp_path: Path) -> None:
    running = program("touch", str(tmp_path / "ran"))
    try:
        assert usage.tree_of(running.pid) == [running.pid]
    finally:
        running.close()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("signal", [9, 15])
def test_a_signal_is_a_negative_exit_code(signal: int) -> None:
    with program("sh", "-c", f"kill -{signal} $$") as running:
        assert see_through(running, Output()).exit_code == -signal


def test_cpu_time_without_a_control_group_is_that_of_what_was_waited_for() -> None:
    with program("sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done") as running:
        see_through(running, Output())
        assert (running.cpu_ms() or 0) > 10


def test_a_command_line_that_the_kernel_refuses() -> None:
    with pytest.raises(SandboxError, match="cannot start the job"):
        program("true", "x" * 200_000)
