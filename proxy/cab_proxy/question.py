"""The body of a model call: what it asks, its canonical hash, and its prompt where that must be counted.

Contract: pure. A body that can't be read is ``readable`` false and says why; nothing raises. Parsed bodies
take many times the room of their bytes, so they are let go of early and read again in the rare case.
"""

from __future__ import annotations

from typing import Any, Final

from .content import decoded
from .jsonbody import JsonBody, canonical_hash, read_json
from .protocols.base import UNREAD, Asked, Prompt, Protocol

LARGE_BYTES: Final = 256 * 1024
"""From here on bodies belong into a thread, so that other calls don't wait for them."""


class Question:
    """One request's body."""

    __slots__ = ("_coding", "_data", "_value", "asked", "protocol")

    def __init__(self, protocol: Protocol, data: bytes, coding: str) -> None:
        """``coding`` is the Content-Encoding of ``data``."""
        self.protocol = protocol
        self.asked: Asked = UNREAD
        self._data = data
        self._coding = coding.strip().lower()
        self._value: dict[str, Any] | None = None

    @property
    def large(self) -> bool:
        """It is to be read in a thread: it is long, or nobody knows how long."""
        return len(self._data) > LARGE_BYTES or self._coding not in {"", "identity"}

    @property
    def readable(self) -> bool:
        """It has been read, and could be."""
        return self.asked is not UNREAD

    def read(self, path: str) -> JsonBody:
        """Read it, once; ``path`` is the request's."""
        body = self._parse()
        if body.value is not None:
            self._value = body.value
            self.asked = self.protocol.read_request(body.value, path)
        return body

    def hash(self) -> str | None:
        """Its canonical hash, once; ``None`` where it can't be read, and from then on."""
        value, self._value = self._value, None
        return None if value is None else canonical_hash(value)

    def prompt(self) -> Prompt:
        """The texts of its prompt."""
        return self.protocol.read_prompt(self._parse().value or {})

    def _parse(self) -> JsonBody:
        data = decoded(self._data, self._coding)
        if data is None:
            return JsonBody(problem=f"the body can't be read as {self._coding[:40]!r}: send it as it is")
        return read_json(data)
