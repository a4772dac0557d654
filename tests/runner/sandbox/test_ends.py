"""Every way in which a job can end, in every sandbox; afterwards the bench finds nothing left of it."""

from __future__ import annotations

import hashlib
import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from cab_runner.sandbox.base import Interrupted
from fakes.bench import Bench, Output

HANG = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        for fd in (0, 1, 2):
            os.close(fd)
        time.sleep(600)
    time.sleep(600)
print("hanging", flush=True)
time.sleep(600)
"""
"""Grandchildren that left the process group, ignore SIGTERM and hold no pipe."""


def test_exit_code_streams_and_times(bench: Bench) -> None:
    output = Output()
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"
    outcome = bench.run(script, output=output)
    assert (outcome.exit_code, outcome.killed_for, outcome.timed_out) == (7, None, False)
    assert (output.of("stdout"), output.of("stderr")) == (b"out\n", b"err\n")
    assert outcome.output_bytes == 8
    assert outcome.started_at <= outcome.ended_at
    assert 0 <= outcome.active_ms < 60_000


def test_a_command_that_does_not_exist(bench: Bench) -> None:
    output = Output()
    job = replace(bench.job(""), command=("no-such-agent", "--help"))
    outcome = bench.sandbox.run(job, output, Event())
    assert outcome.exit_code == 127
    assert b"no-such-agent" in output.of("stderr")


def test_output_is_whole_when_the_program_ends_at_once(bench: Bench) -> None:
    script = (
        "import os, random\n"
        "data = random.Random(1).randbytes(4_000_000)\n"
        "view = memoryview(data)\n"
        "while view: view = view[os.write(1, view):]\n"
        "os._exit(0)\n"
    )
    output = Output()
    outcome = bench.run(script, output=output)
    assert outcome.exit_code == 0
    whole = random.Random(1).randbytes(4_000_000)
    assert hashlib.sha256(output.of("stdout")).digest() == hashlib.sha256(whole).digest()


def test_streams_keep_their_order_of_arrival(bench: Bench) -> None:
    script = (
        "import os, sys, time\nfor n in range(6):\n    os.write(1 + n % 2, b'%d' % n)\n    time.sleep(0.05)\n"
    )
    output = Output()
    bench.run(script, output=output)
    assert b"".join(data for _, data in output.pieces) == b"012345"


def test_a_flood_is_killed_for_output(bench: Bench) -> None:
    output = Output()
    script = "import os\nwhile True: os.write(1, b'x' * 65536)"
    outcome = bench.run(script, output=output, output_bytes=1_000_000)
    assert (outcome.exit_code, outcome.killed_for) == (None, "output")
    assert outcome.output_bytes == len(output.of("stdout")) == 1_000_000


def test_a_hang_is_killed_at_the_wall_limit_with_its_grandchildren(bench: Bench) -> None:
    output = Output()
    outcome = bench.run(HANG, output=output, wall_s=1.0)
    assert output.of("stdout") == b"hanging\n"
    assert (outcome.exit_code, outcome.killed_for, outcome.timed_out) == (None, "timeout", True)
    assert bench.left() == []


def test_what_a_program_leaves_running_is_killed(bench: Bench) -> None:
    outcome = bench.run(f"{HANG.rpartition('time.sleep')[0]}sys.exit(3)")
    assert (outcome.exit_code, outcome.killed_for) == (3, None)
    assert bench.left() == []


def test_stop(bench: Bench) -> None:
    stop = Event()
    output = Output(seen=stop.set)
    with pytest.raises(Interrupted):
        bench.run(HANG, output=output, stop=stop)
    assert bench.left() == []


def test_a_failing_sink_ends_the_job(bench: Bench) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        bench.run(HANG, output=Output(seen=full))
    assert bench.left() == []


def test_ctrl_c_ends_the_job(bench: Bench) -> None:
    """As Python delivers it: an exception in the thread that waits."""

    class Hurried(Event):
        def is_set(self) -> bool:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.run(HANG, stop=Hurried())
    assert bench.left() == []


def test_a_disk_filler_is_killed_for_disk(bench: Bench) -> None:
    script = (
        "import os\n"
        "os.chdir(os.environ['WORKSPACE'])\n"
        "n = 0\n"
        "while True:\n"
        "    with open(f'f{n % 100}', 'wb') as f: f.write(b'x' * 1_000_000)\n"
        "    n += 1\n"
    )
    outcome = bench.run(script, disk_bytes=20_000_000)
    assert (outcome.exit_code, outcome.killed_for) == (None, "disk")
    assert outcome.limits["disk"] == "watchdog"


def test_a_memory_hog_is_killed_for_memory(bench: Bench) -> None:
    script = "held = []\nwhile True: held.append(bytearray(os.urandom(1)) * 4_000_000)"
    outcome = bench.run(f"import os\n{script}", memory_bytes=128 * 2**20)
    assert outcome.killed_for == "memory"
    assert outcome.oom_killed is True


FORKS = """
import os, sys, time
made = 0
try:
    while made < 2000:
        if os.fork() == 0:
            time.sleep(600)
        made += 1
except OSError:
    pass
print(made, flush=True)
"""


def test_a_fork_bomb_is_contained(bench: Bench) -> None:
    output = Output()
    if bench.run("pass").limits["processes"] == "none":
        pytest.skip("nothing limits processes here: no control group, and no sandbox")
    outcome = bench.run(FORKS, output=output, processes=40)
    assert outcome.exit_code == 0
    assert 0 < int(output.of("stdout")) <= 40
    assert bench.left() == []


def test_cpu_time_is_that_of_all_processes(bench: Bench) -> None:
    script = (
        "import os, time\n"
        "child = os.fork()\n"
        "while time.process_time() < 0.2: pass\n"
        "if child: os.waitpid(child, 0)\n"
    )
    outcome = bench.run(script)
    if os.geteuid() != 0 and bench.sandbox.name != "process":
        assert outcome.cpu_ms is None or outcome.cpu_ms > 20, "a sample, or unknown"
    else:
        assert outcome.cpu_ms is not None
        assert outcome.cpu_ms >= 400


def test_jobs_in_threads_do_not_disturb_each_other(bench: Bench) -> None:
    """One of them is stopped, one floods, the others end as if they were alone."""
    stop = Event()
    stop.set()
    flood = "import os\nwhile True: os.write(1, b'x' * 65536)"
    with ThreadPoolExecutor(6) as pool:
        stopped = pool.submit(bench.run, HANG, stop=stop)
        flooded = pool.submit(bench.run, flood, output_bytes=100_000)
        plain = [
            pool.submit(bench.run, f"import time; time.sleep(0.2); raise SystemExit({n})") for n in range(4)
        ]
        assert [future.result().exit_code for future in plain] == [0, 1, 2, 3]
        assert flooded.result().killed_for == "output"
        with pytest.raises(Interrupted):
            stopped.result()
