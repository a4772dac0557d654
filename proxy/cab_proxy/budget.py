"""The account of one run: what its calls may still spend, and which of them has to wait.

A call reserves what it may take before it is passed on (estimated input and requested maximum output), and
is settled with what it took. One that does not fit waits for those in flight, first come first served: no
later one overtakes it, however small. When nothing is in flight it begins, fitting or not, as long as
anything is left. When nothing is left, or the time is up, all are refused, those that wait included.
``max_calls`` counts calls that have begun; none is given back.

What a call is charged
----------------------
* What it took, where its response came to its end or broke off after the endpoint's last count.
* What is known of it, where the endpoint surely did nothing more: it was not reached, or answered with an
  error. That is mostly nothing.
* Otherwise what it had reserved, or what is known of it if that is more: hanging up makes no call cheap.
  A refusal tells which part of the spent is assumed in this way.

A call of unknown price reserves all the US dollars that are left. So with ``max_cost_usd`` it goes alone,
and if the endpoint doesn't report its cost either, it is the run's last.

The bound
---------
Let ``L`` be a limit, ``s`` what a call takes of it, whether or not anybody learns that, and the call's error
``e = max(0, s - reserved)``. At any moment, let ``c`` be the call that began last, and ``E`` the sum of the
errors of those in flight once ``c`` had begun (``c`` too, if it fitted) and of those that had ended by then
with their usage unknown. Then all calls together, those in flight to their end, take

* at most ``L + E`` if ``c`` fitted: charged and reserved together were at most ``L``, and a call takes no
  more than its error beyond what is reserved for it or, once it has ended with its usage unknown, charged;
* less than ``L + s(c) + E`` if ``c`` began because it was alone: charged was less than ``L``.

It holds as far as figures are true that are taken as known: the endpoint's own and, where a whole response
came without any, our estimate.

Not thread-safe; an account belongs to one event loop. Times are seconds of the injected clock.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from .control import Budget
from .records import Record

N = TypeVar("N", int, Decimal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The most that a call may take. ``None`` is no bound: the call waits until it is alone."""

    input_tokens: int | None = None
    """Estimated; ``None`` also where a part can't be counted, as it lies at the provider."""
    output_tokens: int | None = None
    """Requested maximum over all choices, else the model's known limit."""
    usd: Decimal | None = None
    """The price of these; ``None`` where the model's is unknown."""

    @property
    def tokens(self) -> int | None:
        """Input and output together."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens


UNBOUNDED: Final = Need()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reservation:
    """A call that has begun, and what is set aside for it."""

    need: Need
    tokens: int | None
    """Reserved; ``None`` where the run does not limit them."""
    usd: Decimal | None
    """The same in US dollars."""
    alone: bool
    """It did not fit, and began because no other call was in flight."""
    waited_s: float

    def to_json(self) -> dict[str, Any] | None:
        """For the record's ``budget``; ``None`` where nothing is reserved."""
        facts: dict[str, Any] = {}
        if self.tokens is not None:
            facts |= {"estimated_input_tokens": self.need.input_tokens, "reserved_tokens": self.tokens}
        if self.usd is not None:
            facts["reserved_usd"] = _plain(self.usd)
        if not facts:
            return None
        return {**facts, "alone": self.alone, "waited_ms": round(self.waited_s * 1000, 3)}


