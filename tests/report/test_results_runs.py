from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from cab_report.results.runs import SITE_MARKER, Run, read
from cab_scoring.evidence import Evidence
from fakes.cells import cell
from fakes.evidence import call, evidence, evidences, failed_call, open_call
from fakes.many_cells import attempt, write


@given(evidences())
def test_every_record_can_be_read(given_evidence: Evidence) -> None:
    made = cell(given_evidence)
    run = Run.from_cell(made)
    assert run.sums.counted == (made["failure"] is None or made["failure"]["counted"])
    assert run.waste_complete <= (run.waste_tokens is not None)


def test_kinds_of_attempts() -> None:
    assert Run.from_cell(attempt()).kind == "real"
    assert Run.from_cell(attempt(kind="provisional")).kind == "provisional"
    assert Run.from_cell({**attempt(kind="simulated"), "provisional": True}).kind == "simulated"


def test_of_a_cell_the_last_counted_attempt_stands_whatever_its_verdict() -> None:
    made = attempt(), attempt(passed=False), attempt(fault="rate_limited"), attempt(fault="sandbox_error")
    runs = [
        Run.from_cell({**cell, "timing": {"started_at": f"2026-07-01T12:00:0{second}Z"}})
        for second, cell in enumerate(made)
    ]
    assert [run.verdict for run in runs] == ["passed", "failed", "void", "void"]
    assert sorted({run.begun for run in runs}) == [run.begun for run in runs]
    assert max(runs, key=lambda run: run.stands) is runs[1]
    assert max(runs[2:], key=lambda run: run.stands) is runs[3]


def test_what_an_older_record_lacks_is_unknown() -> None:
    made = attempt(claimed=900)
    del made["identity"]["behavior_mode"], made["identity"]["run_id"], made["provenance"]
    made["scores"] |= {"harness_tax": None, "self_report_error": None}
    run = Run.from_cell(made)
    assert (run.run_id, run.behavior_mode, run.task_hash) == (None, None, None)
    assert (run.own_prompt_tokens, run.prompt_tokens) == (None, None)
    assert set(run.self_report_error.values()) == {None}


def test_a_prompt_not_taken_apart_is_unknown_and_not_0() -> None:
    run = Run.from_cell(cell(evidence(calls=(call(prompt_parts=None),))))
    assert (run.own_prompt_tokens, run.prompt_tokens) == (None, None)
    assert Run.from_cell(attempt()).own_prompt_tokens == 400
    assert Run.from_cell(attempt()).prompt_tokens == 1000


def test_waste_that_is_partly_unknown_is_not_complete() -> None:
    assert Run.from_cell(attempt()).waste_complete
    assert not Run.from_cell(cell(evidence(calls=(call(), failed_call(500, at_s=1))))).waste_complete
    assert not Run.from_cell(cell(evidence(calls=(call(), open_call(at_s=1))))).waste_complete


DEEP: Any = None
for _ in range(900):
    DEEP = [DEEP]


