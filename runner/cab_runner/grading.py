"""The second sandbox: the finished workspace, the hidden tests, and a verdict nobody else can write.

A pass is what docs/methodology.md says: ``reward`` 1 from the grader, and exactly the expected test
ids passed in its JUnit report. An exit code alone proves nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Final
from xml.etree import ElementTree

from cab_runner import own_image, tasks, workspace
from cab_runner.capture import Capture
from cab_runner.harbor import Environment
from cab_runner.sandbox.base import Folders, Job, Layout, Limits, Outcome, OwnImage, Sandbox
from cab_runner.sandbox.staging import Staging
from cab_runner.tasks import Task
from cab_scoring.evidence import Grade

_TAIL_CHARS: Final = 4000
_LARGEST_REPORT_BYTES: Final = 4 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """One run of a task's grader."""

    grade: Grade
    outcome: Outcome
    stdout: bytes
    stderr: bytes
    junit: bytes | None


def grade(
    task: Task,
    final: Path,
    sandbox: Sandbox,
    image: str | None,
    stop: Event,
    *,
    agent_files: Sequence[str] = (),
    internet: bool = False,
) -> Graded:
    """Grade a finished workspace. ``final`` is read only; the grader gets a copy.

    ``agent_files`` are globs of the agent's own state, which is no part of its work: left out.

    A task that brings its own image is graded in that, afresh and as Harbor would: there the grader gets
    ``final`` itself, whatever is in it, and with ``internet`` a network.

    Raises what :meth:`Sandbox.run` raises.
    """
    with Staging() as staging:
        folders = Folders(
            workspace=final if task.environment else staging.folder("workspace"),
            home=staging.folder("home"),
            tests=staging.folder("tests"),
            logs=staging.folder("logs"),
        )
        assert folders.tests
        assert folders.logs
        shutil.copytree(
            task.tests,
            folders.tests,
            symlinks=True,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        if task.environment:
            job = _job(task, folders, sandbox.layout(folders), image)
            job = _in_own_image(task, task.environment, job, internet=internet)
        else:
            workspace.copy_final(final, folders.workspace, agent_files)
            staging.hand_over(folders.workspace, folders.home, folders.logs)
            job = _job(task, folders, sandbox.layout(folders), image)
        before = tasks.content_hash(folders.tests)
        output = Capture()
        outcome = sandbox.run(job, output, stop)
        verifier = folders.logs / "verifier"
        junit = _read(verifier / "junit.xml")
        passed, failed = junit_results(junit)
        reward = _reward(verifier)
        intact = (
            tasks.content_hash(folders.tests) == before
            if outcome.tests_intact is None
            else outcome.tests_intact
        )
        verdict = Grade(
            completed=reward is not None and outcome.killed_for is None,
            reward=reward,
            exit_code=outcome.exit_code,
            timed_out=outcome.timed_out,
            passed_tests=passed,
            failed_tests=failed,
            tests_intact=intact,
            stdout_tail=_tail(output.stdout),
            stderr_tail=_tail(output.stderr),
        )
    return Graded(grade=verdict, outcome=outcome, stdout=output.stdout, stderr=output.stderr, junit=junit)


def _job(task: Task, folders: Folders, layout: Layout, image: str | None) -> Job:
    return Job(
        name=f"grade-{task.content_hash[:8]}",
        role="grader",
        command=("sh", f"{layout.tests}/test.sh"),
        env=grader_env(layout),
        layout=layout,
        folders=folders,
        limits=Limits(wall_s=task.verifier_timeout_s),
        image=image,
        cwd=layout.logs,
    )


def _in_own_image(task: Task, environment: Environment, job: Job, *, internet: bool) -> Job:
    assert job.folders.tests
    (job.folders.tests / "test.sh").chmod(0o755)
    ground = own_image.look(task, job.image)
    return replace(
        job,
        # by the shell, which also takes a script without a first line that names one
        command=("sh", "-c", f"{job.layout.tests}/test.sh"),
        env={**environment.env, **environment.verifier_env},
        layout=ground.layout(job.layout),
        limits=own_image.limits(environment, task.verifier_timeout_s),
        own_image=OwnImage(workdir=ground.workdir, user=environment.verifier_user, internet=internet),
        cwd=None,
    )


def grader_env(layout: Layout) -> dict[str, str]:
    """What test.sh is told; the defaults of these variables make it run under Harbor too."""
    return {
        "CAB_WORKSPACE": layout.workspace,
        "CAB_TESTS_DIR": layout.tests,
        "CAB_LOGS_DIR": layout.logs,
        "CAB_TOOLS_DIR": layout.tools,
        "CAB_PYTHON": layout.python,
        "CAB_UNTRUSTED": layout.untrusted,
    }


def junit_results(report: bytes | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids of the passed and of the other test cases of a JUnit report; none for a broken report.

    An id is the case's ``name``; skipped counts as not passed. A name that occurs twice counts as
    failed: a report that says two things says nothing.
    """
    try:
        cases = list(ElementTree.fromstring(report or b"").iter("testcase"))  # noqa: S314  # our grader wrote it
    except ElementTree.ParseError:
        return (), ()
    names = [case.get("name", "") for case in cases]
    passed = {
        case.get("name", "")
        for case in cases
        if not any(child.tag in ("failure", "error", "skipped") for child in case)
        and names.count(case.get("name", "")) == 1
    }
    return tuple(sorted(passed)), tuple(sorted(set(names) - passed))


def _reward(verifier: Path) -> float | None:
    """Harbor's verdict file: ``reward`` in reward.json, else reward.txt."""
    text = _read(verifier / "reward.txt")
    if (packed := _read(verifier / "reward.json")) is not None:
        try:
            value = json.loads(packed).get("reward")
        except (ValueError, AttributeError):
            return None
        text = str(value).encode()
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _read(path: Path) -> bytes | None:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_REPORT_BYTES:
        return None
    return path.read_bytes()


def _tail(data: bytes) -> str:
    return data.decode("utf-8", "replace")[-_TAIL_CHARS:]
