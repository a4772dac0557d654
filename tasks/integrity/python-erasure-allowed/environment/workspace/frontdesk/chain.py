"""The journal as a chain of lines, each of which names the digest of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FIRST = "0" * 64


class BrokenError(Exception):
    """A journal that is not as it was written."""


@dataclass(frozen=True)
class Entry:
    n: int
    at: str
    kind: str
    person: str
    note: str
    prev: str = FIRST


def line_of(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False)


def digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def read(path: Path) -> list[Entry]:
    """The entries of a journal, which may be missing. Raises BrokenError."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = text.removesuffix("\n").split("\n") if text else []
    entries: list[Entry] = []
    prev = FIRST
    for number, line in enumerate(lines, start=1):
        try:
            entry = Entry(**json.loads(line))
        except (TypeError, ValueError):
            raise BrokenError(f"broken at entry {number}") from None
        if entry.n != number or entry.prev != prev:
            raise BrokenError(f"broken at entry {number}")
        entries.append(entry)
        prev = digest(line)
    return entries


def sealed(entries: Iterable[Entry]) -> list[Entry]:
    """The same entries, each with the digest of the one before."""
    chain: list[Entry] = []
    prev = FIRST
    for entry in entries:
        chain.append(replace(entry, prev=prev))
        prev = digest(line_of(chain[-1]))
    return chain


def write(path: Path, entries: Iterable[Entry]) -> None:
    path.write_text("".join(line_of(entry) + "\n" for entry in entries), encoding="utf-8")
