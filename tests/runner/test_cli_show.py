"""``cab show``: which attempt is meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakes.commands import cab
from fakes.many_cells import attempt, write

CELL = "s/aider/org/small-1/mutations/swap"


def at(second: int, **named: Any) -> dict[str, Any]:
    made = attempt(model="org/small-1", **named)
    return {**made, "timing": {"started_at": f"2026-07-01T12:00:{second:02}.000000Z"}}


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A folder with ``results``: a cell that passed, failed and was void, and another cell."""
    cells = [
        at(1, attempt=1, run_id="first"),
        at(2, attempt=2, run_id="second", passed=False),
        at(3, attempt=3, run_id="third", fault="rate_limited"),
        at(4, attempt=1, run_id="other", agent="pi"),
    ]
    for made in cells:
        made["identity"]["cell_id"] = f"s/{made['identity']['agent']}/org/small-1/mutations/swap"
    write(tmp_path / "results", cells)
    return tmp_path


def shown(*arguments: str, cwd: Path) -> dict[str, Any]:
    done = cab("show", *arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_of_a_cell_the_last_counted_attempt_and_the_others_listed(recorded: Path) -> None:
    for cell in (CELL, f"results/{CELL}", f"{CELL}/"):
        made = shown(cell, cwd=recorded)
        assert made["cell"]["identity"]["run_id"] == "second"
        assert [
            tuple(other[key] for key in ("run_id", "verdict", "cause")) for other in made["other_attempts"]
        ] == [
            ("first", "passed", "none"),
            ("third", "void", "rate_limited"),
        ]
    done = cab("show", CELL, cwd=recorded)
    assert done.stdout.startswith("aider 1 · org/small-1 · mutations/swap\nattempt 2 of ")
    assert f"Other attempts at mutations/swap\npassed  {recorded}/results/{CELL}/1\n" in done.stdout
    assert f"\nvoid: rate limited  {recorded}/results/{CELL}/3\n" in done.stdout


def test_an_attempt_by_its_folder_and_by_its_run_id(recorded: Path) -> None:
    for cell in (f"results/{CELL}/1", f"{CELL}/1", "first"):
        made = shown(cell, cwd=recorded)
        assert (made["cell"]["identity"]["run_id"], made["other_attempts"]) == ("first", [])
    elsewhere = shown("third", "--results", str(recorded / "results"), cwd=Path("/"))
    assert elsewhere["cell"]["identity"]["run_id"] == "third"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("results", "results holds 2 cells: name one of them, such as s/aider/org/small-1/mutations/swap"),
        ("nothing", "nothing is no folder, and no cell_id or run_id under results: is --results right?"),
        (
            "../results",
            "../results is no folder, and no cell_id or run_id under results: is --results right?",
        ),
        ("empty", "no recorded attempt under empty: a folder with a cell.json is one"),
    ],
)
def test_what_names_no_cell(recorded: Path, cell: str, says: str) -> None:
    (recorded / "empty").mkdir()
    done = cab("show", cell, cwd=recorded)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"cab: {says}\n")


def test_a_broken_record_is_one_line(recorded: Path) -> None:
    path = recorded / "results" / CELL / "2/cell.json"
    path.write_text("{")
    done = cab("show", f"{CELL}/2", cwd=recorded)
    assert done.returncode != 0
    [line] = done.stderr.splitlines()
    assert line.startswith(f"cab: {path} is left out: ")
    beside = cab("show", CELL, "--json", cwd=recorded)
    assert json.loads(beside.stdout)["cell"]["identity"]["run_id"] == "first"
    assert beside.stderr.startswith(f"cab: warning: {path} is left out: ")
