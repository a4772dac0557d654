"""How true an agent's token report is, and how much of its prompts is its own; no part of the composite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cab_proxy.records import NO_TOKENS, TOKEN_KINDS, Record, Tokens
from cab_scoring.usage import Usage
from cab_scoring.wire import served_nothing

PROMPT_PARTS: Final = ("system", "tools", "messages")
"""What a prompt is made of, as the ledger's ``prompt_parts`` has it."""


def error_of(claimed: Tokens, served: Mapping[str, int | None]) -> dict[str, float | None]:
    """``claimed / served − 1`` by kind of token; None without a claim, and where nothing is known to have
    been served.
    """

    def error(kind: str) -> float | None:
        said, true = getattr(claimed, kind), served.get(kind)
        return None if said is None or not true else said / true - 1

    return {kind: error(kind) for kind in TOKEN_KINDS}


def self_report_axis(claimed: Tokens | None, used: Usage) -> dict[str, Any]:
    """``scores.self_report_error``: all None without a claim, and where not all that was served is known."""
    known = used.tokens | {"total": used.total_tokens} if used.complete else {}
    return error_of(claimed or NO_TOKENS, known)


def tax_axis(calls: Sequence[Record]) -> dict[str, Any]:
    """``scores.harness_tax``: the share of the prompts that is system prompt and tool schemas.

    Of the calls whose prompt was taken apart; ``coverage`` is their share of those that served tokens or
    may have. The sums are None, and so is the share, where there is no such call.
    """
    serving = [call for call in calls if not served_nothing(call)]
    apart = [call.prompt_parts for call in serving if call.prompt_parts is not None]
    sums = {part: sum(parts.get(part, 0) for parts in apart) if apart else None for part in PROMPT_PARTS}
    whole = sum(tokens or 0 for tokens in sums.values())
    return {
        "harness_tax": ((sums["system"] or 0) + (sums["tools"] or 0)) / whole if whole else None,
        **{f"{part}_tokens": tokens for part, tokens in sums.items()},
        "coverage": len(apart) / len(serving) if serving else None,
    }
