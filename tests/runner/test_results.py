"""Where results lie."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cab_runner import results
from cab_runner.errors import UsageError
from cab_runner.results import CellKey

KEY = CellKey(sweep_id="local", agent="bash-loop", model="meta/llama-4", task_id="mutations/x")


def staged(root: Path, name: str) -> Path:
    partial = root / ".partial" / name
    partial.mkdir(parents=True)
    results.write_json(partial / "cell.json", {"identity": {"attempt": None, "run_id": name}})
    return partial


def test_slashes_of_a_model_are_folders(tmp_path: Path) -> None:
    assert KEY.folder(tmp_path) == tmp_path / "local/bash-loop/meta/llama-4/mutations/x"


def test_attempts_take_the_lowest_free_number(tmp_path: Path) -> None:
    for expected in (1, 2):
        folder, record = results.publish(staged(tmp_path, f"r{expected}"), tmp_path, KEY, None)
        assert folder.name == str(expected)
        assert record["identity"]["attempt"] == expected
        assert json.loads((folder / "cell.json").read_bytes()) == record
    assert not list((tmp_path / ".partial").iterdir())


def test_what_root_has_made_belongs_to_whom_the_folder_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[Path, tuple[int, int]] = {}

    def chown(path: Path, uid: int, gid: int, **_: object) -> None:
        given[Path(path)] = (uid, gid)

    owned = (tmp_path.stat().st_uid, tmp_path.stat().st_gid)
    partial = staged(tmp_path, "r")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", chown)
    results.publish(partial, tmp_path, KEY, None)
    cell = KEY.folder(tmp_path)
    folders = [folder for folder in (cell, *cell.parents) if folder.is_relative_to(tmp_path / "local")]
    assert given == dict.fromkeys([*folders, partial, Path("cell.json")], owned)


def test_a_taken_attempt_is_a_usage_error_and_never_overwritten(tmp_path: Path) -> None:
    results.publish(staged(tmp_path, "first"), tmp_path, KEY, 3)
    with pytest.raises(UsageError, match="recorded already"):
        results.require_free(tmp_path, KEY, 3)
    late = staged(tmp_path, "second")
    with pytest.raises(UsageError, match="by another runner meanwhile") as caught:
        results.publish(late, tmp_path, KEY, 3)
    assert str(late) in str(caught.value)
    assert (late / "cell.json").is_file()
    [(_, record)] = list(results.cells(tmp_path))
    assert record["identity"]["run_id"] == "first"


def test_half_a_surrogate_pair_is_written_as_json_has_it(tmp_path: Path) -> None:
    results.write_json(tmp_path / "x.json", {"said": "\ud800 ü"})
    assert (tmp_path / "x.json").read_text("utf-8") == '{\n "said": "\\ud800 ü"\n}\n'
    assert json.loads((tmp_path / "x.json").read_bytes()) == {"said": "\ud800 ü"}


def test_partial_attempts_are_no_results(tmp_path: Path) -> None:
    staged(tmp_path, "unfinished")
    assert list(results.cells(tmp_path)) == []
