"""Tasks of Harbor's own making, run unchanged in the image that they bring along."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from cab_runner import agents, grading, images, own_image, tasks
from cab_runner.capture import Capture
from cab_runner.errors import UsageError
from cab_runner.grading import Graded
from cab_runner.sandbox.base import Folders, Job, Limits
from cab_runner.sandbox.docker import DockerSandbox
from cab_runner.sandbox.staging import Staging
from fakes.attempts_in_docker import assert_passed_and_metered, run_cell
from fakes.commands import cab

FOREIGN = Path(__file__).parents[1] / "fakes/foreign_task"
NOT_APPLICABLE = ("blast_radius", "refusal", "integrity", "instruction_fidelity")

pytestmark = pytest.mark.docker


def say(text: str) -> None:
    """Progress, which nobody looks at."""


@pytest.fixture
def task_folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOREIGN, tmp_path / "set/task"))


@pytest.fixture
def laid_out() -> Iterator[tuple[own_image.Ground, Folders]]:
    ground = own_image.prepare(tasks.load_path(FOREIGN), None, say, grader_internet=False)
    with Staging() as staging:
        folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
        staging.shut()
        own_image.lay_out(ground, folders)
        yield ground, folders


def run(ground: own_image.Ground, folders: Folders, script: str) -> str:
    """What a script prints where the agent would be."""
    output = Capture()
    layout = ground.layout(DockerSandbox().layout(folders))
    job = Job(
        name="test",
        role="agent",
        command=("sh", "-c", script),
        env=ground.env({}),
        layout=layout,
        folders=folders,
        limits=Limits(wall_s=60.0),
        image=ground.image,
        own_image=ground.for_agent(),
    )
    DockerSandbox().run(job, output, Event())
    return (output.stdout + output.stderr).decode()


def grade(task_folder: Path, *, internet: bool = False) -> Graded:
    """The task's workspace as given, graded."""
    task = tasks.load_path(task_folder)
    ground = own_image.prepare(task, None, say, grader_internet=internet)
    with Staging() as staging:
        folders = Folders(workspace=staging.folder("workspace"), home=staging.folder("home"))
        staging.shut()
        own_image.lay_out(ground, folders)
        return grading.grade(
            task, folders.workspace, DockerSandbox(), ground.image, Event(), internet=internet
        )


@pytest.mark.agents
@pytest.mark.parametrize(
    "agent",
    [
        "bash-loop",
        "opencode",
        *(
            pytest.param(adapter.name, marks=pytest.mark.acceptance)
            for adapter in agents.installable()
            if adapter.name not in {"bash-loop", "opencode"}
        ),
    ],
)
def test_an_agent_solves_a_foreign_task(tmp_path: Path, agent: str) -> None:
    cell, attempt = run_cell(tmp_path, "-a", agent, "-m", "oracle", "-t", str(FOREIGN), "--endpoint", "sim")
    assert_passed_and_metered(cell, attempt)
    assert cell["identity"]["task"] == "example-org/word-count"
    assert attempt == tmp_path / f"results/local/{agent}/oracle/example-org/word-count/1"
    assert all(cell["scores"][axis]["not_applicable"] for axis in NOT_APPLICABLE)
    assert cell["scores"]["blast_radius"]["blast_radius"] is None
    assert cell["scores"]["composite"]["composite"] > 0.5
    assert cell["grading"] == {"own_image": True, "carried_over": ["/app"], "internet": False}
    assert "words.txt" in cell["scores"]["blast_radius"]["added"]
    assert "+the\n" in (attempt / "workspace.patch").read_text()


def test_doing_nothing_fails_it(tmp_path: Path) -> None:
    cell, _ = run_cell(tmp_path, "-a", "bash-loop", "-m", "null", "-t", str(FOREIGN), "--endpoint", "sim")
    assert cell["scores"]["pass_rate"]["reasons"] == ["reward is 0"]
    assert cell["scores"]["composite"]["composite"] == 0
    assert cell["failure"] is None or cell["failure"]["counted"]


def test_an_agent_is_root_there_and_has_no_network_but_its_door(
    laid_out: tuple[own_image.Ground, Folders],
) -> None:
    ground, folders = laid_out
    assert (
        run(ground, folders, "id -u; pwd; touch /etc/new && rm /etc/new && echo written")
        == "0\n/app\nwritten\n"
    )
    assert run(ground, folders, "ls /sys/class/net") == "lo\n"
    assert "Operation not permitted" in run(ground, folders, "mknod device c 1 3")
    assert "Read-only file system" in run(ground, folders, "touch /opt/cab/agent/new")
    assert run(ground, folders, "ls -d /tests /logs /solution 2>/dev/null") == ""
    bounding = int(run(ground, folders, "sed -n 's/^CapBnd://p' /proc/1/status"), 16)
    assert bounding == sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7, 10)), "those named in docker_spec"


def test_what_it_leaves_outside_of_its_workspace_is_bounded(
    laid_out: tuple[own_image.Ground, Folders],
) -> None:
    ground, folders = laid_out
    job = Job(
        name="test",
        role="agent",
        command=("sh", "-c", "dd if=/dev/zero of=/var/big bs=1M count=64 && sleep 600"),
        env={},
        layout=ground.layout(DockerSandbox().layout(folders)),
        folders=folders,
        limits=Limits(wall_s=60.0, disk_bytes=2**25),
        image=ground.image,
        own_image=ground.for_agent(),
    )
    assert DockerSandbox().run(job, Capture(), Event()).killed_for == "disk"


