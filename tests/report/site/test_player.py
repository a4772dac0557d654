from __future__ import annotations

import json
import os
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_report.results.runs import Found, Run
from cab_report.site import content, player
from cab_report.site.content import Site
from cab_report.site.player import CAST, SHOWN_BYTES, last_lines, read
from fakes.many_cells import attempt

HEADER = {"version": 2, "width": 100, "height": 30}
EVENTS = [(0.5, "o", "one\r\n"), (1.0, "o", "zwei – ☃\r\n"), (1.0, "o", "\x1b[31mthree")]


def write(folder: Path, *lines: Any) -> Path:
    path = folder / CAST
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


def site(*folders: Path) -> Site:
    runs = tuple(Run.from_cell(attempt()) for _ in folders)
    contents, _ = content.content(Found(runs=runs, folders=folders, warnings=()))
    return Site(contents=contents, base_url=None, evidence=True, calibrations=None)


def test_a_recording_is_read_whole(tmp_path: Path) -> None:
    cast = read(write(tmp_path, HEADER, *EVENTS))
    assert cast.data == [HEADER, *EVENTS]
    assert (cast.left_out, cast.cut_at_bytes) == (0, None)


def test_of_a_prefix_all_whole_events_are_kept(tmp_path: Path) -> None:
    whole = write(tmp_path, HEADER, *EVENTS).read_bytes()
    path = tmp_path / "torn"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        cast = read(path)
        assert cast.events == EVENTS[: len(cast.events)]
        assert len(cast.events) >= max(0, whole[:length].count(b"\n") - 1)


def test_lines_that_are_no_output_are_left_out(tmp_path: Path) -> None:
    bad: list[Any] = [
        [],
        None,
        7,
        {},
        [1, "o"],
        [1, "i", "typed"],
        ["1", "o", "x"],
        [-1, "o", "x"],
        [1e300, "o", "x"],
    ]
    cast = read(write(tmp_path, HEADER, *bad, [True, "o", "x"], [2, "o", 3], *EVENTS))
    assert cast.events == EVENTS
    assert cast.left_out == len(bad) + 2


@pytest.mark.parametrize(
    "header", [[], 7, {}, {"width": 10}, {"width": "80", "height": 24}, {"width": 80, "height": 10**9}]
)
def test_a_header_that_says_no_size_is_one_line_left_out(tmp_path: Path, header: object) -> None:
    cast = read(write(tmp_path, header, *EVENTS))
    assert (cast.columns, cast.rows, cast.left_out, cast.events) == (120, 40, 1, EVENTS)


def test_time_never_goes_back(tmp_path: Path) -> None:
    cast = read(write(tmp_path, HEADER, [2, "o", "a"], [1, "o", "b"]))
    assert [at for at, _, _ in cast.events] == [2, 2]


def test_a_long_recording_is_cut_at_a_line(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER, *([number, "o", "x" * 1000] for number in range(1500)))
    cast = read(path)
    assert cast.cut_at_bytes is not None
    assert SHOWN_BYTES - 1100 < cast.cut_at_bytes <= SHOWN_BYTES
    assert path.read_bytes()[cast.cut_at_bytes - 1 : cast.cut_at_bytes] == b"\n"
    assert cast.left_out == 0
    path.write_bytes(path.read_bytes()[: cast.cut_at_bytes])
    assert read(path).cut_at_bytes is None


@given(
    st.binary()
    | st.lists(st.sampled_from([b'[1,"o","\\u001b[2J', b'"]', b"\n", b"\x00", b"[["])).map(b"".join)
)
def test_any_bytes_make_json_and_lines(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.cast"
    path.write_bytes(data)
    assert json.loads(json.dumps(read(path).data))[0]["version"] == 2
    assert len(last_lines(path, 3)) <= 3


def test_the_last_lines_are_what_was_printed_last(tmp_path: Path) -> None:
    def lines(*printed: str) -> list[str]:
        return last_lines(write(tmp_path, HEADER, *([1, "o", text] for text in printed)), 3)

    assert lines("a\r\nb\r\n", "c\r\n", "d") == ["b", "c", "d"]
    assert lines("\x1b[1;31mred\x1b[0m \x1b]0;title\x07text\r\n\r\n") == ["red text"]
    assert lines("old\r\n\x1b[2J\x1b[Hnew\r\n") == ["new"]
    assert lines("10 %\r", "20 %\r", "done\r\n") == ["done"]
    assert lines("x\x1b]0;never ends") == ["x"]
    assert lines() == []
    assert lines(*["filler " * 1000 + "\r\n"] * 50, "end") == [*["filler " * 999 + "filler"] * 2, "end"]


def test_a_recording_is_a_file_of_its_own(tmp_path: Path) -> None:
    assert player.recorded(tmp_path) is None
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("secret")
    (tmp_path / CAST).symlink_to(elsewhere)
    assert player.recorded(tmp_path) is None
    (tmp_path / CAST).unlink()
    os.mkfifo(tmp_path / CAST)
    assert player.recorded(tmp_path) is None
    (tmp_path / CAST).unlink()
    path = write(tmp_path, HEADER)
    assert player.recorded(tmp_path) == path


def test_the_player_is_copied_where_there_is_a_recording(tmp_path: Path) -> None:
    assert list(player.pages(site(tmp_path))) == []
    write(tmp_path, HEADER)
    made = site(tmp_path)
    copied = {part.path: part.source for part in player.pages(made)}
    assert list(copied) == [f"assets/player/{name}" for name in player.FILES]
    assert b"AsciinemaPlayer" in copied["assets/player/asciinema-player.min.js"].read_bytes()[:1000]
    assert made.warnings == []


def test_without_the_package_the_site_has_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> NoReturn:
        raise PackageNotFoundError(name)

    write(tmp_path, HEADER)
    made = site(tmp_path)
    player.files.cache_clear()
    monkeypatch.setattr(player, "distribution", missing)
    try:
        assert list(player.pages(made)) == []
    finally:
        player.files.cache_clear()
    (warning,) = made.warnings
    assert "codingagentbench[pages]" in warning
