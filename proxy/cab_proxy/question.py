"""The body of a model call: what it asks, its canonical hash, and its prompt where that must be counted.

Contract: pure. A body that can't be read is ``readable`` false and says why; nothing raises. Parsed bodies
take many times the room of their bytes, so they are let go of early and read again in the rare case.
"""

from __future__ import annotations

from typing import Any, Final

from .canonical import canonical_hash
from .content import decoded
from .inject import asking_for_usage
from .jsonbody import JsonBody, read_json
from .protocols.base import UNREAD, Asked, Prompt, Protocol

LARGE_BYTES: Final = 256 * 1024
"""From here on bodies belong into a thread, so that other calls don't wait for them."""


class Question:
    """One request's body."""

    __slots__ = ("_coding", "_value", "asked", "data", "protocol")

    def __init__(self, protocol: Protocol, data: bytes, coding: str) -> None:
        """``coding`` is the Content-Encoding of ``data``."""
        self.protocol = protocol
        self.asked: Asked = UNREAD
        self.data = data
        """As it was received."""
        self._coding = coding.strip().lower()
        self._value: dict[str, Any] | None = None

    @property
    def large(self) -> bool:
        """It is to be read in a thread: it is long, or nobody knows how long."""
        return len(self.data) > LARGE_BYTES or self._coding not in {"", "identity"}

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

    def asking_for_usage(self) -> bytes | None:
        """The body with a setting more, by which its stream will have usage; ``None`` where that can't be or
        need not be.
        """
        if not self.protocol.stream_options or self._coding not in {"", "identity"}:
            return None
        return asking_for_usage(self.data, self._value or self._parse().value or {})

    def _parse(self) -> JsonBody:
        data = decoded(self.data, self._coding)
        if data is None:
            return JsonBody(problem=f"the body can't be read as {self._coding[:40]!r}: send it as it is")
        return read_json(data)
