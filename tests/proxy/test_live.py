"""The table on a terminal."""

from __future__ import annotations

import asyncio
import fcntl
import io
import itertools
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from cab_proxy.live import Display, live_table
from cab_proxy.records import Record, Tokens, TokensSource
from cab_proxy.watch import Watch
from fakes.metered import until


def told(watch: Watch, run_id: str | None = None, **more: Any) -> None:
    """Tell of a call from its beginning to its end."""
    common: dict[str, Any] = {
        "call_id": "A",
        "run_id": run_id,
        "started_at": "2026-01-02T03:04:05.000000Z",
        "method": "POST",
        "path": "/v1/chat/completions",
        "protocol": "chat",
        "model_requested": "gpt-5",
    }
    watch.began(Record(kind="open", **common))
    watch.ended(Record(kind="call", **{**common, "status": 200, **more}))


def figures(input_tokens: int, output_tokens: int, **source: Any) -> dict[str, Any]:
    return {
        "tokens": Tokens(input=input_tokens, output=output_tokens),
        "tokens_source": TokensSource(**({"input": "reported", "output": "reported"} | source)),
    }


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Its clock stands an hour after midnight and goes on a second with each change."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield Watch(itertools.count(3600).__next__)
    time.tzset()


def shown(watch: Watch, width: int = 120, rows: int = 10) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(live_table(watch, rows=rows, width=width))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_what_is_unknown_is_no_zero(watch: Watch) -> None:
    told(watch, "r")
    assert shown(watch) == [
        "run model calls open in out cost TTFT     last",
        "r   gpt-5     1    0  –   –    –    – 01:00:02",
    ]


def test_every_figure(watch: Watch) -> None:
    told(
        watch, "one", **figures(12345, 678), cost_usd=Decimal("0.01234"), cost_source="computed", ttft_ms=812
    )
    told(
        watch, "two", **figures(10, 20, output="partial"), cost_usd=Decimal("0.00001"), cost_source="reported"
    )
    told(watch, "two", status=403, error_type="refused")
    told(watch, "two", status=500, error_type="upstream_error", model_returned="gpt-5-2026")
    told(watch, **figures(1, 2, input="estimated"))
    assert shown(watch) == [
        "run model      calls open failed refused       in  out     cost   TTFT     last",
        "one gpt-5          1    0      0       0   12,345  678  $0.0123 0.81 s 01:00:02",
        "two gpt-5-2026     2    0      1       1      ≥10  ≥20 <$0.0001      – 01:00:08",
        "–   gpt-5          1    0      0       0       ~1    2        –      – 01:00:10",
        "all –              4    0      1       1 ≥~12,356 ≥700 ≥$0.0124 0.81 s 01:00:10",
    ]


def test_a_narrow_terminal_clips_no_figure(watch: Watch) -> None:
    name = "01KAJ5W2V0000000000000000A"
    money = {"cost_usd": Decimal("617.25"), "cost_source": "estimated"}
    told(watch, name, **figures(500_000_000, 250_000_000), **money, ttft_ms=12345.0)
    told(watch, name, status=500, error_type="upstream_error")
    told(watch, name, status=403, error_type="refused")
    header, row = shown(watch, width=80)
    assert header.split() == ["run", "calls", "open", "failed", "refused", "in", "out", "cost", "TTFT"]
    assert row.split()[1:] == [
        "2",
        "0",
        "1",
        "1",
        "≥500,000,000",
        "≥250,000,000",
        "≥~$617.2500",
        "12.35",
        "s",
    ]
    assert name.startswith(row.split()[0].rstrip("…"))


def test_the_runs_that_were_active_last_and_the_total_of_all(watch: Watch) -> None:
    for number in range(5):
        told(watch, f"r{number}", **figures(1, 1))
    told(watch, "r1", **figures(1, 1))
    assert [line.split()[0] for line in shown(watch, rows=2)] == ["run", "r1", "r4", "all"]
    assert shown(watch, rows=2)[-1].split()[2] == "6"


def test_before_any_call() -> None:
    assert [line.split()[0] for line in shown(Watch())] == ["run", "all"]


def test_names_are_no_markup(watch: Watch) -> None:
    told(watch, model_requested="[red]x[/red]")
    assert "[red]x[/red]" in shown(watch)[1]


def terminal(width: int = 100) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=width, height=24, highlight=False), out


