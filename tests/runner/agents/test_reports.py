from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_proxy.records import Tokens
from cab_runner.agents import reports
from cab_runner.agents.reports import (
    add_up,
    claim_of,
    count,
    json_lines,
    json_object,
    last_event,
    read_report,
    read_reports,
    shown_blocks,
    sum_of,
)


def test_the_report_of_an_agent_is_read_from_its_home(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"one\ntw\xff")
    assert read_report(tmp_path, "log") == "one\ntw�"


def test_no_report_is_an_empty_one(tmp_path: Path) -> None:
    assert read_report(tmp_path, "log") == ""


def test_a_symlink_is_no_report_wherever_it_leads(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("key")
    home = tmp_path / "home"
    home.mkdir()
    (home / "log").symlink_to(tmp_path / "secret")
    assert read_report(home, "log") == ""


def test_a_pipe_without_a_writer_neither_hangs_nor_counts(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    assert read_report(tmp_path, "log") == ""


def test_a_folder_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    assert read_report(tmp_path, "log") == ""


def test_reports_are_found_in_folders_of_any_name_by_path(tmp_path: Path) -> None:
    for name in ("b", "a", "c/deeper"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "log").write_text(name)
    (tmp_path / "runs" / "log").write_text("beside")
    assert read_reports(tmp_path, "runs/*/log") == ["a", "b"]
    assert read_reports(tmp_path, "runs/a*/*") == ["a"]
    assert read_reports(tmp_path, "runs/*/none") == read_reports(tmp_path, "none/*/log") == []


def test_no_symlink_is_followed_on_the_way_to_a_report(tmp_path: Path) -> None:
    secrets, home = tmp_path / "secrets", tmp_path / "home"
    secrets.mkdir()
    (secrets / "log").write_text("key")
    (home / "runs").mkdir(parents=True)
    (home / "runs" / "a").symlink_to(secrets)
    (home / "linked").symlink_to(tmp_path)
    assert read_reports(home, "runs/*/log") == read_reports(home, "linked/*/log") == []
    assert read_report(home, "runs/a/log") == ""


def test_many_reports_are_bounded_in_number_and_together_in_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        (tmp_path / f"log{number}").write_text("1234")
    monkeypatch.setattr(reports, "MAX_REPORT_BYTES", 10)
    assert read_reports(tmp_path, "log*") == ["1234", "1234", "12"]
    monkeypatch.setattr(reports, "MAX_REPORT_NAMES", 2)
    assert read_reports(tmp_path, "log*") == ["1234", "1234"]


@pytest.mark.parametrize("value", [None, True, -1, 1.0, "7", [], {}, 10**400])
def test_what_is_no_count_is_unknown(value: object) -> None:
    assert count(value) is None


def test_zero_is_a_count() -> None:
    assert count(0) == 0


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert (sum_of(1, 0, 2), sum_of(1, None), sum_of()) == (3, None, None)


def test_sums_of_reports() -> None:
    total = add_up([Tokens(input=5, output=1, total=6), Tokens(input=7, output=2, total=9)])
    assert total == Tokens(input=12, output=3, total=15)


def test_a_kind_that_one_report_leaves_out_is_unknown_in_the_sum() -> None:
    assert add_up([Tokens(input=5, output=1), Tokens(output=2)]) == Tokens(output=3)


def test_no_reports_sum_up_to_nothing_known() -> None:
    assert add_up([]) == Tokens()


@given(st.text())
def test_any_line_is_an_object_or_nothing(line: str) -> None:
    found = json_object(line)
    assert found is None or json.loads(line) == found


@pytest.mark.parametrize("line", ["[1]", "1", "null", "{", '{"a": NaN', "{" * 100_000, '{"a":' * 100_000])
def test_lines_that_are_no_objects(line: str) -> None:
    assert json_object(line) is None


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.none())))
def test_objects_are_found_among_other_lines(events: list[dict[str, object]]) -> None:
    lines = [text for event in events for text in ("building…", json.dumps(event), "")]
    assert list(json_lines("\n".join(lines))) == events


def test_the_last_event_of_a_type() -> None:
    stream = '{"type": "result", "n": 1}\nnoise\n{"type": "result", "n": 2}\n{"type": "other"}\n'
    assert last_event(stream, "result") == {"type": "result", "n": 2}
    assert last_event(stream, "none") == {}


def test_a_claim_keeps_the_first_reports_and_adds_up_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MAX_RAW_ITEMS", 2)
    given = [{"in": 1}, {"in": 2}, {"in": 3}]
    claim = claim_of(given, lambda report: Tokens(input=report["in"]), source="s", includes_cache=True)
    assert claim is not None
    assert claim.raw == ({"in": 1}, {"in": 2})
    assert claim.tokens == Tokens(input=6)
    assert claim_of([], lambda _: Tokens(), source="s", includes_cache=True) is None


def test_blocks_as_a_person_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "SHOWN_OUTPUT_CHARS", 24)
    blocks = [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "name": "bash", "input": {"command": "ls", "timeout": 1}},
        {"type": "tool_use", "name": "read", "input": {"path": "a-long-path-of-a-file"}},
        {"type": "tool_result", "content": "a.py\n\n"},
        {"type": "tool_result", "content": [{"n": 1}]},
        {"type": "thinking"},
        "no block",
    ]
    assert shown_blocks(blocks) == ('I look.\n| bash  ls\n| read  {"path": "a-long\na.py\n[{"n": 1}]')
    assert shown_blocks("no list") is shown_blocks([]) is None
