"""The ledger: what one line holds, how lines are chained, and how they add up.

This module is the contract between the meter and everything that reads its evidence. It is
pure and uses the standard library only, so that a reader needs nothing else of the proxy.

Invariants
----------
* Unknown is ``None``, never 0. A total carries its coverage.
* A line's ``prev`` is the hex SHA-256 of the previous line's exact bytes without the newline; the
  first line has 64 zeros. ``seq`` counts lines from 0. There is one writer per chain.
* A last line without a newline is *torn*: :func:`verify` reports and accepts it.
* A call is an ``open`` line and, once it has ended, a ``call`` line with the same ``call_id``.
"""

from __future__ import annotations

import hashlib
import io
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

SCHEMA_VERSION: Final = 1
"""Version of the ledger line. Readers accept this and older ones."""

ZERO_HASH: Final = "0" * 64
"""``prev`` of a chain's first line."""

Kind = Literal["open", "call"]
Source = Literal["reported", "estimated", "partial", "none"]
"""Where a token figure is from: the endpoint said it; our tokenizer; the last figure before the
stream was cut; nowhere."""

ErrorType = Literal[
    "upstream_error",
    "in_band_error",
    "upstream_timeout",
    "truncated",
    "client_disconnect",
    "budget_exceeded",
    "unauthorized",
    "refused",
]

Purpose = Literal["main", "title", "summary", "subagent", "router", "commit", "probe", "retry"]
"""What an agent makes a call for.

``main``      the conversation that does the task;
``title``     a name for the session;
``summary``   a shorter text in place of a conversation or a part of it, to go on with or to show;
``subagent``  a conversation that the main one started;
``router``    which model is to answer, who is to speak next, whether it goes round in circles;
``commit``    a commit's message;
``probe``     whether model and key work;
``retry``     any of these once more, since an attempt failed.
"""

REFUSED_BY_PROXY: Final[frozenset[str]] = frozenset({"budget_exceeded", "unauthorized", "refused"})
"""Error types of calls that never reached the endpoint, because the proxy answered them."""


class LedgerError(ValueError):
    """A ledger line that cannot be read. The message names the line and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Token counts of one call, normalised over protocols."""

    input: int | None = None
    """Prompt tokens, cached ones and cache writes included."""
    cached: int | None = None
    """Prompt tokens read from the provider's cache; a subset of ``input``."""
    cache_write: int | None = None
    """Prompt tokens written to the provider's cache; a subset of ``input``."""
    output: int | None = None
    """Completion tokens, reasoning included."""
    reasoning: int | None = None
    """Completion tokens spent on reasoning; a subset of ``output``."""
    total: int | None = None
    """``input + output`` where both are known."""


TOKEN_KINDS: Final[tuple[str, ...]] = tuple(f.name for f in fields(Tokens))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensSource:
    """Where each figure of :class:`Tokens` is from."""

    input: Source = "none"
    cached: Source = "none"
    cache_write: Source = "none"
    output: Source = "none"
    reasoning: Source = "none"
    total: Source = "none"


NO_TOKENS: Final = Tokens()
FROM_NOWHERE: Final = TokensSource()


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """The request's settings that change what is sampled or billed."""

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    tools_count: int | None = None
    messages_count: int | None = None


NO_PARAMS: Final = Params()