def changed(**of: Any) -> dict[str, Any]:
    return {**attempt(), **of}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no cell record"),
        ("[]", "not a JSON object"),
        ("{}", "it lacks 'identity'"),
        (json.dumps(changed(schema_version=2)), "schema_version 2: upgrade this program"),
        (json.dumps(changed(schema_version="1")), "no cell record"),
        (json.dumps(changed(scores=[])), "no cell record"),
        (json.dumps(changed(failure="none")), "no cell record"),
        (json.dumps(changed()).replace('"cost_usd": null', '"cost_usd": "much"'), "no cell record"),
        (json.dumps(changed()).replace('"total_tokens": 1100', '"total_tokens": "1100"'), "total_tokens"),
        (json.dumps(changed()).replace('"pass": 1', '"pass": 0.5'), "pass is neither 0 nor 1"),
        (json.dumps(changed(provisional=None)), "provisional is neither true nor false"),
        (json.dumps(attempt(run_id=["a"])), "run_id is no text"),
        (json.dumps(attempt(agent_version=DEEP)), "agent_version is no text"),
        (json.dumps(changed(timing={"started_at": 5})), "started_at is no text"),
        (json.dumps(attempt(usd="0.5")).replace('"0.5"', '"NaN"'), "a cost of NaN USD can't be"),
        (json.dumps(attempt(usd="0.5")).replace('"0.5"', '"sNaN"'), "USD can't be"),
        (json.dumps(attempt(usd="0.5")).replace('"0.5"', '"-5"'), "a cost of -5 USD can't be"),
        (json.dumps(attempt(usd="0.5")).replace('"0.5"', '"1e99999999"'), "no cell record"),
        (
            json.dumps(changed()).replace('"total_tokens": 1100', '"total_tokens": 1e308'),
            "total_tokens is 1e+308",
        ),
        (json.dumps(changed()).replace('"total_tokens": 1100', '"total_tokens": -1'), "total_tokens is -1"),
        (
            re.sub(r'"composite_bounds": \[[^]]*]', '"composite_bounds": [1]', json.dumps(changed())),
            "no cell record",
        ),
        (
            json.dumps(attempt(fault="rate_limited")).replace('"pass": null', '"pass": 1'),
            "void, and yet with a verdict",
        ),
        (
            json.dumps(changed(failure={"cause": "agent_error", "fault": "agent", "counted": False})),
            "agent_error is counted against the failure table",
        ),
    ],
)
def test_a_record_that_cannot_be_read_is_one_warning(tmp_path: Path, text: str, why: str) -> None:
    write(tmp_path, [attempt()])
    broken = tmp_path / "s/broken/cell.json"
    broken.parent.mkdir()
    broken.write_text(text)
    found = read([tmp_path])
    assert len(found.runs) == 1
    [warning] = found.warnings
    assert warning.startswith(f"{broken} is left out: ")
    assert why in warning
    assert "\n" not in warning


def test_an_attempt_is_counted_once_however_often_it_is_found(tmp_path: Path) -> None:
    cells = [attempt(), attempt()]
    write(tmp_path / "a", cells)
    write(tmp_path / "b", cells[:1])
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert len(read([tmp_path / "a", tmp_path, tmp_path / "a/s", tmp_path / "link"]).runs) == 2


def test_attempts_without_a_run_id_are_told_apart_by_their_path(tmp_path: Path) -> None:
    write(tmp_path, [attempt(run_id=None), attempt(run_id=None)])
    assert len(read([tmp_path, tmp_path / "s"]).runs) == 2


def test_what_is_in_a_hidden_folder_is_not_complete(tmp_path: Path) -> None:
    write(tmp_path / ".partial", [attempt()])
    assert read([tmp_path]).runs == ()


def test_a_folder_may_be_hidden_itself(tmp_path: Path) -> None:
    write(tmp_path / ".kept", [attempt()])
    assert len(read([tmp_path / ".kept"]).runs) == 1


def test_only_regular_files_within_reason_are_read(tmp_path: Path) -> None:
    write(tmp_path, [attempt()])
    for name in ("fifo", "link", "large"):
        (tmp_path / "s" / name).mkdir()
    os.mkfifo(tmp_path / "s/fifo/cell.json")
    (tmp_path / "s/link/cell.json").symlink_to("/dev/zero")
    with (tmp_path / "s/large/cell.json").open("wb") as file:
        file.truncate(4 << 30)
    found = read([tmp_path])
    assert len(found.runs) == 1
    assert [Path(warning.split(" is left out")[0]).parent.name for warning in found.warnings] == [
        "fifo", "large", "link",
    ]  # fmt: skip


def test_nobody_takes_the_place_of_another_run_by_its_id(tmp_path: Path) -> None:
    write(tmp_path / "1", [attempt("evil", run_id="one", kind="simulated"), attempt("pi", run_id="two")])
    write(tmp_path / "2", [attempt("aider", run_id="one"), attempt("pi", run_id="two", passed=False)])
    found = read([tmp_path])
    assert [(run.agent, run.sums.passed) for run in found.runs] == [("evil", 1), ("pi", 1), ("aider", 1)]
    [warning] = found.warnings
    assert "says otherwise of the same run" in warning


def test_a_site_is_not_read_as_results(tmp_path: Path) -> None:
    write(tmp_path / "site", [attempt()])
    (tmp_path / "site" / SITE_MARKER).touch()
    assert read([tmp_path]).runs == ()
