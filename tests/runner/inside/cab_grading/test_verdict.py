from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.inside.cab_grading._errors import GraderError
from cab_runner.inside.cab_grading._verdict import Outcome, junit, write

OUTCOMES = st.lists(
    st.builds(
        Outcome,
        test_id=st.text(max_size=20),
        duration_s=st.floats(0, 1e6),
        problem=st.none() | st.text(max_size=50),
    ),
    max_size=6,
)


def outcome(test_id: str, problem: str | None = None) -> Outcome:
    return Outcome(test_id=test_id, duration_s=0.25, problem=problem)


@given(OUTCOMES)
def test_any_outcome_makes_legal_xml_with_one_case_a_test(outcomes: list[Outcome]) -> None:
    suite = ET.fromstring(junit("task", outcomes))
    cases = suite.findall("testcase")
    assert [case.find("failure") is not None for case in cases] == [o.problem is not None for o in outcomes]
    assert suite.get("failures") == str(sum(o.problem is not None for o in outcomes))


def test_what_xml_can_not_hold_is_replaced() -> None:
    report = ET.fromstring(junit("a/b", [outcome("id", "nul \0, escape \x1b[0m, </failure>, \ud800")]))
    case = report.find("testcase")
    assert case is not None
    assert (case.get("classname"), case.get("name")) == ("a/b", "id")
    assert case.findtext("failure") == "nul \ufffd, escape \ufffd[0m, </failure>, \ufffd"


def test_messages_are_bounded() -> None:
    assert len(junit("t", [outcome("id", "é" * 10**6)])) < 20_000


@pytest.mark.parametrize(("problem", "reward"), [(None, b"1\n"), ("no", b"0\n"), ("", b"0\n")])
def test_the_reward_is_one_when_every_test_passed(tmp_path: Path, problem: str | None, reward: bytes) -> None:
    write(tmp_path, "t", [outcome("a"), outcome("b", problem)])
    assert (tmp_path / "reward.txt").read_bytes() == reward
    assert {path.name for path in tmp_path.iterdir()} == {"reward.txt", "junit.xml"}


def test_a_folder_that_can_not_be_written_is_the_harness_s_fault(tmp_path: Path) -> None:
    with pytest.raises(GraderError, match="can't be written"):
        write(tmp_path / "missing", "t", [outcome("a")])
