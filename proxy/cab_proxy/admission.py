"""One request on its way in: whose it is, what it asks, whether and when it may pass.

Invariants: what is refused is in the ledger when :meth:`Admission.admit` returns, with both of its lines;
what is passed on, with its ``open`` line. What it reserved of the run's budget is settled once, by whoever
ends the call.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final
from typing import Protocol as Interface

from .answers import answer, unrecorded
from .budget import NOTHING, UNBOUNDED, Need, Over, Reservation, Spent, spent_by
from .description import Description
from .door import Door
from .entrance import Stranger, Visitor
from .errors import LedgerWriteError, Problem
from .estimate import Estimate, estimate_input
from .exchange import Answer, Forward, Head, Headers, Received
from .headers import first, request_headers, without
from .ids import ulid
from .jsonbody import JsonBody
from .need import need_of
from .operations import retry_count
from .protocols import DEFAULT_PROTOCOL, detect, detect_aside, fetching
from .protocols.base import UNREAD, Asked, Protocol
from .question import LARGE_BYTES, Question
from .records import ErrorType, Record, format_time, parse_time
from .redact import redact_record, secrets_of
from .runs import Run
from .threads import counting, reading
from .timing import Times, ms
from .urls import BadTargetError, Upstream, check_target

MAX_PATH_CHARS: Final = 2048
_REFUSED: Final[dict[str, ErrorType]] = {
    "unauthorized": "unauthorized",
    "budget_exceeded": "budget_exceeded",
    "client_left": "client_disconnect",
}
"""Codes of problems whose records say more than ``refused``."""

_STOPPED: Final = Problem(
    code="proxy_stopped",
    message="cab-proxy closed this run while the call waited for others",
    status=503,
    kind="server_error",
)


class Entrance(Interface):
    """Tells whose request it is."""

    def admit(self, headers: Headers, target: str, key_header: str) -> Visitor | Stranger:
        """Judge a request by its credentials."""
        ...


class Admission:
    """What is decided about one request, and known of it."""

    __slots__ = (
        "_entrance",
        "_report",
        "_reservation",
        "_retries",
        "client_left",
        "description",
        "fetched",
        "fetched_id",
        "prompt",
        "protocol",
        "question",
        "record",
        "run",
        "secrets",
        "times",
        "unmutated",
        "upstream",
    )

    def __init__(self, entrance: Entrance, report: Callable[[str], None]) -> None:
        self._entrance = entrance
        self._report = report
        self._reservation: Reservation | None = None
        self._retries: int | None = None
        self.client_left = False
        """Set by whoever knows: a call that waits for others is then not begun."""
        self.run: Run | None = None
        self.upstream: Upstream | None = None
        self.protocol: Protocol | None = None
        self.question: Question | None = None
        """Of a model call whose body could be read."""
        self.prompt: asyncio.Task[Estimate] | None = None
        """The count of its prompt, where that has begun."""
        self.description: asyncio.Task[Description] | None = None
        """What there is to say of its prompt, where the run describes them."""
        self.record: Record | None = None
        """Of a call that was passed on, and is to be recorded."""
        self.fetched: Record | None = None
        """The background call whose response this request fetches."""
        self.fetched_id = ""
        self.secrets: frozenset[str] = frozenset()
        self.times = Times()
        self.unmutated: Forward | None = None
        """The request as it came, where another one was sent."""

    @property
    def asked(self) -> Asked:
        """What the request asks, as far as it can be read."""
        return UNREAD if self.question is None else self.question.asked

    async def admit(self, head: Head, body: Received) -> Forward | Answer:
        """Decide."""
        self.times.begun_at, self.times.body_at = head.at, body.at
        path = head.target.partition("?")[0]
        self.protocol = detect(path) if head.method == "POST" else None
        record = Record(
            kind="open",
            call_id=ulid(int(head.started_at.timestamp() * 1000)),
            started_at=format_time(head.started_at),
            method=head.method,
            path=path[:MAX_PATH_CHARS],
        )
        try:
            decided = await self._admit(head, body, record)
            if isinstance(decided, Answer) and self.run is not None:
                await self.run.ledger.durable()
            return decided
        except LedgerWriteError as error:
            self._report(str(error))
            return answer(unrecorded(error), self.protocol)

    async def _admit(self, head: Head, body: Received, record: Record) -> Forward | Answer:
        key_header = (self.protocol or DEFAULT_PROTOCOL).key_header
        visitor = self._entrance.admit(head.headers, head.target, key_header)
        self.run = run = visitor.run
        self._retries = retry_count(head.headers)
        self.secrets = secrets_of(*visitor.secrets)
        if run is not None:
            self.upstream = (visitor.upstream if isinstance(visitor, Visitor) else None) or run.upstream
            record.run_id, record.upstream, record.via = run.run_id, self.upstream.base, run.via
        if body.whole:
            large = len(body.data) > LARGE_BYTES
            hashing = partial(hashlib.sha256, body.data)
            digest = await reading(hashing) if large else hashing()
            record.request_hash, record.request_bytes = digest.hexdigest(), len(body.data)
        if isinstance(visitor, Stranger):
            message = "this token belongs to no open run"
            return self._refuse(record, Problem(code="unauthorized", message=message, status=401))
        refusal = await self._judge(visitor, head, body, record)
        if refusal is not None:
            return self._refuse(record, refusal)
        return await self._pass_on(visitor, head, body, record)

    async def _judge(self, visitor: Visitor, head: Head, body: Received, record: Record) -> Problem | None:
        """Whether it may pass at all."""
        try:
            check_target(head.target)
        except BadTargetError as error:
            return Problem(code="bad_target", message=str(error))
        door = visitor.run.door
        if door is not None:
            refusal = door.check_target(head.method, visitor.target) or door.check_headers(head.headers)
            if refusal is not None:
                return refusal
        if self.protocol is not None:
            record.protocol = self.protocol.name
            return await self._read(self.protocol, door, head, body, record)
        if door is not None and head.method == "POST":
            # what is no call is not recorded as one, but its body can reach as far
            aside = detect_aside(record.path)
            if aside is None:
                return Problem(code="path_not_allowed", message=f"{record.path} is closed in this run")
            question = Question(aside, body.data, _coding(head))
            return await _read_in_its_place(question, door, body, record)
        return None

    async def _read(
        self, protocol: Protocol, door: Door | None, head: Head, body: Received, record: Record
    ) -> Problem | None:
        """Read and judge the body of a model call; the record gets what it asks."""
        question = Question(protocol, body.data, _coding(head))
        refusal = await _read_in_its_place(question, door, body, record)
        if question.readable:
            self.question = question
        return refusal

    async def _pass_on(
        self, visitor: Visitor, head: Head, body: Received, record: Record
    ) -> Forward | Answer:
        run = visitor.run
        assert self.upstream is not None
        forward = Forward(
            method=head.method,
            url=self.upstream.join(visitor.target),
            headers=request_headers(visitor.headers),
        )
        if head.method == "GET" and run.pending and (fetch := fetching(record.path)) is not None:
            self.protocol, self.fetched_id = fetch
            self.fetched = run.pending.get(self.fetched_id)
        if head.method != "POST":
            return forward
        refusal = None if self.protocol is None else await self._reserve(run, record)
        if refusal is not None:
            return self._refuse(record, refusal)
        try:
            if run.include_usage:
                self._ask_for_usage(record, forward, body)
            redact_record(record, self.secrets)
            run.began(record)
        except BaseException:
            self.settle(NOTHING)
            raise
        self.record = record
        if run.bodies is not None and body.whole:
            kept = run.bodies.begin(f"{record.call_id}.request", _coding(head), self.secrets)
            kept.write(body.data)
            kept.close()
        self._count_early()
        if run.descriptions is not None and self.question is not None:
            self.description = run.descriptions.begin(self.question, record.path)
        return forward

    def _ask_for_usage(self, record: Record, forward: Forward, body: Received) -> None:
        asking = None if self.question is None else self.question.asking_for_usage()
        if asking is None:
            return
        record.request_mutated = True
        self.unmutated = replace(forward, body=body.data)
        forward.body = asking
        # what is compressed can't be taken out of again
        forward.headers = without(forward.headers, frozenset({"accept-encoding"}))

    def another(self, at: float) -> Record:
        """The record of the same request made once more, as a call of its own. To be made before the first's
        tells what came of it.
        """
        assert self.record is not None
        started_at = parse_time(self.record.started_at) + timedelta(seconds=at - self.times.begun_at)
        return replace(
            self.record,
            kind="open",
            call_id=ulid(int(started_at.timestamp() * 1000)),
            started_at=format_time(started_at),
            request_mutated=False,
            operation_id=None,
            attempt=None,
            retry_of=None,
            budget=None,
        )

    def begin_again(self, again: Record, at: float) -> None:
        """The request is made once more. Raises ``LedgerWriteError``."""
        assert self.run is not None
        self.run.began(again)
        self.record = again
        self.times = Times(begun_at=at, body_at=at)

    def place(self) -> None:
        """Tell which question this is, and which attempt at it."""
        if self.record is not None:
            self._place(self.record)

    def _place(self, record: Record) -> None:
        if self.question is None or self.run is None or record.operation_id is not None:
            return
        if record.request_hash_canonical is None:
            record.request_hash_canonical = self.question.hash()
        if record.request_hash_canonical is None:
            return
        key = f"{record.protocol} {record.path} {record.request_hash_canonical}"
        place = self.run.operations.place(record.call_id, key=key, retry_count=self._retries)
        record.operation_id, record.attempt = place.operation_id, place.attempt
        record.retry_of = place.retry_of

    def _refuse(self, opened: Record, refusal: Problem) -> Answer:
        refused = answer(refusal, self.protocol or detect_aside(opened.path))
        if self.run is not None:
            self._place(opened)
            redact_record(opened, self.secrets)
            ended = replace(
                opened,
                kind="call",
                status=refusal.status,
                error_type=_REFUSED.get(refusal.code, "refused"),
                response_bytes=len(refused.body),
                duration_ms=ms(self.times.body_at - self.times.begun_at),
            )
            self.run.operations.ended(opened.call_id, failed=True)
            self.run.refused(opened, ended)
        return refused

    # --- the budget ----------------------------------------------------------------------------

    async def _reserve(self, run: Run, record: Record) -> Problem | None:
        """Wait until the run's budget has room for the call."""
        left = Problem(code="client_left", message="the client left while its call waited for others")
        if not run.account.limited:
            return None
        try:
            need = await self._need(run, record) if run.account.bounded else UNBOUNDED
            outcome = await run.account.reserve(need)
        except asyncio.CancelledError:  # by the relay, some time after the client left, or at the run's end
            return left if self.client_left else _STOPPED
        if isinstance(outcome, Over):
            record.budget = outcome.facts
            return Problem(code="budget_exceeded", message=outcome.message)
        self._reservation = outcome
        self.times.queued_s = outcome.waited_s
        record.budget = outcome.to_json()
        if self.client_left and outcome.waited_s:
            self.settle(NOTHING)
            return left
        return None

    async def _need(self, run: Run, record: Record) -> Need:
        if self.question is None:
            return UNBOUNDED
        try:
            prompt = await self.counted_prompt()
        except Exception as error:  # noqa: BLE001  # the meter's edge: its faults must not break a call
            self._report(f"a call's tokens could not be estimated ({type(error).__name__})")
            return UNBOUNDED
        return need_of(self.question, prompt, record, run.prices)

    def settle(self, spent: Spent | None = None) -> None:
        """Give back what was reserved but for what was spent, by default what the record tells."""
        reservation, self._reservation = self._reservation, None
        if reservation is None or self.run is None:
            return
        if spent is None:
            assert self.record is not None
            spent = spent_by(self.record, sent=self.times.sent_at is not None)
        self.run.account.settle(reservation, spent)

    # --- the prompt's tokens -------------------------------------------------------------------

    def _count_early(self) -> None:
        """A stream without usage will need an estimate: count while the endpoint works."""
        if self.question is not None and not self.asked.include_usage:
            self._counting(self.question)

    async def counted_prompt(self) -> Estimate:
        """The estimate of the prompt of a question."""
        assert self.question is not None
        return await self._counting(self.question)

    def _counting(self, question: Question) -> asyncio.Task[Estimate]:
        if self.prompt is None:
            self.prompt = asyncio.create_task(_count(question))
        return self.prompt

    async def drop_count(self) -> None:
        """Nobody needs it any more."""
        if self.prompt is not None:
            self.prompt.cancel()
            await asyncio.gather(self.prompt, return_exceptions=True)


def _coding(head: Head) -> str:
    return first(head.headers, "content-encoding")


async def _read_in_its_place(
    question: Question, door: Door | None, body: Received, record: Record
) -> Problem | None:
    if question.large:
        return await reading(partial(_read_body, question, door, body, record))
    return _read_body(question, door, body, record)


def _read_body(question: Question, door: Door | None, body: Received, record: Record) -> Problem | None:
    """Read a body, judge it, and tell the record what it asks."""
    read = JsonBody(problem="the body is too long to be checked")
    if body.whole:
        read = question.read(record.path)
        asked = question.asked
        record.model_requested, record.stream, record.params = asked.model, asked.stream, asked.params
        if question.large:
            record.request_hash_canonical = question.hash()
    return door.check_body(question.protocol, read) if door else None


async def _count(question: Question) -> Estimate:
    return await counting(lambda: estimate_input(question.prompt(), question.asked.model))
