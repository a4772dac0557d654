"""The cell record's ``meter``: what went over the wire, how much of it is known, and what was wasted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from cab_proxy.records import Record, call_time_ms, calls_of, fault_of, reached_endpoint, word_of
from cab_scoring.usage import Usage, usage_of, usd
from cab_scoring.wire import model_calls

Blame = Literal["agent", "endpoint", "user", "duplicate"]


def meter_of(ledger: Sequence[Record]) -> dict[str, Any]:
    """The whole of ``meter``.

    ``reported`` and ``estimated`` are sums apart; a sum of both, in ``tokens``, is marked by its weakest
    source in ``sources``.
    """
    calls = model_calls(ledger)
    used = usage_of(calls)
    others = [call for call in calls_of(ledger) if not reached_endpoint(call)]
    return {
        "calls": used.calls,
        "calls_with_usage": used.with_usage,
        "calls_failed": sum(word_of(call) != "ok" for call in calls),
        "calls_in_flight": sum(call.kind == "open" for call in calls),
        "calls_refused_by_proxy": sum(
            call.error_type is not None and call.protocol is not None for call in others
        ),
        "other_requests": sum(call.protocol is None for call in others),
        "coverage": used.coverage,
        "tokens": used.tokens,
        "sources": used.sources,
        "reported": _by_source(calls, "reported"),
        "estimated": _by_source(calls, "estimated"),
        "effective_tokens": used.effective_tokens,
        "cost_usd": usd(used.cost_usd),
        "cost_coverage": used.cost_coverage,
        "cost_sources": sorted({call.cost_source for call in calls if call.cost_source}),
        "waste": waste_of(calls),
    }


def _by_source(calls: Iterable[Record], source: str) -> dict[str, int]:
    """Input and output tokens from this source alone; 0 where no call has any."""
    calls = tuple(calls)

    def of(kind: str) -> int:
        return sum(getattr(c.tokens, kind) or 0 for c in calls if getattr(c.tokens_source, kind) == source)

    return {"input": of("input"), "output": of("output")}


def waste_of(calls: Sequence[Record]) -> dict[str, Any]:
    """Calls that failed, were aborted or asked a question again that had been answered.

    The failed call is the waste, not its retry. ``ms`` is a union of intervals, so the faults' times
    may add up to more than the whole. A repeated question may be sampling on purpose: it is a group of
    its own, and its note says so.
    """
    blamed = list(zip(calls, _blame(calls), strict=True))
    wasted = [call for call, blame in blamed if blame is not None]
    faults: tuple[Blame, ...] = ("agent", "endpoint", "user", "duplicate")
    by_fault: dict[str, Any] = {
        fault: _amount(group)
        for fault in faults
        if (group := [call for call, blame in blamed if blame == fault])
    }
    if "duplicate" in by_fault:
        by_fault["duplicate"]["note"] = "may be sampling"
    return {**_amount(wasted), "by_fault": by_fault}


def _blame(calls: Iterable[Record]) -> Iterable[Blame | None]:
    """For each call in turn, whose fault its waste is; None for a call that was of use."""
    answered: set[str] = set()
    for call in calls:
        fault = fault_of(call)
        question = call.request_hash_canonical or call.request_hash
        if fault is not None:
            yield fault
        elif question is not None and question in answered:
            yield "duplicate"
        else:
            yield None
            if question is not None:
                answered.add(question)


def _amount(calls: Sequence[Record]) -> dict[str, Any]:
    used: Usage = usage_of(calls)
    return {
        "calls": used.calls,
        "tokens": used.total_tokens,
        "coverage": used.coverage,
        "ms": call_time_ms(calls),
    }
