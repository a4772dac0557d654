"""Edits as aider's SEARCH/REPLACE blocks, or as its listings of whole files.

A block is a path on a line of its own, a fence, and between ``<<<<<<< SEARCH``, ``=======`` and
``>>>>>>> REPLACE`` the lines to find and those to put in their place; an empty SEARCH makes a new file.
aider replaces the first place where all lines match, so a SEARCH is made long enough to match once.

The format cannot say everything, and aider's parser has habits (it drops a first line that ends with the
file's name, lines that look like a marker end the block, a trailing blank line is lost). The context
of the blocks is widened until none of this matters; where no context helps, :func:`blocks` says so
instead of writing a block that would do something else; deletions, empty files and CRLF are beyond it too.
One thing is let pass: aider ends every file with a newline, so a missing one is added. The mode of a
file that is there stays what it is.

A listing is a path on a line of its own, and the file's whole content in a fence.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from pathlib import PurePosixPath
from typing import Final

from cab_sim.script import Edit

_MARKER: Final = re.compile(r"^\s*(<{5,9} SEARCH>?|={5,9}|>{5,9} REPLACE)\s*$", re.MULTILINE)
_FENCES: Final = ("```", "<source>", "<code>", "<pre>", "<codeblock>", "<sourcecode>")
_CONTEXT_LINES: Final = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)


def blocks(edit: Edit) -> str | None:
    """The edit as blocks; ``None`` where the format cannot express it."""
    if not edit.after or (edit.mode == "100755" and edit.before is None):
        return None
    after = _ended(edit.after)
    if not edit.before:
        plain = _has_plain_lines(after) and _readable(after, edit.path)
        return _block(edit.path, "", after) if plain else None
    before = _ended(edit.before)
    if before == after or not _has_plain_lines(before + after):
        return None
    for context in (*_CONTEXT_LINES, before.count("\n")):
        pairs = _pairs(before, after, context)
        if _play(before, pairs, edit.path) == after:
            return "\n".join(_block(edit.path, search, replace) for search, replace in pairs)
    return None


def listing(edit: Edit) -> str | None:
    """The edit as a listing; ``None`` where the format cannot express it."""
    if not edit.after or (edit.mode == "100755" and edit.before is None):
        return None
    after = _ended(edit.after)
    readable = _has_plain_lines(after) and "\n```" not in f"\n{after}"
    return f"{edit.path}\n```\n{after}```\n" if readable else None


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _has_plain_lines(text: str) -> bool:
    """Whether newlines alone end its lines: form feeds, carriage returns and the like do so for aider."""
    return text.splitlines() == text.split("\n")[:-1]


def _block(path: str, search: str, replace: str) -> str:
    return f"{path}\n```\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n```\n"


def _pairs(before: str, after: str, context: int) -> list[tuple[str, str]]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context)
    spans = [(group[0][1], group[-1][2], group[0][3], group[-1][4]) for group in groups]
    return [("".join(old[i1:i2]), "".join(new[j1:j2])) for i1, i2, j1, j2 in spans]


def _play(text: str, pairs: list[tuple[str, str]], path: str) -> str | None:
    """The text after the blocks, or ``None`` when one of them would be misread or match elsewhere."""
    for search, replace in pairs:
        if not search.strip() or not _readable(search, path) or not _readable(replace, path):
            return None
        found = ("\n" + text).split("\n" + search)
        if len(found) != 2:
            return None
        text = (found[0] + "\n" + replace + found[1])[1:]
    return text


def _readable(text: str, path: str) -> bool:
    """Whether aider takes the lines between two markers as they are."""
    if not text:
        return True
    first = text.split("\n", 1)[0]
    return not (
        _MARKER.search(text)
        or first.strip().endswith(PurePosixPath(path).name)
        or first.startswith(_FENCES)
        or text == "\n"
        or text.endswith("\n\n")
    )
