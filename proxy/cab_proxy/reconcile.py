"""The ledger beside a provider's usage export: by hour (or day) and model, with what explains a difference.

Contract: pure, standard library only. Times are UTC. A figure that the export lacks is not compared.

The rule
--------
Of each figure the ledger knows bounds. Below: what was reported of calls that lie wholly within the bucket.
Above: what was reported of all that touch it, without end where one of them has no reported figure (an
estimate, a stream that broke off, a call in flight when the proxy died). An export within the bounds is
explained. Providers don't say whether a call counts when it begins or when it ends: hence the touching.

Calls that the proxy refused, or that the endpoint answered with an error and no usage, are on no bill. The
export's buckets before the ledger's first call and after its last are left out, and so are calls outside the
export's time; both are counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from .records import Record, calls_of, format_time, parse_time, reached_endpoint, succeeded
from .usage_export import DAY, FIGURES, HOUR, Export, Row

Verdict = Literal["equal", "explained", "differs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure of one bucket."""

    ledger: int | None
    """Sum over the calls that began in the bucket and whose figure is known, however."""
    export: int
    verdict: Verdict

    @property
    def difference(self) -> int | None:
        """The ledger's less the export's."""
        return None if self.ledger is None else self.ledger - self.export


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One hour or day of one model."""

    start: str
    model: str
    figures: dict[str, Compared]
    """Per figure that the export has."""
    reasons: tuple[str, ...]
    """What is known of why the two may differ."""

    @property
    def verdict(self) -> Verdict:
        """The worst of its figures."""
        found = {figure.verdict for figure in self.figures.values()}
        return "differs" if "differs" in found else "explained" if "explained" in found else "equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The whole comparison."""

    export: str
    bucket: Literal["hour", "day"]
    buckets: tuple[Bucket, ...]
    calls_outside: int
    """Calls before or after the export's time."""
    buckets_outside: int
    """The export's buckets before the ledger's first call or after its last."""

    @property
    def ok(self) -> bool:
        """Something could be compared, and nothing differs that isn't explained."""
        return bool(self.buckets) and all(bucket.verdict != "differs" for bucket in self.buckets)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        raw = {"ok": self.ok, **asdict(self)}
        for shown, bucket in zip(raw["buckets"], self.buckets, strict=True):
            shown["verdict"] = bucket.verdict
            for name, figure in bucket.figures.items():
                shown["figures"][name]["difference"] = figure.difference
        return raw


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """A call that a provider may bill."""

    call: Record
    model: str
    start: datetime
    end: datetime
    counted: dict[str, int]
    """The figures that are known, from wherever."""
    sure: dict[str, int]
    """Of these, those that the endpoint reported."""


_Key = tuple[datetime, str]


def reconcile(records: Iterable[Record], export: Export) -> Reconciliation:
    """Compare a ledger's calls with an export."""
    width = HOUR if all(row.end - row.start <= HOUR for row in export.rows) else DAY
    uses, unbilled = _uses(calls_of(records))
    inside = [use for use in uses if export.start <= use.start < export.end]
    ours: dict[_Key, list[_Use]] = defaultdict(list)
    for use in inside:
        moment = _floor(use.start, width)
        while moment <= use.end:
            ours[moment, use.model].append(use)
            moment += width
    theirs: dict[_Key, list[Row]] = defaultdict(list)
    for row in export.rows:
        theirs[_floor(row.start, width), row.model].append(row)
    first = min((moment for moment, _ in ours), default=None)
    last = max((moment for moment, _ in ours), default=None)
    keys = {key for key in theirs if first is not None and last is not None and first <= key[0] <= last}
    outside = len(theirs) - len(keys)
    keys |= {key for key, touching in ours.items() if any(use.start >= key[0] for use in touching)}
    left_out: dict[_Key, Counter[str]] = defaultdict(Counter)
    for use, why in unbilled:
        left_out[_floor(use.start, width), use.model][why] += 1
    return Reconciliation(
        export=export.name,
        bucket="hour" if width == HOUR else "day",
        buckets=tuple(
            Bucket(
                start=format_time(key[0]),
                model=key[1],
                figures=dict(_compared(key[0], width, ours[key], theirs.get(key, ()), export.figures)),
                reasons=(
                    *_reasons(ours[key], key[0], width),
                    *(f"{count} {why}" for why, count in left_out[key].items()),
                ),
            )
            for key in sorted(keys)
        ),
        calls_outside=len(uses) - len(inside),
        buckets_outside=outside,
    )


