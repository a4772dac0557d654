"""What a ledger's calls come to, for people and for programs.

Contract: pure, standard library and :mod:`cab_proxy.records` only. Sums carry their coverage and their
weakest source; what is known for no call is ``None``.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from .records import (
    REFUSED_BY_PROXY,
    TOKEN_KINDS,
    Fault,
    Purpose,
    Record,
    Total,
    calls_of,
    fault_of,
    model_time_ms,
    printable,
    reached_endpoint,
    succeeded,
    total_of,
    weakness,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some of the calls."""

    calls: int
    total_tokens: Total


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """Model calls that brought nothing. The failed call is the waste, not its retry."""

    calls: int
    failed: int
    """The endpoint refused, broke off, or was not there."""
    aborted: int
    """The client left early, or the call never ended."""
    total_tokens: Total
    by_fault: dict[Fault, Group]
    """Of these, by whose fault it was."""
    duplicates: Group
    """Not of these: calls that asked again what had been answered. They may be sampling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Logical requests, as far as the records tell which call belongs to which."""

    known: int
    """Number of calls that belong to a known operation."""
    count: int
    retried: int
    """Operations of which more than one attempt was seen, or whose first was not."""
    max_attempts: int
    unanswered: int
    """Operations without an attempt that succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Totals of one ledger."""

    calls: int
    """Model calls that went to the endpoint: attempts, not operations."""
    refused: int
    """Calls that the proxy answered itself: closed door, spent budget, wrong token."""
    other: int
    """Other requests that were recorded; they are not model calls."""
    operations: Operations | None
    """``None`` where no call's operation is known."""
    purposes: dict[Purpose, Group]
    """Calls by what they were made for, where that is known."""
    models: tuple[str, ...]
    """Models that answered, else those asked for."""
    tokens: dict[str, Total]
    """Per kind of :data:`~cab_proxy.records.TOKEN_KINDS`."""
    coverage: float | None
    """Share of the calls whose total is known; ``None`` without calls."""
    cost_usd: Decimal | None
    cost_known: int
    """Number of calls whose cost is known."""
    cost_source: str | None
    """The weakest source among them."""
    ttft_ms: float | None
    """Median time to the first token, over the calls where it is known."""
    model_time_ms: float
    """Union of the calls' intervals."""
    waste: Waste

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; money is a string."""
        raw = asdict(self)
        raw["cost_usd"] = None if self.cost_usd is None else format(self.cost_usd, "f")
        raw["waste"]["duplicates"]["note"] = "may be sampling"
        return raw


def summarise(records: Iterable[Record]) -> Summary:
    """Add up a ledger's records, in any number of lines per call."""
    every = calls_of(records)
    calls = [call for call in every if reached_endpoint(call)]
    costs = [(call.cost_usd, call.cost_source) for call in calls if call.cost_usd is not None]
    ttfts = [call.ttft_ms for call in calls if call.ttft_ms is not None]
    refused = sum(call.error_type in REFUSED_BY_PROXY for call in every)
    tokens = {kind: total_of(calls, kind) for kind in TOKEN_KINDS}
    return Summary(
        calls=len(calls),
        refused=refused,
        other=len(every) - len(calls) - refused,
        operations=_operations(calls),
        purposes=_purposes(calls),
        models=tuple(sorted({m for call in calls if (m := call.model_returned or call.model_requested)})),
        tokens=tokens,
        coverage=tokens["total"].known / len(calls) if calls else None,
        cost_usd=sum((cost for cost, _ in costs), Decimal(0)) if costs else None,
        cost_known=len(costs),
        cost_source=max((source or "unknown" for _, source in costs), key=weakness, default=None),
        ttft_ms=statistics.median(ttfts) if ttfts else None,
        model_time_ms=model_time_ms(calls),
        waste=_waste(calls),
    )


def _operations(calls: Sequence[Record]) -> Operations | None:
    attempts: dict[str, list[Record]] = defaultdict(list)
    for call in calls:
        if call.operation_id is not None:
            attempts[call.operation_id].append(call)
    if not attempts:
        return None
    # an attempt's number may be above those that were seen: the client had counted some that we didn't get
    most = [max(len(group), *(call.attempt or 1 for call in group)) for group in attempts.values()]
    return Operations(
        known=sum(map(len, attempts.values())),
        count=len(attempts),
        retried=sum(number > 1 for number in most),
        max_attempts=max(most),
        unanswered=sum(not any(map(succeeded, group)) for group in attempts.values()),
    )


