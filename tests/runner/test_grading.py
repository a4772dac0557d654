"""Reading a grader's report: what counts as passed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner import grading


def test_passed_and_failed_cases() -> None:
    report = b"""<testsuites><testsuite>
      <testcase name="a"/><testcase name="b"><failure>x</failure></testcase>
      <testcase name="c"><error/></testcase><testcase name="d"><skipped/></testcase>
    </testsuite></testsuites>"""
    assert grading.junit_results(report) == (("a",), ("b", "c", "d"))


def test_a_case_reported_twice_has_failed() -> None:
    report = b'<testsuite><testcase name="a"><failure/></testcase><testcase name="a"/></testsuite>'
    assert grading.junit_results(report) == ((), ("a",))


@given(st.binary(max_size=200))
def test_a_broken_report_passes_nothing(report: bytes) -> None:
    assert grading.junit_results(report)[0] == ()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"reward.txt": "1\n"}, 1.0),
        ({"reward.txt": "0"}, 0.0),
        ({"reward.json": '{"reward": 0.5}'}, 0.5),
        ({"reward.txt": "yes"}, None),
        ({"reward.json": "[]"}, None),
        ({}, None),
    ],
)
def test_the_reward(tmp_path: Path, files: dict[str, str], expected: float | None) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert grading._reward(tmp_path) == expected


def test_a_symlinked_reward_is_none(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("1")
    (tmp_path / "reward.txt").symlink_to(tmp_path / "elsewhere")
    assert grading._reward(tmp_path) is None
