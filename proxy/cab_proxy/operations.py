"""Which logical operation a call at the wire belongs to: SDKs and CLIs ask again when an attempt failed.

Contract: pure, one :class:`Operations` per run, :meth:`~Operations.place` before
:meth:`~Operations.ended`; calls end in any order. Memory is bounded; what was forgotten begins anew.

Rules
-----
* The retry header says N > 0, and the same question was asked before: the next attempt of that operation.
  It says 0 of a retry where a CLI has a loop of its own around its SDK's, so 0 is as good as no header.
* No header: the same question after an attempt that failed is the next attempt. After an answer, or while
  another is under way, it is a new operation: it may be sampling.
* A retry of nothing that is known is its own operation, and attempt N + 1 of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from .headers import first

RETRY_HEADERS: Final = ("x-stainless-retry-count",)
"""Request headers that hold the number of attempts before this one. As of 2026-11-22, seen on the wire or in
the packages: the openai (Python 3.54.0, JS 5.11.0, 6.26.0) and anthropic (Python 2.12.0, JS 0.128.0) SDKs
send it, so qwen-code 0.24.4 and pi 0.73.1 do. claude-code 2.1.330 and copilot 1.0.102 do their own retries
and always say 0. google-genai (Python 3.4.0, JS 1.30.0), the AI SDK (opencode 1.18.33) and codex 0.169.0
send nothing of the kind.
"""

_KEPT_QUESTIONS: Final = 1024
_KEPT_PER_QUESTION: Final = 16
_MAX_RETRIES: Final = 1000


def retry_count(headers: Iterable[tuple[str, str]]) -> int | None:
    """The attempts before this one, as the client says; ``None`` where it says nothing."""
    headers = tuple(headers)
    for name in RETRY_HEADERS:
        text = first(headers, name).strip()
        if text.isascii() and text.isdecimal() and len(text) < 5:
            return min(int(text), _MAX_RETRIES)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A call's place, as its record has it."""

    operation_id: str
    """``call_id`` of the operation's first attempt that is known."""
    attempt: int
    """From 1."""
    retry_of: str | None
    """``call_id`` of the attempt before."""


@dataclass(slots=True)
class _Operation:
    operation_id: str
    attempt: int
    last_call: str
    state: Literal["under way", "failed", "answered"] = "under way"


class Operations:
    """The latest operations of one run."""

    __slots__ = ("_by_key", "_under_way")

    def __init__(self) -> None:
        self._by_key: OrderedDict[str, list[_Operation]] = OrderedDict()
        self._under_way: dict[str, _Operation] = {}

    def place(self, call_id: str, *, key: str, retry_count: int | None = None) -> Place:
        """Find or begin the operation of a call. ``key`` tells questions apart: protocol, path and canonical
        hash; ``retry_count`` is what the client says.
        """
        same = self._by_key.setdefault(key, [])
        self._by_key.move_to_end(key)
        said = retry_count or 0
        before = _attempt_before(same, said)
        retry_of = None
        if before is None:
            operation = _Operation(call_id, said + 1, call_id)
            self._keep(same, operation)
        else:
            operation, retry_of = before, before.last_call
            operation.attempt += 1
            operation.last_call, operation.state = call_id, "under way"
        self._under_way[call_id] = operation
        return Place(operation_id=operation.operation_id, attempt=operation.attempt, retry_of=retry_of)

    def ended(self, call_id: str, *, failed: bool) -> None:
        """A call is over: ``failed`` when it brought no whole answer, also where its client left."""
        operation = self._under_way.pop(call_id, None)
        # an attempt that its client gave up may end after the next one has begun
        if operation is not None and operation.last_call == call_id:
            operation.state = "failed" if failed else "answered"

    def _keep(self, same: list[_Operation], operation: _Operation) -> None:
        if len(same) >= _KEPT_PER_QUESTION:
            same.remove(next((old for old in same if old.state == "answered"), same[0]))
        same.append(operation)
        if len(self._by_key) > _KEPT_QUESTIONS:
            self._by_key.popitem(last=False)


def _attempt_before(same: list[_Operation], said: int) -> _Operation | None:
    """The operation that is being tried again; of several, one whose count fits, else the oldest."""
    for state in ("failed", "under way", "answered") if said else ("failed",):
        found = [operation for operation in same if operation.state == state]
        if found:
            return next((operation for operation in found if operation.attempt == said), found[0])
    return None
