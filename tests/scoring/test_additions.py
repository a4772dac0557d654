"""What a change brings in besides lines."""

from __future__ import annotations

import pytest

from cab_scoring.additions import additions


def added(path: str, *lines: str) -> int | None:
    return additions(path, "", "", lines, ()).comments


@pytest.mark.parametrize(
    ("path", "line", "comments"),
    [
        ("a.py", "    # why", 1),
        ("a.py", "x = 1  # not a line of its own", 0),
        ("run.sh", "#!/bin/sh", 0),
        ("run.sh", "#", 1),
        ("a.rs", "/// docs", 1),
        ("a.rs", "#[derive(Debug)]", 0),
        ("a.go", "*p = 1", 0),
        ("a.java", " * of a block", 1),
        ("a.cpp", "#include <map>", 0),
        ("Makefile", "# goal", 1),
        ("notes.md", "# Title", 0),
        ("data.json", "// no", 0),
        ("a.zig", "// who knows", None),
    ],
)
def test_comment_lines(path: str, line: str, comments: int | None) -> None:
    assert added(path, line, "") == comments


def test_only_what_is_new_is_a_new_dependency() -> None:
    old, new = "import attrs\n", "import attrs, numpy, mine\n"
    assert additions("a.py", old, new, (), ("mine",)).dependencies == ("numpy",)
    assert additions("a.py", new, old, (), ("mine",)).dependencies == ()
    assert additions("a.py", "def (", new, (), ()).dependencies is None


def test_prose_runs_no_tool() -> None:
    assert additions("get.sh", "", "", ["curl -O https://example.org/x"], ()).network_tools == ("curl",)
    assert additions("README.md", "", "", ["curl -O https://example.org/x"], ()).network_tools == ()
