"""ULIDs: ids that sort by their time."""

from __future__ import annotations

import secrets
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(time_ms: int) -> str:
    """A new ULID for a Unix time in milliseconds: 48 bits of time, 80 of chance, 26 characters."""
    value = (time_ms & (1 << 48) - 1) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
