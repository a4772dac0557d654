"""One request on its way through: who may make it, what it was, what is written about it.

:class:`Call` is the :class:`~cab_proxy.exchange.Exchange` of the meter: it binds an entrance, a run's
door and budget, the meter of the call's protocol, the estimates and the ledger. It knows no sockets.

Invariants: an ``open`` line is written before a call is passed on, its ``call`` line exactly once after
it has ended. A fault of the meter's own never breaks the call; it costs the call's figures.
"""

from __future__ import annotations

import asyncio
import hashlib
from asyncio import to_thread
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from typing import Protocol as Interface

from .budget import NOTHING, UNBOUNDED, Need, Over, Reservation, Spent, spent_by
from .entrance import Stranger, Visitor
from .errors import NO_RETRY, LedgerFullError, LedgerWriteError, Problem
from .estimate import Estimate, estimate_input, estimate_output
from .exchange import Answer, Edit, Ending, Failure, Forward, Head, Headers, Received
from .figures import Figures, completed, reported, set_cost
from .headers import content_of, first, request_headers, retry_after_ms, secrets_in, without
from .ids import ulid
from .inject import UsageEventFilter
from .jsonbody import JsonBody
from .operations import retry_count
from .protocols import DEFAULT_PROTOCOL, detect, fetching
from .protocols.base import UNREAD, Asked, Facts, Protocol
from .protocols.meter import Meter
from .question import LARGE_BYTES, Question
from .records import ErrorType, Record, Tokens, format_time, parse_time
from .redact import redact, secrets_of
from .runs import Run
from .urls import BadTargetError, check_target

MAX_TOKENS_AFTER_LEAVE: Final = 4096
"""About so much more is read of a response whose client has left."""
_CHARS_PER_TOKEN: Final = 4
_LOOK_BYTES: Final = 4096
_NOT_UNDERSTOOD: Final = frozenset({400, 422})
"""Statuses by which endpoints refuse a setting that they don't know."""

_NOTHING: Final = Figures()

_LEDGER_FULL: Final = Problem(
    code="ledger_full",
    message="the disk with cab-proxy's ledger is full, so it passes no call on: make room and try again",
    status=507,
    kind="api_error",
)
_LEDGER_UNWRITABLE: Final = Problem(
    code="ledger_unwritable",
    message="cab-proxy can't write its ledger, so it passes no call on: see what cab-proxy says",
    status=503,
    kind="api_error",
)

_JSON: Final = ("Content-Type", "application/json")

_FAILURES: Final[dict[Failure, tuple[int, ErrorType, str]]] = {
    "unreachable": (502, "upstream_error", "upstream_unreachable"),
    "timeout": (504, "upstream_timeout", "upstream_timeout"),
    "abandoned": (502, "truncated", "proxy_stopped"),
}


class Entrance(Interface):
    """Tells whose request it is."""

    def admit(self, headers: Headers) -> Visitor | Stranger:
        """Judge a request by its headers."""
        ...


