"""Shell commands that bring one file to its scripted state, byte for byte.

They run under any POSIX ``sh``, from the workspace. What a terminal could spoil on the way (tabs,
control characters), what a here-document cannot hold (a missing final newline) and what would end a
Markdown fence goes through base64; anything else is a here-document, as a person would write it.
"""

from __future__ import annotations

import base64
import shlex
from pathlib import PurePosixPath
from typing import Final

from cab_sim.script import Edit

PIECE_BYTES: Final = 60_000
"""Most of a file that one command carries: Linux allows 128 KiB for one argument."""

_END: Final = "CAB_EOF"


def commands(edit: Edit) -> tuple[str, ...]:
    """The commands that make the edit: one, or several for a file over :data:`PIECE_BYTES`."""
    path = shlex.quote(edit.path)
    if edit.after is None:
        return (f"rm -f -- {path}",)
    folder = str(PurePosixPath(edit.path).parent)
    lines = _write(edit.after, path)
    if folder != "." and edit.before is None:
        lines[0] = f"mkdir -p -- {shlex.quote(folder)}\n{lines[0]}"
    lines[-1] += _chmod(edit, path)
    return tuple(lines)


def _write(text: str, path: str) -> list[str]:
    data = text.encode()
    if not data:
        return [f": > {path}"]
    if len(data) <= PIECE_BYTES and _fits_here_document(text):
        return [f"cat > {path} <<'{_END}'\n{text}{_END}"]
    parts = [data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES)]
    return [
        f"printf %s {base64.b64encode(part).decode()} | base64 -d {'>>' if number else '>'} {path}"
        for number, part in enumerate(parts)
    ]


def _fits_here_document(text: str) -> bool:
    printable = all(character == "\n" or character.isprintable() for character in text)
    return printable and text.endswith("\n") and _END not in text and "```" not in text


def _chmod(edit: Edit, path: str) -> str:
    if edit.mode == "100755":
        return f"\nchmod a+x -- {path}"
    return "" if edit.before is None else f"\nchmod a-x -- {path}"
