"""Shell commands that bring one file to its scripted state, byte for byte.

They run under any POSIX ``sh``, from the workspace. What a terminal could spoil on the way (tabs,
control characters), what a here-document cannot hold (a missing final newline) and what would end a
Markdown fence or looks like a command substitution, which some agents refuse even there, goes through
base64; anything else is a here-document, as a person would write it. Each is one list of commands: some
agents refuse two after each other.
"""

from __future__ import annotations

import base64
import re
import shlex
from pathlib import PurePosixPath
from typing import Final

from cab_sim.script import Edit

PIECE_BYTES: Final = 60_000
"""Most of a file that one command carries: Linux allows 128 KiB for one argument."""

_END: Final = "CAB_EOF"
_SUBSTITUTION: Final = re.compile(r"`|[$<>]\(")


def commands(edit: Edit) -> tuple[str, ...]:
    """The commands that make the edit: one, or several for a file over :data:`PIECE_BYTES`."""
    path = shlex.quote(edit.path)
    if edit.after is None:
        return (f"rm -f -- {path}",)
    folder = str(PurePosixPath(edit.path).parent)
    lines = _write(edit.after, path, _chmod(edit, path))
    if folder != "." and edit.before is None:
        lines[0] = f"mkdir -p -- {shlex.quote(folder)} && {lines[0]}"
    return tuple(lines)


def _write(text: str, path: str, then: str) -> list[str]:
    data = text.encode()
    if not data:
        return [f": > {path}{then}"]
    if len(data) <= PIECE_BYTES and _fits_here_document(text):
        return [f"cat > {path} <<'{_END}'{then}\n{text}{_END}"]
    parts = [data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES)]
    lines = [
        f"printf %s {base64.b64encode(part).decode()} | base64 -d {'>>' if number else '>'} {path}"
        for number, part in enumerate(parts)
    ]
    return [*lines[:-1], lines[-1] + then]


def _fits_here_document(text: str) -> bool:
    printable = all(character == "\n" or character.isprintable() for character in text)
    return printable and text.endswith("\n") and _END not in text and not _SUBSTITUTION.search(text)


def _chmod(edit: Edit, path: str) -> str:
    if edit.mode == "100755":
        return f" && chmod a+x -- {path}"
    return "" if edit.before is None else f" && chmod a-x -- {path}"
