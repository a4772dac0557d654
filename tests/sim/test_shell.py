"""The commands are run, and what they leave is compared byte for byte."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cab_sim import shell
from cab_sim.script import Edit

LINES = st.sampled_from(
    [
        "CAB_EOF",
        " CAB_EOF",
        "EOF",
        'it\'s "quoted" $HOME `id` $(id) \\',
        "\\n",
        "```",
        "```bash",
        "é – 漢\u2028",
        "",
    ]
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
BODY = st.one_of(
    TEXT,
    st.builds("\n".join, st.lists(LINES | TEXT, max_size=6)),
    st.builds("\r\n".join, st.lists(LINES, max_size=4)),
    st.lists(LINES, max_size=6).map(lambda lines: "".join(f"{line}\n" for line in lines)),
)
NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0/\n"), min_size=1, max_size=12).filter(
    lambda name: name not in {".", ".."} and name.isprintable()
)


def play(folder: Path, edit: Edit, program: str = "sh") -> Path:
    for command in shell.commands(edit):
        done = subprocess.run([program, "-c", command], cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout == done.stderr == b""
    return folder / edit.path


@given(after=BODY, name=NAME, program=st.sampled_from(["sh", "bash"]))
@example(after="x\nCAB_EOF\n", name="-n", program="sh")
@example(after="no newline", name="a b'c", program="sh")
@example(after="\n", name="$x", program="sh")
def test_a_new_file_is_exact(after: str, name: str, program: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        edit = Edit(path=f"{name}/{name}", before=None, after=after)
        path = play(Path(folder), edit, program)
        assert path.read_bytes() == after.encode()
        assert path.stat().st_mode & 0o111 == 0


@pytest.mark.parametrize("size", [shell.PIECE_BYTES, shell.PIECE_BYTES + 1, 3 * shell.PIECE_BYTES + 5])
def test_a_large_file_comes_in_pieces(tmp_path: Path, size: int) -> None:
    edit = Edit(path="big", before="old", after="é" * (size // 2) + "x" * (size % 2))
    assert play(tmp_path, edit).read_bytes() == (edit.after or "").encode()
    assert len(shell.commands(edit)) == -(-size // shell.PIECE_BYTES)
    assert all(len(command) < 128 * 1024 for command in shell.commands(edit))


def test_the_mode_is_set_both_ways(tmp_path: Path) -> None:
    assert play(tmp_path, Edit(path="run", before=None, after="x\n", mode="100755")).stat().st_mode & 0o111
    assert not play(tmp_path, Edit(path="run", before="x\n", after="y\n")).stat().st_mode & 0o111


def test_a_deleted_file_is_gone(tmp_path: Path) -> None:
    (tmp_path / "-f").write_text("x")
    assert not play(tmp_path, Edit(path="-f", before="x", after=None)).exists()


def test_plain_text_is_readable_in_the_command() -> None:
    (command,) = shell.commands(Edit(path="a.py", before="x\n", after="print('hi')\n"))
    assert command == "cat > a.py <<'CAB_EOF' && chmod a-x -- a.py\nprint('hi')\nCAB_EOF"


@pytest.mark.parametrize("mode", ["100644", "100755"])
def test_a_file_that_no_here_document_holds_is_one_list_of_commands(mode: str) -> None:
    (command,) = shell.commands(Edit(path="a/b.sh", before=None, after="\tx", mode=mode))
    assert "\n" not in command


@pytest.mark.parametrize("text", ["`id`", "$(id)", "<(id)", ">(id)"])
def test_nothing_in_a_command_looks_like_a_substitution(text: str) -> None:
    (command,) = shell.commands(Edit(path="a.py", before=None, after=f"x\n{text}\n"))
    assert text not in command
