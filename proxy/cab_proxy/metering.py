"""How calls are metered, whichever run they belong to: what the command line says once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .bodies import BodyFolder
from .description import Descriptions
from .ledger import LedgerWriter
from .prices import PriceBook
from .runs import GRACE_TOKENS, Run
from .syncer import Fsync
from .watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """The settings."""

    prices: PriceBook = field(default_factory=PriceBook.shipped)
    include_usage: bool = False
    """Streams are asked for their usage, also where the client didn't."""
    fsync: Fsync = "off"
    rotate_bytes: int | None = None
    """The proxy's own ledger goes on in another file beyond this size; ``None``: never."""
    bodies: BodyFolder | None = None
    """Where bodies are kept, if they are."""
    describe_prompts: bool = False
    """Records say what a call is for, and how its prompt is divided; that takes time for each."""
    grace_s: float = 30.0
    """A response whose client has left is read on for so long,"""
    grace_tokens: int = GRACE_TOKENS
    """and for about so many tokens."""
    watch: Watch | None = None
    """Who is told of all calls as they come, if anyone."""

    def ledger(self, path: Path) -> LedgerWriter:
        """Open the proxy's own ledger. Raises ``LedgerWriteError``."""
        return LedgerWriter(path, fsync=self.fsync, rotate_bytes=self.rotate_bytes)

    def ledger_of_run(self, path: Path) -> LedgerWriter:
        """Open a run's, which is one file. Raises ``LedgerWriteError``."""
        return LedgerWriter(path, fsync=self.fsync)

    def run(
        self,
        *,
        bodies: BodyFolder | None = None,
        describe_prompts: bool = False,
        include_usage: bool = False,
        **more: Any,
    ) -> Run:
        """A run; ``more`` is what is its own."""
        return Run(
            prices=self.prices,
            include_usage=include_usage or self.include_usage,
            bodies=bodies or self.bodies,
            descriptions=Descriptions() if describe_prompts or self.describe_prompts else None,
            grace_tokens=self.grace_tokens,
            watch=self.watch,
            **more,
        )