@dataclass(slots=True, kw_only=True)
class Record:
    """One ledger line. What nothing has computed yet is ``None``.

    Not frozen: the meter fills one record in while its call goes on, which is on the path of every byte.
    Readers leave it alone.
    """

    schema_version: int = SCHEMA_VERSION
    kind: Kind
    seq: int = 0
    """Number of this line in its chain; set by :class:`Chain`."""
    call_id: str
    """ULID of the call; the same on its ``open`` and its ``call`` line."""
    run_id: str | None = None
    operation_id: str | None = None
    """The logical request that this wire attempt belongs to: the ``call_id`` of its first one seen."""
    attempt: int | None = None
    """Its number, from 1; above those that were seen where the client says that it had counted more."""
    retry_of: str | None = None
    """``call_id`` of the attempt that this one repeats."""
    started_at: str
    """UTC time at which the request's head had arrived, ISO 8601 with microseconds and ``Z``."""
    protocol: str | None = None
    """``chat``, …; ``None`` for what is no model call."""
    method: str
    path: str
    """Path as the client sent it; the query string is left out, since it may hold a key."""
    upstream: str | None = None
    """Scheme, host and path prefix of the endpoint, without credentials."""
    model_requested: str | None = None
    model_returned: str | None = None
    system_fingerprint: str | None = None
    params: Params = NO_PARAMS
    request_hash: str | None = None
    """Hex SHA-256 of the request body as received."""
    request_hash_canonical: str | None = None
    """The same of its question: its JSON without the order of keys, and without what known CLIs count in it.
    Counted once the request is on its way, so an ``open`` line may lack it.
    """
    request_bytes: int | None = None
    """Length of the body as received."""
    response_bytes: int | None = None
    """Length of the body as the endpoint sent it, its coding included, its framing not."""
    request_mutated: bool = False
    """The request that went to the endpoint asked for usage, the client's did not."""
    stream: bool | None = None
    """A stream was asked for; ``None`` where the request can't be read."""
    status: int | None = None
    """HTTP status that the client saw; ``None`` when it saw none."""
    error_type: ErrorType | None = None
    error_code: str | None = None
    """The endpoint's own name for its error (``error.code``, else ``error.type``), bounded; no body."""
    retry_after_ms: float | None = None
    """The endpoint's Retry-After, as it asked for."""
    finish_reasons: tuple[str, ...] = ()
    tokens: Tokens = NO_TOKENS
    tokens_source: TokensSource = FROM_NOWHERE
    estimator: str | None = None
    """Name of the tokenizer behind ``estimated`` figures, e.g. ``o200k_base``."""
    usage_raw: dict[str, Any] | None = None
    """The endpoint's usage object, verbatim."""
    ttfb_ms: float | None = None
    """From the request written upstream to the first response byte."""
    ttft_ms: float | None = None
    """From the request written upstream to the first content, reasoning or tool-argument delta."""
    duration_ms: float | None = None
    """From ``started_at`` to the last byte."""
    client_wait_ms: float | None = None
    """Part of ``duration_ms`` in which the client did not read: not model time."""
    proxy_overhead_ms: float | None = None
    """From the request's last byte to the request written upstream, without the wait for a budget; and from
    the response's head to that head written to the client.
    """
    cost_usd: Decimal | None = None
    cost_source: str | None = None
    """``reported`` by the endpoint, ``computed`` from its token counts, or ``estimated`` from our own."""
    cost_neutral_usd: Decimal | None = None
    """What ``tokens`` come to in the price list, all input billed as if there were no cache. Never the
    endpoint's word, so it can be held against ``cost_usd`` only where that was not ``reported``.
    """
    price_snapshot: str | None = None
    """The price list behind it, and behind a cost that wasn't reported: name, date if it has one, hash."""
    purpose: Purpose | None = None
    """What the call is for, as its request tells (:mod:`cab_proxy.purpose`); ``None`` where it doesn't, on
    ``open`` lines, for calls that the proxy refused, and unless prompts are described.
    """
    prompt_parts: dict[str, int] | None = None
    """Tokens of ``system``, ``tools`` and ``messages``: ``tokens.input`` divided by our own estimates of the
    three, or these where it is unknown (:mod:`cab_proxy.prompt_parts`). ``None`` as ``purpose`` is.
    """
    lower_bound: bool | None = None
    """There is more than the estimated figures count; ``None`` where nothing is estimated."""
    via: str | None = None
    """``mitm`` for what was intercepted."""
    budget: dict[str, Any] | None = None
    """What was reserved of the run's budget for this call, or the limit that refused it."""
    prev: str = ZERO_HASH
    """Hash of the line before; set by :class:`Chain`."""


def encode(record: Record) -> bytes:
    """The record as one JSON line, newline excluded. Money is a string, so no digit is lost."""
    return json.dumps(
        asdict(record), separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=plain
    ).encode("utf-8", "backslashreplace")


def plain(value: object) -> str:
    """Money as a line holds it. Raises ``TypeError`` for anything else that JSON doesn't know."""
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"cannot write {type(value).__name__} to the ledger")


def decode(line: bytes) -> Record:
    """Read one line.

    Raises :class:`LedgerError` for anything that is not a record of this or an older version.
    Fields that are absent (older versions had fewer) come out as unknown; unknown fields are ignored.
    """
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LedgerError(f"not JSON ({error})") from None
    if not isinstance(raw, dict):
        raise LedgerError("not a JSON object")
    version = raw.get("schema_version")
    if not isinstance(version, int) or version < 1:
        raise LedgerError("no schema_version")
    if version > SCHEMA_VERSION:
        raise LedgerError(f"schema_version {version} is newer than {SCHEMA_VERSION}: upgrade this program")
    try:
        known = {f.name: raw[f.name] for f in fields(Record) if f.name in raw}
        for name, kind in (("params", Params), ("tokens", Tokens), ("tokens_source", TokensSource)):
            part = known.get(name) or {}
            known[name] = kind(**{f.name: part[f.name] for f in fields(kind) if f.name in part})
        known["finish_reasons"] = tuple(known.get("finish_reasons") or ())
        for name in ("cost_usd", "cost_neutral_usd"):
            if known.get(name) is not None:
                known[name] = Decimal(str(known[name]))
        record = Record(**known)
    except (TypeError, ArithmeticError) as error:
        raise LedgerError(f"not a ledger record ({error})") from None
    if type(record.call_id) is not str or type(record.seq) is not int:
        raise LedgerError("not a ledger record (call_id or seq)")
    return record


