"""All that is drawn by lot: from the seed and the secret, and from nothing else.

Without the secret of a held-out set nobody can foretell its tasks, and its tasks do not tell the secret:
every draw is an HMAC-SHA256 under it.
"""

from __future__ import annotations

import hmac
import random
from dataclasses import dataclass
from typing import Final
from uuid import UUID

LEAST_SECRET_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws of one set of tasks. Each is named, so that their order does not matter."""

    seed: str
    secret: bytes = b""
    """Empty for a set that everybody may make again."""

    def __repr__(self) -> str:
        return f"Draws(seed={self.seed!r})"  # never the secret

    def digest(self, *name: str) -> bytes:
        """32 bytes of their own for every name."""
        parts = "".join(f"{len(part)}:{part}" for part in (self.seed, *name))
        return hmac.digest(self.secret, parts.encode(), "sha256")

    def random(self, *name: str) -> random.Random:
        """A generator whose draws are the same everywhere."""
        return random.Random(int.from_bytes(self.digest(*name)))  # noqa: S311  # the key is the secret's

    def uuid(self, *name: str) -> str:
        """A GUID that looks like a drawn one (version 4)."""
        return str(UUID(bytes=self.digest(*name)[:16], version=4))