def _uses(calls: Sequence[Record]) -> tuple[list[_Use], list[tuple[_Use, str]]]:
    """Model calls that may be on a bill, and those that are on none, with the reason. Where a model answered
    by a fuller name than it was asked for, its failed calls go by that name too.
    """
    names = {call.model_requested: call.model_returned for call in calls if call.model_returned}
    uses: list[_Use] = []
    unbilled: list[tuple[_Use, str]] = []
    for call in calls:
        if call.protocol is None:
            continue
        start = parse_time(call.started_at)
        counted = {name: value for name in FIGURES[1:] if (value := getattr(call.tokens, name)) is not None}
        sure = {name: n for name, n in counted.items() if getattr(call.tokens_source, name) == "reported"}
        use = _Use(
            call=call,
            model=call.model_returned or names.get(call.model_requested) or call.model_requested or "",
            start=start,
            end=start + timedelta(milliseconds=call.duration_ms or 0.0),
            counted={**counted, "requests": 1},
            sure={**sure, "requests": 1} if succeeded(call) else sure,
        )
        why = _why_unbilled(call)
        if why is None:
            uses.append(use)
        else:
            unbilled.append((use, why))
    return uses, unbilled


def _why_unbilled(call: Record) -> str | None:
    if not reached_endpoint(call):
        return "refused by the proxy"
    failed = call.kind == "call" and (call.status is None or call.status >= 400)
    unserved = failed and call.tokens.output is None and call.error_type == "upstream_error"
    return "failed without usage" if unserved else None


def _floor(moment: datetime, width: timedelta) -> datetime:
    whole = moment.replace(minute=0, second=0, microsecond=0)
    return whole if width == HOUR else whole.replace(hour=0)


def _compared(
    start: datetime, width: timedelta, touching: Sequence[_Use], rows: Sequence[Row], figures: Sequence[str]
) -> Iterator[tuple[str, Compared]]:
    own = [use for use in touching if use.start >= start]
    within = [use for use in own if use.end < start + width]
    for figure in figures:
        counts = [count for row in rows if (count := row.figures[figure]) is not None]
        if rows and not counts:
            continue
        known = [use.counted[figure] for use in own if figure in use.counted]
        ledger, theirs = (sum(known) if known or not own else None), sum(counts)
        low = sum(use.sure.get(figure, 0) for use in within)
        endless = any(figure not in use.sure for use in touching)
        explained = low <= theirs and (endless or theirs <= sum(use.sure[figure] for use in touching))
        verdict: Verdict = "equal" if ledger == theirs else "explained" if explained else "differs"
        yield figure, Compared(ledger=ledger, export=theirs, verdict=verdict)


def _reasons(touching: Sequence[_Use], start: datetime, width: timedelta) -> Iterator[str]:
    """Why a bucket's figures may differ, as far as the ledger knows."""
    if not touching:
        yield "not a call in the ledger: this did not go through the proxy"
    sources = [{use.call.tokens_source.input, use.call.tokens_source.output} for use in touching]
    crossing = sum(use.start < start or use.end >= start + width for use in touching)
    in_flight = sum(use.call.kind == "open" for use in touching)
    for count, what in (
        (in_flight, "in flight when the proxy died"),
        (sum("estimated" in of for of in sources), "estimated"),
        (sum("partial" in of for of in sources), "partial"),
        (sum("none" in of for of in sources) - in_flight, "without figures"),
        (crossing, "across the edge of the bucket"),
    ):
        if count:
            yield f"{count} {what}"
