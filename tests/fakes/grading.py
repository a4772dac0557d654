"""A check as a program of its own: grading ends all processes below it, which must not be pytest's."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from cab_runner.resources import INSIDE

HEAD = f"""
import os, sys
sys.path.insert(0, {str(INSIDE)!r})
from cab_grading import *
from pathlib import Path
"""


@dataclass(frozen=True, slots=True)
class Graded:
    """What a check left."""

    exit_code: int
    stdout: str
    stderr: str
    reward: str | None
    passed: set[str]
    failed: dict[str, str]
    """Test id → message."""


class Place:
    """A workspace, tests and logs, and how to grade them."""

    def __init__(self, root: Path) -> None:
        self.workspace = root / "workspace"
        self.tests = root / "tests"
        self.logs = root / "logs"
        self.verdict = self.logs / "verifier"
        self.workspace.mkdir()
        self.tests.mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "CAB_WORKSPACE": str(self.workspace),
            "CAB_TESTS_DIR": str(self.tests),
            "CAB_LOGS_DIR": str(self.logs),
            "CAB_UNTRUSTED": "none",
        }

    def grade(self, body: str, *, python: str = sys.executable) -> Graded:
        """Run a check. ``body`` registers tests with ``grader``."""
        check = self.tests / "check.py"
        body = textwrap.dedent(body)
        if "grader = " not in body:
            body = "grader = Grader('unit/test')\n" + body
        check.write_text(f"{HEAD}\n{body}\nsys.exit(grader.main())\n")
        done = subprocess.run(
            [python, "-I", "-B", check], env=self.env, cwd="/", capture_output=True, text=True, check=False
        )
        reward = self.verdict / "reward.txt"
        passed, failed = self._junit()
        return Graded(
            exit_code=done.returncode,
            stdout=done.stdout,
            stderr=done.stderr,
            reward=reward.read_text().strip() if reward.exists() else None,
            passed=passed,
            failed=failed,
        )

    def _junit(self) -> tuple[set[str], dict[str, str]]:
        report = self.verdict / "junit.xml"
        if not report.exists():
            return set(), {}
        cases = list(ET.parse(report).getroot().iter("testcase"))
        failed = {
            case.get("name", ""): case.findtext("failure") or ""
            for case in cases
            if case.find("failure") is not None
        }
        return {case.get("name", "") for case in cases} - set(failed), failed
