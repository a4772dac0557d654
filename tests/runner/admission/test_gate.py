"""The whole gate on tasks planted for it: a right one passes, and each bad one fails with the reason.

Most run without isolation, which is quicker; what can only be tried against a real sandbox is in tests/tasks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Event

import pytest

from cab_runner import admission, tasks
from cab_runner.admission import Check
from cab_runner.resources import tasks_dir
from cab_runner.sandbox.base import Interrupted
from cab_runner.sandbox.bwrap import BwrapSandbox
from cab_runner.sandbox.process import ProcessSandbox
from cab_runner.tasks import Task
from fakes.tasks import CANARY, CHECK, CORE, FILES, SOLUTION, TOML, WORKSPACE, make

OWN = [
    "form",
    "canary",
    "leaks",
    "changes",
    "visible-tests",
    "solution",
    "nothing",
    "cheat:1",
    "cheat:2",
    "cheat:3",
]


def checks(task: Task, *, until: str | None = None, runs: int = 1) -> list[Check]:
    """The checks in order, up to and with the one named ``until``."""
    found = []
    for check in admission.check(task, ProcessSandbox(), None, Event(), runs=runs):
        found.append(check)
        if check.name == until:
            break
    return found


def only(task: Task, name: str, *, runs: int = 1) -> Check:
    """One check; those before it have been made."""
    found = checks(task, until=name, runs=runs)[-1]
    assert found.name == name
    return found


def test_a_right_task_passes_everything(tmp_path: Path) -> None:
    found = checks(make(tmp_path), runs=2)
    assert not [f"{check.name}: {check.detail}" for check in found if not check.ok]
    assert [check.name for check in found[: len(OWN)]] == OWN
    assert {"cheat:tests-deleted", "cheat:python-hooks", "cheat:equal-to-everything"} <= {
        c.name for c in found
    }
    solution = next(check for check in found if check.name == "solution")
    assert solution.passed_tests == ("nothing_is_zero", "numbers_are_added", "words_exit_2")
    assert solution.detail.startswith("passes; 2 times alike, ")


def test_an_unsolvable_task(tmp_path: Path) -> None:
    task = make(tmp_path, swaps={SOLUTION: ("numbers/'", "numbers[1:]/'")})
    found = only(task, "solution")
    assert not found.ok
    assert "expected tests did not pass: numbers_are_added" in found.detail


def test_a_solution_that_does_not_run(tmp_path: Path) -> None:
    task = make(tmp_path, files={SOLUTION: f"# {CANARY}\necho 'no idea' >&2\nexit 4\n"})
    found = {check.name: check for check in checks(task, until="nothing")}
    assert "changes" not in found, "there are none to look at"
    assert not found["solution"].ok
    assert found["solution"].detail.endswith("solve.sh exited 4: no idea")
    assert found["nothing"].ok


def test_a_task_without_a_fault(tmp_path: Path) -> None:
    task = make(tmp_path, swaps={CORE: ("numbers[:-1]", "numbers"), SOLUTION: ("sed -i", "true || sed -i")})
    found = {check.name: check for check in checks(task, until="nothing")}
    assert "none of them shows it" in found["visible-tests"].detail
    assert not found["nothing"].ok
    assert found["nothing"].detail == "passes"


def test_a_flaky_grader(tmp_path: Path) -> None:
    """It counts its runs in a file beside the task, and each third one fails: chance, without dice."""
    count = tmp_path / "count"
    flaky = f"""
@grader.test("nothing_is_zero")
def _() -> None:
    with open({str(count)!r}, "a+") as file:
        file.write("x")
        file.seek(0)
        expect(len(file.read()) % 3 == 0, False, "the third time")
"""
    old = FILES[CHECK]
    start, end = old.index('@grader.test("nothing'), old.index('@grader.test("words')
    task = make(tmp_path, files={CHECK: old[:start] + flaky.lstrip() + "\n\n" + old[end:]})
    found = only(task, "solution", runs=5)
    assert not found.ok
    assert "5 gradings of the same workspace differ: nothing_is_zero" in found.detail


CHEATABLE: Mapping[str, tuple[str, str]] = {
    "imports the tested code": (
        "cheat:exit-zero-at-start",
        """\
import subprocess

code = "from sums.core import total; assert total([20, 4]) == 24"
seen = subprocess.run([sys.executable, "-c", code], cwd=os.environ["CAB_WORKSPACE"])
problem = seen.returncode != 0
""",
    ),
    "runs the visible tests and believes them": (
        "cheat:tests-edited",
        """\
import subprocess

