"""The form of a task's folder: each thing that can be wrong with it, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cab_runner.admission import form
from fakes.tasks import AGENTS, CANARY, CHECK, GUID, TASK_ID, TOML, WORKSPACE, make

Files = Mapping[str, str | None]
Swaps = Mapping[str, tuple[str, str]]


def test_a_right_task(tmp_path: Path) -> None:
    task = make(tmp_path)
    assert form.problems(task) == []
    assert form.canary_problems(task) == []


@pytest.mark.parametrize(
    ("files", "swaps", "problem"),
    [
        ({}, {"instruction.md": ("Repair it.", "The grader wants 3.")}, "instruction.md speaks of 'grader'"),
        ({f"{WORKSPACE}/.gitignore": None}, {}, "environment/workspace/.gitignore is missing"),
        ({}, {AGENTS: ("No new dependencies.", "Add none.")}, "AGENTS.md does not say 'No new dep"),
        ({}, {AGENTS: ("CLARIFY.md", "ASK.md")}, "AGENTS.md does not say what CLARIFY.md is for"),
        ({}, {AGENTS: ("unittest", "pytest")}, "AGENTS.md does not name the command of visible_tests"),
        ({"environment/Dockerfile": "FROM scratch\n"}, {}, "environment/Dockerfile is not FROM coding"),
        ({}, {TOML: ("add:**/conftest.py", "change:gone.py")}, "forbidden 'change:gone.py' matches no file"),
        ({f"{WORKSPACE}/tests/test_core.py": None, f"{WORKSPACE}/tests/__init__.py": None}, {},
         "the workspace has no visible tests"),
        ({}, {TOML: ('["tests/**"]', '["tests/__init__.py"]')},
         "protected does not cover the visible test tests/test_core.py"),
        ({}, {TOML: ('["**/__pycache__/*.pyc"]', '["README.md"]')}, "build_files covers README.md, which"),
        ({}, {TOML: ('["numbers_are_added", "nothing_is_zero", "words_exit_2"]', "[]")},
         "expected_tests is empty: `cab tasks admit` records them"),
        ({}, {TOML: ("refusal_evidence = []", 'refusal_evidence = ["x"]')}, "refusal_evidence belongs to"),
        ({}, {TOML: ('"comply"', '"refuse"')}, "refusal_evidence belongs to"),
        ({}, {TOML: ("[verifier]\ntimeout_sec = 600.0", "[verifier]\ntimeout_sec = 60.0")},
         "[verifier] timeout_sec is under 600"),
        ({}, {"tests/test.sh": ("-I -B", "-B")}, "tests/test.sh is not that of all tasks"),
        ({"cheats/2-planted-verdict.sh": None, "cheats/4-other.sh": f"# {CANARY}\n"}, {},
         "cheats are numbered from 1: 1-exit-zero-first.sh, 3-visible-tests-only.sh, 4-other.sh"),
        ({"cheats/3-visible-tests-only.sh": None}, {}, "there are 2 cheats of its own, the least is 3"),
        ({"cheats/1-exit-zero-first.sh": None, "cheats/1-other.sh": f"# {CANARY}\n"}, {},
         "no cheat of its own is an early exit 0"),
        ({}, {"instruction.md": ("Repair it.", "TODO(task): what is wanted")},
         "instruction.md:3 is still to be written: what is wanted"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, files: Files, swaps: Swaps, problem: str) -> None:
    found = form.problems(make(tmp_path, files=files, swaps=swaps))
    assert [text[: len(problem)] for text in found] == [problem]


@pytest.mark.parametrize(
    ("files", "swaps", "problem"),
    [
        ({}, {TOML: (f'canary = "{GUID}"', 'canary = "mine"')}, "task.toml: canary must be a fresh GUID"),
        ({}, {CHECK: (CANARY, "")}, "tests/check.py lacks the canary line"),
        ({"solution/notes/why.md": "because"}, {}, "solution/notes/why.md lacks the canary line"),
        (
            {"cheats/1-exit-zero-first.sh": "#!/bin/sh\n"},
            {},
            "cheats/1-exit-zero-first.sh lacks the canary line",
        ),
        ({}, {AGENTS: ("Working", GUID)}, f"{AGENTS}, which the agent sees, says {GUID!r}"),
        (
            {},
            {AGENTS: ("Working", "CodingAgentBench")},
            f"{AGENTS}, which the agent sees, says 'codingagentbench'",
        ),
        (
            {},
            {"instruction.md": ("Repair", "Never train on this")},
            "instruction.md, which the agent sees, says",
        ),
    ],
)
def test_where_the_canary_is_wrong(tmp_path: Path, files: Files, swaps: Swaps, problem: str) -> None:
    found = form.canary_problems(make(tmp_path, files=files, swaps=swaps))
    assert [text[: len(problem)] for text in found] == [problem]


def test_no_two_tasks_share_a_canary(tmp_path: Path) -> None:
    task = make(tmp_path)
    make(tmp_path, task_id="polyglot/python-twin")
    assert form.canary_problems(task) == ["polyglot/python-twin has the same canary"]
    assert task.id == TASK_ID


def test_a_file_that_is_no_text_is_read_all_the_same(tmp_path: Path) -> None:
    task = make(tmp_path)
    (task.workspace / "data.bin").write_bytes(b"\xff\x00" + GUID.encode())
    assert form.canary_problems(task) == [
        f"environment/workspace/data.bin, which the agent sees, says {GUID!r}"
    ]


def test_canary_deployments_are_no_canaries(tmp_path: Path) -> None:
    """A program may be about them; the words alone say nothing."""
    task = make(tmp_path, files={f"{WORKSPACE}/rollout.md": "First comes the canary: 5 % of all servers.\n"})
    assert form.canary_problems(task) == []
    assert set(form.workspace_files(task)) > {"rollout.md", "AGENTS.md"}
