"""The verdict as files: junit.xml, then reward.txt. Pure but for :func:`write`."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ._errors import GraderError
from ._files import write_whole

_MESSAGE_LIMIT_CHARS: Final = 4_000
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

FILES: Final = ("junit.xml", "reward.txt")
"""In order of writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one test ended."""

    test_id: str
    duration_s: float
    problem: str | None
    """Why it failed; ``None`` when it passed."""


def junit(name: str, outcomes: Sequence[Outcome]) -> bytes:
    """The JUnit report: legal XML whatever the tested code put out, and bounded.

    A test's id is the ``name`` of its ``testcase``; ``classname`` is the task.
    """
    suite = ET.Element(
        "testsuite",
        name=_legal(name),
        tests=str(len(outcomes)),
        failures=str(sum(outcome.problem is not None for outcome in outcomes)),
        errors="0",
        skipped="0",
    )
    for outcome in outcomes:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=_legal(name),
            name=_legal(outcome.test_id),
            time=f"{outcome.duration_s:.3f}",
        )
        if outcome.problem is not None:
            failure = ET.SubElement(case, "failure")
            failure.text = _legal(outcome.problem[:_MESSAGE_LIMIT_CHARS])
    return bytes(ET.tostring(suite, encoding="utf-8", xml_declaration=True))


def _legal(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def write(folder: Path, name: str, outcomes: Sequence[Outcome]) -> None:
    """Write both files; the reward is 1 when every test passed. Raises :class:`GraderError`."""
    passed = all(outcome.problem is None for outcome in outcomes)
    try:
        write_whole(folder / "junit.xml", junit(name, outcomes))
        write_whole(folder / "reward.txt", b"1\n" if passed else b"0\n")
    except OSError as error:
        raise GraderError(f"the verdict can't be written: {error}") from None
