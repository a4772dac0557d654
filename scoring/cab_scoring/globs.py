"""Globs over workspace paths: the language of ``protected``, ``forbidden`` and the like.

A glob is anchored at the workspace root and matches a whole path, written with ``/``.

* ``*`` and ``?`` stay within one name, ``[abc]`` and ``[!abc]`` are one character of a set;
* ``**`` as a whole name crosses folders: ``tests/**`` is everything below tests, ``**/x.py`` is x.py
  in any folder, the root included;
* a trailing ``/`` is short for ``/**``;
* everything else stands for itself, upper and lower case apart, leading dots included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_SET: Final = re.compile(r"\[(!?)([^/\]]+)\]")


@lru_cache(maxsize=1024)
def compile_glob(glob: str) -> re.Pattern[str]:
    """The glob as a pattern to be used with ``fullmatch``.

    Raises ValueError, with a message for people, for a glob that could match no path of a workspace.
    """
    if not glob.strip():
        raise ValueError("an empty glob matches nothing: name a path, such as tests/**")
    if glob.startswith("/"):
        raise ValueError(
            f"glob {glob!r} starts with '/': globs are anchored at the workspace root without it"
        )
    names = glob.split("/")
    if names[-1] == "":
        names[-1] = "**"
    if any(name in {"", ".", ".."} for name in names):
        raise ValueError(f"glob {glob!r} has an empty, '.' or '..' name in it: write the path plainly")
    pattern = ""
    for position, name in enumerate(names):
        last = position == len(names) - 1
        if name == "**":
            pattern += ".+" if last else "(?:[^/]+/)*"
        else:
            pattern += _name_pattern(name, glob) + ("" if last else "/")
    return re.compile(pattern, re.DOTALL)


def _name_pattern(name: str, glob: str) -> str:
    """One name of a glob as a regular expression that crosses no ``/``."""
    if "**" in name:
        raise ValueError(f"glob {glob!r} has '**' inside a name: '**' stands alone between slashes")
    pattern, position = "", 0
    while position < len(name):
        character = name[position]
        if found := _SET.match(name, position):
            pattern += f"(?!/)[{'^' if found[1] else ''}{_set_pattern(found[2])}]"
            try:
                re.compile(pattern)
            except re.error:
                raise ValueError(f"glob {glob!r} has a set that makes no sense: {found[0]}") from None
            position = found.end()
            continue
        pattern += {"*": "[^/]*", "?": "[^/]"}.get(character) or re.escape(character)
        position += 1
    return pattern


def _set_pattern(members: str) -> str:
    """The inside of a set: single characters and ranges, nothing else special."""
    pattern, position = "", 0
    while position < len(members):
        is_range = members[position + 1 : position + 2] == "-" and position + 2 < len(members)
        taken = members[position : position + (3 if is_range else 1)]
        pattern += f"{re.escape(taken[0])}-{re.escape(taken[2])}" if is_range else re.escape(taken)
        position += len(taken)
    return pattern


def first_match(path: str, globs: Iterable[str]) -> str | None:
    """The first glob that matches the path, or None."""
    return next((glob for glob in globs if compile_glob(glob).fullmatch(path)), None)


def matches(path: str, globs: Iterable[str]) -> bool:
    """Whether any of the globs matches the path."""
    return first_match(path, globs) is not None
