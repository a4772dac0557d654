"""One request on its way through: what came back, and what is written about it.

:class:`Call` is the :class:`~cab_proxy.exchange.Exchange` of the meter: it binds the admission of a request,
the meter of its protocol, the estimates and the ledger. It knows no sockets.

Invariants: an ``open`` line is written before a call is passed on, its ``call`` line exactly once after
it has ended; a background call's once more, with what was fetched of it. A fault of the meter's own never
breaks the call; it costs the call's figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from .admission import Admission, Entrance
from .answers import answer, unanswered
from .bodies import BodyFile
from .description import Description
from .errors import LedgerWriteError
from .estimate import estimate_output
from .exchange import Answer, Edit, Ending, Failure, Forward, Head, Received
from .figures import Figures, completed, fill, reported
from .headers import content_of, retry_after_ms
from .inject import UsageEventFilter
from .prompt_parts import shared_out_again
from .protocols.base import Facts
from .protocols.meter import Meter
from .question import LARGE_BYTES
from .records import ErrorType, Record
from .redact import redact_record
from .runs import Run
from .threads import counting, reading

_CHARS_PER_TOKEN: Final = 4
_LOOK_BYTES: Final = 4096
_NOT_UNDERSTOOD: Final = frozenset({400, 422})
"""Statuses by which endpoints refuse a setting that they don't know."""

_NOTHING: Final = Figures()


