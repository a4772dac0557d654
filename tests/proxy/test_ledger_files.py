"""A ledger in several files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cab_proxy import ledger_files
from cab_proxy.ledger_files import files_of, part, parts, read, verify_ledger
from cab_proxy.records import Chain, Record, Verifier, verify

RECORD = Record(kind="open", call_id="A", started_at="", method="POST", path="/v1/chat/completions")
CALL = replace(RECORD, kind="call")


def lay_out(path: Path, *files: list[Record]) -> list[Path]:
    """Files of one chain, the last one at ``path``."""
    chain = Chain()
    paths = [part(path, number) for number in range(1, len(files))] + [path]
    for each, records in zip(paths, files, strict=True):
        each.write_bytes(b"".join(chain.link(record) for record in records))
    return paths


@pytest.mark.parametrize("name", ["calls.jsonl", "run.1.calls.jsonl", "ledger", "[a].b"])
def test_the_files_are_found_in_order(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    numbers = [1, 2, 10, 999_999, 1_000_000]
    for number in numbers:
        part(path, number).touch()
    for other in ("other.000001.jsonl", "calls.00001.jsonl", "x.calls.000001.jsonl", f"{name}.next"):
        (tmp_path / other).touch()
    path.touch()
    assert list(parts(path)) == numbers
    assert files_of(path) == (*(part(path, number) for number in numbers), path)


def test_a_part_s_name() -> None:
    assert part(Path("a/calls.jsonl"), 12) == Path("a/calls.000012.jsonl")


def test_a_chain_over_files_verifies_as_one(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    b = replace(RECORD, call_id="B")
    files = lay_out(path, [RECORD, b], [CALL], [replace(b, kind="call"), replace(RECORD, call_id="C")])
    found = verify_ledger(path)
    assert found == verify(b"".join(file.read_bytes() for file in files))
    assert found.ok
    assert [record.seq for record in found.records] == [0, 1, 2, 3, 4]
    assert [record.call_id for record in found.in_flight] == ["C"]
    assert tuple(read(path)) == found.records


def test_a_plain_ledger_verifies_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    lay_out(path, [RECORD, CALL])
    path.write_bytes(path.read_bytes() + b"{}\n" + b'{"torn')
    assert verify_ledger(path) == verify(path.read_bytes())
    assert verify_ledger(path).problems == ("line 3: no schema_version",)


def test_a_problem_is_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    first, second, _ = lay_out(path, [RECORD], [CALL, RECORD], [CALL])
    second.write_bytes(second.read_bytes().replace(b'"/v1', b'"/v2', 1))
    [problem] = verify_ledger(path).problems
    assert problem.startswith("calls.000002.jsonl: line 2: prev does not match")
    first.write_bytes(first.read_bytes()[:-1])
    problems = verify_ledger(path).problems
    assert problems[0] == "calls.000002.jsonl: line 1: the line before it has no end"


def test_a_lost_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    lay_out(path, [RECORD], [CALL, RECORD], [CALL])[1].unlink()
    found = verify_ledger(path)
    assert [problem.partition(":")[0] for problem in found.problems] == ["calls.jsonl"] * 2


def test_a_torn_last_line_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    lay_out(path, [RECORD], [CALL])
    path.write_bytes(path.read_bytes() + b"{")
    found = verify_ledger(path)
    assert (found.ok, found.torn_bytes) == (True, 1)


def test_a_killed_rotation_leaves_no_last_file(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    lay_out(path, [RECORD], [CALL])
    path.rename(part(path, 2))
    found = verify_ledger(path)
    assert (found.ok, len(found.records)) == (True, 2)


def test_no_ledger_at_all(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no ledger"):
        verify_ledger(tmp_path / "calls.jsonl")


@pytest.mark.parametrize("when", ["listed", "read"])
def test_a_rotation_while_it_is_read_takes_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """What was the last file when the reading began is read once, and last, whatever its name is by then."""
    path = tmp_path / "calls.jsonl"
    lay_out(path, [RECORD, CALL], [RECORD])

    def rotate() -> None:
        path.rename(part(path, 2))
        part(path, 3).write_bytes(b"later\n")
        path.write_bytes(b"later\n")

    def rotate_and_list(of: Path) -> dict[int, Path]:
        rotate()
        return parts(of)

    verifier = Verifier()
    if when == "listed":
        monkeypatch.setattr(ledger_files, "parts", rotate_and_list)
    reading = read(path, verifier)
    seen = [next(reading)]
    if when == "read":
        rotate()
    seen += reading
    assert [record.seq for record in seen] == [0, 1, 2]
    assert verifier.found(seen).ok
