"""What is recorded of a task when it is admitted: expected tests, build files, protected tests.

Only what is missing is added, and no wider than it was seen: what no known build leaves is told, not
recorded. task.toml keeps its comments and its layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any
from xml.etree import ElementTree

import tomlkit

from cab_runner import languages, oracle
from cab_runner.admission import form, work
from cab_runner.admission.trials import grade_edits
from cab_runner.errors import CabError
from cab_runner.grading import Graded
from cab_runner.languages import Language
from cab_runner.sandbox.base import Sandbox
from cab_runner.tasks import Task
from cab_scoring.globs import first_match, matches


def record(task: Task, sandbox: Sandbox, image: str | None, stop: Event) -> list[str]:
    """Write into task.toml what the solution shows; what was written and what was not, a line each.

    Raises :class:`CabError` when the solution does not get a reward: then there is nothing to record.
    """
    language = languages.BY_NAME[task.language]
    solution = oracle.perform(task, task.solution, sandbox, image, stop)
    graded = grade_edits(task, solution.edits, sandbox, image, stop)
    passed = _in_order(graded)
    if graded.grade.reward != 1 or graded.grade.failed_tests or not passed:
        failed = ", ".join(graded.grade.failed_tests) or "no verdict"
        raise CabError(f"{task.id}: nothing recorded, the solution does not pass: {failed}")
    found: dict[str, Sequence[str]] = {}
    if set(passed) != set(task.facts.expected_tests):
        found["expected_tests"] = passed
    ran = work.run_visible_tests(task, solution.edits, sandbox, image, stop)
    left = [change.path for change in ran.left.changes if not matches(change.path, task.facts.build_files)]
    known = sorted({glob for path in left if (glob := first_match(path, language.build_files))})
    if known:
        found["build_files"] = [*task.facts.build_files, *known]
    if not task.facts.protected:
        found["protected"] = protected_globs(language, form.workspace_files(task))
    found = {key: values for key, values in found.items() if values}
    _write(task.folder / "task.toml", found)
    unknown = [path for path in left if not matches(path, known)]
    return [
        *(f"recorded {key} = {', '.join(values)}" for key, values in found.items()),
        *(
            f"not recorded: the visible tests leave {path}; name it in build_files, or clean it up"
            for path in unknown
        ),
    ]


def protected_globs(language: Language, paths: Sequence[str] | dict[str, Path]) -> list[str]:
    """Globs of the visible tests among these paths: folders of tests, name patterns, else single files."""
    globs = set()
    for path in paths:
        if language.is_test(path):
            top, slash, _ = path.partition("/")
            in_folder = slash and top in {"tests", "test"}
            globs.add(f"{top}/**" if in_folder else first_match(path, language.tests) or path)
    return sorted(globs)


def _in_order(graded: Graded) -> list[str]:
    """The passed tests as the report has them."""
    report = ElementTree.fromstring(graded.junit or b"<none/>")  # noqa: S314  # our grader wrote it
    names = [case.get("name", "") for case in report.iter("testcase")]
    return [name for name in names if name in graded.grade.passed_tests]


def _write(path: Path, found: dict[str, Sequence[str]]) -> None:
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    table: Any = document["metadata"]["cab"]
    for key, values in found.items():
        array = tomlkit.array()
        array.extend(values)
        table[key] = array.multiline(len(values) > 1)
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
