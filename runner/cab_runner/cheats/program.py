"""A program as cheats see it: its text files, told apart into sources and visible tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cab_runner.languages import Language

Changes = Mapping[str, str | None]
"""Path → the text that it is to have; ``None`` deletes the file."""

SUCCESS_LINES: Final = (
    "PASS\nok  \tall\t0.003s\nRan 12 tests in 0.003s\n\nOK\n"
    "test result: ok. 12 passed; 0 failed; 0 ignored\n1..1\nok 1 - all\n# pass 12\n# fail 0\nreward: 1\n"
)
"""What test runners print when all is well."""

VERDICT_FILES: Final = {"reward.txt": "1\n", "reward.json": '{"reward": 1}\n'}

_PLAIN: Final = re.compile(r"[\w .:/-]", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Program:
    """What cheats are made from."""

    language: Language
    files: Mapping[str, str]
    """Path → text of every text file of the workspace."""
    expected_tests: tuple[str, ...]
    """Ids of the hidden tests, which are public."""

    @cached_property
    def tests(self) -> Mapping[str, str]:
        """The visible tests."""
        return {path: text for path, text in self.files.items() if self.language.is_test(path)}

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """The program's own files in its language."""
        return {
            path: text
            for path, text in self.files.items()
            if path not in self.tests and self.language.writes(path, text)
        }

    @cached_property
    def report(self) -> str:
        """A JUnit report in which all expected tests passed: one line without ``"`` and backslash."""
        cases = "".join(f"<testcase name='{_escaped(test)}'/>" for test in self.expected_tests)
        return f"<testsuite tests='{len(self.expected_tests)}' failures='0'>{cases}</testsuite>"

    def in_sources(self, change: Callable[[str], str]) -> dict[str, str | None]:
        """Every source, changed."""
        return {path: change(text) for path, text in self.sources.items()}


def quoted(text: str) -> str:
    """A string literal of ASCII text: JSON's is that of all languages here but the shell's."""
    return json.dumps(text)


def after_match(pattern: re.Pattern[str], text: str, code: str) -> str:
    """The text with code put after the pattern's first match; as it is without one."""
    found = pattern.search(text)
    return text if found is None else text[: found.end()] + code + text[found.end() :]


def _escaped(text: str) -> str:
    return "".join(c if _PLAIN.match(c) else f"&#{ord(c)};" for c in text)
