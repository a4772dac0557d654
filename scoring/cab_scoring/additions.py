"""What a change brings in besides lines: comments, packages, network tools. Pure, by the file's name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from cab_scoring.dependencies import dependencies
from cab_scoring.network_tools import network_tools_in

_HASH: Final = ("#",)
_SLASHES: Final = ("//", "/*", "* ", "*/")
_MARKERS: Final = {
    **dict.fromkeys((".py", ".sh", ".bash", ".toml", ".yaml", ".yml", ".mk", ".cfg", ".rb"), _HASH),
    **dict.fromkeys((".go", ".rs", ".js", ".mjs", ".cjs", ".ts", ".java", ".mod"), _SLASHES),
    **dict.fromkeys((".c", ".cc", ".cpp", ".h", ".hpp"), _SLASHES),
}
"""How a line begins that is a comment and nothing else. A docstring is no comment."""

_PROSE: Final = frozenset({".md", ".rst", ".txt"})
"""A tool that these name is not run."""

_NO_COMMENTS: Final = frozenset({*_PROSE, ".csv", ".tsv", ".json", ".jsonl", ".lock", ".sum", ".log"})
_BY_NAME: Final = {"Makefile": ".mk", "Dockerfile": ".sh", ".gitignore": ".sh", "Cargo.lock": ".lock"}


@dataclass(frozen=True, slots=True)
class Additions:
    """What one file's change brings in; ``None`` where the file can't be read for it."""

    comments: int | None
    dependencies: tuple[str, ...] | None
    network_tools: tuple[str, ...]


def additions(path: str, old: str, new: str, added: Sequence[str], own: Collection[str]) -> Additions:
    """Read one changed text file: before (``""`` when new), after, and the lines that were added.

    ``own`` are the names that the workspace has itself.
    """
    kind = _BY_NAME.get(PurePosixPath(path).name, PurePosixPath(path).suffix)
    before, after = dependencies(path, old, own), dependencies(path, new, own)
    return Additions(
        comments=_comments(kind, added),
        # what stood there in a form that can't be read may have named anything
        dependencies=None if before is None or after is None else tuple(sorted(after - before)),
        network_tools=() if kind in _PROSE else network_tools_in("\n".join(added)),
    )


def _comments(kind: str, added: Sequence[str]) -> int | None:
    if kind in _NO_COMMENTS:
        return 0
    if (markers := _MARKERS.get(kind)) is None:
        return None
    lines = [f"{line.strip()} " for line in added]
    return sum(line.startswith(markers) and not line.startswith("#!") for line in lines)
