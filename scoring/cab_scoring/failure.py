"""The failure table, and how a cause is decided from evidence.

There is one table, :data:`FAILURES`; docs/methodology.md prints the same one.

Invariants
----------
* A cause is decided from the run and its calls only: the grade is never looked at. So an attempt is
  void because of what happened to it, never because it failed.
* Only evidence voids. What is not known (``endpoint_healthy`` None, say) counts against nobody else,
  so the attempt counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from cab_proxy.records import Record, calls_of, word_of
from cab_scoring.evidence import AgentRun, Evidence
from cab_scoring.wire import ENDPOINT_FAULTS, last_word, model_calls

Fault = Literal["–", "agent", "agent × model", "endpoint", "user", "infrastructure", "task"]
Retry = Literal["no", "with back-off", "yes"]
Then = Literal["stop the sweep", "suspend the task"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the failure table."""

    cause: str
    evidence: str
    """What shows it, in words."""
    fault: Fault
    counted: bool
    """False: the attempt is void, and its ``pass`` is None."""
    retried: Retry
    then: Then | None = None
    """What the runner does besides."""


_RULES: Final = (
    Rule("none", "the agent ended, and was graded", "–", True, "no"),
    Rule("agent_error", "a non-zero exit, with no endpoint fault as the last word", "agent", True, "no"),
    Rule("agent_crash", "ended by a signal, or by a limit on memory, disk or output", "agent", True, "no"),
    Rule("agent_timeout", "its clock ran out; graded as left", "agent", True, "no"),
    Rule("no_model_call", "ended with no successful call, the endpoint healthy", "agent", True, "no"),
    Rule(
        "handshake", "every call refused as malformed (4xx, not 401, 403, 429)", "agent × model", True, "no"
    ),
    Rule("budget_exceeded", "the run's budget refused a call; graded as left", "agent", True, "no"),
    Rule("rate_limited", "429 was the endpoint's last word", "endpoint", False, "with back-off"),
    Rule(
        "endpoint_down",
        "5xx, a broken stream or no connection was the last word",
        "endpoint",
        False,
        "with back-off",
    ),
    Rule(
        "bad_key",
        "401 was the last word, or 403 with no call successful",
        "user",
        False,
        "no",
        "stop the sweep",
    ),
    Rule("context_overflow", "the endpoint says so", "agent × model", True, "no"),
    Rule("sandbox_error", "the runner's own", "infrastructure", False, "yes"),
    Rule("out_of_disk", "the runner's own", "infrastructure", False, "yes"),
    Rule("image_missing", "the runner's own", "infrastructure", False, "yes"),
    Rule("proxy_died", "the runner's own", "infrastructure", False, "yes"),
    Rule("interrupted", "the runner's own", "infrastructure", False, "yes"),
    Rule(
        "grader_error",
        "the grader didn't complete, also not on the solution",
        "task",
        False,
        "no",
        "suspend the task",
    ),
)

FAILURES: Final = MappingProxyType({rule.cause: rule for rule in _RULES})
"""Cause → its row, in the order of the documentation."""

RUNNER_CAUSES: Final = frozenset(
    {"sandbox_error", "out_of_disk", "image_missing", "proxy_died", "interrupted", "grader_error"}
)
"""Causes that the runner observes itself and gives as ``Evidence.runner_fault``."""

OVERFLOW_FINISH_REASONS: Final = frozenset({"model_context_window_exceeded", "context_length_exceeded"})
"""Finish reasons by which an endpoint says that the context was full."""

OVERFLOW_CODES: Final = (
    "context_length_exceeded",
    "exceed_context_size_error",
    "context_window_exceeded",
    "maximum context length",
    "prompt is too long",
)
"""Error codes and phrases of endpoints. A 400, 413 or 422 as the last word counts as an overflow when
the endpoint's error code is one of these or, since the ledger keeps no error bodies and some endpoints
have the phrase in their message only, when the agent's output quotes one. The agent could print one
itself, and gains nothing by it: the attempt counts either way."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt ended as it did: a row of the table and what showed it."""

    rule: Rule
    detail: str | None
    """What was seen, in a few words; None for the cause ``none``."""

    @property
    def cause(self) -> str:
        """The row's name; ``none`` when nothing went wrong."""
        return self.rule.cause

    @property
    def counted(self) -> bool:
        """False for a void attempt."""
        return self.rule.counted

    def to_json(self) -> dict[str, Any] | None:
        """The cell record's ``failure``: None for the cause ``none``."""
        if self.cause == "none":
            return None
        return {
            "cause": self.cause,
            "fault": self.rule.fault,
            "counted": self.counted,
            "retried": self.rule.retried,
            "then": self.rule.then,
            "detail": self.detail,
        }