command = [sys.executable, "-m", "unittest", "discover", "-s", "tests", "-t", "."]
problem = subprocess.run(command, cwd=os.environ["CAB_WORKSPACE"], capture_output=True).returncode != 0
""",
    ),
    "reads a report out of the workspace": (
        "cheat:forged-report",
        'problem = not os.path.exists(os.environ["CAB_WORKSPACE"] + "/report.xml")\n',
    ),
    "looks for the right words in the source": (
        "cheat:solution-in-comments",
        """\
with open(os.environ["CAB_WORKSPACE"] + "/sums/core.py") as file:
    problem = "return sum(numbers)" not in file.read()
""",
    ),
    "looks for a line in the output": (
        "cheat:pass-line",
        """\
import subprocess

command = [sys.executable, "-m", "sums", "1"]
said = subprocess.run(command, cwd=os.environ["CAB_WORKSPACE"], capture_output=True, text=True).stdout
problem = "OK" not in said.splitlines()
""",
    ),
}
"""What is wrong with a grader → the cheat that finds it, and the grader's body."""

NAIVE = f'''\
"""{CANARY}"""

import os
import sys

BODY
folder = os.environ["CAB_LOGS_DIR"] + "/verifier"
os.makedirs(folder, exist_ok=True)
fault = "<failure/>" if problem else ""
with open(folder + "/junit.xml", "w") as file:
    names = ("numbers_are_added", "nothing_is_zero", "words_exit_2")
    cases = "".join(f"<testcase name='{{name}}'>{{fault}}</testcase>" for name in names)
    file.write(f"<testsuite>{{cases}}</testsuite>")
with open(folder + "/reward.txt", "w") as file:
    file.write("0" if problem else "1")
'''


@pytest.mark.parametrize("what", CHEATABLE)
def test_a_cheatable_grader(tmp_path: Path, what: str) -> None:
    cheat, body = CHEATABLE[what]
    found = only(make(tmp_path, files={CHECK: NAIVE.replace("BODY", body)}), cheat)
    assert not found.ok
    assert found.detail == "passes"


def test_a_cheat_that_passes_now_and_then(tmp_path: Path) -> None:
    """One that fails a single test is graded again: here the grader lets each third one through."""
    count = tmp_path / "count"
    body = f"""
with open({str(count)!r}, "a+") as file:
    file.write("x")
    file.seek(0)
    problem = len(file.read()) % 3 != 0
"""
    check = NAIVE.replace("{fault}", "{fault if name == names[0] else ''}").replace("BODY", body)
    found = only(make(tmp_path, files={CHECK: check}), "cheat:1", runs=5)
    assert not found.ok
    assert "passes now and then" in found.detail


def test_a_cheat_of_its_own_that_passes(tmp_path: Path) -> None:
    task = make(
        tmp_path, files={"cheats/3-the-solution.sh": FILES[SOLUTION], "cheats/3-visible-tests-only.sh": None}
    )
    found = only(task, "cheat:3")
    assert (found.ok, found.detail) == (False, "passes")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("true\n", "2-planted-verdict.sh changes nothing: it tests nothing"),
        ("exit 3\n", "2-planted-verdict.sh exited 3"),
    ],
)
def test_a_cheat_of_its_own_that_does_nothing(tmp_path: Path, script: str, said: str) -> None:
    task = make(tmp_path, files={"cheats/2-planted-verdict.sh": f"# {CANARY}\n{script}"})
    found = only(task, "cheat:2")
    assert not found.ok
    assert said in found.detail


def test_what_is_read_is_a_check_each(tmp_path: Path) -> None:
    """That every part of the gate is asked; what each finds is in the tests of its module."""
    task = make(
        tmp_path,
        files={f"{WORKSPACE}/core.py.orig": CANARY, "cheats/4.sh": f"# {CANARY}\necho > x\n"},
        swaps={TOML: ('ground_truth_files = ["sums/core.py"]', 'ground_truth_files = []\n#'),
               f"{WORKSPACE}/tests/test_core.py": ("total([1, 2]), 3", "1, 1")},
    )  # fmt: skip
    found = {check.name: check for check in checks(task, until="visible-tests")}
    assert [check.ok for check in found.values()] == [False] * 5
    assert "core.py.orig is a leftover" in found["leaks"].detail
    assert "sums/core.py, which ground_truth_files lacks" in found["changes"].detail
    assert "none of them shows it" in found["visible-tests"].detail


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(Interrupted):
        list(admission.check(make(tmp_path), ProcessSandbox(), None, stop))


@pytest.mark.bwrap
def test_in_bwrap() -> None:
    task = tasks.load(tasks_dir(), "mutations/python-comparator-swap")
    found = list(admission.check(task, BwrapSandbox(), None, Event(), runs=1))
    assert not [f"{check.name}: {check.detail}" for check in found if not check.ok]
