"""What an agent could find: hidden tests, the answer, history. And what is no leak."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cab_runner.admission import leaks
from cab_sim.script import Edit
from fakes.tasks import CHECK, FILES, WORKSPACE, make

RIGHT = '''\
def total(numbers):
    """The sum of all numbers, the last one included."""
    return sum(number for number in numbers)
'''
SOLUTION = (Edit(path="sums/core.py", before="def total(numbers):\n    return 0\n", after=RIGHT),)
ANSWER = (
    '"""The sum of all numbers, the last one included."""\n        return sum(number for number in numbers)\n'
)
HIDDEN = """\
    expect(sums("20", "30", "4"), (0, "54\\n"), "20 + 30 + 4")
    expect(sums("-7"), (0, "-7\\n"), "-7")


@grader.test("nothing_is_zero")
"""


def found(root: Path, files: Mapping[str, str | None]) -> list[str]:
    return leaks.problems(make(root, files=files), SOLUTION)


def test_a_right_task_leaks_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, {}) == []


@pytest.mark.parametrize(
    "where", [f"{WORKSPACE}/notes.md", f"{WORKSPACE}/tests/test_more.py", "environment/Dockerfile"]
)
def test_lines_of_a_hidden_test(tmp_path: Path, where: str) -> None:
    """Indentation and blank lines are not what makes them another text."""
    assert HIDDEN.replace("    ", "") in FILES[CHECK].replace("    ", "")
    [problem] = found(tmp_path, {where: "Of old:\n" + HIDDEN.replace("\n\n\n", "\n")})
    assert problem.startswith(f'{where} has lines of tests/check.py: \'expect(sums("20"')


def test_the_beginning_that_all_checks_have_is_no_leak(tmp_path: Path) -> None:
    text = "import os\nimport sys\nfrom cab_grading import Grader, expect\nsys.exit(grader.main())\n"
    assert found(tmp_path, {f"{WORKSPACE}/notes.md": text}) == []


def test_two_lines_that_happen_to_be_alike_are_no_leak(tmp_path: Path) -> None:
    text = "\n".join(HIDDEN.splitlines()[:2])
    assert found(tmp_path, {f"{WORKSPACE}/tests/test_more.py": text}) == []


def test_three_short_lines_that_every_server_has_are_no_leak(tmp_path: Path) -> None:
    lines = "self.send_response(status)\nself.end_headers()\nself.wfile.write(body)\n"
    task = make(tmp_path, files={f"{WORKSPACE}/tests/gateway.py": lines, "tests/gateway.py": lines})
    assert leaks.problems(task, ()) == []


@pytest.mark.parametrize("where", [f"{WORKSPACE}/docs/plan.md", "instruction.md"])
def test_the_solutions_lines(tmp_path: Path, where: str) -> None:
    text = FILES.get(where, "") and "# Sums\n\n"
    closing = FILES["instruction.md"].splitlines()[-1]
    [problem] = found(tmp_path, {where: f"{text}{ANSWER}\n{closing}\n"})
    assert problem.startswith(f"{where} has what the solution writes into sums/core.py: ")


def test_the_whole_solved_file(tmp_path: Path) -> None:
    assert found(tmp_path, {f"{WORKSPACE}/sums/core_new.py": RIGHT}) == [
        f"{WORKSPACE}/sums/core_new.py has what the solution writes into sums/core.py: "
        '\'"""The sum of all numbers, the last one included."""\''
    ]


@pytest.mark.parametrize("mark", ["# ", "- `", "+", "    > "])
def test_one_line_whatever_stands_around_it(tmp_path: Path, mark: str) -> None:
    text = f"# Sums\n\n{mark}return sum(number for number in numbers)`\n"
    [problem] = found(tmp_path, {f"{WORKSPACE}/docs/plan.md": text})
    assert "has what the solution writes" in problem


def test_lines_that_are_moved_within_a_file_are_no_leak(tmp_path: Path) -> None:
    task = make(tmp_path, files={f"{WORKSPACE}/sums/core.py": f"{RIGHT}\nLATER = 1\n"})
    moved = Edit(path="sums/core.py", before=f"{RIGHT}\nLATER = 1\n", after=f"LATER = 1\n\n{RIGHT}")
    assert leaks.problems(task, (moved,)) == []


def test_a_short_line_says_nothing(tmp_path: Path) -> None:
    task = make(tmp_path, files={f"{WORKSPACE}/notes.md": "return sum(numbers)\n"})
    short = Edit(path="sums/core.py", before="return 0\n", after="return sum(numbers)\n")
    assert leaks.problems(task, (short,)) == []


@pytest.mark.parametrize(
    "left",
    ["workspace/.git/HEAD", "workspace/sums/core.py.orig", "workspace/fix.patch", "workspace/core.py~",
     "workspace/target/debug/x", "workspace/node_modules/a/b.js", "workspace/__pycache__/core.pyc"],
)  # fmt: skip
def test_leftovers(tmp_path: Path, left: str) -> None:
    [problem] = found(tmp_path, {f"environment/{left}": "x\n"})
    assert "is a leftover" in problem
    assert f"environment/{left}".startswith(problem.split()[0])
