"""ULIDs: ids that sort by their time."""

from __future__ import annotations

import os
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]


def ulid(time_ms: int) -> str:
    """A new ULID for a Unix time in milliseconds: 48 bits of time, 80 of chance, 26 characters."""
    value = (time_ms & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])
