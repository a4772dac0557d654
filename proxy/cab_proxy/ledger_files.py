"""The files that one ledger lies in, and its chain over all of them. Standard library only.

A ledger ``calls.jsonl`` that was rotated has older parts beside it: ``calls.000001.jsonl``, then
``calls.000002.jsonl``, and so on; ``calls.jsonl`` is the last. Together they are one chain; a call's lines
may lie in two of them. A part with a number never changes again.

All of this works beside a writer: what is read then is the chain up to some line, the last one maybe torn.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from .records import Record, Verification, Verifier


def part(path: Path, number: int) -> Path:
    """Where the ``number``-th part of a rotated ledger lies, counted from 1."""
    return path.with_name(f"{path.stem}.{number:06}{path.suffix}")


def parts(path: Path) -> dict[int, Path]:
    """The parts that a ledger's rotation left, by number, the oldest first."""
    name = re.compile(re.escape(path.stem) + r"\.(\d{6,})" + re.escape(path.suffix))
    found = [(int(match[1]), each) for each in path.parent.iterdir() if (match := name.fullmatch(each.name))]
    return dict(sorted(found))


def files_of(path: Path) -> tuple[Path, ...]:
    """All files of a ledger, in the order of its chain."""
    return (*parts(path).values(), *((path,) if path.exists() else ()))


def read(path: Path, verifier: Verifier | None = None) -> Iterator[Record]:
    """Every readable record of a ledger, in order, over all of its files; what is wrong with them is the
    verifier's to tell. Holds one line at a time. Raises ``OSError``.
    """
    verifier = verifier or Verifier()
    with contextlib.ExitStack() as stack:
        current = None
        with contextlib.suppress(FileNotFoundError):  # a writer was killed while it rotated
            current = stack.enter_context(path.open("rb"))
        older = parts(path)
        if current is None and not older:
            raise FileNotFoundError(f"there is no ledger {path}")
        for file in older.values():
            with file.open("rb") as lines:
                # rotated since it was opened: it comes last, and the chain ends in it
                if current and os.path.samestat(os.fstat(current.fileno()), os.fstat(lines.fileno())):
                    break
                yield from _records(lines, f"{file.name}: ", verifier)
        yield from _records(current or (), f"{path.name}: " if older else "", verifier)


def verify_ledger(path: Path) -> Verification:
    """As :func:`~cab_proxy.records.verify`, over all files of a ledger. Raises ``OSError``."""
    verifier = Verifier()
    return verifier.found(read(path, verifier))


def _records(lines: Iterable[bytes], where: str, verifier: Verifier) -> Iterator[Record]:
    for number, line in enumerate(lines, start=1):
        record = verifier.feed(line, f"{where}line {number}")
        if record is not None:
            yield record