class Call:
    """The exchange of one request."""

    __slots__ = (
        "_begins_again",
        "_begun_again",
        "_begun_at",
        "_body_at",
        "_delta_at",
        "_entrance",
        "_fetched",
        "_fetched_id",
        "_head_at",
        "_head_s",
        "_last_at",
        "_left",
        "_left_chars",
        "_left_early",
        "_look_at_bytes",
        "_meter",
        "_prompt",
        "_protocol",
        "_question",
        "_queued_s",
        "_record",
        "_report",
        "_reservation",
        "_response_bytes",
        "_retries",
        "_retry_after_ms",
        "_run",
        "_secrets",
        "_sent_at",
        "_status",
        "_unmutated",
        "_waited_s",
    )

    def __init__(self, entrance: Entrance, report: Callable[[str], None]) -> None:
        self._entrance = entrance
        self._report = report
        self._run: Run | None = None
        self._record: Record | None = None
        self._protocol: Protocol | None = None
        self._question: Question | None = None
        self._meter: Meter | None = None
        self._prompt: asyncio.Task[Estimate] | None = None
        self._reservation: Reservation | None = None
        self._secrets: frozenset[str] = frozenset()
        self._retries: int | None = None
        self._queued_s = 0.0
        """How long the budget made it wait."""
        self._begun_at = self._body_at = 0.0
        self._sent_at: float | None = None
        self._head_at: float | None = None
        self._delta_at: float | None = None
        self._last_at = 0.0
        self._head_s: float | None = None
        self._waited_s = 0.0
        self._status: int | None = None
        self._retry_after_ms: float | None = None
        self._fetched: Record | None = None
        """The background call whose response this request fetches."""
        self._fetched_id = ""
        self._begins_again = self._begun_again = False
        self._unmutated: Forward | None = None
        """The request as it came, where another one was sent."""
        self._response_bytes = self._look_at_bytes = 0
        self._left_chars: int | None = None
        """How much had been said when the client left."""
        self._left = False
        self._left_early = False

    # --- the request -------------------------------------------------------------------------

    async def admit(self, head: Head, body: Received) -> Forward | Answer:
        """Decide on a request; what is refused is in the ledger when this returns."""
        self._begun_at, self._body_at = head.at, body.at
        path = head.target.partition("?")[0][:2048]
        self._protocol = detect(path) if head.method == "POST" else None
        record = Record(
            kind="open",
            call_id=ulid(int(head.started_at.timestamp() * 1000)),
            started_at=format_time(head.started_at),
            method=head.method,
            path=path,
        )
        try:
            return await self._admit(head, body, record)
        except LedgerWriteError as error:
            self._report(str(error))
            full = isinstance(error, LedgerFullError)
            return self._answer(_LEDGER_FULL if full else _LEDGER_UNWRITABLE)

    async def _admit(self, head: Head, body: Received, record: Record) -> Forward | Answer:
        visitor = self._entrance.admit(head.headers)
        run = visitor.run
        given = visitor.headers if isinstance(visitor, Visitor) else ()
        self._secrets = secrets_of(*secrets_in(head.headers), *secrets_in(given))
        self._retries = retry_count(head.headers)
        if run is not None:
            record.run_id, record.upstream = run.run_id, run.upstream.base
        if body.whole:
            large = len(body.data) > LARGE_BYTES
            digest = await to_thread(hashlib.sha256, body.data) if large else hashlib.sha256(body.data)
            record.request_hash, record.request_bytes = digest.hexdigest(), len(body.data)
        if isinstance(visitor, Stranger):
            message = "this token belongs to no open run"
            return self._refuse(run, record, Problem(code="unauthorized", message=message, status=401))
        self._run = run = visitor.run
        try:
            path = check_target(head.target)
        except BadTargetError as error:
            return self._refuse(run, record, Problem(code="bad_target", message=str(error)))
        refusal = None
        if run.door is not None:
            refusal = run.door.check_target(head.method, path) or run.door.check_headers(head.headers)
        if refusal is None and self._protocol is not None:
            refusal = await self._read(self._protocol, head, body, record)
        if refusal is not None:
            return self._refuse(run, record, refusal)
        if head.method == "GET" and run.pending:
            self._fetch(run, path)
        forward = Forward(
            method=head.method, url=run.upstream.join(head.target), headers=request_headers(visitor.headers)
        )
        if head.method == "POST":
            refusal = None if self._protocol is None else await self._reserve(run, record)
            if refusal is not None:
                return self._refuse(run, record, refusal)
            self._inject(run, record, forward)
            try:
                run.began(record)
            except LedgerWriteError:
                self._settle(run, NOTHING)
                raise
            self._record = record
            self._estimate_early()
        return forward

    async def _reserve(self, run: Run, record: Record) -> Problem | None:
        """Wait until the run's budget has room for the call."""
        account = run.account
        left = Problem(code="client_left", message="the client left while its call waited for others")
        need = await self._need(run, record) if account.bounded else UNBOUNDED
        try:
            outcome = await account.reserve(need)
        except asyncio.CancelledError:  # by the relay, some time after the client had left
            return left
        if isinstance(outcome, Over):
            record.budget = outcome.facts
            return Problem(code="budget_exceeded", message=outcome.message)
        self._reservation = outcome
        self._queued_s = outcome.waited_s
        record.budget = outcome.to_json()
        if self._left and outcome.waited_s:
            self._settle(run, NOTHING)
            return left
        return None

    async def _need(self, run: Run, record: Record) -> Need:
        """The most that the call may take."""
        question = self._question
        if question is None:
            return UNBOUNDED
        self._prompt = asyncio.create_task(self._estimate_prompt(question))
        try:
            prompt = await self._prompt
        except Exception as error:  # noqa: BLE001  # the meter's edge: its faults must not break a call
            self._prompt = None
            self._report(f"a call's tokens could not be estimated ({type(error).__name__})")
            return UNBOUNDED
        asked = question.asked
        input_tokens = None if prompt.lower_bound else prompt.tokens
        window, longest = run.prices.limits(record.upstream, asked.model)
        if not question.protocol.generates:
            output_tokens: int | None = 0
        elif asked.params.max_tokens is not None:
            output_tokens = asked.params.max_tokens * asked.choices
        elif longest is not None or window is not None:
            output_tokens = (longest or max(0, (window or 0) - prompt.tokens)) * asked.choices
        else:
            output_tokens = None
        # what is written to a cache can cost more than what isn't
        most = Tokens(input=input_tokens, cache_write=input_tokens, output=output_tokens)
        at = parse_time(record.started_at)
        usd = run.prices.cost(upstream=record.upstream, model=asked.model, tokens=most, at=at)
        return Need(input_tokens=input_tokens, output_tokens=output_tokens, usd=usd)

    def _settle(self, run: Run, spent: Spent) -> None:
        reservation, self._reservation = self._reservation, None
        if reservation is not None:
            run.account.settle(reservation, spent)

    def _fetch(self, run: Run, path: str) -> None:
        """The request may be for the response of a background call: that is then metered here."""
        fetched = fetching(path)
        record = run.pending.get(fetched[1]) if fetched else None
        if fetched and record is not None:
            self._protocol, self._fetched_id = fetched
            self._fetched = record

    def _inject(self, run: Run, record: Record, forward: Forward) -> None:
        """Have the stream report its usage, where the user wants that."""
        asking = self._question.asking_for_usage() if run.include_usage and self._question else None
        if asking is None:
            return
        record.request_mutated = True
        self._unmutated = replace(forward, body=self._question.data if self._question else None)
        forward.body = asking
        # what is compressed can't be taken out of again
        forward.headers = without(forward.headers, frozenset({"accept-encoding"}))

    async def _read(self, protocol: Protocol, head: Head, body: Received, record: Record) -> Problem | None:
        """Read and judge the body; the record gets what it asks."""
        record.protocol = protocol.name
        assert self._run is not None
        door = self._run.door
        if not body.whole:
            too_long = JsonBody(problem="the body is too long to be checked")
            return door.check_body(protocol, too_long) if door else None
        question = Question(protocol, body.data, first(head.headers, "content-encoding"))

        def work() -> Problem | None:
            read = question.read(record.path)
            asked = question.asked
            record.model_requested, record.stream, record.params = asked.model, asked.stream, asked.params
            if question.large:
                record.request_hash_canonical = question.hash()
            return door.check_body(protocol, read) if door else None

        refusal = await to_thread(work) if question.large else work()
        if question.readable:
            self._question = question
        return refusal

    def _place(self, run: Run | None, record: Record) -> None:
        """Tell which question this is, and which attempt at it."""
        if self._question is None or run is None or record.operation_id is not None:
            return
        if record.request_hash_canonical is None:
            record.request_hash_canonical = self._question.hash()
        if record.request_hash_canonical is None:
            return
        key = f"{record.protocol} {record.path} {record.request_hash_canonical}"
        place = run.operations.place(record.call_id, key=key, retry_count=self._retries)
        record.operation_id, record.attempt, record.retry_of = (
            place.operation_id,
            place.attempt,
            place.retry_of,
        )

    def _tidy(self, record: Record) -> None:
        """Take the secrets out of what a client or an endpoint wrote into the record."""
        if not self._secrets:
            return
        words = f"{record.path} {record.model_requested} {record.params.reasoning_effort} {record.error_code}"
        words += f"{record.model_returned} {record.system_fingerprint} {record.finish_reasons}"
        words += f"{record.usage_raw}"
        if any(secret in words for secret in self._secrets):
            redact(record, self._secrets)

    def _refuse(self, run: Run | None, opened: Record, refusal: Problem) -> Answer:
        kind: ErrorType = "refused"
        if refusal.code == "unauthorized":
            kind = "unauthorized"
        elif refusal.code == "budget_exceeded":
            kind = "budget_exceeded"
        elif refusal.code == "client_left":
            kind = "client_disconnect"
        answer = self._answer(refusal)
        if run is not None:
            self._place(run, opened)
            self._tidy(opened)
            ended = replace(
                opened,
                kind="call",
                status=refusal.status,
                error_type=kind,
                response_bytes=len(answer.body),
                duration_ms=_ms(self._body_at - self._begun_at),
            )
            run.refused(opened, ended)
            run.operations.ended(opened.call_id, failed=True)
        return answer

    def _answer(self, problem: Problem) -> Answer:
        protocol = self._protocol or DEFAULT_PROTOCOL
        final = problem.status < 500 or problem in {_LEDGER_FULL, _LEDGER_UNWRITABLE}
        return Answer(
            status=problem.status,
            body=protocol.error_body(problem),
            headers=(_JSON, *(NO_RETRY if final else ())),
        )

    def _estimate_early(self) -> None:
        """A stream without usage will need an estimate: count while the endpoint works."""
        if self._prompt is None and self._question is not None and not self._asked.include_usage:
            self._prompt = asyncio.create_task(self._estimate_prompt(self._question))

    async def _estimate_prompt(self, question: Question) -> Estimate:
        return await to_thread(lambda: estimate_input(question.prompt(), question.asked.model))

    @property
    def _asked(self) -> Asked:
        return UNREAD if self._question is None else self._question.asked

    # --- the response ------------------------------------------------------------------------

    def sent(self, at: float) -> None:
        """More of the request has been written to the endpoint."""
        self._sent_at = at
        if self._record is not None:
            self._place(self._run, self._record)  # while the endpoint works

    def head(self, status: int, headers: Sequence[tuple[str, str]], at: float) -> Forward | Edit | None:
        """The response's head has come. It may refuse nothing but that we ask for usage."""
        self._status, self._head_at = status, at
        if status >= 300:
            self._retry_after_ms = retry_after_ms(headers)
        content = content_of(headers)
        edit = None
        if self._unmutated is not None:
            if status in _NOT_UNDERSTOOD and self._begin_again(at):
                forward, self._unmutated = self._unmutated, None
                return forward
            if status < 300 and content[0].lower().startswith("text/event-stream") and not content[1]:
                edit = UsageEventFilter()
        elif self._begun_again and status < 300 and self._run is not None and self._run.include_usage:
            self._run.include_usage = False
            self._report(f"{self._run.upstream.base} takes no stream_options: it is asked no more for usage")
        recorded = self._record or self._fetched
        if recorded is not None and self._protocol is not None:
            self._meter = self._protocol.meter(self._asked, *content)
        return edit

    def _begin_again(self, at: float) -> bool:
        """Record the attempt that asked for usage as a call of its own, and the next one as begun."""
        run, record = self._run, self._record
        assert run is not None
        assert record is not None
        started_at = parse_time(record.started_at) + timedelta(seconds=at - self._begun_at)
        again = replace(
            record,
            call_id=ulid(int(started_at.timestamp() * 1000)),
            started_at=format_time(started_at),
            request_mutated=False,
        )
        again.operation_id = again.attempt = again.retry_of = None
        self._last_at = at
        self._begins_again = True
        try:
            self._write("upstream_error", None, _NOTHING)
            run.began(again)
        except LedgerWriteError as error:
            self._report(str(error))
            return False
        finally:
            self._begins_again = False
        self._record = again
        self._begun_again = True
        self._begun_at = self._body_at = at
        self._sent_at = self._head_at = self._status = self._retry_after_ms = None
        return True

    def head_written(self, seconds: float) -> None:
        """The response's head has been handed to the client's socket."""
        self._head_s = seconds

    def data(self, chunk: bytes, at: float) -> bool:
        """A piece of the response's body has come. False: what comes after the client's leave is enough."""
        self._response_bytes += len(chunk)
        meter = self._meter
        if meter is None:
            return True
        try:
            meter.feed(chunk)
            if self._delta_at is None and meter.saw_delta:
                self._delta_at = at
            return not self._left or self._run is None or self._spares(meter)
        except Exception as error:  # noqa: BLE001  # the meter's edge: its faults must not break a call
            self._meter_failed(error)
            return True

    def _spares(self, meter: Meter) -> bool:
        """Whether what the endpoint has said since the client left is worth its usage."""
        if self._response_bytes < self._look_at_bytes:
            return True
        self._look_at_bytes = self._response_bytes + _LOOK_BYTES
        said = meter.said_chars()
        if self._left_chars is None:
            self._left_chars = said
        return said - self._left_chars <= MAX_TOKENS_AFTER_LEAVE * _CHARS_PER_TOKEN

    def client_waited(self, seconds: float) -> None:
        """The client didn't read for so long."""
        self._waited_s += seconds

    def client_left(self) -> None:
        """The client closed its connection: early, unless the protocol had come to its end."""
        self._left = True
        if self._meter is None or not self._meter.ended:
            self._left_early = True

    def client_stayed(self) -> None:
        """It was its side only."""
        self._left = self._left_early = False

    async def close(self, ending: Ending, at: float) -> None:
        """The response is over: write its record."""
        self._last_at = at
        if self._record is None:
            await self._close_fetched()
            return
        facts = None
        if self._meter is not None:
            meter = self._meter
            # a client that is still there waits for [DONE], one that left had seen enough
            if meter.done or (meter.ended and self._left):
                ending = "complete"
            facts = await self._facts(meter)
        error = self._error(ending, facts)
        figures = _NOTHING if facts is None else await self._figures(facts, broken=error is not None)
        if self._prompt is not None:
            await self._drop_estimate(self._prompt)
        self._write(error, facts, figures)
        if facts is not None and facts.pending and facts.response_id is not None and error is None:
            assert self._run is not None
            self._run.awaits(facts.response_id, self._record)

    async def _close_fetched(self) -> None:
        """Complete the record of a background call by what was fetched: its usage, if it was all."""
        if self._fetched is None or self._meter is None or (self._status or 0) >= 300:
            return
        facts = await self._facts(self._meter)
        if facts is None or facts.usage is None or facts.pending or not facts.ended:
            return
        assert self._run is not None
        record = replace(self._fetched)
        self._fill(record, facts, reported(facts, broken=False))
        self._run.completed(self._fetched_id, record)

    async def failed(self, failure: Failure, reason: str, at: float) -> Answer:
        """There is no response: write the record, say so to the client."""
        status, error, code = _FAILURES[failure]
        upstream = self._run.upstream.base if self._run else "the endpoint"
        message = f"cab-proxy got no response from {upstream}: {reason}"
        answer = self._answer(Problem(code=code, message=message, status=status, kind="server_error"))
        if self._record is not None:
            self._last_at = at
            self._status = None if self._left_early else status
            self._response_bytes = 0 if self._left_early else len(answer.body)
            if self._prompt is not None:
                await self._drop_estimate(self._prompt)
            self._write("client_disconnect" if self._left_early else error, None, _NOTHING)
        return answer

    # --- the record --------------------------------------------------------------------------

    async def _facts(self, meter: Meter) -> Facts | None:
        try:
            large = self._response_bytes > LARGE_BYTES
            return await to_thread(meter.finish) if large else meter.finish()
        except Exception as error:  # noqa: BLE001  # the meter's edge, as in data()
            self._meter_failed(error)
            return None

    def _meter_failed(self, error: Exception) -> None:
        self._meter = None
        self._report(f"a response could not be metered ({type(error).__name__}); it was passed on unchanged")

    def _error(self, ending: Ending, facts: Facts | None) -> ErrorType | None:
        assert self._record is not None
        if not 200 <= (self._status or 0) < (300 if self._protocol else 400):
            return "upstream_error"
        if self._left_early:
            return "client_disconnect"
        if facts is not None and facts.in_band_error:
            return "in_band_error"
        broke_off = facts is not None and facts.readable and not facts.ended
        return "truncated" if ending == "truncated" or broke_off else None

    async def _figures(self, facts: Facts, *, broken: bool) -> Figures:
        """The endpoint's figures, completed by estimates where it did some work."""
        figures = reported(facts, broken=broken)
        tokens = figures.tokens
        worked = self._status is not None and self._status < 300 and (facts.said or not facts.in_band_error)
        if not worked or facts.pending or (tokens.input is not None and tokens.output is not None):
            return figures
        prompt = answer = None
        try:
            if tokens.input is None and self._question is not None:
                prompt = await (self._prompt or self._estimate_prompt(self._question))
            if tokens.output is None and facts.readable:
                answer = await to_thread(estimate_output, facts.said, self._asked.model)
        except Exception as error:  # noqa: BLE001  # the meter's edge, as in data()
            self._report(f"a call's tokens could not be estimated ({type(error).__name__})")
            return figures
        return completed(figures, prompt, answer)

    async def _drop_estimate(self, estimate: asyncio.Task[Estimate]) -> None:
        estimate.cancel()
        await asyncio.gather(estimate, return_exceptions=True)

    def _write(self, error: ErrorType | None, facts: Facts | None, figures: Figures) -> None:
        assert self._run is not None
        assert self._record is not None
        asked_at = self._body_at if self._sent_at is None else self._sent_at
        record = self._record
        self._place(self._run, record)
        record.kind = "call"
        record.status = self._status
        record.error_type = error
        record.retry_after_ms = self._retry_after_ms
        record.response_bytes = self._response_bytes
        if self._head_at is not None:
            record.ttfb_ms = _ms(self._head_at - asked_at)
        if self._delta_at is not None and self._asked.stream:
            record.ttft_ms = _ms(self._delta_at - asked_at)
        record.duration_ms = _ms(self._last_at - self._begun_at)
        record.client_wait_ms = _ms(self._waited_s)
        if self._head_s is not None:
            record.proxy_overhead_ms = _ms(asked_at - self._body_at - self._queued_s + self._head_s)
        if facts is not None:
            self._fill(record, facts, figures)
        self._tidy(record)
        self._run.operations.ended(record.call_id, failed=error is not None)
        if not self._begins_again:
            self._settle(self._run, spent_by(record, sent=self._sent_at is not None))
        self._run.finished(record)

    def _fill(self, record: Record, facts: Facts, figures: Figures) -> None:
        """Put into the record what the response said."""
        record.tokens, record.tokens_source = figures.tokens, figures.source
        record.estimator, record.lower_bound = figures.estimator, figures.lower_bound
        record.model_returned = facts.model
        record.system_fingerprint = facts.system_fingerprint
        record.finish_reasons = facts.finish_reasons
        record.error_code = facts.error_code
        record.usage_raw = facts.usage_raw
        assert self._run is not None
        set_cost(record, facts, self._run.prices)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3) if seconds > 0 else 0.0
