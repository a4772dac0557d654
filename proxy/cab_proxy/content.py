"""A readable copy of a body that is compressed on the wire.

Contract: bytes in, bytes out; never raises. The copy is bounded: what goes beyond the limit, or can't
be decoded, is left out and ``whole`` is false from then on.
"""

from __future__ import annotations

import zlib
from typing import Final

MAX_COPY_BYTES: Final = 64 * 1024 * 1024


class ContentCopy:
    """Decodes gzip and deflate as the pieces come; anything else but identity is unreadable."""

    def __init__(self, encoding: str, limit: int = MAX_COPY_BYTES) -> None:
        name = encoding.strip().lower()
        self._room = limit
        self._inflate = zlib.decompressobj(wbits=47) if name in {"gzip", "x-gzip", "deflate"} else None
        self._may_be_raw = name == "deflate"
        self._head = b""
        self.whole = self._inflate is not None or name in {"", "identity"}
        """Whether everything up to now could be read."""

    def feed(self, chunk: bytes) -> bytes:
        """The readable bytes that ``chunk`` brings."""
        if not self.whole or not chunk:
            return b""
        text = self._decode(chunk) if self._inflate else chunk
        if len(text) > self._room:
            self.whole = False
            text = text[: self._room]
        self._room -= len(text)
        return text

    def _decode(self, chunk: bytes) -> bytes:
        assert self._inflate is not None
        if self._may_be_raw:
            chunk = self._head + chunk
            if len(chunk) < 2:  # zlib judges its header by two bytes
                self._head = chunk
                return b""
        parts: list[bytes] = []
        room = self._room + 1
        try:
            while chunk and room > 0:
                try:
                    part = self._inflate.decompress(chunk, room)
                except zlib.error:
                    if not self._may_be_raw:
                        raise
                    # "deflate" means zlib to the standard and raw deflate to some servers
                    self._inflate = zlib.decompressobj(wbits=-15)
                    part = self._inflate.decompress(chunk, room)
                self._may_be_raw = False
                parts.append(part)
                room -= len(part)
                if not self._inflate.eof:
                    break
                chunk = self._inflate.unused_data.lstrip(b"\0")
                self._inflate = zlib.decompressobj(wbits=47)  # gzip members may follow one another
        except zlib.error:
            self.whole = False
        return b"".join(parts)