def screen(written: str) -> list[str]:
    """What stands on a terminal that got this: lines, ups and erasures are all that occurs."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", written):
        if part == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\x1b[2K":
            lines[row] = ""
        elif not part.startswith(("\x1b", "\r")):
            lines[row] += part
    return [line.rstrip() for line in lines if line.strip()]


def test_messages_stand_above_the_table(watch: Watch) -> None:
    console, out = terminal(40)
    long = "a message that is longer than the terminal is wide, by far"

    async def main() -> None:
        with Display(watch, console, interval_s=0.0) as display:
            display.say("first")
            for number in range(3):
                told(watch, "r", **figures(1, 1))
                await until(lambda: watch_draws(out) > number)  # noqa: B023  # at once
                display.say(f"{long} {number} [red]")

    asyncio.run(main())
    lines = screen(out.getvalue())
    assert lines[0] == "cab-proxy: first"
    assert lines[1:4] == [f"cab-proxy: {long} {number} [red]" for number in range(3)]
    assert [line.split()[:2] for line in lines[4:]] == [["run", "calls"], ["r", "3"]]
    shows, hides = out.getvalue().index("\x1b[?25h"), out.getvalue().index("\x1b[?25l")
    assert hides < shows < out.getvalue().index("calls")


def watch_draws(out: io.StringIO) -> int:
    return out.getvalue().count("calls")


def test_many_changes_are_one_drawing(watch: Watch) -> None:
    console, out = terminal()

    async def main() -> None:
        with Display(watch, console, interval_s=0.0):
            for _ in range(500):
                told(watch, "r", **figures(1, 1))
            await until(lambda: watch_draws(out) > 0)

    asyncio.run(main())
    assert watch_draws(out) == 2  # and once more as it is left standing
    assert "500" in out.getvalue()
    assert watch.on_change is None


def test_the_last_change_is_drawn_before_its_time(watch: Watch) -> None:
    console, out = terminal()

    async def main() -> None:
        with Display(watch, console, interval_s=3600.0):
            told(watch, "r", **figures(123, 1))

    asyncio.run(main())
    assert "123" in out.getvalue()


def test_without_a_change_nothing_is_drawn() -> None:
    console, out = terminal()

    async def main() -> None:
        with Display(Watch(), console, interval_s=0.0):
            await asyncio.sleep(0)

    asyncio.run(main())
    assert out.getvalue() == ""


def test_a_file_gets_the_last_table_only(watch: Watch) -> None:
    out = io.StringIO()

    async def main() -> None:
        with Display(watch, Console(file=out, width=100), interval_s=0.0) as display:
            told(watch, "r", **figures(1, 1))
            display.say("hello")

    asyncio.run(main())
    assert [line.split()[0] for line in out.getvalue().splitlines() if line] == ["cab-proxy:", "run", "r"]


def test_a_terminal_that_stands_still_stops_nobody(watch: Watch) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"x" * fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ))
    got = bytearray()

    def drain() -> None:
        while block := os.read(reader, 65536):
            got.extend(block)

    draining = threading.Thread(target=drain)

    async def main(console: Console) -> None:
        with Display(watch, console, interval_s=0.0) as display:
            for number in range(3000):
                told(watch, "r", **figures(1, 1))
                display.say(f"message {number}")
                await asyncio.sleep(0)
            assert display._to_draw.qsize() <= 1001
            draining.start()

    with os.fdopen(writer, "w", encoding="utf-8") as file:
        asyncio.run(main(Console(file=file, force_terminal=True, width=100, height=24)))
    draining.join()
    os.close(reader)
    text = got.decode()
    assert text.count("message") >= 1000
    assert "3,000" in text[-300:]


IN_A_JOB = """
import asyncio, os, sys
from rich.console import Console
from cab_proxy.live import Display
from cab_proxy.records import Record
from cab_proxy.watch import Watch

terminal = os.fdopen(os.open(sys.argv[1], os.O_RDWR), "w")  # it is this session's from now on
if sys.argv[2] == "background":
    if child := os.fork():
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.setpgid(0, 0)

async def main():
    watch = Watch()
    with Display(watch, Console(file=terminal, width=60, height=20), interval_s=0.0) as display:
        watch.began(Record(kind="open", call_id="A", started_at="", method="POST", path="/", run_id="r"))
        display.say("hello")

asyncio.run(main())
"""


@pytest.mark.parametrize(("job", "drawn"), [("foreground", True), ("background", False)])
def test_only_the_foreground_job_draws(job: str, *, drawn: bool) -> None:
    master, slave = os.openpty()
    subprocess.run(
        [sys.executable, "-c", IN_A_JOB, os.ttyname(slave), job],
        env={**os.environ, "TERM": "xterm"},
        start_new_session=True,
        check=True,
    )
    text = os.read(master, 65536).decode()
    os.close(slave)
    os.close(master)
    assert "cab-proxy: hello\r\n" in text
    assert ("calls" in text) == drawn


def test_a_job_that_was_put_into_the_background_leaves_the_screen_alone(watch: Watch) -> None:
    console, out = terminal()
    background = False

    class Job(Display):
        def _in_background(self) -> bool:
            return background

    async def main() -> None:
        nonlocal background
        with Job(watch, console, interval_s=0.0) as display:
            told(watch, "r", **figures(1, 1))
            await until(lambda: watch_draws(out) > 0)
            background = True
            display.say("one")
            await until(lambda: "one" in out.getvalue())
            told(watch, "r", **figures(1, 1))
            display.say("two")

    asyncio.run(main())
    assert out.getvalue().partition("one")[2] == "\ncab-proxy: two\n"
