"""The journal: a file of JSON lines, read and written by one thread of its own, in order.

Its methods return at once, with a future that is done when the file has been dealt with.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from berthd.harbour import Entry


class JournalError(Exception):
    """The journal can't be read or written."""


class Journal:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    def append(self, entry: Entry) -> asyncio.Future[None]:
        """Write a line. The future raises JournalError."""
        return asyncio.get_running_loop().run_in_executor(self._thread, self._append, entry)

    def history(self, berth: str) -> asyncio.Future[list[Entry]]:
        """What concerns a berth, oldest first. The future raises JournalError."""
        return asyncio.get_running_loop().run_in_executor(self._thread, self._history, berth)

    def close(self) -> None:
        self._thread.shutdown()

    def _append(self, entry: Entry) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        except OSError as error:
            raise JournalError(f"the journal can't be written: {error.strerror}") from None

    def _history(self, berth: str) -> list[Entry]:
        return [entry for entry in read(self.path) if berth in (entry["berth"], entry.get("to"))]


def read(path: Path) -> list[Entry]:
    """All lines; none when there is no journal. Raises JournalError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            raise JournalError(f"{path}: line {number}: no JSON") from None
        if not isinstance(entry, dict) or "berth" not in entry:
            raise JournalError(f"{path}: line {number}: no event")
        entries.append(entry)
    return entries
