"""What a ledger's calls come to, for people and for programs.

Contract: pure, standard library and :mod:`cab_proxy.records` only. Sums carry their coverage and their
weakest source; what is known for no call is ``None``.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from .records import (
    REFUSED_BY_PROXY,
    TOKEN_KINDS,
    Record,
    Total,
    calls_of,
    model_time_ms,
    reached_endpoint,
    succeeded,
    total_of,
)

_ABORTED: Final = frozenset({"client_disconnect"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """Model calls that brought nothing: what was spent on them."""

    calls: int
    failed: int
    """The endpoint refused, broke off, or was not there."""
    aborted: int
    """The client left early, or the call never ended."""
    total_tokens: Total


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Totals of one ledger."""

    calls: int
    """Model calls that went to the endpoint."""
    refused: int
    """Calls that the proxy answered itself: closed door, spent budget, wrong token."""
    other: int
    """Other requests that were recorded; they are not model calls."""
    models: tuple[str, ...]
    """Models that answered, else those asked for."""
    tokens: dict[str, Total]
    """Per kind of :data:`~cab_proxy.records.TOKEN_KINDS`."""
    cost_usd: Decimal | None
    cost_known: int
    """Number of calls whose cost is known."""
    ttft_ms: float | None
    """Median time to the first token, over the calls where it is known."""
    model_time_ms: float
    """Union of the calls' intervals."""
    waste: Waste

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; money is a string."""
        raw = asdict(self)
        raw["cost_usd"] = None if self.cost_usd is None else format(self.cost_usd, "f")
        return raw


def summarise(records: Iterable[Record]) -> Summary:
    """Add up a ledger's records, in any number of lines per call."""
    every = calls_of(records)
    calls = [call for call in every if reached_endpoint(call)]
    costs = [call.cost_usd for call in calls if call.cost_usd is not None]
    ttfts = [call.ttft_ms for call in calls if call.ttft_ms is not None]
    wasted = [call for call in calls if not succeeded(call)]
    aborted = sum(call.kind == "open" or call.error_type in _ABORTED for call in wasted)
    refused = sum(call.error_type in REFUSED_BY_PROXY for call in every)
    return Summary(
        calls=len(calls),
        refused=refused,
        other=len(every) - len(calls) - refused,
        models=tuple(sorted({m for call in calls if (m := call.model_returned or call.model_requested)})),
        tokens={kind: total_of(calls, kind) for kind in TOKEN_KINDS},
        cost_usd=sum(costs, Decimal(0)) if costs else None,
        cost_known=len(costs),
        ttft_ms=statistics.median(ttfts) if ttfts else None,
        model_time_ms=model_time_ms(calls),
        waste=Waste(
            calls=len(wasted),
            failed=len(wasted) - aborted,
            aborted=aborted,
            total_tokens=total_of(wasted, "total"),
        ),
    )


def summary_lines(summary: Summary, wall_ms: float | None = None) -> list[str]:
    """The summary as lines of text, ``wall_ms`` being the whole command's time."""
    lines = [("calls", _calls(summary))]
    lines += [
        (kind.replace("_", " "), _figure(summary.tokens[kind], summary.calls))
        for kind in TOKEN_KINDS
        if summary.tokens[kind].value is not None or kind in {"input", "output", "total"}
    ]
    cost = "unknown"
    if summary.cost_usd is not None:
        cost = f"${summary.cost_usd:f} (reported{_coverage(summary.cost_known, summary.calls)})"
    lines.append(("cost", cost))
    lines.append(("TTFT", "unknown" if summary.ttft_ms is None else f"{summary.ttft_ms:,.0f} ms (median)"))
    time = f"{summary.model_time_ms / 1000:.2f} s"
    if wall_ms is not None:
        share = f", {summary.model_time_ms / wall_ms:.0%}" if wall_ms > 0 else ""
        time += f" of {wall_ms / 1000:.2f} s wall{share}"
    lines.append(("model time", time))
    lines.append(("wasted", _waste(summary.waste)))
    return [f"  {name:<12}{text}" for name, text in lines]


def _calls(summary: Summary) -> str:
    parts: Sequence[str] = (
        f"{summary.calls}" + (f" ({', '.join(summary.models)})" if summary.models else ""),
        f"{summary.refused} refused" if summary.refused else "",
        f"{summary.other} other requests" if summary.other else "",
    )
    return ", ".join(part for part in parts if part)


def _coverage(known: int, calls: int) -> str:
    return "" if known == calls else f", {known} of {calls} calls"


def _figure(total: Total, calls: int) -> str:
    if total.value is None:
        return "unknown"
    return f"{total.value:,} ({total.source}{_coverage(total.known, calls)})"


def _waste(waste: Waste) -> str:
    if not waste.calls:
        return "none"
    tokens = "unknown tokens" if waste.total_tokens.value is None else f"{waste.total_tokens.value:,} tokens"
    return f"{waste.calls} calls ({waste.failed} failed, {waste.aborted} aborted), {tokens}"
