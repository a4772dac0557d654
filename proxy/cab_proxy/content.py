"""A readable copy of a body that is compressed on the wire.

Contract: bytes in, bytes out; never raises. The copy is bounded: what goes beyond the limit, or can't
be decoded, is left out and ``whole`` is false from then on.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

MAX_COPY_BYTES: Final = 64 * 1024 * 1024

_BROKEN: Final = (zlib.error, brotli.error, ZstdError, EOFError)


class _Decoder(Protocol):
    """One coding's decoder. Raises one of :data:`_BROKEN` for what it can't decode."""

    def decode(self, chunk: bytes, room: int) -> Iterator[bytes]:
        """What ``chunk`` brings, in pieces; of much, a little more than ``room`` bytes at most."""


class ContentCopy:
    """Decodes gzip, deflate, br and zstd as the pieces come; what else is not identity is unreadable."""

    def __init__(self, encoding: str, limit: int = MAX_COPY_BYTES) -> None:
        name = encoding.strip().lower()
        self._room = limit
        self._decoder = _DECODERS[name]() if name in _DECODERS else None
        self.whole = self._decoder is not None or name in {"", "identity"}
        """Whether everything up to now could be read."""

    def feed_all(self, chunks: Sequence[bytes]) -> bytes:
        """The readable bytes that all of ``chunks`` bring."""
        if self._decoder is None:
            return self.feed(b"".join(chunks))
        return b"".join([self.feed(chunk) for chunk in chunks])

    def feed(self, chunk: bytes) -> bytes:
        """The readable bytes that ``chunk`` brings."""
        if not self.whole or not chunk:
            return b""
        text = self._decode(self._decoder, chunk) if self._decoder else chunk
        if len(text) > self._room:
            self.whole = False
            text = text[: self._room]
        self._room -= len(text)
        return text

    def _decode(self, decoder: _Decoder, chunk: bytes) -> bytes:
        parts: list[bytes] = []
        try:
            parts.extend(decoder.decode(chunk, self._room + 1))
        except _BROKEN:
            self.whole = False
        return b"".join(parts)


class _Inflate:
    """gzip, whose members may follow one another, and zlib."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=47)

    def decode(self, chunk: bytes, room: int) -> Iterator[bytes]:
        """See :class:`_Decoder`."""
        while chunk and room > 0:
            part = self._inflate.decompress(chunk, room)
            yield part
            room -= len(part)
            if not self._inflate.eof:
                break
            chunk = self._inflate.unused_data.lstrip(b"\0")
            self._inflate = zlib.decompressobj(wbits=47)


class _Deflate:
    """``deflate`` means zlib to the standard (RFC 9110, 8.4.1.2) and raw deflate to some servers."""

    def __init__(self) -> None:
        self._head = b""
        self._inflate: zlib._Decompress | None = None

    def decode(self, chunk: bytes, room: int) -> Iterator[bytes]:
        """See :class:`_Decoder`."""
        if self._inflate is None:
            self._head += chunk
            if len(self._head) < 2:  # zlib judges its header by two bytes
                return
            is_zlib = self._head[0] & 0x0F == 8 and int.from_bytes(self._head[:2]) % 31 == 0
            self._inflate = zlib.decompressobj(wbits=15 if is_zlib else -15)
            chunk, self._head = self._head, b""
        yield self._inflate.decompress(chunk, room)


class _Brotli:
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def decode(self, chunk: bytes, room: int) -> Iterator[bytes]:
        """See :class:`_Decoder`."""
        part = self._decompressor.process(chunk, output_buffer_limit=room)
        while part and room > len(part):  # it gives some 32 KB at a time
            yield part
            room -= len(part)
            part = self._decompressor.process(b"", output_buffer_limit=room)
        yield part


class _Zstd:
    """zstd, whose frames may follow one another."""

    def __init__(self) -> None:
        self._decompressor = ZstdDecompressor()

    def decode(self, chunk: bytes, room: int) -> Iterator[bytes]:
        """See :class:`_Decoder`."""
        while chunk and room > 0:
            part = self._decompressor.decompress(chunk, room)
            yield part
            room -= len(part)
            if not self._decompressor.eof:
                break
            chunk = self._decompressor.unused_data
            self._decompressor = ZstdDecompressor()


def decoded(data: bytes, encoding: str) -> bytes | None:
    """A whole body without its coding; ``None`` where it can't be read, is cut off, or is longer than
    :data:`MAX_COPY_BYTES`.
    """
    copy = ContentCopy(encoding)
    text = copy.feed(data)
    return text if copy.whole else None


_DECODERS: Final[dict[str, Callable[[], _Decoder]]] = {
    "gzip": _Inflate,
    "x-gzip": _Inflate,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
