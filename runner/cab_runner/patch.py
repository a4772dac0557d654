"""The difference of two snapshots as a patch that ``git apply`` takes.

Format: git-diff(1), "generating patch text with -p", with ``GIT binary patch`` literals for what is
not text. Modes and symlinks are in it. A file whose content is unknown (too large, unreadable) is
named in a comment line before the first diff, which git skips.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Final

from dulwich.patch import unified_diff

if TYPE_CHECKING:
    from cab_runner.workspace import Entry

_LARGEST_TEXT_BYTES: Final = 2**20
_MOST_LINES: Final = 20_000  # difflib is quadratic at worst; past this a text is treated as binary
_NO_NEWLINE: Final = b"\n\\ No newline at end of file\n"


class Content(Enum):
    """What content is when it is not lines of text."""

    BINARY = "binary"


BINARY: Final = Content.BINARY
"""The answer of :func:`changed_lines` where lines mean nothing."""


def changed_lines(old: bytes | None, new: bytes | None) -> tuple[list[bytes], list[bytes]] | Content:
    """Lines added and removed; :data:`BINARY` for binary, very large or unknown content."""
    if old is None or new is None or not (_is_text(old) and _is_text(new)):
        return BINARY
    body = list(_hunks(b"a", b"b", old, new))[2:]
    added, removed = (
        [line[1:].removesuffix(_NO_NEWLINE) for line in body if line.startswith(sign)]
        for sign in (b"+", b"-")
    )
    return added, removed


def make_patch(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> bytes:
    """The patch from one snapshot to the other; empty when they are equal."""
    unknown: list[bytes] = []
    diffs: list[bytes] = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old and new and old.sha256 is not None and (old.mode, old.sha256) == (new.mode, new.sha256):
            continue
        if any(entry and (entry.data is None or entry.mode == 0) for entry in (old, new)):
            unknown.append(b"# left out, content not kept: " + _quoted(path, b"") + b"\n")
        elif old and new and (old.mode == 0o120000) != (new.mode == 0o120000):
            # a file that becomes a symlink is a deletion and a creation
            diffs += [*_file_diff(path, old, None), *_file_diff(path, None, new)]
        else:
            diffs += _file_diff(path, old, new)
    return b"".join(unknown + diffs)


def _file_diff(path: str, old: Entry | None, new: Entry | None) -> Iterator[bytes]:
    a, b = _quoted(path, b"a/"), _quoted(path, b"b/")
    yield b"diff --git " + a + b" " + b + b"\n"
    if old is None and new is not None:
        yield b"new file mode %o\n" % new.mode
    elif new is None and old is not None:
        yield b"deleted file mode %o\n" % old.mode
    elif old is not None and new is not None and old.mode != new.mode:
        yield b"old mode %o\nnew mode %o\n" % (old.mode, new.mode)
    before, after = (entry.data or b"" if entry else b"" for entry in (old, new))
    if before == after and old is not None and new is not None:
        return
    yield b"index %s..%s\n" % (_blob_id(old), _blob_id(new))
    if _is_text(before) and _is_text(after):
        yield from _hunks(
            b"/dev/null" if old is None else a, b"/dev/null" if new is None else b, before, after
        )
    else:
        yield b"GIT binary patch\n" + _literal(after) + _literal(before)


def _hunks(a: bytes, b: bytes, old: bytes, new: bytes) -> Iterator[bytes]:
    yield from unified_diff(
        _lines(old), _lines(new), a, b, tree_encoding="latin-1", output_encoding="latin-1"
    )


def _lines(data: bytes) -> list[bytes]:
    """Lines as git sees them: split at LF only, ends kept."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _literal(data: bytes) -> bytes:
    packed = zlib.compress(data)
    out = [b"literal %d\n" % len(data)]
    for start in range(0, len(packed), 52):
        chunk = packed[start : start + 52]
        length = len(chunk)
        mark = bytes([length + 64 if length <= 26 else length - 27 + 97])
        out.append(mark + base64.b85encode(chunk, pad=True) + b"\n")
    return b"".join(out) + b"\n"


def _blob_id(entry: Entry | None) -> bytes:
    if entry is None:
        return b"0" * 40
    data = entry.data or b""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest().encode()


def _is_text(data: bytes) -> bool:
    return len(data) <= _LARGEST_TEXT_BYTES and b"\0" not in data and data.count(b"\n") <= _MOST_LINES


def _quoted(path: str, prefix: bytes) -> bytes:
    """A path as git prints it: in double quotes with C escapes where it holds odd bytes."""
    raw = prefix + path.encode("utf-8", "surrogateescape")
    if all(0x20 <= byte < 0x7F and byte not in b'"\\' for byte in raw):
        return raw
    return b'"' + b"".join(_escape(byte) for byte in raw) + b'"'


def _escape(byte: int) -> bytes:
    if byte in b'"\\':
        return b"\\" + bytes([byte])
    if 0x20 <= byte < 0x7F:
        return bytes([byte])
    return b"\\%03o" % byte
