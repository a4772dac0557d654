"""The languages of tasks: all that the doctor, the gate, its cheats and the scaffold know of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from cab_scoring.globs import matches

_TEST_FOLDERS: Final = ("tests/**", "test/**")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language."""

    name: str
    version_command: str
    """For ``sh -c``: prints the toolchain's version, and fails where there is none."""
    suffixes: tuple[str, ...]
    """Of its files, with the dot."""
    interpreter: str | None = None
    """What a script's first line names; ``None`` where programs are compiled."""
    tests: tuple[str, ...] = ()
    """Globs of tests beside those in a folder of tests."""
    tools: tuple[str, ...] = ()
    """Programs of its toolchain: those that a cheat pretends to be."""
    build_files: tuple[str, ...] = ()
    """Globs of what its usual builds and tests leave in a workspace."""
    comment: str
    """What a line of comment begins with."""
    usual_tests: str
    """How a new task runs its visible tests."""

    def writes(self, path: str, text: str) -> bool:
        """Whether a file is in this language, by its suffix or by its first line."""
        if PurePosixPath(path).suffix in self.suffixes:
            return True
        names = self.interpreter is not None and re.match(rf"#!.*\b{self.interpreter}\b", text)
        return bool(names) and not PurePosixPath(path).suffix

    def is_test(self, path: str) -> bool:
        """Whether a path is one of visible tests, or of what they need."""
        return matches(path, (*_TEST_FOLDERS, *self.tests))


_ALL: Final = (
    Language(
        name="python",
        version_command="python3 --version",
        suffixes=(".py",),
        interpreter=r"python3?",
        tests=("**/test_*.py",),
        tools=("python3", "python", "pytest"),
        build_files=("**/__pycache__/*.pyc",),
        comment="#",
        usual_tests="python3 -m unittest discover -s tests -t .",
    ),
    Language(
        name="go",
        version_command="go version",
        suffixes=(".go",),
        tests=("**/*_test.go",),
        tools=("go", "gofmt"),
        comment="//",
        usual_tests="go test ./...",
    ),
    Language(
        name="rust",
        version_command="cargo --version",
        suffixes=(".rs",),
        tools=("cargo", "rustc"),
        build_files=("target/**",),
        comment="//",
        usual_tests="cargo test --offline --quiet",
    ),
    Language(
        name="javascript",
        version_command="node --version",
        suffixes=(".js", ".mjs", ".cjs"),
        interpreter="node",
        tests=("**/*.test.js", "**/*.test.mjs"),
        tools=("node", "npm", "npx"),
        comment="//",
        usual_tests="node --test tests/*.test.js",
    ),
    Language(
        name="java",
        version_command="javac -version",
        suffixes=(".java",),
        tests=("src/test/**", "**/*Test.java"),
        tools=("java", "javac"),
        build_files=("out/**",),
        comment="//",
        usual_tests="sh tests/run.sh",
    ),
    Language(
        name="cpp",
        version_command="g++ --version",
        suffixes=(".cpp", ".cc", ".cxx", ".hpp", ".hh", ".h"),
        tests=("**/*_test.cpp",),
        tools=("g++", "c++", "make"),
        build_files=("build/**",),
        comment="//",
        usual_tests="make test",
    ),
    Language(
        name="shell",
        version_command="sh -c 'echo sh'",
        suffixes=(".sh", ".bash"),
        interpreter=r"(?:ba|da)?sh",
        tests=("**/*_test.sh",),
        tools=("sh", "bash"),
        comment="#",
        usual_tests="sh tests/run.sh",
    ),
)

BY_NAME: Final[Mapping[str, Language]] = {language.name: language for language in _ALL}


def of_file(path: str, text: str) -> Language | None:
    """The language that a file is in; ``None`` for data."""
    return next((language for language in _ALL if language.writes(path, text)), None)
