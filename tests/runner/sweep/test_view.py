from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console

from cab_runner.cli.sweep_view import ProgressView, event_line, show_status, watching
from cab_runner.errors import UsageError
from cab_runner.sweep.claim import Claim
from cab_runner.sweep.events import EVENTS, EndpointLimit, Event, EventLog, Stopping, TaskSuspended
from cab_runner.sweep.tally import Tally
from fakes.sweep_events import (
    at,
    attempt_ended,
    attempt_lost,
    attempt_started,
    attempt_void,
    sweep_ended,
    sweep_started,
)

LONG_MODEL = "meta/llama-4-maverick-17b-128e-instruct"
LONG_TASK = "mutations/javascript-missing-await-in-a-very-long-name"
BUSY: list[Event] = [
    sweep_started(),
    attempt_ended("r1", 10, cost_usd=Decimal("0.5"), cost_complete=True, simulated=True),
    attempt_ended("r2", 20, pass_=0, cause="agent_timeout", agent="mini-swe-agent", model=LONG_MODEL),
    attempt_ended(
        "r3",
        30,
        agent="mini-swe-agent",
        model=LONG_MODEL,
        tokens=12_345_678,
        tokens_complete=False,
        tokens_estimated=True,
        cost_usd=Decimal("1234.5"),
    ),
    attempt_void("r4", 40, agent="aider"),
    attempt_ended("r5", 41, agent="aider", pass_=None, cause="sandbox_error", counted=False),
    attempt_started("r6", 42, task=LONG_TASK, slot=2, try_=3),
    attempt_started("r7", 59),
    EndpointLimit(at=at(50), endpoint="https://models.example/v1", limit=2, why="429"),
    TaskSuspended(at=at(51), task="polyglot/x", why="grader_error"),
]


