"""What a task.toml of Harbor's making says, what is refused, and how such a task is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_report.segments import segment
from cab_runner import harbor

FOREIGN = Path(__file__).parents[1] / "fakes/foreign_task"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("instruction.md", "tests/test.sh", "environment/Dockerfile"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def read(folder: Path, toml: str) -> harbor.Environment:
    return harbor.environment(tomllib.loads(toml), folder)


def test_a_task_as_the_documentation_has_it() -> None:
    found = read(FOREIGN, (FOREIGN / "task.toml").read_text())
    assert found == harbor.Environment(
        dockerfile=True,
        docker_image=None,
        build_timeout_s=600.0,
        cpus=1.0,
        memory_bytes=2**30,
        storage_bytes=2**30,
        env={"GREETING": "hello"},
        verifier_env={"LIMIT": "3"},
        solution_env={"WORD": "the"},
    )


def test_an_empty_task_toml_has_defaults(folder: Path) -> None:
    assert read(folder, "") == harbor.Environment(dockerfile=True, docker_image=None)
    assert harbor.timeouts_s({}) == (3600.0, 600.0)


def test_older_spellings_and_other_users(folder: Path) -> None:
    found = read(
        folder,
        'version = "1.0"\n[environment]\nmemory = "2G"\nstorage = "512M"\n'
        'docker_image = "a/b:1"\nworkdir = "/w"\n'
        'skills_dir = "/skills"\n[agent]\nuser = 1000\n[verifier]\nuser = "root"',
    )
    assert (found.memory_bytes, found.storage_bytes) == (2 * 2**30, 512 * 2**20)
    assert (found.docker_image, found.workdir) == ("a/b:1", "/w")
    assert (found.agent_user, found.verifier_user) == ("1000", "root")
    assert found.warnings == ("agents get no skills ([environment] skills_dir)",)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('schema_version = "2.0"', "needs schema 2.0, which cannot be had here"),
        ('[[steps]]\nname = "a"', r"several steps \(\[\[steps\]\]\)"),
        ('[[environment.mcp_servers]]\nname = "x"', "MCP servers"),
        ('[environment]\ngpus = 1\nos = "Windows"', "GPUs, containers of Windows"),
        ('[environment.healthcheck]\ncommand = "true"', "a health check"),
        ('[verifier]\nenvironment_mode = "separate"', "a verifier in an image of its own"),
        ('[environment]\ntpu = { type = "v4", topology = "2x2" }', "TPUs"),
        ('[environment.env]\nKEY = "${API_KEY}"', r"\[environment.env\] wants the host's variable API_KEY"),
        ('[environment]\nmemory = "lots"', 'memory must be a size like "2G"'),
        ("[environment]\ncpus = -1", "cpus must be a number above 0"),
        ("environment = 3", r"\[environment\] must be a table"),
    ],
)
def test_what_cannot_be_done_is_named(folder: Path, toml: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(folder, toml)


def test_other_containers_are_refused_by_their_file(folder: Path) -> None:
    (folder / "environment/docker-compose.yaml").touch()
    with pytest.raises(ValueError, match="further containers"):
        read(folder, "")


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "tests/test.sh").unlink()
    with pytest.raises(ValueError, match=r"tests/test\.sh is missing"):
        read(folder, "")
    (folder / "tests/test.sh").touch()
    (folder / "environment/Dockerfile").unlink()
    with pytest.raises(ValueError, match="neither environment/Dockerfile nor"):
        read(folder, "")


@pytest.mark.parametrize(
    ("toml", "name"),
    [
        ('[task]\nname = "Org.X/Some_Task"', "org.x/some_task"),
        ("", "folder-above/a-task"),
        ('[task]\nname = "polyglot/x"', "harbor-polyglot/x"),
        ('[task]\nname = "../.."', "task/task"),
        (f'[task]\nname = "a/{"b" * 400}"', f"a/{'b' * 100}"),
    ],
)
def test_the_id_is_the_tasks_name_or_its_folders(toml: str, name: str) -> None:
    folder = Path("/x/Folder above/-A task")
    assert harbor.task_id(tomllib.loads(toml), folder, ["polyglot"]) == name


@given(st.text(max_size=40), st.text(max_size=20))
def test_an_id_has_two_parts_that_are_safe_in_a_path(name: str, slug: str) -> None:
    found = harbor.task_id({"task": {"name": name}}, Path("/tasks") / (slug.replace("/", "") or "x"), [])
    parts = found.split("/")
    assert len(parts) == 2
    assert [segment(part) for part in parts] == parts


def test_the_instruction_comes_without_the_canary() -> None:
    text = "<!-- canary GUID x -->\n# also a canary\n\nDo it.\n# canary in the middle\n"
    assert harbor.instruction(text) == "Do it.\n# canary in the middle\n"
    assert harbor.instruction("# A title\n\nDo it.\n") == "# A title\n\nDo it.\n"
