"""What the proxy answers in an endpoint's place, in the shape that the call's protocol has for errors."""

from __future__ import annotations

from typing import Final

from .errors import NO_RETRY, LedgerFullError, LedgerWriteError, Problem
from .exchange import Answer, Failure
from .protocols import DEFAULT_PROTOCOL
from .protocols.base import Protocol
from .records import ErrorType

_JSON: Final = ("Content-Type", "application/json")

_LEDGER_FULL: Final = Problem(
    code="ledger_full",
    message="the disk with cab-proxy's ledger is full, so it passes no call on: make room and try again",
    status=507,
    kind="api_error",
)
_LEDGER_UNWRITABLE: Final = Problem(
    code="ledger_unwritable",
    message="cab-proxy can't write its ledger, so it passes no call on: its own output says why",
    status=503,
    kind="api_error",
)

_FAILURES: Final[dict[Failure, tuple[int, ErrorType, str]]] = {
    "unreachable": (502, "upstream_error", "upstream_unreachable"),
    "timeout": (504, "upstream_timeout", "upstream_timeout"),
    "abandoned": (502, "truncated", "proxy_stopped"),
}


def answer(problem: Problem, protocol: Protocol | None) -> Answer:
    """The answer, final for SDKs unless the endpoint is at fault."""
    final = problem.status < 500 or problem in {_LEDGER_FULL, _LEDGER_UNWRITABLE}
    return Answer(
        status=problem.status,
        body=(protocol or DEFAULT_PROTOCOL).error_body(problem),
        headers=(_JSON, *(NO_RETRY if final else ())),
    )


def unrecorded(error: LedgerWriteError) -> Problem:
    """A call can't be passed on, since it can't be recorded."""
    return _LEDGER_FULL if isinstance(error, LedgerFullError) else _LEDGER_UNWRITABLE


def unanswered(failure: Failure, reason: str, upstream: str) -> tuple[Problem, ErrorType]:
    """There was no response, and what its record says."""
    status, error, code = _FAILURES[failure]
    message = f"cab-proxy got no response from {upstream}: {reason}"
    return Problem(code=code, message=message, status=status, kind="server_error"), error
