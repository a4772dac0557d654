"""Cell records and ledgers → documents of other harnesses' formats, as plain JSON values.

Pure, and without those harnesses' packages: what their readers make of the documents is for tests. What is
unknown is left out, never 0; what a format has no field for is under its ``metadata`` or ``extra``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those that are unknown or empty."""
    return {name: value for name, value in values.items() if value is not None and value not in ({}, [])}


def facts(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Whose attempt it was, what it came to, how much of that was measured, and the hashes behind it."""
    composite, tokens = cell["scores"]["composite"], cell["scores"]["tokens"]
    return known(
        {
            **cell["identity"],
            "provisional": cell["provisional"],
            "pass": cell["scores"]["pass_rate"]["pass"],
            "failure": cell["failure"],
            "composite": composite["composite"],
            "composite_bounds": composite["composite_bounds"],
            "model_calls": tokens["model_calls"],
            "coverage": tokens["coverage"],
            "tokens_source": tokens["tokens_source"],
            "cost_usd": tokens["cost_usd"],
            "cost_coverage": tokens["cost_coverage"],
            **cell["provenance"],
        }
    )


def dollars(amount: object) -> float | None:
    """Money of a record as these formats have it; the record's own digits are in its text."""
    return None if amount is None else float(str(amount))
