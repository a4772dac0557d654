"""The endpoint's own count: one record per call, written before the call's last byte is sent."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the endpoint served to one request."""

    n: int
    """Number of the call, from 1, in order of arrival."""
    protocol: str
    """As the meter's records have it."""
    model: str | None
    """As requested; ``None`` when the request could not be read."""
    status: int
    """HTTP status that was sent."""
    stream: bool | None
    completed: bool
    """The whole answer was handed over; ``False`` when it was cut or the client left."""
    fault: str | None
    """The fault that this call was hit by."""
    prompt_tokens: int | None
    """Includes what was cached. ``None``, as all counts, where no model ran: an error was served."""
    completion_tokens: int | None
    """Tokens that the model made, reported or not; of a stream that broke off, those that were sent."""
    cached_tokens: int | None
    """The part of the prompt that was read from the cache."""
    cache_write_tokens: int | None
    """The part of the prompt that was written to the cache."""

    def wire(self) -> dict[str, Any]:
        """The record as JSON holds it, with the total."""
        known = self.prompt_tokens is not None and self.completion_tokens is not None
        total = (self.prompt_tokens or 0) + (self.completion_tokens or 0) if known else None
        return {**asdict(self), "total_tokens": total}


class CallLog:
    """All calls so far, in memory and, where a path is given, as JSON lines appended to that file.

    A log that ``resumes`` has them in the file alone, and its numbers go on from what that holds.
    """

    def __init__(self, path: Path | None = None, *, resumes: bool = False) -> None:
        self.calls: list[Call] = []
        """In the order in which they ended; empty where the log resumes."""
        self._path = path
        self._resumes = resumes
        self._started = len(self.wire()) if resumes else 0

    def number(self) -> int:
        """The number of a call that has just come in."""
        self._started += 1
        return self._started

    def add(self, call: Call) -> None:
        """Record a call that is about to end."""
        if not self._resumes:
            self.calls.append(call)
        if self._path is not None:
            with self._path.open("ab") as file:
                file.write(json.dumps(call.wire()).encode() + b"\n")

    def wire(self) -> list[dict[str, Any]]:
        """The records as JSON holds them."""
        if self._path is None or not self._resumes:
            return [call.wire() for call in self.calls]
        if not self._path.exists():
            return []
        return [json.loads(line) for line in self._path.read_bytes().splitlines()]
