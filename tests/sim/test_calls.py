"""The endpoint's own count."""

import json
from dataclasses import replace
from pathlib import Path

from cab_sim.calls import Call, CallLog

CALL = Call(
    n=1,
    protocol="chat",
    model="oracle",
    status=200,
    stream=False,
    completed=True,
    fault=None,
    prompt_tokens=0,
    completion_tokens=3,
    cached_tokens=0,
    cache_write_tokens=0,
)


def test_a_total_needs_both_parts() -> None:
    assert CALL.wire()["total_tokens"] == 3
    assert replace(CALL, completion_tokens=None).wire()["total_tokens"] is None


def test_every_call_is_a_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "count.jsonl"
    path.write_bytes(b'{"n": 0}\n')
    log = CallLog(path)
    assert [log.number(), log.number()] == [1, 2]
    log.add(replace(CALL, n=2))
    log.add(CALL)
    assert [json.loads(line)["n"] for line in path.read_bytes().splitlines()] == [0, 2, 1]
    assert [call.n for call in log.calls] == [2, 1]


def test_a_log_that_resumes_goes_on_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "count.jsonl"
    log = CallLog(path, resumes=True)
    assert (log.wire(), log.number()) == ([], 1)
    log.add(CALL)
    again = CallLog(path, resumes=True)
    assert again.number() == 2
    again.add(replace(CALL, n=2))
    assert again.wire() == log.wire() == [CALL.wire(), replace(CALL, n=2).wire()]
    assert again.calls == log.calls == []
