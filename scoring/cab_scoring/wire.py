"""What the calls of a ledger say about the endpoint, beyond :func:`~cab_proxy.records.word_of` each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from cab_proxy.records import Record, Word, calls_of, parse_time, reached_endpoint, word_of

ENDPOINT_FAULTS: Final[frozenset[Word]] = frozenset({"rate_limited", "down"})


def model_calls(ledger: Iterable[Record]) -> tuple[Record, ...]:
    """The model calls that the proxy passed on, one record each, in order of their start."""
    return tuple(call for call in calls_of(ledger) if reached_endpoint(call))


def last_word(calls: Iterable[Record]) -> Word | None:
    """The word that came last by the clock; calls on which the endpoint was silent have none."""
    words = [(_ended_at(call), word) for call in calls if (word := word_of(call)) != "silent"]
    return max(words, key=lambda item: item[0])[1] if words else None


def _ended_at(call: Record) -> datetime:
    return parse_time(call.started_at) + timedelta(milliseconds=call.duration_ms or 0.0)


def served_nothing(call: Record) -> bool:
    """Whether the call was answered with an error status and no usage: it served no tokens.

    That is an answer, not an unknown: endpoints neither serve nor bill tokens for it. A call that
    a time limit ended is not among these, since the endpoint may have been at work.
    """
    refused = call.kind == "call" and call.status is not None and call.status >= 400
    return refused and call.error_type != "upstream_timeout" and call.tokens.output is None