class Call:
    """The exchange of one request."""

    __slots__ = (
        "_begun_again",
        "_body",
        "_left",
        "_left_chars",
        "_left_early",
        "_look_at_bytes",
        "_meter",
        "_report",
        "_request",
        "_response_bytes",
        "_retry_after_ms",
        "_status",
    )

    def __init__(self, entrance: Entrance, report: Callable[[str], None]) -> None:
        self._request = Admission(entrance, report)
        self._report = report
        self._meter: Meter | None = None
        self._body: BodyFile | None = None
        self._begun_again = False
        self._status: int | None = None
        self._retry_after_ms: float | None = None
        self._response_bytes = self._look_at_bytes = 0
        self._left_chars: int | None = None
        """How much had been said when the client left."""
        self._left = False
        self._left_early = False

    def is_of(self, run: Run) -> bool:
        """Whether it is a call of that run."""
        return self._request.run is run

    async def admit(self, head: Head, body: Received) -> Forward | Answer:
        """Decide on a request; what is refused is in the ledger when this returns."""
        return await self._request.admit(head, body)

    def sent(self, at: float) -> None:
        """More of the request has been written to the endpoint."""
        self._request.times.sent_at = at
        self._request.place()  # while the endpoint works

    # --- the response ------------------------------------------------------------------------

    def head(self, status: int, headers: Sequence[tuple[str, str]], at: float) -> Forward | Edit | None:
        """The response's head has come. It may refuse nothing but that we ask for usage."""
        request = self._request
        self._status, request.times.head_at = status, at
        if status >= 300:
            self._retry_after_ms = retry_after_ms(headers)
        kind, coding = content_of(headers)
        edit = None
        if request.unmutated is not None:
            if status in _NOT_UNDERSTOOD and self._begin_again(at):
                forward, request.unmutated = request.unmutated, None
                return forward
            if status == 200 and kind.lower().startswith("text/event-stream") and not coding:
                edit = UsageEventFilter()
        elif self._begun_again and status < 300:
            self._ask_no_more()
        if request.record is not None and request.run is not None and request.run.bodies is not None:
            name = f"{request.record.call_id}.response"
            self._body = request.run.bodies.begin(name, coding, request.secrets)
        if request.protocol is not None and (request.record is not None or request.fetched is not None):
            self._meter = request.protocol.meter(request.asked, kind, coding)
        return edit

    def _begin_again(self, at: float) -> bool:
        """Record the attempt that asked for usage as a call of its own, and the next one as begun."""
        run = self._request.run
        assert run is not None
        again = self._request.another(at)
        self._request.times.ended_at = at
        try:
            run.ledger.check()  # or the first attempt would be recorded here, and once more at its end
            self._write("upstream_error", None, _NOTHING, settle=False)
            self._request.begin_again(again, at)
        except LedgerWriteError as error:
            self._report(str(error))
            return False
        self._begun_again = True
        self._status = self._retry_after_ms = None
        return True

    def _ask_no_more(self) -> None:
        run, upstream = self._request.run, self._request.upstream
        if run is not None and upstream is not None and run.include_usage:
            run.include_usage = False
            self._report(f"{upstream.base} takes no stream_options: it is asked no more for usage")

    def head_written(self, seconds: float) -> None:
        """The response's head has been handed to the client's socket."""
        self._request.times.head_s = seconds

    def data(self, chunk: bytes, at: float) -> bool:
        """A piece of the response's body has come. False: what comes after the client's leave is enough."""
        self._response_bytes += len(chunk)
        if self._body is not None:
            self._body.write(chunk)
        meter = self._meter
        if meter is None:
            return True
        try:
            meter.feed(chunk)
            if meter.saw_delta and self._request.times.delta_at is None:
                self._request.times.delta_at = at
            return not self._left or self._spares(meter)
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
        run = self._request.run
        return run is None or said - self._left_chars <= run.grace_tokens * _CHARS_PER_TOKEN

    def client_waited(self, seconds: float) -> None:
        """The client didn't read for so long."""
        self._request.times.client_s += seconds

    def client_left(self) -> None:
        """The client closed its connection: early, unless the protocol had come to its end."""
        self._left = self._request.client_left = True
        if self._meter is None or not self._meter.ended:
            self._left_early = True

    def client_stayed(self) -> None:
        """It was its side only."""
        self._left = self._left_early = False

    async def close(self, ending: Ending, at: float) -> None:
        """The response is over: write its record."""
        request = self._request
        request.times.ended_at = at
        if self._body is not None:
            self._body.close()
        if request.record is None:
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
        await request.drop_count()
        self._write(error, facts, figures, await self._description())
        assert request.run is not None
        if facts is not None and facts.pending and facts.response_id and error in {None, "client_disconnect"}:
            request.run.awaits(facts.response_id, request.record)
        await request.run.ledger.durable()

    async def _close_fetched(self) -> None:
        """Complete the record of a background call by what was fetched: its usage, if it was all."""
        request = self._request
        if request.fetched is None or self._meter is None or (self._status or 0) >= 300:
            return
        facts = await self._facts(self._meter)
        if facts is None or facts.usage is None or facts.pending or not facts.ended:
            return
        assert request.run is not None
        if request.fetched_id not in request.run.pending:  # it was fetched twice at the same time
            return
        record = replace(request.fetched)
        self._fill(record, facts, reported(facts, broken=False))
        if record.prompt_parts is not None:
            record.prompt_parts = shared_out_again(record.prompt_parts, record.tokens.input)
        request.run.completed(request.fetched_id, record)
        await request.run.ledger.durable()

    async def failed(self, failure: Failure, reason: str, at: float) -> Answer:
        """There is no response: write the record, say so to the client."""
        request = self._request
        upstream = "the endpoint" if request.upstream is None else request.upstream.base
        problem, error = unanswered(failure, reason, upstream)
        told = answer(problem, request.protocol)
        if request.record is not None:
            request.times.ended_at = at
            self._status = None if self._left_early else problem.status
            self._response_bytes = 0 if self._left_early else len(told.body)
            await request.drop_count()
            error = "client_disconnect" if self._left_early else error
            self._write(error, None, _NOTHING, await self._description())
            assert request.run is not None
            await request.run.ledger.durable()
        return told

    # --- the record --------------------------------------------------------------------------

    async def _facts(self, meter: Meter) -> Facts | None:
        try:
            large = self._response_bytes > LARGE_BYTES
            return await reading(meter.finish) if large else meter.finish()
        except Exception as error:  # noqa: BLE001  # the meter's edge, as in data()
            self._meter_failed(error)
            return None

    def _meter_failed(self, error: Exception) -> None:
        self._meter = None
        self._report(f"a response could not be metered ({type(error).__name__}); it was passed on unchanged")

    def _error(self, ending: Ending, facts: Facts | None) -> ErrorType | None:
        if not 200 <= (self._status or 0) < (300 if self._request.protocol else 400):
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
        request = self._request
        prompt = said = None
        try:
            if tokens.input is None and request.question is not None:
                prompt = await request.counted_prompt()
            if tokens.output is None and facts.readable:
                asked = request.asked
                said = await counting(
                    lambda: estimate_output(
                        facts.said,
                        asked.model,
                        effort=asked.params.reasoning_effort,
                        shown=facts.reasoned,
                    )
                )
        except Exception as error:  # noqa: BLE001  # the meter's edge, as in data()
            self._report(f"a call's tokens could not be estimated ({type(error).__name__})")
            return figures
        return completed(figures, prompt, said, cut=broken and not facts.ended)

    async def _description(self) -> Description | None:
        """What there is to say of the prompt, where that was asked for."""
        if self._request.description is None:
            return None
        try:
            return await self._request.description
        except Exception as error:  # noqa: BLE001  # the meter's edge, as in data()
            self._report(f"a call's prompt could not be described ({type(error).__name__})")
            return None

    def _write(
        self,
        error: ErrorType | None,
        facts: Facts | None,
        figures: Figures,
        description: Description | None = None,
        *,
        settle: bool = True,
    ) -> None:
        request = self._request
        run, record = request.run, request.record
        assert run is not None
        assert record is not None
        request.place()
        record.kind = "call"
        record.status = self._status
        record.error_type = error
        record.retry_after_ms = self._retry_after_ms
        record.response_bytes = self._response_bytes
        request.times.into(record, streamed=request.asked.stream is True)
        try:
            if facts is not None:
                self._fill(record, facts, figures)
            if description is not None:
                # that the proxy had to ask twice is no doing of the agent's
                description.into(record, retried=(record.attempt or 1) > 1 and not self._begun_again)
        except Exception as fault:  # noqa: BLE001  # the meter's edge, as in data()
            self._report(f"a call's figures could not be recorded ({type(fault).__name__})")
        run.operations.ended(record.call_id, failed=error is not None)
        if settle:
            request.settle()
        run.finished(record)

    def _fill(self, record: Record, facts: Facts, figures: Figures) -> None:
        assert self._request.run is not None
        fill(record, facts, figures, self._request.run.prices)
        redact_record(record, self._request.secrets)
