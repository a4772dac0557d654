"""From frames to bytes: JSON in all its spellings, events, lines and arrays, and content codings that are
flushed after each frame, as servers do.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, Final, NamedTuple

import brotli

from .parts import Frame, Plan, Talk

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdCompressor, ZstdDecompressor
else:
    from backports.zstd import ZstdCompressor, ZstdDecompressor

_COMMENTS: Final = (b": keep-alive", b":", b": OPENROUTER PROCESSING")
_BROKEN: Final = (
    b'data: {"choices":[{"delta":',
    b"data:",
    b"data",
    b"data: null",
    b"data: [1]",
    b"event: x",
    b"x: y",
)
_NEVER: Final = sys.maxsize


class Written(NamedTuple):
    """A frame's bytes."""

    data: bytes
    read_at: int
    """So much of them is enough to read it, if no more comes."""
    done_at: int
    """So much, to know that nothing more belongs to it."""


def write(talk: Talk, plan: Plan, rng: Random) -> list[Written]:
    """The bytes of each frame, in the answer's kind."""
    last = len(talk.frames) - 1
    written = []
    for n, frame in enumerate(talk.frames):
        if talk.kind == "events":
            one = _event(frame, plan, rng, closed=n < last or "unclosed" not in plan.noise)
        elif talk.kind == "lines":
            data = _json(frame.value, plan, rng)
            end = b"\r\n" if plan.line_end == b"\r\n" else b"\n"
            extra = end if "comments" in plan.noise else b""
            closing = b"" if n == last and "unclosed" in plan.noise else end + extra
            one = Written(data + closing, len(data), len(data))
        elif talk.kind == "array":
            data = (b"," if n else b"[") + _json(frame.value, plan, rng, lines="lines" in plan.noise)
            one = Written(data + (b"\n]\n" if n == last else b"\r\n"), len(data), len(data))
        else:
            data = _json(frame.value, plan, rng, lines="lines" in plan.noise)
            one = Written(data + b"\n" * ("unclosed" not in plan.noise), len(data), _NEVER)
        written.append(one)
    if "bom" in plan.noise and talk.kind in {"events", "plain"} and written:
        data, read_at, done_at = written[0]
        written[0] = Written(b"\xef\xbb\xbf" + data, read_at + 3, done_at + 3)
    return written


def _json(value: Any, plan: Plan, rng: Random, *, lines: bool = False) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if "padding" in plan.noise and isinstance(value, dict):
        value = {**value, rng.choice(("obfuscation", "p")): "x" * rng.randint(0, 9)}
    if "shuffled" in plan.noise and isinstance(value, dict):
        value = dict(rng.sample(list(value.items()), len(value)))
    escapes = "escapes" in plan.noise
    separators = (", ", ": ") if "spaced" in plan.noise else (",", ":")
    text = json.dumps(value, ensure_ascii=escapes, separators=separators, indent=1 if lines else None)
    if "padding" in plan.noise and text.endswith("}"):  # Anthropic's
        text = f"{text[:-1]}{' ' * rng.randint(0, 9)}}}"
    return (text.replace("/", "\\/") if escapes else text).encode()


def _event(frame: Frame, plan: Plan, rng: Random, *, closed: bool) -> Written:
    end = plan.line_end
    before = b""
    if "comments" in plan.noise and rng.random() < 0.3:
        before += rng.choice(_COMMENTS) + end * rng.randint(1, 2)
    if "broken events" in plan.noise and rng.random() < 0.3:
        before += rng.choice(_BROKEN) + end * 2
    blank = b" " if rng.random() < 0.8 else b""
    fields = "fields" in plan.noise
    lines = [b"retry:%b10" % blank] if fields and rng.random() < 0.2 else []
    if frame.event:
        lines.append(b"event:%b%b" % (blank, frame.event.encode()))
    data = _json(frame.value, plan, rng, lines="lines" in plan.noise)
    lines += [b"data:%b%b" % (blank, line) for line in data.split(b"\n")]
    event = before + end.join(lines)
    read_at = len(event)
    if fields:
        event += end + b"id:%b%d" % (blank, rng.randint(0, 99))
    if not closed:
        return Written(event, read_at, _NEVER)
    event += end + end
    return Written(event, read_at, len(event) - (end == b"\r\n"))


class _Coder(NamedTuple):
    code: Callable[[bytes], bytes]
    """The coded form of some bytes, flushed."""
    finish: Callable[[], bytes]


def _deflating(wbits: int) -> _Coder:
    compress = zlib.compressobj(1, wbits=wbits)
    return _Coder(lambda data: compress.compress(data) + compress.flush(zlib.Z_SYNC_FLUSH), compress.flush)


def _brotli() -> _Coder:
    compress = brotli.Compressor(quality=1, lgwin=16)
    return _Coder(lambda data: compress.process(data) + compress.flush(), compress.finish)


def _zstd() -> _Coder:
    compress = ZstdCompressor(level=1)
    return _Coder(lambda data: compress.compress(data, compress.FLUSH_BLOCK), compress.flush)


_CODERS: Final[dict[str, Callable[[], _Coder]]] = {
    "gzip": lambda: _deflating(31),
    "deflate": lambda: _deflating(15),
    "deflate raw": lambda: _deflating(-15),
    "br": _brotli,
    "zstd": _zstd,
}
CODINGS: Final = ("", "identity", *_CODERS)


def code(blocks: Iterable[bytes], coding: str) -> tuple[bytes, list[int]]:
    """The body in a coding, and where in it each block ends."""
    coder = _CODERS[coding]() if coding in _CODERS else _Coder(bytes, bytes)
    body, ends = bytearray(), []
    for block in blocks:
        body += coder.code(block)
        ends.append(len(body))
    body += coder.finish()
    return bytes(body), ends


def decoded_length(body: bytes, coding: str) -> int:
    """How many bytes of the content are in the beginning of a coded body."""
    if coding == "br":
        decompressor = brotli.Decompressor()
        length = len(decompressor.process(body))
        while more := decompressor.process(b""):  # it may hold something back
            length += len(more)
        return length
    if coding == "zstd":
        return len(ZstdDecompressor().decompress(body))
    if coding in _CODERS:
        wbits = {"gzip": 31, "deflate": 15, "deflate raw": -15}[coding]
        return len(zlib.decompressobj(wbits).decompress(body))
    return len(body)