def _purposes(calls: Sequence[Record]) -> dict[Purpose, Group]:
    known: dict[Purpose, list[Record]] = defaultdict(list)
    for call in calls:
        if call.purpose is not None:
            known[call.purpose].append(call)
    return {purpose: _group(group) for purpose, group in sorted(known.items())}


def _waste(calls: Sequence[Record]) -> Waste:
    failed: dict[Fault, list[Record]] = defaultdict(list)
    again: list[Record] = []
    answered: set[str] = set()
    for call in calls:
        fault = fault_of(call)
        question = call.request_hash_canonical or call.request_hash
        if fault is not None:
            failed[fault].append(call)
        elif question in answered:
            again.append(call)
        elif question is not None:
            answered.add(question)
    wasted = [call for group in failed.values() for call in group]
    aborted = sum(call.kind == "open" or call.error_type == "client_disconnect" for call in wasted)
    return Waste(
        calls=len(wasted),
        failed=len(wasted) - aborted,
        aborted=aborted,
        total_tokens=total_of(wasted, "total"),
        by_fault={fault: _group(group) for fault, group in sorted(failed.items())},
        duplicates=_group(again),
    )


def _group(calls: Sequence[Record]) -> Group:
    return Group(calls=len(calls), total_tokens=total_of(calls, "total"))


def summary_lines(summary: Summary, wall_ms: float | None = None) -> list[str]:
    """The summary as lines of text, ``wall_ms`` being the whole command's time."""
    lines = [("calls", _calls(summary))]
    if summary.operations is not None:
        lines.append(("operations", _asked(summary.operations, summary.calls)))
    if summary.purposes:
        known = sum(group.calls for group in summary.purposes.values())
        lines.append(("by purpose", f"{known} of {summary.calls} calls"))
        lines += [(f"  {purpose}", _amount(group)) for purpose, group in summary.purposes.items()]
    lines += [
        (kind.replace("_", " "), _figure(summary.tokens[kind], summary.calls))
        for kind in TOKEN_KINDS
        if summary.tokens[kind].value is not None or kind in {"input", "output", "total"}
    ]
    cost = "unknown"
    if summary.cost_usd is not None:
        cost = f"${summary.cost_usd:f} ({summary.cost_source}{_coverage(summary.cost_known, summary.calls)})"
    lines.append(("cost", cost))
    lines.append(("TTFT", "unknown" if summary.ttft_ms is None else f"{summary.ttft_ms:,.0f} ms (median)"))
    time = f"{summary.model_time_ms / 1000:.2f} s"
    if wall_ms is not None:
        share = f", {summary.model_time_ms / wall_ms:.0%}" if wall_ms > 0 else ""
        time += f" of {wall_ms / 1000:.2f} s wall{share}"
    lines.append(("model time", time))
    lines.append(("wasted", _spent(summary.waste)))
    lines += [(f"  {fault}", _amount(group)) for fault, group in summary.waste.by_fault.items()]
    if summary.waste.duplicates.calls:
        lines.append(("asked again", f"{_amount(summary.waste.duplicates)} (may be sampling)"))
    return [printable(f"  {name:<12}{text}") for name, text in lines]


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


def _asked(operations: Operations, calls: int) -> str:
    parts = (
        f"{operations.count}",
        f"{operations.retried} retried (up to {operations.max_attempts} attempts)"
        if operations.retried
        else "",
        f"{operations.unanswered} unanswered" if operations.unanswered else "",
    )
    return ", ".join(part for part in parts if part) + _coverage(operations.known, calls)


def _spent(waste: Waste) -> str:
    if not waste.calls:
        return "none"
    return (
        f"{waste.calls} calls ({waste.failed} failed, {waste.aborted} aborted), {_tokens(waste.total_tokens)}"
    )


def _amount(group: Group) -> str:
    return f"{group.calls} calls, {_tokens(group.total_tokens)}"


def _tokens(total: Total) -> str:
    return "unknown tokens" if total.value is None else f"{total.value:,} tokens"
