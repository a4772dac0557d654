"""Runs: whose call it is, what it may cost, and where it is recorded.

A :class:`Run` owns its ledger, its token, its door and its budget. The plain proxy is a run without a
door and without a token. Nothing here knows sockets.

What a run may spend is the business of its :class:`~cab_proxy.budget.Account`, which calls ask before they
are passed on.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from .bodies import BodyFolder
from .budget import Account
from .control import Budget, RunState
from .description import Descriptions
from .door import Door
from .errors import RunError
from .ledger import LedgerWriter
from .operations import Operations
from .prices import PriceBook
from .records import Record, reached_endpoint
from .urls import Upstream
from .watch import Watch

TOKEN_PREFIX: Final = "cab-"  # noqa: S105  # no secret: what every token begins with
GRACE_TOKENS: Final = 4096
MAX_PENDING: Final = 1000
_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")


def new_token() -> str:
    """A run token that nobody can guess."""
    return TOKEN_PREFIX + secrets.token_hex(24)


def check_run_id(run_id: str) -> str:
    """The id, if it can name a file. Raises :class:`RunError`."""
    if not _RUN_ID.match(run_id):
        raise RunError(
            400, f"run_id {run_id[:80]!r} must be 1 to 64 letters, digits, dots, dashes, underscores"
        )
    return run_id


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """One run, from its opening to its close."""

    run_id: str | None
    upstream: Upstream
    ledger: LedgerWriter
    token: str | None = None
    door: Door | None = None
    """What it may ask for; ``None`` where everything is forwarded."""
    budget: Budget = field(default_factory=Budget)
    include_usage: bool = False
    """Streams are asked for their usage, also where the client didn't."""
    pending: dict[str, Record] = field(default_factory=dict)
    """Background calls whose usage is still to come, by the id of their response; the last ones."""
    via: str | None = None
    """How calls come in, where it isn't the ordinary way."""
    prices: PriceBook = field(default_factory=PriceBook.shipped)
    bodies: BodyFolder | None = None
    """Where bodies are kept, if they are."""
    descriptions: Descriptions | None = None
    """What there is to say of its prompts, if anything is to be said."""
    operations: Operations = field(default_factory=Operations)
    grace_tokens: int = GRACE_TOKENS
    """About so much more is read of a response whose client has left."""
    watch: Watch | None = None
    """Who is told of its calls as they come, if anyone."""
    clock: Callable[[], float] = time.monotonic
    account: Account = field(init=False)
    calls: int = 0
    """Calls recorded, refused ones included."""
    in_flight: int = 0
    ended: int = 0
    """Model calls that the endpoint has answered or lost."""
    with_usage: int = 0
    """Of these, the ones whose total is known."""
    total_tokens: int | None = None
    cost_usd: Decimal | None = None
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no call is in flight."""

    def __post_init__(self) -> None:
        self.idle.set()
        self.account = Account(self.budget, self.clock)

    def began(self, record: Record) -> None:
        """Write the ``open`` line of a call that is passed on. Raises ``LedgerWriteError``."""
        self.ledger.append(record)
        self.calls += 1
        self.in_flight += 1
        self.idle.clear()
        if self.watch is not None:
            self.watch.began(record)

    def finished(self, record: Record) -> None:
        """Write the ``call`` line of a call that :meth:`began`. Raises ``LedgerWriteError``."""
        self.in_flight -= 1
        try:
            self.ledger.append(record)
        finally:
            if not self.in_flight:
                self.idle.set()
            if self.watch is not None:
                self.watch.ended(record)
        if not reached_endpoint(record):
            return
        self.ended += 1
        self._count(record)

    def awaits(self, response_id: str, record: Record) -> None:
        """The response of a call that has ended comes later."""
        self.pending[response_id] = replace(record)
        if len(self.pending) > MAX_PENDING:
            del self.pending[next(iter(self.pending))]

    def completed(self, response_id: str, record: Record) -> None:
        """Write another ``call`` line of a call that :meth:`awaits` its response: this one counts. Raises
        ``LedgerWriteError``.
        """
        self.ledger.append(record)
        self.pending.pop(response_id, None)
        self._count(record)
        if self.watch is not None:
            self.watch.completed(record)

    def _count(self, record: Record) -> None:
        tokens = record.tokens
        if tokens.total is not None:
            self.with_usage += 1
            self.total_tokens = (self.total_tokens or 0) + tokens.total
        if record.cost_usd is not None:
            self.cost_usd = (self.cost_usd or Decimal(0)) + record.cost_usd

    def refused(self, opened: Record, ended: Record) -> None:
        """Write both lines of a call that is not passed on. Raises ``LedgerWriteError``."""
        self.ledger.append(opened)
        self.ledger.append(ended)
        self.calls += 1
        if self.watch is not None:
            self.watch.began(opened)
            self.watch.ended(ended)

    def state(self) -> RunState:
        """The run as the control socket shows it."""
        return RunState(
            run_id=self.run_id or "",
            calls=self.calls,
            in_flight=self.in_flight,
            ended=self.ended,
            with_usage=self.with_usage,
            total_tokens=self.total_tokens,
            cost_usd=self.cost_usd,
            head=self.ledger.head,
        )


class Registry:
    """The open runs, by id and by token."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def __iter__(self) -> Iterator[Run]:
        return iter(list(self._runs.values()))

    def add(self, run: Run) -> None:
        """Take a run in. Raises :class:`RunError` when its id is taken."""
        assert run.run_id is not None
        self.check_free(run.run_id)
        self._runs[run.run_id] = run

    def check_free(self, run_id: str) -> None:
        """Raises :class:`RunError` when a run of that id is open."""
        if run_id in self._runs:
            raise RunError(409, f"run {run_id} is open already")

    def get(self, run_id: str) -> Run:
        """The run of that id. Raises :class:`RunError`."""
        try:
            return self._runs[run_id]
        except KeyError:
            raise RunError(404, f"run {run_id[:80]} is not open") from None

    def remove(self, run: Run) -> None:
        """Forget a run: its token is dead from now on."""
        self._runs.pop(run.run_id or "", None)

    def by_token(self, token: str) -> Run | None:
        """The run that a token belongs to."""
        found = None
        for run in self._runs.values():
            if same_token(run.token, token):
                found = run
        return found


def same_token(expected: str | None, given: str) -> bool:
    """Compare without telling by the time how much of it was right."""
    return expected is not None and hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