def shown(*events: Event, width: int = 80, at_work: bool = True, runner: str | None = None) -> str:
    out = io.StringIO()
    view = ProgressView(Tally(events).progress(at(60), at_work=at_work), at(60), runner)
    Console(file=out, width=width, color_system=None).print(view)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def test_at_160_columns() -> None:
    lines = [" ".join(line.split()) for line in shown(*BUSY, width=160).splitlines()]
    assert [line for line in lines if line.strip("─")] == [
        "nightly: 3/90 complete, 2 running, 1 waiting for another try, 1 given up",
        "running: 3.0 attempts/min, about 29 min left",
        "2 of 3 passed; spent ≥~12,348,688 tokens, cost ≥$1,235.0000; tries again: 1",
        "https://models.example/v1: 2 at once (429)",
        "suspended: polyglot/x: grader_error",
        "18 s bash-loop oracle mutations/javascript-missing-await-in-a-very-long-name#2 try 3",
        "1 s bash-loop oracle polyglot/r7#1",
        "tokens per",
        "agent · model done pass pass cost failures",
        "bash-loop · oracle (sim) 1/60 100% 1,000 $0.5000",
        "aider · oracle 0/30 – – – void: rate_limited 1",
        "void: sandbox_error 1",
        f"mini-swe-agent · {LONG_MODEL} 2/– 50% ≥~12,346,678 ≥$1,234.5000 agent_timeout 1",
    ]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_nothing_is_cut_or_left_out(width: int) -> None:
    text = shown(*BUSY, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    figures = ("1/60", "0/30", "2/–", "100%", "50%", "≥~12,346,678", "≥$1,234.5000", "$0.5000")
    for figure in (*figures, "rate_limited 1", "sandbox_error 1", "3.0 attempts/min", "29 min", "try 3"):
        assert figure in text, figure
    first_column = "".join(line.partition("  ")[0] for line in text.splitlines()[-6:])
    assert f"mini-swe-agent·{LONG_MODEL}" in first_column.replace(" ", "")
    assert LONG_TASK in text.replace("\n", "")


def test_a_sweep_that_has_just_begun() -> None:
    lines = shown(sweep_started()).splitlines()
    assert lines[:3] == [
        "nightly: 0/90 complete",
        "running",
        "0 of 0 passed; spent 0 tokens, cost $0.0000",
    ]
    assert lines[-1].split() == ["aider", "·", "oracle", "0/30", "–", "–", "$0.0000"]


def test_a_sweep_without_events() -> None:
    assert shown().splitlines()[:2] == ["sweep: 0/– complete", "not started"]


def test_how_it_stands() -> None:
    state: dict[str, tuple[list[Event], bool]] = {
        "resumed: 1.0 attempts/min, about 89 min left": (
            [sweep_started(resumed=True), attempt_ended("r1", 20)], True,
        ),
        "stopping: Ctrl-C": ([sweep_started(), Stopping(at=at(2), why="Ctrl-C")], True),
        "ended": ([sweep_started(), sweep_ended(4)], False),
        "ended: budget": ([sweep_started(), sweep_ended(4, why="budget")], False),
        "killed: its runner is gone, `cab sweep --resume` goes on": ([sweep_started()], False),
    }  # fmt: skip
    for line, (events, at_work) in state.items():
        assert shown(*events, at_work=at_work).splitlines()[1] == line
    assert "running, run by process 7 on here\n" in shown(sweep_started(), runner="process 7 on here")


def test_durations() -> None:
    for began, duration in ((30, "30 s"), (-39, "99 s"), (-60, "2 min"), (-3 * 3600, "3.0 h"), (99, "0 s")):
        assert f" {duration}  bash-loop" in shown(sweep_started(), attempt_started("r1", began))


def test_many_that_run_are_not_all_named() -> None:
    text = shown(sweep_started(), *(attempt_started(f"r{n}", n) for n in range(20)))
    assert "polyglot/r7#1" in text
    assert "polyglot/r8#1" not in text
    assert "and 12 more" in text


def test_names_are_text_not_markup_and_harmless() -> None:
    odd: dict[str, Any] = {"agent": "[bold]x", "model": "m\x1b[2J"}
    text = shown(sweep_started(), attempt_ended("r1", **odd), attempt_started("r2", **odd))
    assert "[bold]x · m?[2J" in text
    assert "[bold]x m?[2J polyglot/r2" in text


def test_lines_for_what_is_no_terminal() -> None:
    tally, said = Tally(), []
    for event in (
        sweep_started(complete=11),
        attempt_started("x"),
        attempt_ended("x", 3, slot=2),
        attempt_ended("y", 4, pass_=0, cause="agent_timeout", wall_s=60.0, try_=2),
        attempt_ended("z", 5, pass_=None, wall_s=None),
        attempt_void("v", 6),
        attempt_started("w"),
        attempt_lost("w", 7, detail="the node died"),
        attempt_void("b", 8, cause="bad\nkey", retry_in_s=None),
        EndpointLimit(at=at(8), endpoint="sim", limit=2, why="429"),
        TaskSuspended(at=at(8), task="polyglot/x", why="grader_error"),
        Stopping(at=at(9), why="Ctrl-C"),
        sweep_ended(10, complete=14, missing=76, why="Ctrl-C"),
        sweep_ended(11),
    ):
        tally.add(event)
        said.append(event_line(event, tally))
    assert [line for line in said if line] == [
        "12/90 bash-loop oracle polyglot/x#2 pass 3.1 s",
        "13/90 bash-loop oracle polyglot/y#1 try 2 fail agent_timeout 60.0 s",
        "14/90 bash-loop oracle polyglot/z#1 no verdict",
        "14/90 bash-loop oracle polyglot/v#1 void rate_limited 3.1 s again in 20 s",
        "lost: attempt w (sandbox_error: the node died)",
        "14/90 bash-loop oracle polyglot/b#1 void bad?key 3.1 s",
        "sim: 2 at once (429)",
        "suspended: polyglot/x: grader_error",
        "stopping: Ctrl-C",
        "ended: 14 complete, 76 missing: Ctrl-C",
        "ended: 90 complete, 0 missing",
    ]


def test_watching_without_a_terminal() -> None:
    out = io.StringIO()
    with watching(Tally(), Console(file=out, width=20)) as show:
        for event in (sweep_started(), attempt_started("x"), attempt_ended("x", agent="[bold]a-long-name")):
            show(event)
    assert out.getvalue() == "1/90 [bold]a-long-name oracle polyglot/x#1 pass 3.1 s\n"


def test_watching_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    out, tally = io.StringIO(), Tally()
    console = Console(file=out, width=80, height=50, force_terminal=True, color_system=None)
    with watching(tally, console) as show:
        for event in BUSY:
            show(event)
        click.echo("for machines")
    assert tally.complete == 3
    # only the last picture is certain: when the others are made is the clock's to say
    last = out.getvalue().rpartition("nightly: ")[2]
    assert last.startswith("3/90 complete, 2 running")
    assert "≥~12,346,678" in last
    assert capsys.readouterr().out == "for machines\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with EventLog(tmp_path / EVENTS) as log:
        for event in BUSY:
            log.write(event)
    return tmp_path


def test_status_while_a_runner_is_at_work(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Claim(folder):
        show_status(folder, as_json=True)
        found = json.loads(capsys.readouterr().out)
        assert found["state"] == "running"
        assert found["runner"].startswith("process ")
        assert len(found["running"]) == 2
        show_status(folder, as_json=False)
    assert "run by process" in capsys.readouterr().out


def test_status_of_a_killed_runner(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / EVENTS).open("ab") as file:
        file.write(b'{"event": "attempt_end')
    show_status(folder, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["state"], found["runner"], found["running"], found["cut_off"]) == ("killed", None, [], 2)
    assert found["total"]["complete"] == 3
    show_status(folder, as_json=False)
    assert "2 cut off\nkilled:" in capsys.readouterr().out


def test_status_of_what_is_no_sweep(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match=f"no sweep's folder: it has no {EVENTS}"):
            show_status(path, as_json=False)
