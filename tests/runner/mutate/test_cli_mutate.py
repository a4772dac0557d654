"""``cab tasks mutate`` as its user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cab_runner import tasks
from cab_runner.cli.mutate import mutate
from cab_runner.errors import CabError, UsageError
from cab_runner.tasks import Task


def run(fares: Task, out: Path, *options: str) -> Result:
    root = fares.folder.parents[1]
    given = [
        "--seed",
        "7",
        "--out",
        str(out),
        "--tasks-dir",
        str(root),
        "--sandbox",
        "process",
        "--runs",
        "1",
    ]
    return CliRunner().invoke(mutate, [*given, *options])


def test_tasks_are_made_and_their_hash_is_told(fares: Task, tmp_path: Path) -> None:
    out = tmp_path / "new/out"
    done = run(fares, out, "-n", "1", "--json")
    assert done.exception is None, done.output
    said = json.loads(done.stdout)
    assert said["set"] == tasks.content_hash(out)
    [made] = said["tasks"]
    task = tasks.load(out, made["task_id"])
    assert (task.language, made["language"], made["tests"]) == ("python", "python", 5)
    assert made["kind"] in task.id


def test_too_few_are_said_and_kept(fares: Task, tmp_path: Path) -> None:
    """A secret makes another set of the same seed, and is written nowhere."""
    (tmp_path / "secret").write_bytes(b"0123456789abcdef")
    test = fares.workspace / "tests/test_fares.py"
    shows_little = test.read_text().replace(
        "(fare(40, 3), fare(15, 1), fare(16, 1)), (12, 2, 4)", "main([]), 2"
    )
    test.write_text(shows_little.replace("import fare", "import main"))
    done = run(fares, tmp_path / "out", "-n", "40", "--secret-file", str(tmp_path / "secret"))
    assert isinstance(done.exception, CabError)
    found = tasks.find(tmp_path / "out")
    assert found
    assert str(done.exception) == (
        f"the seed programs gave {len(found)} of 40 tasks ({len(found)} in python; "
        "at least 32 each were wanted): add seed programs, or ask for fewer"
    )
    assert f"set {tasks.content_hash(tmp_path / 'out')}\n" in done.stdout
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert b"0123456789abcdef" not in written + done.output.encode()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--secret-file", "short"], "short has 3 bytes: a secret needs 16 or more"),
        (["--seeds", "mutations/python-fares"], "out is not empty: name a new folder with --out"),
        (["--seeds", "mutations/nothing"], "no task 'mutations/nothing'"),
    ],
)
def test_bad_input_is_one_line(
    fares: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short").write_bytes(b"abc")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine").touch()
    done = run(fares, Path("out"), *options)
    assert isinstance(done.exception, UsageError)
    assert words in str(done.exception)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_task_that_is_to_be_refused_is_no_seed_program(fares: Task, tmp_path: Path) -> None:
    toml = fares.folder / "task.toml"
    toml.write_text(toml.read_text().replace('"comply"', '"refuse"'))
    done = run(fares, tmp_path / "out", "--seeds", fares.id)
    assert isinstance(done.exception, UsageError)
    assert str(done.exception).startswith(
        "no seed program matches mutations/python-fares: give tasks in python,"
    )
