"""``cab results``: statistics of what lies in folders, for people and machines."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from fakes.commands import cab
from fakes.many_cells import attempt, sweep, write

TABLES = ["agents", "differences", "coverage", "failures", "void", "economy", "variance"]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``results`` of two agents, two models and four tasks, twice each."""
    folder = tmp_path_factory.mktemp("recorded")
    write(folder / "results", sweep(2, 2, 4, attempts=2))
    return folder


def shown(*arguments: str, cwd: Path) -> dict[str, Any]:
    done = cab("results", *arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_every_table_as_json(recorded: Path) -> None:
    made = shown(cwd=recorded)
    assert (made["schema_version"], made["scope"], made["attempts"]) == (1, "such-tasks", 32)
    assert list(made["tables"]) == TABLES
    assert len(made["tables"]["agents"]["rows"]) == 4
    assert [row["k"] for row in made["tables"]["agents"]["rows"]] == [2] * 4


def test_globs_scope_and_k(recorded: Path) -> None:
    some = shown(
        "results/s", "-m", "*-01", "-t", "*/task-0[01]", "--scope", "these-tasks", "--k", "1", cwd=recorded
    )
    assert (some["scope"], some["attempts"]) == ("these-tasks", 8)
    rows = some["tables"]["agents"]["rows"]
    assert {(row["model"], row["tasks"], row["k"]) for row in rows} == {("model-01", 2, 1)}
    assert shown("-a", "agent-00", "-a", "agent-01", cwd=recorded) == shown(cwd=recorded)


def test_for_people(recorded: Path) -> None:
    done = cab("results", cwd=recorded)
    assert done.returncode == 0
    assert "Agents with each model" in done.stdout
    assert "Shares of the variance of pass" in done.stdout
    page = cab("results", "--markdown", cwd=recorded)
    assert page.stdout.startswith("## Agents with each model\n")
    assert page.stdout.count("\n## ") == len(TABLES) - 1


def test_csv_goes_to_a_folder_or_a_file(recorded: Path, tmp_path: Path) -> None:
    folder, file = tmp_path / "out/tables", tmp_path / "agents.csv"
    done = cab("results", "--csv", str(folder), cwd=recorded)
    assert done.stdout.splitlines() == [f"wrote {folder / name}.csv" for name in TABLES]
    assert sorted(path.stem for path in folder.iterdir()) == sorted(TABLES)
    assert cab("results", "--csv", str(file), cwd=recorded).stdout == f"wrote {file}\n"
    assert file.read_text() == (folder / "agents.csv").read_text()
    assert len([*csv.DictReader(file.read_text().splitlines())]) == 4


def test_a_broken_record_is_a_warning_and_the_others_count(tmp_path: Path) -> None:
    write(tmp_path / "results", [attempt(), attempt("pi")])
    broken = tmp_path / "results/s/aider/broken/cell.json"
    broken.parent.mkdir()
    broken.write_text("{")
    done = cab("results", "--json", cwd=tmp_path)
    assert done.returncode == 0
    [line] = done.stderr.splitlines()
    assert line.startswith(f"cab: warning: {broken} is left out: ")
    made = json.loads(done.stdout)
    assert made["attempts"] == 2
    assert made["warnings"] == [line.removeprefix("cab: warning: ")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "nowhere"),
        (("empty",), "no recorded attempt under empty"),
        (("results", "-a", "nobody"), "none of the 32 recorded attempts"),
        (("--json", "--csv", "x.csv"), "--json prints and --csv writes files"),
        (("--k", "0"), "--k"),
    ],
)
def test_what_makes_no_sense_is_one_line(recorded: Path, arguments: tuple[str, ...], words: str) -> None:
    (recorded / "empty").mkdir(exist_ok=True)
    done = cab("results", *arguments, cwd=recorded)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert words in line


@pytest.mark.parametrize("missing", ["scipy", "numpy"])
def test_without_the_extra_it_says_what_to_install(recorded: Path, tmp_path: Path, missing: str) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('none', name={missing!r})")
    done = cab("results", cwd=recorded, PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"cab: {missing} is not installed: pip install 'codingagentbench[stats]'\n"


def test_thousands_of_records(tmp_path: Path) -> None:
    write(tmp_path / "results", sweep(21, 11, 15))
    made = shown(cwd=tmp_path)
    assert made["attempts"] == 21 * 11 * 15
    assert len(made["tables"]["agents"]["rows"]) == 21 * 11
    assert len(made["tables"]["differences"]["rows"]) == 11 * 21 * 20 // 2