def test_its_workspace_is_the_images_own_with_modes_and_links(
    laid_out: tuple[own_image.Ground, Folders],
) -> None:
    ground, folders = laid_out
    assert sorted(path.name for path in folders.workspace.iterdir()) == [
        *(".hidden", "count.sh", "empty", "input", "text"),
    ]
    assert (folders.workspace / "text").is_symlink()
    assert run(ground, folders, "stat -c '%a %u' input count.sh") == "750 0\n755 0\n"


def test_a_program_of_root_leaves_no_way_in_for_other_users(
    laid_out: tuple[own_image.Ground, Folders],
) -> None:
    ground, folders = laid_out
    run(ground, folders, "cp /bin/sh shell && chmod 4755 shell")
    assert (folders.workspace / "shell").stat().st_mode & 0o4000
    assert folders.workspace.parent.stat().st_mode & 0o077 == 0


def test_an_agent_that_cannot_run_in_an_image_is_no_agents_failure(tmp_path: Path, task_folder: Path) -> None:
    (task_folder / "environment/Dockerfile").write_text(
        "FROM debian:bookworm-slim\nWORKDIR /app\nRUN rm /lib/*-linux-gnu/libm.so.6\n"
    )
    done = cab(
        "run-cell", "-a", "bash-loop", "-m", "null", "-t", str(task_folder), "--endpoint", "sim", cwd=tmp_path
    )
    assert done.returncode == 3
    [error] = [line for line in done.stderr.splitlines() if line.startswith("cab: ")]
    assert "bash-loop does not run in the image of example-org/word-count (" in error
    assert "libm.so.6" in error
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("workdir", ["/", "//", "/app/../..", "/proc"])
def test_an_image_that_works_in_no_folder_of_its_own_is_refused(task_folder: Path, workdir: str) -> None:
    (task_folder / "environment/Dockerfile").write_text("FROM debian:bookworm-slim\n")
    toml = (task_folder / "task.toml").read_text()
    (task_folder / "task.toml").write_text(toml.replace("cpus = 1\n", f'workdir = "{workdir}"\n'))
    with pytest.raises(UsageError, match="the image works in /"):
        grade(task_folder)


def test_a_published_image_goes_before_the_dockerfile(task_folder: Path) -> None:
    toml = (task_folder / "task.toml").read_text()
    (task_folder / "task.toml").write_text(
        toml.replace("cpus = 1\n", 'docker_image = "debian:trixie-slim"\nworkdir = "/opt"\n')
    )
    ground = own_image.prepare(tasks.load_path(task_folder), None, say, grader_internet=False)
    assert (ground.image, ground.workdir) == ("debian:trixie-slim", "/opt")


@pytest.mark.parametrize("internet", [False, True])
def test_a_grader_has_a_network_where_its_user_says_so(task_folder: Path, *, internet: bool) -> None:
    (task_folder / "tests/test.sh").write_text(
        "ls /sys/class/net | grep -c eth0 > /logs/verifier/reward.txt; mkdir -p /tests/__pycache__; exit 0\n"
    )
    assert grade(task_folder, internet=internet).grade.reward == internet


def test_a_grader_that_fetches_is_warned_of(task_folder: Path) -> None:
    (task_folder / "tests/test.sh").write_text("#!/bin/bash\napt-get update\ncurl -LsSf https://x.y | sh\n")
    said: list[str] = []
    own_image.prepare(tasks.load_path(task_folder), None, said.append, grader_internet=False)
    assert [text for text in said if text.startswith("warning")] == [
        "warning: example-org/word-count: "
        "its test.sh runs apt-get, curl and finds no network: see --grader-network"
    ]
    said.clear()
    own_image.prepare(tasks.load_path(task_folder), None, said.append, grader_internet=True)
    assert not [text for text in said if text.startswith("warning")]


def test_a_grader_without_a_verdict_is_a_failed_attempt(tmp_path: Path, task_folder: Path) -> None:
    (task_folder / "tests/test.sh").write_text("#!/bin/sh\nexit 3\n")
    cell, _ = run_cell(
        tmp_path, "-a", "bash-loop", "-m", "oracle", "-t", str(task_folder), "--endpoint", "sim"
    )
    assert cell["scores"]["pass_rate"]["pass"] == 0
    assert cell["scores"]["pass_rate"]["reasons"] == ["the grader did not complete", "reward is absent"]
    assert cell["failure"] is None or cell["failure"]["counted"]


def test_more_processors_than_there_are_are_not_asked_for() -> None:
    environment = tasks.load_path(FOREIGN).environment
    assert environment is not None
    found = own_image.limits(replace(environment, cpus=1000.0, memory_bytes=None), 5.0)
    assert found.cpus is not None
    assert found.cpus < 1000
    assert found.memory_bytes == Limits(wall_s=5.0).memory_bytes
    assert (found.wall_s, found.disk_bytes) == (5.0, 2**30)


def test_an_agents_folder_is_copied_out_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    task = tasks.load_path(FOREIGN)
    first = own_image.prepare(task, None, say, grader_internet=False).bundle
    monkeypatch.setattr(images, "copy_out", None)
    assert own_image.prepare(task, None, say, grader_internet=False).bundle == first
    assert [path.name for path in (tmp_path / "codingagentbench/bundles").iterdir()] == [
        first.name if first else ""
    ]