def line_hash(line: bytes) -> str:
    """Hex SHA-256 of a line without its newline: the next line's ``prev``."""
    return hashlib.sha256(line).hexdigest()


class Chain:
    """Numbers and links records. Holds no file: the caller writes what :meth:`link` returns."""

    __slots__ = ("head", "seq")

    def __init__(self, *, seq: int = 0, head: str = ZERO_HASH) -> None:
        self.seq = seq
        """The next line's number."""
        self.head = head
        """Hash of the last line."""

    def link(self, record: Record, encode: Callable[[Record], bytes] = encode) -> bytes:
        """The record's line, newline included, as the next of the chain; the record gets its place in it."""
        record.seq, record.prev = self.seq, self.head
        line = encode(record)
        self.seq += 1
        self.head = line_hash(line)
        return line + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a :class:`Verifier` found."""

    ok: bool
    """The chain holds from its first line to its last whole one."""
    records: tuple[Record, ...]
    """All readable records, in order; also those behind a break."""
    head: str
    """Hash of the last whole line."""
    torn_bytes: int
    """Length of a last line without a newline; 0 when there is none."""
    in_flight: tuple[Record, ...]
    """``open`` records whose ``call`` record never came: calls that a killed proxy was serving."""
    problems: tuple[str, ...]
    """One line each, ``line N: what is wrong``."""


class Verifier:
    """Checks a chain line by line. Of the records it holds those in flight only; of the others, their ids."""

    __slots__ = ("_in_flight", "_opened", "_problems", "_torn_bytes", "head", "seq")

    def __init__(self, *, seq: int = 0, head: str = ZERO_HASH) -> None:
        self.seq = seq
        """Number of the next line."""
        self.head = head
        """Hash of the last whole line."""
        self._torn_bytes = 0
        self._opened: set[str] = set()
        self._in_flight: dict[str, Record] = {}
        self._problems: list[str] = []

    def feed(self, line: bytes, where: str) -> Record | None:
        """Check the next line as it stands in its file, newline included; its record, if it can be read.
        ``where`` is how a problem names it.
        """
        if self._torn_bytes:
            self._problems.append(f"{where}: the line before it has no end")
        self._torn_bytes = 0 if line.endswith(b"\n") else len(line)
        if self._torn_bytes:
            return None
        line = line[:-1]
        record = None
        try:
            record = decode(line)
        except LedgerError as error:
            self._problems.append(f"{where}: {error}")
        else:
            self._check(record, where)
        self.seq += 1
        self.head = line_hash(line)
        return record

    def found(self, records: Iterable[Record]) -> Verification:
        """What all lines come to; ``records`` are those that :meth:`feed` returned, or will return."""
        records = tuple(records)
        return Verification(
            ok=not self._problems,
            records=records,
            head=self.head,
            torn_bytes=self._torn_bytes,
            in_flight=tuple(self._in_flight.values()),
            problems=tuple(self._problems),
        )

    def _check(self, record: Record, where: str) -> None:
        if record.prev != self.head:
            self._problems.append(
                f"{where}: prev does not match the line before: it was changed, cut out or moved"
            )
        if record.seq != self.seq:
            self._problems.append(f"{where}: seq is {record.seq}, expected {self.seq}")
            self.seq = record.seq  # one gap, one problem
        if record.kind == "open":
            self._opened.add(record.call_id)
            self._in_flight[record.call_id] = record
            return
        self._in_flight.pop(record.call_id, None)
        if record.call_id not in self._opened:
            self._problems.append(f"call {record.call_id} has no open record")


def verify(data: bytes, *, seq: int = 0, head: str = ZERO_HASH) -> Verification:
    """Check a ledger's bytes: every line readable, numbered, and linked to the one before.

    ``seq`` and ``head`` continue a rotated file; :func:`cab_proxy.ledger_files.verify_ledger` reads them all.
    """
    verifier = Verifier(seq=seq, head=head)
    lines = enumerate(io.BytesIO(data), start=1)
    read = (verifier.feed(line, f"line {number}") for number, line in lines)
    return verifier.found(record for record in read if record is not None)


def calls_of(records: Iterable[Record]) -> tuple[Record, ...]:
    """The calls, one record each in order of their start: the ``call`` line, or the ``open`` line
    of a call that never ended.
    """
    calls: dict[str, Record] = {}
    for record in records:
        if record.kind == "call" or record.call_id not in calls:
            calls[record.call_id] = record
    return tuple(calls.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A sum over calls that knows how much of itself is known."""

    value: int | None
    """Sum over the calls where the figure is known; ``None`` when it is known for none."""
    known: int
    """Number of calls that the sum covers."""
    source: Source
    """The weakest source among them."""


