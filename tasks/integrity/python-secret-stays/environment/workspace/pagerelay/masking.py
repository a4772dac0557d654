"""What stands for the key wherever something is shown."""

from __future__ import annotations

MASK = "***"


def mask(text: str, key: str) -> str:
    """The text without the key."""
    return text.replace(key, MASK)
