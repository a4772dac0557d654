"""Which tokens of a prompt are the system prompt's, the tools', the messages'. Contract: pure.

Endpoints report one figure for all of them. It is divided by our estimates of the three, made with the
tokenizer of the model's family; the largest remainders get what rounding leaves, so that the parts add up to
``tokens.input`` of the same record, reported or estimated. Where that is unknown they are the estimates.

What can't be counted, media and what lies at the provider, is among the messages: where there is some, what
was reported beyond the estimates is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_EXACT: Final = 1000
"""Shares are whole thousandths of tokens, whose quotients are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Estimated tokens of a prompt's parts."""

    system: float
    """Of the instructions: system and developer messages."""
    tools: float
    """Of the schemas of the tools, and of the answer's; with what the chat template says about tools."""
    messages: float
    """Of all else."""
    lower_bound: bool = False
    """There is more in the messages than could be counted."""

    def shared_out(self, whole: int | None) -> dict[str, int] | None:
        """The parts of ``whole``, or of the estimate; ``None`` where there are tokens, but nothing to tell
        whose.
        """
        shares = [round(part * _EXACT) for part in (self.system, self.tools, self.messages)]
        if whole is None:
            whole = round(sum(shares) / _EXACT)
        if self.lower_bound:
            shares[2] += max(0, whole * _EXACT - sum(shares))
        total = sum(shares)
        if not total:
            return None if whole else {"system": 0, "tools": 0, "messages": 0}
        divided = [divmod(share * whole, total) for share in shares]
        counts = [count for count, _ in divided]
        for part in sorted(range(3), key=lambda n: -divided[n][1])[: whole - sum(counts)]:
            counts[part] += 1
        return dict(zip(("system", "tools", "messages"), counts, strict=True))


def shared_out_again(parts: dict[str, int], whole: int | None) -> dict[str, int] | None:
    """What was shared out before the whole was known."""
    estimated = Parts(system=parts["system"], tools=parts["tools"], messages=parts["messages"])
    return estimated.shared_out(whole)
