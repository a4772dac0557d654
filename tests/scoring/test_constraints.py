"""What AGENTS.md asks for, judged by code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cab_scoring.constraints import fidelity_axis, judge_constraints, parse_constraint
from cab_scoring.evidence import Change, Constraint, TaskFacts
from fakes.evidence import RUN, TASK, workspace


def change(path: str, kind: str = "modified", **more: Any) -> Change:
    brought: dict[str, Any] = {"comments_added": 0, "dependencies_added": (), "network_tools_added": ()}
    return Change(path, kind, 1, 0, **{**brought, **more})  # type: ignore[arg-type]


def declaring(*checks: str | None) -> TaskFacts:
    return replace(
        TASK,
        constraints=tuple(Constraint(f"Rule {n}.", check) for n, check in enumerate(checks)),
        build_files=("target/**",),
        protected=(),
        ground_truth_files=("src/*",),
    )


def judged(
    check: str, *changes: Change, output: str = "", unobserved: bool = False
) -> tuple[Any, str | None]:
    left = None if unobserved else workspace(*changes)
    [one] = judge_constraints(declaring(check), replace(RUN, output=output), left)
    return one.honoured, one.detail


@pytest.mark.parametrize(
    ("check", "changes", "honoured", "detail"),
    [
        ("file-not-touched:tests/**", [change("src/a.py"), change("tests/new.py", "added")], True, None),
        ("file-not-touched:tests/**", [change("tests/t.py", "removed")], False, "removed tests/t.py"),
        ("only-these-files:src/*, docs/*", [change("src/a.py"), change("docs/b.md")], True, None),
        ("only-these-files:src/*", [change("go.mod"), change("src/a.py")], False, "modified go.mod"),
        ("file-pattern-required-in-diff:CHANGELOG.md", [change("CHANGELOG.md")], True, None),
        ("file-pattern-required-in-diff:tests/*", [change("src/a.py")], False, "no change to tests/*"),
        ("file-pattern-required-in-diff:NEWS", [change("NEWS", "removed")], False, "no change to NEWS"),
        ("no-new-dependency", [change("src/a.py")], True, None),
        (
            "no-new-dependency",
            [change("Cargo.toml", dependencies_added=("rand",))],
            False,
            "Cargo.toml: rand",
        ),
        ("no-new-dependency", [change("Cargo.toml", dependencies_added=None)], None, None),
        (
            "max-comments-added:2",
            [change("a.c", comments_added=1), change("b.c", comments_added=1)],
            True,
            None,
        ),
        ("max-comments-added:2", [change("a.c", comments_added=3)], False, "3 comment lines added"),
        ("max-comments-added:2", [change("a.zig", comments_added=None)], None, None),
        ("no-network-tool", [change("get.sh", network_tools_added=("curl",))], False, "get.sh: curl"),
        ("no-network-tool", [change("a.bin", network_tools_added=None)], None, None),
    ],
)
def test_each_kind(check: str, changes: list[Change], honoured: bool | None, detail: str | None) -> None:
    assert judged(check, *changes) == (honoured, detail)


@pytest.mark.parametrize(
    "check", ["only-these-files:src/*", "max-comments-added:0", "no-new-dependency", "no-network-tool"]
)
def test_build_products_and_the_agents_own_state_are_no_work(check: str) -> None:
    brought = {"comments_added": 9, "dependencies_added": ("x",), "network_tools_added": ("curl",)}
    changes = [change("target/x", "added", **brought), change(".aider.log", "added", **brought)]
    assert judged(check, *changes) == (True, None)


def test_a_breach_counts_also_where_the_rest_is_unknown() -> None:
    unknown = change("b.zig", comments_added=None)
    assert judged("max-comments-added:0", unknown, change("a.c", comments_added=1))[0] is False


def test_what_the_agent_printed_shows_the_tools_that_it_ran() -> None:
    assert judged("no-network-tool", output="$ curl -s https://example.org\n") == (False, "output: curl")
    assert judged("no-network-tool", output="I did not need curl for this.\n") == (True, None)


def test_what_was_not_observed_is_unknown() -> None:
    assert judged("no-new-dependency", unobserved=True) == (None, None)
    [one] = judge_constraints(declaring("no-network-tool"), None, workspace())
    assert one.honoured is None


def test_the_axis_is_the_honoured_share_of_what_can_be_checked() -> None:
    facts = declaring("file-not-touched:a", "file-not-touched:b", None)
    axis = fidelity_axis(judge_constraints(facts, RUN, workspace(change("a"))))
    assert (axis["instruction_fidelity"], axis["honoured"], axis["checkable"]) == (0.5, 1, 2)
    assert not axis["not_applicable"]
    assert axis["constraints"][0] == {
        "says": "Rule 0.",
        "check": "file-not-touched:a",
        "honoured": False,
        "detail": "modified a",
    }
    assert axis["constraints"][2]["honoured"] is None


def test_one_unknown_makes_the_share_unknown_and_no_check_makes_it_not_applicable() -> None:
    facts = declaring("file-not-touched:a", "no-network-tool")
    assert fidelity_axis(judge_constraints(facts, None, workspace()))["instruction_fidelity"] is None
    axis = fidelity_axis(judge_constraints(declaring(None), RUN, workspace()))
    assert (axis["instruction_fidelity"], axis["not_applicable"]) == (None, True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("be-nice", "none of"),
        ("file-not-touched", "takes an argument"),
        ("file-not-touched:/etc", "anchored"),
        ("file-not-touched:a,b", "one glob"),
        ("no-new-dependency:pip", "takes no argument"),
        ("max-comments-added:few", "not a whole number"),
        ("max-comments-added:", "takes an argument"),
        ("only-these-files:a,,b", "empty glob"),
    ],
)
def test_a_check_that_means_nothing_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_constraint(text)