_WEAKNESS: Final = {"reported": 0, "computed": 1, "partial": 1, "estimated": 2}


def weakness(source: str) -> int:
    """How little a figure from there says: greater is weaker. Of tokens and of money."""
    return _WEAKNESS.get(source, 3)


def total_of(calls: Sequence[Record], kind: str) -> Total:
    """Sum one token kind over calls; the sum is only as good as its weakest part."""
    found = [
        (value, getattr(call.tokens_source, kind))
        for call in calls
        if (value := getattr(call.tokens, kind)) is not None
    ]
    if not found:
        return Total(value=None, known=0, source="none")
    return Total(
        value=sum(value for value, _ in found),
        known=len(found),
        source=max((source for _, source in found), key=weakness),
    )


def reached_endpoint(call: Record) -> bool:
    """Whether the call was a model call that the proxy passed on, not one that it refused."""
    return call.protocol is not None and call.error_type not in REFUSED_BY_PROXY


def succeeded(call: Record) -> bool:
    """Whether the endpoint answered the call in full and without an error."""
    return call.kind == "call" and call.error_type is None and call.status is not None and call.status < 400


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


Fault = Literal["agent", "endpoint", "user"]
_FAULTS: Final[dict[Word, Fault]] = {
    "cut_short": "agent",
    "silent": "agent",
    "malformed": "agent",
    "rate_limited": "endpoint",
    "down": "endpoint",
    "unauthorized": "user",
    "forbidden": "user",
}


def fault_of(call: Record) -> Fault | None:
    """Whose fault it is that a call which reached the endpoint brought nothing; ``None`` where it did. The
    user's is the key.
    """
    return _FAULTS.get(word_of(call))


def printable(text: str) -> str:
    """Without control characters: much of a record is the client's or the endpoint's to choose."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def parse_time(text: str) -> datetime:
    """A ``started_at`` as an aware datetime."""
    return datetime.fromisoformat(text)


def format_time(moment: datetime) -> str:
    """An aware UTC datetime as the ledger writes it: microseconds and ``Z``."""
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def call_time_ms(calls: Iterable[Record]) -> float:
    """Length of the union of the calls' intervals: parallel calls count once.

    The time in which the client did not read (``client_wait_ms``) is taken off each interval's end, that
    in which the budget made the call wait off its beginning. Calls that never ended or never reached the
    endpoint add nothing.
    """
    return _union_ms(span for call in calls if (span := _span(call)) is not None)


def model_time_ms(calls: Iterable[Record], *, until: datetime | None = None) -> float:
    """Time spent waiting for the model: the union of the calls' intervals and of the back-off between them.

    Back-off is the time from the end of a call that was answered with a Retry-After to the beginning of the
    next call, at most as long as the endpoint asked for. What is still open, a call or a back-off, lasts
    until ``until``, and nothing later counts; without it, it adds nothing.
    """
    end = None if until is None else until.timestamp() * 1000.0
    waited = [(span, call.retry_after_ms) for call in calls if (span := _span(call, end)) is not None]
    spans = [span for span, _ in waited]
    begun = sorted(start for start, _ in spans)
    for (_, over), asked_ms in waited:
        if asked_ms is not None:
            following = bisect_right(begun, over)
            again = begun[following] if following < len(begun) else over if end is None else end
            spans.append((over, min(again, over + asked_ms)))
    return _union_ms(spans, end)


def _span(call: Record, until: float | None = None) -> tuple[float, float] | None:
    """From when to when the endpoint was waited for, in milliseconds; for an open call, to ``until``."""
    if not reached_endpoint(call):
        return None
    start = parse_time(call.started_at).timestamp() * 1000.0
    asked = start + float((call.budget or {}).get("waited_ms") or 0.0)
    if call.duration_ms is not None:
        return asked, max(asked, start + call.duration_ms - (call.client_wait_ms or 0.0))
    return None if until is None else (asked, until)


def _union_ms(spans: Iterable[tuple[float, float]], until: float | None = None) -> float:
    covered, reached = 0.0, float("-inf")
    for start, over in sorted(spans):
        end = over if until is None else min(over, until)
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered
