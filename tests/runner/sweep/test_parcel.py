"""Parcels as honest nodes send them, and as others might."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner import results
from cab_runner.sweep.node import Order
from cab_runner.sweep.parcel import BadParcel, Inbox, pack, unpack
from cab_runner.sweep.schedule import Slot
from fakes.recorded import recorded

SLOT = Slot(agent="a", model="org/m", task="polyglot/t", endpoint="e", number=1)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in {".", ".."} and len(name.encode()) < 200
)


def packed(folder: Path) -> io.BytesIO:
    parcel = io.BytesIO()
    pack(folder, parcel)
    return parcel


def made(write: Callable[[zipfile.ZipFile], object]) -> io.BytesIO:
    parcel = io.BytesIO()
    with zipfile.ZipFile(parcel, "w") as archive:
        write(archive)
    return parcel


def of_kind(kind: int) -> Callable[[zipfile.ZipFile], None]:
    def write(archive: zipfile.ZipFile) -> None:
        member = zipfile.ZipInfo("odd")
        member.external_attr = (kind | 0o777) << 16
        archive.writestr(member, "/etc/passwd")

    return write


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@given(files=st.dictionaries(NAMES, st.binary(max_size=2000), max_size=8))
def test_what_is_packed_is_unpacked(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    tmp_path = tmp_path_factory.mktemp("parcel")
    (tmp_path / "from" / "bodies").mkdir(parents=True)
    for number, (name, data) in enumerate(files.items()):
        (tmp_path / "from" / ("bodies" if number % 2 else "") / name.replace("bodies", "b")).write_bytes(data)
    unpack(packed(tmp_path / "from"), tmp_path / "to")
    assert contents(tmp_path / "to") == contents(tmp_path / "from")


def test_links_and_what_else_is_no_file_stay_behind(tmp_path: Path) -> None:
    source = tmp_path / "from"
    (source / "deep").mkdir(parents=True)
    (source / "deep/kept").write_text("kept")
    (source / "link").symlink_to("/etc/passwd")
    (source / "deep/folder").symlink_to("/etc")
    os.mkfifo(source / "pipe")
    unpack(packed(source), tmp_path / "to")
    assert contents(tmp_path / "to") == {"deep/kept": b"kept"}


@pytest.mark.parametrize(
    "write",
    [
        lambda archive: archive.writestr("/absolute", ""),
        lambda archive: archive.writestr("../above", ""),
        lambda archive: archive.writestr("deep/../../above", ""),
        lambda archive: archive.writestr("folder/", ""),
        lambda archive: archive.writestr(".", ""),
        of_kind(stat.S_IFLNK),
        of_kind(stat.S_IFCHR),
        of_kind(stat.S_IFBLK),
        of_kind(stat.S_IFIFO),
        of_kind(stat.S_IFSOCK),
        lambda archive: archive.writestr("other", "x", zipfile.ZIP_BZIP2),
    ],
)
def test_what_is_no_plain_file_in_its_place_is_refused(
    tmp_path: Path, write: Callable[[zipfile.ZipFile], object]
) -> None:
    with pytest.raises(BadParcel):
        unpack(made(write), tmp_path / "to")
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    def write(archive: zipfile.ZipFile) -> None:
        archive.writestr("a", "a file")
        archive.writestr("a/b", "below it")

    with pytest.raises(OSError, match="a"):
        unpack(made(write), tmp_path / "to")
    assert not list(tmp_path.iterdir())


def test_a_parcel_holds_no_more_than_the_bound_whatever_it_says(tmp_path: Path) -> None:
    def write(archive: zipfile.ZipFile) -> None:
        archive.writestr("one", bytes(600_000), zipfile.ZIP_DEFLATED)
        archive.writestr("two", bytes(600_000), zipfile.ZIP_DEFLATED)

    parcel = made(write)
    assert len(parcel.getvalue()) < 5_000
    with pytest.raises(BadParcel, match="more than 1000000 bytes"):
        unpack(parcel, tmp_path / "to", 1_000_000)
    assert not list(tmp_path.iterdir())
    unpack(parcel, tmp_path / "to", 1_200_000)


@given(data=st.data())
def test_a_damaged_parcel_is_refused_or_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever bytes come: an error of ours, and nothing outside of the folder."""
    tmp_path = tmp_path_factory.mktemp("damaged")
    whole = made(lambda archive: archive.writestr("cell.json", "{}" * 50)).getvalue()
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        unpack(io.BytesIO(bytes(damaged[cut:])), tmp_path / "to")
    except (BadParcel, OSError):
        assert not list(tmp_path.iterdir())
    else:
        assert {path.name for path in tmp_path.iterdir()} == {"to"}