@dataclass(frozen=True, slots=True)
class Over:
    """A call is refused, since a limit is spent."""

    facts: dict[str, Any]
    """For the record's ``budget``: the limit by its name, then what was spent of it."""

    @property
    def message(self) -> str:
        """One line for people."""
        return "this run's budget is spent: " + ", ".join(f"{k} {v}" for k, v in self.facts.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a call took, as far as anybody knows."""

    tokens: int | None = None
    usd: Decimal | None = None
    more: bool = False
    """It may have taken more than these."""


NOTHING: Final = Spent(tokens=0, usd=Decimal(0))
"""Of a call that never reached the endpoint."""


def spent_by(record: Record, *, sent: bool) -> Spent:
    """What an ended call took. ``sent``: some of its request was written to the endpoint."""
    tokens = record.tokens
    parts = [part for part in (tokens.input, tokens.output) if part is not None]
    known = sum(parts) if tokens.total is None and parts else tokens.total
    failed = record.ttfb_ms is not None and (record.status or 0) >= 300
    if failed or not sent or record.error_type == "in_band_error":
        return Spent(tokens=known or 0, usd=record.cost_usd or Decimal(0))
    whole = record.error_type is None or record.tokens_source.total == "reported"
    return Spent(tokens=known, usd=record.cost_usd, more=tokens.total is None or not whole)


def _plain(amount: int | Decimal) -> int | str:
    return amount if isinstance(amount, int) else format(amount, "f")


class _Purse(Generic[N]):
    """One good that may be limited: what is charged and what is set aside of it."""

    __slots__ = ("_assumed", "_limit", "_names", "_reserved", "spent")

    def __init__(self, limit: N | None, nothing: N, *names: str) -> None:
        self._limit: N | None = limit
        self._names = names
        """Of the limit, the spent and the assumed."""
        self._reserved: N = nothing
        self._assumed: N = nothing
        """The part of ``spent`` that is charged because nobody knows better."""
        self.spent: N = nothing

    @property
    def limited(self) -> bool:
        return self._limit is not None

    def over(self) -> Over | None:
        if self._limit is None or self.spent < self._limit:
            return None
        amounts = [self._limit, self.spent]
        if self._assumed:
            amounts.append(self._assumed)
        return Over(dict(zip(self._names, map(_plain, amounts), strict=False)))

    def fits(self, need: N | None) -> bool:
        if self._limit is None:
            return True
        return need is not None and self.spent + self._reserved + need <= self._limit

    def reserve(self, need: N | None) -> N | None:
        """Set aside what is needed; without a bound all that is left."""
        if self._limit is None:
            return None
        amount = self._limit - self.spent if need is None else need
        self._reserved += amount
        return amount

    def give_back(self, reserved: N | None) -> None:
        if reserved is not None:
            self._reserved -= reserved

    def charge(self, reserved: N | None, known: N | None, *, more: bool) -> None:
        self.give_back(reserved)
        if known is not None:
            self.spent += known
        if reserved is not None and (known is None or more):
            unknown = reserved if known is None else reserved - known
            if unknown > 0:
                self.spent += unknown
                self._assumed += unknown


@dataclass(slots=True, eq=False)
class _Waiter:
    need: Need
    since: float
    answer: asyncio.Future[Reservation | Over]


class Account:
    """What one run may spend, from the moment of making it."""

    def __init__(self, budget: Budget, clock: Callable[[], float]) -> None:
        self._budget = budget
        self._clock = clock
        self._opened_at = clock()
        self._tokens = _Purse(
            budget.max_total_tokens, 0, "max_total_tokens", "total_tokens", "assumed_tokens"
        )
        self._usd = _Purse(budget.max_cost_usd, Decimal(0), "max_cost_usd", "cost_usd", "assumed_usd")
        self._calls = 0
        self._in_flight: set[Reservation] = set()
        self._waiting: deque[_Waiter] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def bounded(self) -> bool:
        """Tokens or US dollars are limited. Otherwise no call ever waits, and what it needs is not asked."""
        return self._tokens.limited or self._usd.limited

    @property
    def limited(self) -> bool:
        """There is any limit at all. Otherwise nobody needs to ask."""
        limit = self._budget
        return self.bounded or limit.max_calls is not None or limit.max_seconds is not None

    @property
    def calls(self) -> int:
        """Calls that have begun, those in flight included."""
        return self._calls

    @property
    def tokens(self) -> int:
        """Charged up to now: where they are not limited, as far as known."""
        return self._tokens.spent

    @property
    def usd(self) -> Decimal:
        """Charged up to now, likewise."""
        return self._usd.spent

    async def reserve(self, need: Need = UNBOUNDED) -> Reservation | Over:
        """Begin a call once it may; what has begun must be settled. A cancelled wait leaves no trace."""
        answer = self._over() or (None if self._waiting else self._begin(need, 0.0))
        if answer is not None:
            return answer
        waiter = _Waiter(need, self._clock(), asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self._set_timer()
        try:
            return await waiter.answer
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise

    def settle(self, reservation: Reservation, spent: Spent) -> None:
        """A call has ended; those that wait may begin. Raises ``KeyError`` the second time."""
        self._in_flight.remove(reservation)
        self._tokens.charge(reservation.tokens, spent.tokens, more=spent.more)
        self._usd.charge(reservation.usd, spent.usd, more=spent.more)
        self._serve()

    def _over(self) -> Over | None:
        """The limit that is spent."""
        limit = self._budget
        if limit.max_calls is not None and self._calls >= limit.max_calls:
            return Over({"max_calls": limit.max_calls, "calls": self._calls})
        over = self._tokens.over() or self._usd.over()
        if over is not None:
            return over
        if limit.max_seconds is not None:
            seconds = self._clock() - self._opened_at
            if seconds >= limit.max_seconds:
                return Over({"max_seconds": limit.max_seconds, "seconds": round(seconds, 3)})
        return None

    def _begin(self, need: Need, waited_s: float) -> Reservation | None:
        """Begin the next call; ``None`` where it has to wait."""
        fits = self._tokens.fits(need.tokens) and self._usd.fits(need.usd)
        if self._in_flight and not fits:
            return None
        reservation = Reservation(
            need=need,
            tokens=self._tokens.reserve(need.tokens),
            usd=self._usd.reserve(need.usd),
            alone=not fits,
            waited_s=waited_s,
        )
        self._calls += 1
        self._in_flight.add(reservation)
        return reservation

    def _serve(self) -> None:
        """Answer those that wait, in their order, up to the first that has to wait on."""
        while self._waiting:
            waiter = self._waiting[0]
            if not waiter.answer.done():  # else it was cancelled
                answer = self._over() or self._begin(waiter.need, self._clock() - waiter.since)
                if answer is None:
                    break
                waiter.answer.set_result(answer)
            self._waiting.popleft()
        self._set_timer()

    def _withdraw(self, waiter: _Waiter) -> None:
        """A cancelled call takes nothing, though its turn had come before it could know."""
        if not waiter.answer.cancelled() and isinstance(given := waiter.answer.result(), Reservation):
            self._in_flight.remove(given)
            self._tokens.give_back(given.tokens)
            self._usd.give_back(given.usd)
            self._calls -= 1
        self._serve()

    def _set_timer(self) -> None:
        """Answer those that wait when the time is up. No ``asyncio.timeout``: it needs a task."""
        limit_s = self._budget.max_seconds
        if limit_s is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            left_s = self._opened_at + limit_s - self._clock()
            self._timer = asyncio.get_running_loop().call_later(left_s, self._serve)
