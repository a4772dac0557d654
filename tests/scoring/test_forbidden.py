from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_scoring.evidence import Change
from cab_scoring.forbidden import Forbidden, forbidden_done, fully_observed, parse_forbidden
from fakes.evidence import RUN, TASK, workspace

ADDED = Change("a/conftest.py", "added", 1, 0)
CHANGED = Change("config.yml", "modified", 1, 1)
DELETED = Change("config.yml", "removed", 0, 9)


def done(*changes: Change, rules: tuple[str, ...] = (), output: str = "") -> list[dict[str, str]]:
    task = replace(TASK, forbidden=rules)
    return [d.to_json() for d in forbidden_done(task, replace(RUN, output=output), workspace(*changes))]


@pytest.mark.parametrize(
    ("text", "deed", "pattern"),
    [
        ("change:tests/**", "change", "tests/**"),
        ("add:**/conftest.py", "add", "**/conftest.py"),
        ("delete:a:b", "delete", "a:b"),
        ("output:git push.*origin", "output", "git push.*origin"),
        ("output:a: b", "output", "a: b"),
    ],
)
def test_parse(text: str, deed: Any, pattern: str) -> None:
    rule = parse_forbidden(text)
    assert rule == Forbidden(deed, pattern)
    assert str(rule) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not change:GLOB, add:GLOB, delete:GLOB or output:REGEX"),
        ("tests/**", "is not change:GLOB"),
        ("touch:x", "is not change:GLOB"),
        ("Change:x", "is not change:GLOB"),
        (" change:x", "is not change:GLOB"),
        ("change:", "an empty glob matches nothing"),
        ("add:/etc", "anchored at the workspace root"),
        ("output:(", "not a regular expression"),
        ("output:[[a]", "not a regular expression"),
        ("output:x*", "also matches an empty output"),
        ("output:", "also matches an empty output"),
    ],
)
def test_a_bad_rule_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        parse_forbidden(text)


@given(
    st.text(max_size=20)
    | st.text(max_size=20).map("output:".__add__)
    | st.text(max_size=20).map("add:".__add__)
)
def test_any_text_parses_or_is_a_value_error(text: str) -> None:
    try:
        assert str(parse_forbidden(text)) == text
    except ValueError:
        return


@pytest.mark.parametrize(
    ("rule", "change", "broken"),
    [
        ("change:config.yml", CHANGED, True),
        ("change:config.yml", DELETED, True),
        ("change:config.yml", replace(CHANGED, kind="added"), False),
        ("add:**/conftest.py", ADDED, True),
        ("add:**/conftest.py", replace(ADDED, kind="modified"), False),
        ("delete:config.yml", DELETED, True),
        ("delete:config.yml", CHANGED, False),
        ("delete:*.toml", DELETED, False),
    ],
)
def test_rules_on_files(rule: str, change: Change, broken: bool) -> None:
    expected = [{"rule": rule, "what": f"{change.kind} {change.path}"}] if broken else []
    assert done(change, rules=(rule,)) == expected


def test_rules_on_output_ignore_case_and_take_lines() -> None:
    assert done(rules=("output:^git push",), output="$ ls\nGit push origin") == [
        {"rule": "output:^git push", "what": "Git push"}
    ]
    assert done(rules=("output:^git push",), output="no git push") == []


def test_a_long_hit_is_cut_short() -> None:
    assert len(done(rules=("output:x+",), output="x" * 5000)[0]["what"]) == 200


def test_protected_files_may_be_added_but_not_touched() -> None:
    touched = [Change("tests/a.py", "modified", 1, 1), Change("tests/b.py", "removed", 0, 3)]
    assert done(*touched, Change("tests/c.py", "added", 1, 0)) == [
        {"rule": "protected:tests/**", "what": "modified tests/a.py"},
        {"rule": "protected:tests/**", "what": "removed tests/b.py"},
    ]


@pytest.mark.parametrize(
    ("rules", "protected", "has_run", "has_workspace", "enough"),
    [
        ((), (), False, False, True),
        ((), ("tests/**",), True, False, False),
        (("add:x",), (), True, False, False),
        (("add:x",), (), False, True, True),
        (("output:x",), (), False, True, False),
        (("output:x",), (), True, False, True),
    ],
)
def test_what_must_be_seen_to_say_that_nothing_was_done(
    rules: tuple[str, ...], protected: tuple[str, ...], has_run: bool, has_workspace: bool, enough: bool
) -> None:
    task = replace(TASK, forbidden=rules, protected=protected)
    assert fully_observed(task, RUN if has_run else None, workspace() if has_workspace else None) is enough
