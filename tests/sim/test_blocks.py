"""Blocks are read by a small parser written for this test, from the description of the format."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cab_sim.blocks import blocks, listing
from cab_sim.script import Edit

FORM = re.compile(
    r"(?P<path>[^\n]+)\n```\n<<<<<<< SEARCH\n(?P<search>.*?)=======\n(?P<replace>.*?)>>>>>>> REPLACE\n```\n",
    re.DOTALL,
)
LINES = st.sampled_from(
    ["a", "b", "  a", "", "return a > b", "x.py", "```", "=======", "<<<<<<< SEARCH", ">>>>>>> REPLACE", "é"]
)
TEXT = st.builds(
    lambda lines, end: "\n".join(lines) + end, st.lists(LINES, max_size=12), st.sampled_from(["", "\n"])
)


def apply(reply: str, files: dict[str, str]) -> None:
    """Each SEARCH must be whole lines that are there, and the first place counts."""
    position = 0
    while match := FORM.match(reply, position):
        path, search, replace = match.group("path", "search", "replace")
        old = files.setdefault(path, "")
        lines = old.splitlines(keepends=True)
        wanted = search.splitlines(keepends=True)
        places = [n for n in range(len(lines) - len(wanted) + 1) if lines[n : n + len(wanted)] == wanted]
        if search:
            assert search.strip()
            assert places, f"not found: {search!r}"
            files[path] = "".join((*lines[: places[0]], replace, *lines[places[0] + len(wanted) :]))
        else:
            assert not old
            files[path] = replace
        position = match.end() + (reply[match.end() : match.end() + 1] == "\n")
    assert position == len(reply), f"unread: {reply[position:]!r}"


@given(before=st.none() | TEXT, after=TEXT)
@example(before="a\n" * 9 + "b\n", after="a\n" * 8 + "c\nb\n")
@example(before="return a > b\n\nreturn a > b\n", after="return a > b\n\nreturn a < b\n")
def test_what_is_expressed_comes_out_exactly(before: str | None, after: str) -> None:
    reply = blocks(Edit(path="src/x.py", before=before, after=after))
    if reply is not None:
        files = (
            {}
            if before is None
            else {"src/x.py": before + ("" if before.endswith("\n") or not before else "\n")}
        )
        apply(reply, files)
        assert files == {"src/x.py": after if after.endswith("\n") else after + "\n"}


@given(after=TEXT)
@example(after="a\n```\nb\n")
def test_a_listing_is_the_whole_file(after: str) -> None:
    reply = listing(Edit(path="src/x.py", before="old\n", after=after))
    if reply is None:
        assert not after or any(line.startswith("```") for line in after.splitlines())
    else:
        path, _, rest = reply.partition("\n```\n")
        assert (path, rest.partition("```")[::2]) == ("src/x.py", (after.removesuffix("\n") + "\n", "\n"))


@pytest.mark.parametrize("after", [None, "", "a\r\n", "a\fb\n"])
def test_what_a_listing_cannot_say(after: str | None) -> None:
    assert listing(Edit(path="x.py", before="old\n", after=after)) is None


def test_a_small_change_is_a_small_block() -> None:
    before = "".join(f"line {n}\n" for n in range(100))
    reply = blocks(Edit(path="a.txt", before=before, after=before.replace("line 50\n", "line fifty\n")))
    assert reply == (
        "a.txt\n```\n<<<<<<< SEARCH\nline 49\nline 50\nline 51\n=======\n"
        "line 49\nline fifty\nline 51\n>>>>>>> REPLACE\n```\n"
    )


def test_two_places_are_two_blocks() -> None:
    before = "".join(f"line {n}\n" for n in range(100))
    after = before.replace("line 9\n", "").replace("line 90\n", "line 90\nmore\n")
    reply = blocks(Edit(path="a.txt", before=before, after=after))
    assert reply is not None
    assert reply.count("SEARCH") == 2
    files = {"a.txt": before}
    apply(reply, files)
    assert files == {"a.txt": after}


def test_the_context_is_widened_until_the_place_is_the_only_one() -> None:
    before = "head\n" + "x\ny\nz\n" * 3
    after = "head\n" + "x\ny\nz\n" * 2 + "x\nY\nz\n"
    reply = blocks(Edit(path="a.txt", before=before, after=after))
    assert reply is not None
    files = {"a.txt": before}
    apply(reply, files)
    assert files == {"a.txt": after}


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(Edit(path="a.py", before="x\n", after=None), id="a deletion"),
        pytest.param(Edit(path="a.py", before="x\n", after=""), id="an emptied file"),
        pytest.param(Edit(path="a.py", before=None, after="x\n", mode="100755"), id="a mode"),
        pytest.param(Edit(path="a.py", before="x\r\n", after="y\r\n"), id="CRLF"),
        pytest.param(Edit(path="a.py", before="x\n", after="y\n\n"), id="a trailing blank line"),
        pytest.param(Edit(path="a.py", before=None, after="# a.py\nx\n"), id="a first line that is the name"),
        pytest.param(Edit(path="a.md", before=None, after="Title\n=====\n"), id="a line that is a marker"),
        pytest.param(
            Edit(path="a.md", before=None, after="```\nx\n```\n"), id="a first line that is a fence"
        ),
        pytest.param(Edit(path="a.py", before="a\n", after="a\x0cb\n"), id="a form feed"),
        pytest.param(
            Edit(path="a.py", before="a\x0c\n\nb\n", after="a\x0c\n\nc\n"), id="a form feed elsewhere"
        ),
        pytest.param(Edit(path="a.py", before="a", after="a\n"), id="a final newline"),
        pytest.param(Edit(path="a.py", before="\n", after="\nx\n"), id="nothing to search for"),
    ],
)
def test_what_the_format_cannot_say(edit: Edit) -> None:
    assert blocks(edit) is None


def test_a_hazard_outside_the_change_does_no_harm() -> None:
    before = "# a.py\n=======\n" + "".join(f"line {n}\n" for n in range(9))
    reply = blocks(Edit(path="a.py", before=before, after=before.replace("8", "eight")))
    assert reply is not None
    assert "# a.py" not in reply
