from __future__ import annotations

import json
from pathlib import Path

import pytest

from cab_runner.calibration.documents import add, load, open_document
from cab_runner.errors import CabError
from fakes.calibration import found

IDENTITY = {"agent": "a", "version": "1", "protocol": "chat", "image": "i:1", "image_id": "sha256:1"}


def test_probes_are_added_in_their_order_and_written_each_time(tmp_path: Path) -> None:
    document = open_document(tmp_path, IDENTITY)
    add(tmp_path, document, "empty", found())
    add(tmp_path, document, "python", found(hosts_tried=[]))
    [stored] = load(tmp_path)
    assert stored == document
    assert list(stored["probes"]) == ["python", "empty"]
    assert stored["schema_version"] == 1


def test_a_probe_alone_leaves_the_others(tmp_path: Path) -> None:
    add(tmp_path, open_document(tmp_path, IDENTITY), "python", found())
    again = open_document(tmp_path, IDENTITY)
    add(tmp_path, again, "python", found(date="2026-07-02"))
    add(tmp_path, again, "go", found())
    [stored] = load(tmp_path)
    assert {name: probe["date"] for name, probe in stored["probes"].items()} == {
        "python": "2026-07-02",
        "go": "2026-07-01",
    }


@pytest.mark.parametrize("changed", ["version", "image_id"])
def test_another_version_or_image_begins_anew(tmp_path: Path, changed: str) -> None:
    add(tmp_path, open_document(tmp_path, IDENTITY), "python", found())
    assert open_document(tmp_path, IDENTITY | {changed: "2"})["probes"] == {}


def test_documents_come_by_agent(tmp_path: Path) -> None:
    for agent in ("b", "a"):
        add(tmp_path, open_document(tmp_path, IDENTITY | {"agent": agent}), "go", found())
    assert [document["agent"] for document in load(tmp_path)] == ["a", "b"]


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert load(tmp_path / "none") == []


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"schema_version": 2})])
def test_what_is_no_document(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(CabError, match=r"a\.json is"):
        load(tmp_path)