def test_the_record_comes_last(tmp_path: Path) -> None:
    """A driver that is killed while it unpacks leaves no folder that looks complete."""

    def write(archive: zipfile.ZipFile) -> None:
        archive.writestr("cell.json", "{}")
        archive.writestr("a-large-file", bytes(2_000_000))

    with pytest.raises(BadParcel):
        unpack(made(write), tmp_path / "to", 1_000_000)
    seen = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            seen.append((tmp_path / "to/cell.json").exists() and not (tmp_path / "to/a-large-file").exists())
            return super().read(size)

    unpack(Watched(made(write).getvalue()), tmp_path / "to")
    assert seen
    assert not any(seen)


def order(run_id: str = "r1") -> Order:
    return Order(run_id=run_id, slot=SLOT, tries=1)


def attempt(folder: Path, run_id: str = "r1", **identity: Any) -> io.BytesIO:
    cell = recorded(agent=SLOT.agent, model=SLOT.model, task=SLOT.task)
    cell["identity"] |= {"run_id": run_id, **identity}
    folder.mkdir()
    results.write_json(folder / "cell.json", cell)
    (folder / "calls.jsonl").touch()
    return packed(folder)


def test_an_attempt_that_arrives_lies_where_it_belongs(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "s")
    for number in (1, 2):
        cell = inbox.publish(order(f"r{number}"), attempt(tmp_path / f"node{number}", f"r{number}"))
        assert cell["identity"]["attempt"] == number
    folder = tmp_path / "s/a/org/m/polyglot/t"
    assert [path.name for path in sorted(folder.iterdir())] == ["1", "2"]
    assert (folder / "2/calls.jsonl").exists()
    assert not list((tmp_path / ".partial").iterdir())


@pytest.mark.parametrize(
    "other", [{"run_id": "r2"}, {"cell_id": "s/a/org/m/polyglot/other"}, {"cell_id": None}]
)
def test_what_was_not_ordered_is_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    inbox = Inbox(tmp_path, "s")
    with pytest.raises(BadParcel, match="was not ordered"):
        inbox.publish(order(), attempt(tmp_path / "node", **other))
    assert not (tmp_path / "s").exists()
    assert not list((tmp_path / ".partial").iterdir())


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"identity": 1}', "[" * 100_000, None])
def test_what_is_no_record_is_refused(tmp_path: Path, record: str | None) -> None:
    inbox = Inbox(tmp_path, "s")
    name = "cell.json" if record is not None else "other"
    with pytest.raises(BadParcel, match="no record"):
        inbox.publish(order(), made(lambda archive: archive.writestr(name, record or "")))
    assert not list((tmp_path / ".partial").iterdir())


def test_a_run_is_claimed_once_and_duplicates_are_counted_nowhere(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, "s")
    parcel = attempt(tmp_path / "node")
    assert inbox.claim("r1")
    inbox.publish(order(), parcel)
    assert not inbox.claim("r1")
    kept = [inbox.keep_aside("r1", parcel) for _ in range(2)]
    assert [path.name for path in kept] == ["r1-1.zip", "r1-2.zip"]
    assert all(path.read_bytes() == parcel.getvalue() for path in kept)
    assert len(list(results.cells(tmp_path / "s"))) == 1
    assert json.loads((tmp_path / "s/a/org/m/polyglot/t/1/cell.json").read_bytes())
