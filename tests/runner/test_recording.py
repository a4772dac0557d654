from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cab_runner.recording import Recording, Stream


def events(folder: Path) -> list[tuple[float, str]]:
    header, *lines = (folder / "terminal.cast").read_text(encoding="utf-8").splitlines()
    assert json.loads(header)["version"] == 2
    parsed = [json.loads(line) for line in lines]
    assert all(kind == "o" for _, kind, _ in parsed)
    return [(time, text) for time, _, text in parsed]


def shown(folder: Path) -> str:
    return "".join(text for _, text in events(folder))


def test_three_files_in_order_of_arrival(tmp_path: Path) -> None:
    ticks = count()
    with Recording(tmp_path, title="a run", clock=lambda: float(next(ticks))) as recording:
        recording.write("stdout", b"one\n")
        recording.write("stderr", b"two")
        recording.write("stdout", b"three\r\n")
    assert (tmp_path / "agent.stdout").read_bytes() == b"one\nthree\r\n"
    assert (tmp_path / "agent.stderr").read_bytes() == b"two"
    assert events(tmp_path) == [(1.0, "one\r\n"), (2.0, "two"), (3.0, "three\r\n")]
    header = json.loads((tmp_path / "terminal.cast").read_text().splitlines()[0])
    assert (header["width"], header["height"], header["title"]) == (120, 40, "a run")
    assert header["timestamp"] > 0


def test_what_is_there_before_the_end_is_a_valid_prefix(tmp_path: Path) -> None:
    with Recording(tmp_path) as recording:
        recording.write("stdout", b"so far")
        assert (tmp_path / "agent.stdout").read_bytes() == b"so far"
        assert shown(tmp_path) == "so far"


TEXT = "naïve → 日本 🦀\n".encode()


@pytest.mark.parametrize("size", [1, 2, 3, 5, len(TEXT)])
def test_split_characters_come_out_whole(tmp_path: Path, size: int) -> None:
    with Recording(tmp_path) as recording:
        for start in range(0, len(TEXT), size):
            recording.write("stdout", TEXT[start : start + size])
            recording.write("stderr", b"")
    assert shown(tmp_path) == "naïve → 日本 🦀\r\n"
    assert (tmp_path / "agent.stdout").read_bytes() == TEXT


def test_half_a_character_at_the_end_is_shown_as_lost(tmp_path: Path) -> None:
    with Recording(tmp_path) as recording:
        recording.write("stdout", "🦀".encode()[:2])
    assert shown(tmp_path) == "\ufffd"


@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(max_size=40)), max_size=8))
def test_any_bytes_make_a_valid_cast(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[Stream, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("r")
    with Recording(folder, render=lambda line: line) as recording:
        for stream, data in pieces:
            recording.write(stream, data)
    events(folder)
    for name in ("stdout", "stderr"):
        whole = b"".join(data for stream, data in pieces if stream == name)
        assert (folder / f"agent.{name}").read_bytes() == whole


def test_render_sees_whole_lines_of_stdout_and_changes_only_the_cast(tmp_path: Path) -> None:
    seen: list[str] = []

    def render(line: str) -> str | None:
        seen.append(line)
        return None if line == "skip" else line.upper()

    with Recording(tmp_path, render=render) as recording:
        for data in (b"he", b"llo\r\nskip\nla", b"st"):
            recording.write("stdout", data)
        recording.write("stderr", b"as is\n")
    assert seen == ["hello", "skip", "last"]
    assert shown(tmp_path) == "HELLO\r\nas is\r\nLAST\r\n"
    assert (tmp_path / "agent.stdout").read_bytes() == b"hello\r\nskip\nlast"


def test_a_line_that_breaks_render_is_shown_as_it_is(tmp_path: Path) -> None:
    def render(line: str) -> str:
        return str(json.loads(line)["text"])

    with Recording(tmp_path, render=render) as recording:
        recording.write("stdout", b'{"text": "\\ud800 lone"}\nnot JSON\n' + b"[" * 100_000 + b"\n")
    assert "not JSON\r\n" in shown(tmp_path)


def test_a_line_without_end_is_not_held_for_ever(tmp_path: Path) -> None:
    with Recording(tmp_path, render=lambda line: f"{len(line)}") as recording:
        for _ in range(20):
            recording.write("stdout", b"x" * 100_000)
        assert shown(tmp_path).startswith("1100000\r\n")


def test_the_tail_is_bounded(tmp_path: Path) -> None:
    with Recording(tmp_path, tail_bytes=10) as recording:
        recording.write("stdout", b"0123456789abcdef")
        recording.write("stderr", b"short")
    assert (recording.tail("stdout"), recording.tail("stderr")) == ("6789abcdef", "short")


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.close()
    recording.close()
    assert events(tmp_path) == []
