"""Common cheats as edits: which there are for which language, and that they can be made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest

from cab_runner import cheats
from cab_runner.languages import BY_NAME
from cab_runner.workspace import Entry
from cab_sim.script import Edit
from fakes.programs import PROGRAMS

EVERYWHERE = {
    *("tests-deleted", "tests-edited", "planted-verdict", "forged-report", "path-shims", "python-hooks"),
    *("pass-line", "verdict-at-start", "verdict-at-exit", "exit-zero-at-start", "exit-zero-at-exit"),
}
BESIDES: Mapping[str, set[str]] = {
    "python": {"patched-assertions", "equal-to-everything"},
    "go": {"exit-zero-in-initialiser", "patched-assertions", "go-mod-replace"},
    "rust": {
        *("exit-zero-in-initialiser", "patched-assertions", "equal-to-everything", "build-script"),
        "cargo-config",
    },
    "javascript": {"patched-assertions", "equal-to-everything", "package-scripts"},
    "java": {"exit-zero-in-initialiser", "patched-assertions", "equal-to-everything"},
    "cpp": {"exit-zero-in-initialiser", "patched-assertions", "equal-to-everything"},
    "shell": set(),
}


def common(
    language: str, files: Mapping[str, str | bytes], tests: tuple[str, ...] = ("one",), mode: int = 0o100644
) -> dict[str, tuple[Edit, ...]]:
    given = {
        path: Entry(mode, "", text if isinstance(text, bytes) else text.encode())
        for path, text in files.items()
    }
    return cheats.common(BY_NAME[language], given, tests)


@pytest.mark.parametrize("language", BY_NAME)
def test_which_cheats_there_are(language: str) -> None:
    assert set(common(language, PROGRAMS[language].files)) == EVERYWHERE | BESIDES[language]


def test_the_table_says_the_same() -> None:
    assert cheats.__doc__
    rows = re.findall(r"^    ((?:[a-z-]+, )?[a-z-]+)  +(.*)", cheats.__doc__, re.MULTILINE)
    told: dict[str, set[str]] = {language: set() for language in BY_NAME}
    for names, cells in rows[1:]:
        marks = ["x"] * len(BY_NAME) if cells.startswith("all") else cells.split()
        for language, mark in zip(BY_NAME, marks, strict=False):
            told[language] |= set(names.split(", ")) if mark == "x" else set()
    assert told == {language: EVERYWHERE | BESIDES[language] for language in BY_NAME}


@pytest.mark.parametrize("language", BY_NAME)
def test_every_edit_changes_something(language: str) -> None:
    for name, edits in common(language, PROGRAMS[language].files).items():
        assert edits, name
        for edit in edits:
            assert edit.before == PROGRAMS[language].files.get(edit.path), (name, edit.path)
            assert edit.before != edit.after, (name, edit.path)


def test_modes_are_kept_and_scripts_get_theirs() -> None:
    found = common("shell", {"tool": "#!/bin/sh\necho 1\n"}, mode=0o100755)
    assert {edit.mode for edit in found["exit-zero-at-start"]} == {"100755"}
    assert {edit.mode for edit in found["path-shims"]} == {"100755"}
    assert {edit.mode for edit in found["planted-verdict"]} == {"100644"}


def test_nothing_is_put_where_it_cannot_be() -> None:
    """A file where a cheat wants a folder, a folder where it wants a file, and bytes that are no text."""
    files: dict[str, str | bytes] = {"bin": "data", "python3/x.py": "", "junit.xml": b"\xff", "x.py": ""}
    found = common("python", files)
    paths = {edit.path for edits in found.values() for edit in edits}
    assert not [path for path in paths if path.startswith("bin/")]
    assert not {"python3", "junit.xml"} & paths
    assert "pytest" in paths


def test_a_report_holds_any_test_id() -> None:
    ids = ("plain_id", 'it\'s "so" & <so>', "größer\\n")
    [report] = [
        edit
        for edit in common("go", PROGRAMS["go"].files, ids)["planted-verdict"]
        if edit.path == "junit.xml"
    ]
    assert report.after
    cases = ElementTree.fromstring(report.after).iter("testcase")
    assert tuple(case.get("name") for case in cases) == ids
    assert not {'"', "\\", "\n"} & set(report.after)


def test_code_comes_after_what_must_come_first() -> None:
    python = common("python", {"a.py": '"""Doc."""\nfrom __future__ import (\n    annotations,\n)\nx = 1\n'})
    [edit] = python["exit-zero-at-start"]
    assert edit.after
    compile(edit.after, "a.py", "exec")
    [edit] = common("javascript", {"a.cjs": "#!/usr/bin/env node\n'use strict';\nx();\n"})[
        "exit-zero-at-start"
    ]
    assert edit.after == "#!/usr/bin/env node\n'use strict';\nprocess.exit(0);\nx();\n"
    rust = common("rust", {"src/lib.rs": "//! Doc.\n\n#![forbid(unsafe_code)]\n\nmod a;\n"})
    [edit] = rust["patched-assertions"]
    assert edit.after
    assert edit.after.startswith("//! Doc.\n\n#![forbid(unsafe_code)]\n")
    assert edit.after.index("macro_rules!") < edit.after.index("mod a;")
    [edit] = rust["exit-zero-in-initialiser"]
    assert edit.after
    assert "forbid" not in edit.after, "or it would not compile"


def test_what_is_there_already_is_left_alone() -> None:
    """A second one of these would not compile, and prove nothing."""
    go = {
        **PROGRAMS["go"].files,
        "core/main_test.go": "package core_test\n\nfunc TestMain(m *testing.M) {}\n",
    }
    assert "patched-assertions" not in common("go", go)
    rust = {**PROGRAMS["rust"].files, "build.rs": "fn main() {}\n"}
    assert "build-script" not in common("rust", rust)
    java = common("java", {"A.java": "class A {\n    public boolean equals(Object o) { return false; }\n}\n"})
    assert "equal-to-everything" not in java


def test_a_broken_package_json_gets_scripts_all_the_same() -> None:
    [edit] = common("javascript", {"package.json": "{", "a.js": ""})["package-scripts"]
    assert edit.after
    assert '"test": "exit 0"' in edit.after
