"""Languages: that all of a task's are known, and which files are whose."""

from __future__ import annotations

from threading import Event

import pytest

from cab_runner import agents, languages, tasks
from cab_runner.doctor import toolchain
from cab_runner.languages import BY_NAME
from cab_runner.sandbox.docker import DockerSandbox


def test_every_language_of_tasks_is_known() -> None:
    assert tuple(BY_NAME) == tasks.LANGUAGES


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("app/core.py", "", "python"),
        ("bin/tool", "#!/usr/bin/env python3\n", "python"),
        ("main.go", "", "go"),
        ("src/lib.rs", "", "rust"),
        ("src/core.mjs", "", "javascript"),
        ("cli", "#!/usr/bin/env node\n", "javascript"),
        ("src/app/Main.java", "", "java"),
        ("src/core.hpp", "", "cpp"),
        ("backup", "#!/bin/bash -e\n", "shell"),
        ("lib.sh", "x=1\n", "shell"),
        ("README.md", "#!/bin/sh\n", None),
        ("data/notes", "sh\n", None),
    ],
)
def test_the_language_of_a_file(path: str, text: str, language: str | None) -> None:
    found = languages.of_file(path, text)
    assert (found and found.name) == language


@pytest.mark.parametrize(
    ("language", "path", "is_test"),
    [
        ("python", "tests/data/x.csv", True),
        ("python", "app/test_core.py", True),
        ("python", "app/latest_core.py", False),
        ("go", "web/routes_test.go", True),
        ("go", "web/routes.go", False),
        ("java", "src/test/java/ATest.java", True),
        ("javascript", "src/core.test.js", True),
        ("shell", "test/run", True),
        ("rust", "src/tests.rs", False),
    ],
)
def test_what_is_a_visible_test(language: str, path: str, is_test: bool) -> None:
    assert BY_NAME[language].is_test(path) is is_test


@pytest.mark.docker
@pytest.mark.agents
@pytest.mark.parametrize("language", BY_NAME)
def test_every_toolchain_says_its_version(language: str) -> None:
    assert toolchain(language, DockerSandbox(), agents.toolchains().tag, Event())
