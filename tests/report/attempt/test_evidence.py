"""Reading an attempt's folder: what is there, and in words what is not, whatever lies in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_report.attempt.evidence import LARGEST_BYTES, PUBLISHED, TAIL_BYTES, Unreadable, files, read
from fakes.attempt_folder import span, write
from fakes.evidence import evidence


def test_a_whole_folder_is_read(tmp_path: Path) -> None:
    found = read(write(tmp_path))
    assert found.cell["identity"]["sandbox"] == "docker"
    assert found.lock["task"]["hash"] == "a1"
    assert [call.call_id for call in found.ledger.calls] == ["c0.0", "c2.0"]
    assert found.ledger.head == found.cell["provenance"]["ledger_head"]
    assert not found.ledger.problems
    assert [(each.span_id, each.start_ms, each.duration_ms) for each in found.trace] == [
        ("run", 0.0, 10_000.0),
        ("box", 1000.0, 8_500.0),
        ("call", 2000.0, None),
    ]
    assert found.recording is not None
    assert [output.text for output in found.outputs] == ["$ make\ndone\n", "", "2 passed\n", ""]
    assert [file.name for file in found.files] == [*PUBLISHED]
    assert all(file.path for file in found.files)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    folder = write(tmp_path, files={name: None for name in PUBLISHED if name != "cell.json"})
    found = read(folder)
    assert found.ledger.missing == "not recorded: the attempt left no calls.jsonl"
    assert found.trace_missing == "not recorded: the attempt left no trace.jsonl"
    assert found.recording is None
    assert found.recording_missing == "not recorded: the attempt left no terminal.cast"
    assert {output.missing for output in found.outputs} == {
        f"not recorded: the attempt left no {name}"
        for name in ("agent.stdout", "agent.stderr", "grade.stdout", "grade.stderr")
    }
    assert found.lock == {}


@pytest.mark.parametrize("content", [None, "{", "[]", b"\xff"])
def test_without_a_record_there_is_no_page(tmp_path: Path, content: str | bytes | None) -> None:
    folder = write(tmp_path, files={"cell.json": content})
    with pytest.raises(Unreadable, match=r"cell\.json"):
        read(folder)


def test_a_broken_line_of_a_trace_costs_that_line_only(tmp_path: Path) -> None:
    lines = [
        json.dumps(span("late", None, "grade", 5, 1.0)),
        '{"torn',
        json.dumps(span("early", None, "x", 1, 1.0)),
    ]
    wrong: tuple[tuple[str, object], ...] = (
        ("duration_ms", -1),
        ("duration_ms", "1"),
        ("attrs", []),
        ("started_at", "noon"),
    )
    lines += [json.dumps({**span("s", None, "x", 1, 1.0), key: value}) for key, value in wrong]
    found = read(write(tmp_path, files={"trace.jsonl": "\n".join(lines)}))
    assert [(each.span_id, each.start_ms) for each in found.trace] == [("early", 0.0), ("late", 4000.0)]
    assert [problem.split(" is ")[0] for problem in found.trace_problems] == [
        *("line 2", "line 4", "line 5", "line 6", "line 7"),
    ]
    assert found.trace_missing is None


def test_a_trace_without_a_span_is_missing(tmp_path: Path) -> None:
    found = read(write(tmp_path, files={"trace.jsonl": "nonsense\n"}))
    assert found.trace_missing == "no span can be read in trace.jsonl"


def test_a_ledger_that_was_changed_is_read_and_says_so(tmp_path: Path) -> None:
    folder = write(tmp_path)
    ledger = folder / "calls.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"input":1000', b'"input":1'))
    found = read(folder).ledger
    assert found.calls[0].tokens.input == 1
    assert "prev does not match" in found.problems[0]


def test_of_long_output_the_end_is_read(tmp_path: Path) -> None:
    output = read(write(tmp_path, files={"agent.stdout": "x" * TAIL_BYTES + "the end"})).outputs[0]
    assert output.text.endswith("xthe end")
    assert (len(output.text), output.size_bytes, output.cut) == (TAIL_BYTES, TAIL_BYTES + 7, True)


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    folder = write(tmp_path / "r", files=dict.fromkeys(("agent.stdout", "calls.jsonl", "trace.jsonl")))
    for name in ("agent.stdout", "calls.jsonl", "trace.jsonl"):
        (folder / name).symlink_to(secret)
    found = read(folder)
    assert found.outputs[0].missing == "agent.stdout is no regular file, and is left alone"
    assert found.ledger.missing == "calls.jsonl is no regular file, and is left alone"
    assert {file.name for file in found.files if not file.path} == {
        "agent.stdout",
        "calls.jsonl",
        "trace.jsonl",
    }


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, files={"agent.stdout": None, "trace.jsonl": None})
    os.mkfifo(folder / "agent.stdout")  # opening it would wait for ever
    (folder / "trace.jsonl").mkdir()
    found = read(folder)
    assert found.outputs[0].missing == "agent.stdout is no regular file, and is left alone"
    assert found.trace_missing == "trace.jsonl is no regular file, and is left alone"


def test_a_file_that_is_too_large_is_not_published(tmp_path: Path) -> None:
    folder = write(tmp_path)
    os.truncate(folder / "agent.stdout", LARGEST_BYTES + 1)
    os.truncate(folder / "terminal.cast", LARGEST_BYTES + 1)
    large = {file.name: file for file in files(folder)}
    assert large["agent.stdout"].path is None
    assert large["agent.stdout"].missing == "agent.stdout is not here: over 5 MB"
    found = read(folder)
    assert found.recording is None
    assert found.outputs[0].cut


def test_no_file_is_published_as_what_a_browser_would_run() -> None:
    assert {name.rpartition(".")[2] for name in PUBLISHED.values()} == {"json", "jsonl", "cast", "txt"}


@given(st.binary(), st.sampled_from([name for name in PUBLISHED if name != "cell.json"]))
def test_any_bytes_in_a_file_are_shown_or_said(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    folder = write(tmp_path_factory.mktemp("any"), evidence(), files={name: data})
    found = read(folder)
    assert found.trace or found.trace_missing
    assert found.ledger.calls or found.ledger.problems or name == "calls.jsonl"


def test_a_span_of_any_other_shape_is_a_problem_and_no_error(tmp_path: Path) -> None:
    deep: Any = None
    for _ in range(900):
        deep = [deep]
    folder = write(tmp_path)
    line = json.loads((folder / "trace.jsonl").read_text().splitlines()[0])
    (folder / "trace.jsonl").write_text(
        "".join(json.dumps({**line, "name": name}) + "\n" for name in ("a", deep, 5))
    )
    found = read(folder)
    assert [span.name for span in found.trace] == ["a"]
    assert len(found.trace_problems) == 2
