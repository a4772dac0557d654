"""What one call of the ledger says about the endpoint: the single reading of it.

The failure table, the token totals and the waste all rest on :func:`word_of`, so they can't
disagree about whose fault a call was.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

from cab_proxy.records import Record, calls_of, parse_time, reached_endpoint, succeeded

Word = Literal["ok", "cut_short", "silent", "rate_limited", "down", "unauthorized", "forbidden", "malformed"]
"""How an endpoint took a call.

``ok``            answered in full;
``cut_short``     it was answering when the client left;
``silent``        nothing had come back when the call ended, or it never ended;
``rate_limited``  429;
``down``          5xx, 408, no connection, a time limit, a stream that broke off or held an error;
``unauthorized``  401;
``forbidden``     403;
``malformed``     any other 4xx.
"""

_BROKEN_OFF: Final = frozenset({"in_band_error", "truncated", "upstream_timeout"})
_BY_STATUS: Final[dict[int, Word]] = {401: "unauthorized", 403: "forbidden", 408: "down", 429: "rate_limited"}

ENDPOINT_FAULTS: Final[frozenset[Word]] = frozenset({"rate_limited", "down"})
ANSWERING: Final[frozenset[Word]] = frozenset({"ok", "cut_short"})


def model_calls(ledger: Iterable[Record]) -> tuple[Record, ...]:
    """The model calls that the proxy passed on, one record each, in order of their start."""
    return tuple(call for call in calls_of(ledger) if reached_endpoint(call))


def word_of(call: Record) -> Word:
    """The endpoint's word on a call that reached it."""
    if succeeded(call):
        return "ok"
    if call.kind == "open":
        return "silent"
    if call.error_type in _BROKEN_OFF:
        return "down"
    if call.status is None:
        return "down" if call.error_type == "upstream_error" else "silent"
    if call.status >= 400:
        return _BY_STATUS.get(call.status) or ("down" if call.status >= 500 else "malformed")
    return "cut_short" if call.error_type == "client_disconnect" else "down"


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