def decide_failure(evidence: Evidence) -> Failure:
    """The cause, from evidence that was there before grading.

    Raises ValueError for a ``runner_fault`` that is not one of :data:`RUNNER_CAUSES`.
    """
    if evidence.runner_fault is not None:
        if evidence.runner_fault not in RUNNER_CAUSES:
            known = ", ".join(sorted(RUNNER_CAUSES))
            raise ValueError(f"runner_fault {evidence.runner_fault!r} is not a cause: use one of {known}")
        return _failure(evidence.runner_fault, "observed by the runner")
    if evidence.run is None:
        return _failure("sandbox_error", "the agent was never run")
    calls = model_calls(evidence.calls)
    return (
        _of_the_budget(evidence.calls)
        or _of_the_endpoint(calls, evidence.run, evidence.endpoint_healthy)
        or _of_the_agent(calls, evidence.run)
        or _failure("none", None)
    )


def any_success(calls: Sequence[Record]) -> bool:
    """Whether the endpoint answered any of the calls in full."""
    return any(word_of(call) == "ok" for call in calls)


def _failure(cause: str, detail: str | None) -> Failure:
    return Failure(FAILURES[cause], detail)


def _of_the_budget(ledger: Sequence[Record]) -> Failure | None:
    refused = sum(call.error_type == "budget_exceeded" for call in calls_of(ledger))
    return _failure("budget_exceeded", f"{refused} calls refused") if refused else None


def _of_the_endpoint(calls: Sequence[Record], run: AgentRun, healthy: bool | None) -> Failure | None:
    """Causes that the endpoint's answers show."""
    last, success = last_word(calls), any_success(calls)
    if last == "unauthorized" or (last == "forbidden" and not success):
        return _failure("bad_key", f"the endpoint's last word was {401 if last == 'unauthorized' else 403}")
    if last == "rate_limited":
        return _failure("rate_limited", "the endpoint's last word was 429")
    if last in ENDPOINT_FAULTS:
        return _failure("endpoint_down", "the last call failed at the endpoint")
    if healthy is False and not success:
        return _failure("endpoint_down", "no successful call, and the endpoint did not answer the runner")
    if overflow := _overflow(calls, run, malformed_last=last == "malformed"):
        return _failure("context_overflow", overflow)
    if calls and all(word_of(call) == "malformed" for call in calls):
        return _failure("handshake", f"all {len(calls)} calls refused, the last with {calls[-1].status}")
    return None


def _overflow(calls: Sequence[Record], run: AgentRun, *, malformed_last: bool) -> str | None:
    """How the endpoint said that the context was full, as far as the ledger can show it."""
    if calls and (said := OVERFLOW_FINISH_REASONS.intersection(calls[-1].finish_reasons)):
        return f"finish reason {min(said)}"
    if malformed_last and any(call.status in {400, 413, 422} for call in calls):
        if (code := (calls[-1].error_code or "").lower()) in OVERFLOW_CODES:
            return f"the endpoint refused the last call with {code}"
        output = run.output.lower()
        if quoted := next((code for code in OVERFLOW_CODES if code in output), None):
            return f"the endpoint refused the last call, and the agent quotes {quoted!r}"
    return None


def _of_the_agent(calls: Sequence[Record], run: AgentRun) -> Failure | None:
    """Causes that the agent's process shows."""
    if run.timed_out or run.killed_for == "timeout":
        clock = {"agent": ", its own time used up", "wall": " by the wall clock"}.get(run.ran_out or "", "")
        return _failure("agent_timeout", f"stopped after {run.wall_clock_ms / 1000:.0f} s{clock}")
    if run.killed_for is not None:
        return _failure("agent_crash", f"killed at its limit on {run.killed_for}")
    code = run.exit_code
    if code is not None and (code < 0 or code >= 128):
        return _failure("agent_crash", f"signal {-code if code < 0 else code - 128}")
    if not any_success(calls):
        return _failure("no_model_call", f"{len(calls)} calls, none successful")
    if code:
        return _failure("agent_error", f"exit code {code}")
    return None
