"""The calls of a ledger as rows of text for a page.

A ledger's figures are what somebody wrote there: one of a wrong type is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cab_proxy.records import REFUSED_BY_PROXY, Record
from cab_report.attempt.breakdown import scalar
from cab_report.attempt.scores import number
from cab_report.rows import ESTIMATE, LOWER_BOUND
from cab_report.text import milliseconds

SHOWN: Final = 500
"""Rows on a page; the ledger has the rest."""
_CLOCK: Final = re.compile(r"\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d(?:\.\d{1,3})?)")
_MARKS: Final = {"estimated": ESTIMATE, "partial": LOWER_BOUND}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One row. None is unknown."""

    number: int
    started_at: str
    clock: str
    """The time of day of ``started_at``."""
    request_hash: str | None
    purpose: str | None
    input: str | None
    output: str | None
    cached: str | None
    reasoning: str | None
    latency: str
    ttft: str
    finish: str | None
    ended: str
    """The status, and what went wrong."""
    failed: bool
    source: str


def rows(calls: Sequence[Record]) -> list[Call]:
    """The first :data:`SHOWN` model calls, those that the proxy refused included."""
    return [_row(number, call) for number, call in enumerate(calls[:SHOWN], start=1)]


def of_models(calls: Sequence[Record]) -> list[Record]:
    """Those that are model calls."""
    return [call for call in calls if call.protocol is not None]


def _row(position: int, call: Record) -> Call:
    started_at = _text(call.started_at) or ""
    clock = _CLOCK.match(started_at)
    error = _text(call.error_type)
    by = " by the proxy" if call.error_type in tuple(REFUSED_BY_PROXY) else ""
    ended = "never ended" if call.kind == "open" else _text(call.status) or "no answer"
    return Call(
        number=position,
        started_at=started_at,
        clock=clock[1] if clock else started_at,
        request_hash=_text(call.request_hash),
        purpose=_text(call.purpose),
        input=_tokens(call, "input"),
        output=_tokens(call, "output"),
        cached=_tokens(call, "cached"),
        reasoning=_tokens(call, "reasoning"),
        latency=_time(call.duration_ms),
        ttft=_time(call.ttft_ms),
        finish=", ".join(map(scalar, call.finish_reasons)) or None,
        ended=ended if error is None else f"{ended}: {error}{by}",
        failed=error is not None or call.kind == "open",
        source=_text(call.tokens_source.total) or "none",
    )


def _tokens(call: Record, kind: str) -> str | None:
    value, source = getattr(call.tokens, kind), getattr(call.tokens_source, kind)
    if value is None:
        return None
    mark = _MARKS.get(source, "") if isinstance(source, str) else ""
    return f"{mark}{value:,}" if number(value) is not None else _text(value)


def _time(value: object) -> str:
    found = number(value)
    return milliseconds(found) if value is None or found is not None else _text(value) or ""


def _text(value: object) -> str | None:
    return None if value is None else str(value)
