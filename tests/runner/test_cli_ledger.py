"""``cab ledger`` and ``cab reconcile``, run as programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cab_proxy.records import Chain, Record
from fakes.commands import cab
from fakes.evidence import call, failed_call

FIRST = failed_call(429, at_s=0, model_requested="m", operation_id="c0", attempt=1)
SECOND = call(at_s=1, model_requested="m", model_returned="m-1", operation_id="c0", attempt=2, retry_of="c0")
LAST = call(at_s=2, model_requested="m", model_returned="m-1", operation_id="c2", attempt=1)


def both(ended: Record) -> tuple[Record, Record]:
    return replace(ended, kind="open", status=None, error_type=None), ended


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "calls.jsonl"
    chain = Chain()
    path.write_bytes(b"".join(chain.link(line) for ended in (FIRST, SECOND, LAST) for line in both(ended)))
    return path


def shown(*arguments: str, cwd: Path) -> Any:
    done = cab(*arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_whole_ledger_verifies(ledger: Path) -> None:
    verdict = shown("ledger", "verify", ledger.name, cwd=ledger.parent)
    assert (verdict["ok"], verdict["calls"], verdict["in_flight"]) == (True, 3, [])
    assert "chain holds: 6 lines, 3 calls" in cab("ledger", "verify", ledger.name, cwd=ledger.parent).stdout


def test_a_changed_figure_is_found(ledger: Path) -> None:
    ledger.write_text(ledger.read_text().replace('"status":429', '"status":200', 1))
    done = cab("ledger", "verify", ledger.name, cwd=ledger.parent)
    assert done.returncode == 1
    assert "chain is BROKEN" in done.stdout
    assert "line 3: prev does not match the line before" in done.stdout
    for command in (("ledger", "summary"), ("ledger", "export", "--format", "csv")):
        done = cab(*command, ledger.name, cwd=ledger.parent)
        assert (done.returncode, done.stderr.splitlines()) == (
            0,
            [f"cab: {ledger.name} does not verify: cab ledger verify {ledger.name} tells why"],
        )


def test_a_call_in_flight_and_a_torn_line_are_shown_and_accepted(ledger: Path) -> None:
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:3]) + lines[3][:40])
    done = cab("ledger", "verify", ledger.name, cwd=ledger.parent)
    assert done.returncode == 0
    assert "in flight: call " in done.stdout
    assert "torn: the last line (40 bytes)" in done.stdout


def test_a_summary_has_operations_and_waste(ledger: Path) -> None:
    summary = shown("ledger", "summary", ledger.name, cwd=ledger.parent)
    assert summary["tokens"]["total"] == {"value": 2200, "known": 2, "source": "reported"}
    assert summary["operations"]["count"] == 2
    assert summary["waste"]["by_fault"]["endpoint"]["calls"] == 1
    text = cab("ledger", "summary", ledger.name, cwd=ledger.parent).stdout
    assert "  operations  2, 1 retried (up to 2 attempts)\n" in text


def test_a_rotated_ledger_is_read_as_one(ledger: Path) -> None:
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.with_name("calls.000001.jsonl").write_bytes(b"".join(lines[:3]))
    ledger.write_bytes(b"".join(lines[3:]))
    assert shown("ledger", "summary", ledger.name, cwd=ledger.parent)["calls"] == 3


def test_tail(ledger: Path) -> None:
    done = cab("ledger", "tail", ledger.name, "-n", "2", cwd=ledger.parent)
    assert done.stdout.splitlines() == [
        "12:00:01  chat  m-1  200  1,000 → 100  0.50 s  attempt 2",
        "12:00:02  chat  m-1  200  1,000 → 100  0.50 s",
    ]


def test_tail_follows_until_it_is_interrupted(ledger: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cab_runner.cli", "ledger", "tail", "-f", "-n", "1", str(ledger)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as follower:  # fmt: skip
        assert follower.stdout is not None
        assert follower.stdout.readline().startswith("12:00:02")
        with ledger.open("ab") as file:
            file.write(Chain().link(call(at_s=30)))
        assert follower.stdout.readline().startswith("12:00:30")
        follower.send_signal(signal.SIGINT)
        assert follower.communicate() == ("", "")
        assert follower.returncode == 130


def test_export(ledger: Path) -> None:
    spans = cab("ledger", "export", ledger.name, "--format", "otel", cwd=ledger.parent).stdout.splitlines()
    assert len(spans) == 3
    assert all("resourceSpans" in json.loads(line) for line in spans)
    done = cab("ledger", "export", ledger.name, "--format", "csv", "-o", "calls.csv", cwd=ledger.parent)
    assert (done.returncode, done.stdout) == (0, "")
    written = (ledger.parent / "calls.csv").read_bytes()
    assert len(written.splitlines()) == 4
    assert cab(
        "ledger", "export", ledger.name, "--format", "csv", cwd=ledger.parent
    ).stdout == written.decode().replace("\r\n", "\n")


HEADER = "start_time,end_time,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens\n"
NOON = 1782907200


@pytest.mark.parametrize(("input_tokens", "code"), [(2000, 0), (2001, 1)])
def test_reconcile(ledger: Path, input_tokens: int, code: int) -> None:
    usage = ledger.parent / "usage.csv"
    usage.write_text(f"{HEADER}{NOON},{NOON + 60},2.0,m-1,{input_tokens}.0,200.0,\n")
    done = cab("reconcile", ledger.name, usage.name, cwd=ledger.parent)
    assert done.returncode == code, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["UTC", "model", "ledger", "export", "difference"],
        ["2026-07-01", "12:00", "m-1", "requests", "2", "2", "equal"],
        ["input", "2,000", "2,000", "equal"] if code == 0 else ["input", "2,000", "2,001", "-1", "differs"],
        ["output", "200", "200", "equal"],
        ["2026-07-01", "12:00", "m-1:", "1", "failed", "without", "usage"],
    ]
    assert done.stderr == ("cab: 1 of 1 hours × models differ\n" if code else "")
    raw = json.loads(cab("reconcile", ledger.name, usage.name, "--json", cwd=ledger.parent).stdout)
    assert raw["ok"] is (code == 0)
    assert raw["buckets"][0]["figures"]["input"]["difference"] == 2000 - input_tokens


def test_reconciling_what_never_met(ledger: Path) -> None:
    usage = ledger.parent / "usage.csv"
    usage.write_text(f"{HEADER}60,120,2.0,m-1,5,5,\n")
    done = cab("reconcile", ledger.name, usage.name, cwd=ledger.parent)
    assert done.returncode == 1
    assert done.stderr == "cab: nothing to compare: the ledger and the export have no time in common\n"
    assert "left out: 2 calls outside the export's time" in done.stdout


def test_an_export_that_can_not_be_read_is_one_line(ledger: Path) -> None:
    (ledger.parent / "usage.csv").write_text("a,b\n1,2\n")
    done = cab("reconcile", ledger.name, "usage.csv", cwd=ledger.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "cab: usage.csv can't be read: it is no usage export of OpenAI or Anthropic"
    )
    assert done.stderr.count("\n") == 1
