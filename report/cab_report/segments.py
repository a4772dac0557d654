"""Names as path segments: results lie by them, and so do the pages made of results."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

_HARMLESS: Final = re.compile(r"[A-Za-z0-9][\w.:@+-]*", re.ASCII)


def segment(text: str) -> str:
    """A path segment: as it is when harmless, else percent-encoded (a leading dot included)."""
    if _HARMLESS.fullmatch(text):
        return text
    encoded = quote(text, safe=":@+")
    if not encoded or not _HARMLESS.match(encoded[0]):
        # quote() leaves '.', '_', '-' and '~' alone, and an empty segment must not vanish
        encoded = "".join(f"%{byte:02X}" for byte in text[:1].encode()) + quote(text[1:], safe=":@+") or "%00"
    return encoded
