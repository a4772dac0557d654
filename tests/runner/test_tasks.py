"""Loading tasks: what is refused, and in which words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cab_runner import tasks
from cab_runner.errors import UsageError
from cab_runner.resources import tasks_dir

TASK = "mutations/python-comparator-swap"


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
