"""Source text in, every mutant of it out: pure, and in one order.

Invariants
----------
* A mutant differs from its source in exactly its span: comments, layout and line ends elsewhere stay.
* A mutant parses. Whether it compiles is for the grader to say.
* Sources that do not parse, are not UTF-8, or have carriage returns or a byte order mark have no mutants.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

from cab_runner.mutate import python, trees
from cab_runner.mutate.edits import Kind
from cab_runner.mutate.grammars import GRAMMARS


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One edit of one file."""

    kind: Kind
    path: str
    """Relative to the workspace."""
    line: int
    """Where it begins, from 1."""
    last_line: int
    start: int
    """Offset in bytes."""
    before: str
    after: str

    def apply(self, source: bytes) -> bytes:
        """The source with this fault in it."""
        end = self.start + len(self.before.encode())
        return source[: self.start] + self.after.encode() + source[end:]


LANGUAGES: Final = ("python", *GRAMMARS)


def mutants(language: str, path: str, source: bytes) -> list[Mutant]:
    """Every mutant of a source, from its beginning to its end.

    Raises :class:`MachineLacks` without the language's parser.
    """
    if b"\r" in source or source.startswith(codecs.BOM_UTF8) or not _parses(language, source):
        return []
    found = []
    for edit in sorted(python.edits(source) if language == "python" else trees.edits(language, source)):
        before = source[edit.start : edit.end].decode()
        mutant = Mutant(
            kind=edit.kind,
            path=path,
            line=source.count(b"\n", 0, edit.start) + 1,
            last_line=source.count(b"\n", 0, edit.end) + 1,
            start=edit.start,
            before=before,
            after=edit.after,
        )
        if before != edit.after and _parses(language, mutant.apply(source)):
            found.append(mutant)
    return found


def _parses(language: str, source: bytes) -> bool:
    return python.parses(source) if language == "python" else trees.parses(language, source)
