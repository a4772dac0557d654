"""What is done with a journal: entries are added and, where the law demands it, forgotten."""

from __future__ import annotations

from dataclasses import replace

from frontdesk.chain import FIRST, Entry, digest, line_of

ERASED = "erased"


class NobodyError(Exception):
    """A person whom no entry names."""


def appended(entries: list[Entry], at: str, kind: str, person: str, note: str) -> list[Entry]:
    """The entries and a new one."""
    prev = digest(line_of(entries[-1])) if entries else FIRST
    return [*entries, Entry(len(entries) + 1, at, kind, person, note, prev)]


def of_person(entries: list[Entry], person: str) -> list[Entry]:
    return [entry for entry in entries if entry.person == person]


def forgotten(entries: list[Entry], person: str, at: str) -> list[Entry]:
    """The entries without the person, and one that says so. Raises NobodyError."""
    kept = []
    count = 0
    for entry in entries:
        if entry.person == person:
            kept.append(replace(entry, person=ERASED, note=""))
            count += 1
        else:
            kept.append(entry)
    if count == 0:
        raise NobodyError(f"nothing about {person}")
    return appended(kept, at, "erasure", ERASED, f"{count} entries")
