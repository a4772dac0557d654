"""Loading tasks: what is refused, and in which words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cab_runner import tasks
from cab_runner.errors import UsageError
from cab_runner.resources import tasks_dir

TASK = "mutations/python-comparator-swap"
FOREIGN = Path(__file__).parents[1] / "fakes/foreign_task"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(tasks_dir() / TASK, tmp_path / TASK)
    return tmp_path


def rewrite(root: Path, old: str, new: str) -> None:
    path = root / TASK / "task.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_every_task_of_the_checkout_loads() -> None:
    ids = tasks.find(tasks_dir())
    assert TASK in ids
    for task_id in ids:
        assert tasks.load(tasks_dir(), task_id).id == task_id


@pytest.mark.parametrize("task_id", ["nope", "mutations/nope", "../../etc/passwd", "mutations", ""])
def test_an_unknown_task_is_named_with_what_is_known(root: Path, task_id: str) -> None:
    with pytest.raises(UsageError, match="known are") as caught:
        tasks.load(root, task_id)
    assert TASK in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('version = "1.0"', 'version = "9"', 'version must be "1.0"'),
        ("[metadata.cab]", "[metadata.cba]", r"table \[cab\] is missing"),
        ('language = "python"', 'language = "cobol"', "language is 'cobol'; it must be one of"),
        ("max_turns = ", "max_turns = -", "max_turns must be a whole number above 0"),
        ("forbidden = [", 'forbidden = ["eat:*",', "eat"),
        ("protected = [", "protekted = [", "unknown key 'protekted'"),
        ("[agent]\ntimeout_sec = ", "[agent]\ntimeout_sec = -", "timeout_sec must be a number of seconds"),
        ('version = "1.0"', "version = ", "is not TOML"),
    ],
)
def test_a_malformed_task_says_which_key(root: Path, old: str, new: str, message: str) -> None:
    rewrite(root, old, new)
    with pytest.raises(UsageError, match=message) as caught:
        tasks.load(root, TASK)
    assert str(caught.value).startswith(f"{TASK}/task.toml")


def test_the_hash_follows_content_name_and_mode(root: Path) -> None:
    first = tasks.content_hash(root)
    assert tasks.content_hash(root) == first
    extra = root / TASK / "extra"
    extra.write_text("x")
    second = tasks.content_hash(root)
    extra.chmod(0o755)
    third = tasks.content_hash(root)
    extra.rename(extra.with_name("extra2"))
    assert len({first, second, third, tasks.content_hash(root)}) == 4


FOREIGN = Path(__file__).parents[1] / "fakes/foreign_task"


def test_a_folder_anywhere_is_a_task_of_ours_by_its_last_two_names(root: Path) -> None:
    found = tasks.load_path(root / TASK)
    assert found.id == TASK
    assert found == tasks.load(root.resolve(), TASK)
    (root / "mutations").rename(root / "others")
    with pytest.raises(UsageError, match="must be named after a category"):
        tasks.load_path(root / "others" / TASK.split("/")[1])


def test_a_folder_without_our_metadata_is_a_task_of_harbors() -> None:
    found = tasks.load_path(FOREIGN)
    assert found.id == "example-org/word-count"
    assert found.instruction.startswith("Write the three words")
    assert found.environment is not None
    assert found.facts.foreign
    assert (found.agent_timeout_s, found.verifier_timeout_s, found.max_turns) == (120.0, 120.0, None)


def test_a_pattern_names_ids_or_folders(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOREIGN, root / "set/a")
    shutil.copytree(FOREIGN, root / "set/b")
    (root / "set/c").mkdir()
    assert [task.id for task in tasks.resolve(root, "mutations/*")] == [TASK]
    assert [task.folder.name for task in tasks.resolve(root, f"{root}/set/*")] == ["a", "b"]
    monkeypatch.chdir(root)
    assert tasks.resolve_one(root, "set/a").folder == (root / "set/a").resolve()
    with pytest.raises(UsageError, match="names 2 tasks"):
        tasks.resolve_one(root, "set/*")
    with pytest.raises(UsageError, match=r"no task\.toml in .*/set; a pattern names all"):
        tasks.resolve(root, "set")
    with pytest.raises(UsageError, match="known are"):
        tasks.resolve(root, "set/nope*")


def test_a_foreign_task_that_cannot_run_here_says_why(tmp_path: Path) -> None:
    shutil.copytree(FOREIGN, tmp_path / "set/a")
    (tmp_path / "set/a/environment/docker-compose.yaml").touch()
    with pytest.raises(UsageError, match=r"set/a/task\.toml: the task needs further containers"):
        tasks.load_path(tmp_path / "set/a")


@pytest.mark.parametrize("name", ["instruction.md", "tests/more", "environment/workspace/x"])
def test_a_link_to_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "org/mine"
    shutil.copytree(FOREIGN, folder, symlinks=True)
    (tmp_path / "secret").write_text("mine")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match=f"{name} is a link to elsewhere"):
        tasks.load_path(folder)
